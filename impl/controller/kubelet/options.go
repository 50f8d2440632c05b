// Package kubelet runs the pods that are bound to a node, on a Machine without
// real containers. Each kubelet is a process of its own, with its own caches.
//
// One goroutine moves pods through their lives (pods.go, worker.go, plain data
// that is told what happens and when); others write the status of pods
// (status.go), the lease (lease.go), and the Node (node.go). What a pod is now and
// what the API has been told of it are two things that meet in status.go only.
//
// Abstracts: k8s.io/kubernetes pkg/kubelet.
// Omits: static pods, init containers, volumes, probes, events; the containers of
// a pod are started, are ready and end as one.
package kubelet

import (
	"errors"
	"hash/fnv"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// Options are a node. NodeName and Machine are required.
type Options struct {
	NodeName string
	Machine  *Machine

	Labels      map[string]string // of the Node that it creates, besides its host name
	Allocatable v1.ResourceList   // nil: 110 pods, 4 CPUs, 8 GiB

	StartDuration time.Duration // from a pod's arrival to running containers; 0: 1 s
	ReadyDuration time.Duration // from there to readiness; 0: 1 s
	StopDuration  time.Duration // from the signal to the end of containers; 0: 1 s. Those that take longer than their grace are killed
	StatusPeriod  time.Duration // after which the status of the Node is looked at again, and posted if it has changed; 0: 10 s
	LeaseDuration time.Duration // of the node's lease, renewed in a quarter of it; 0: 40 s

	// Phase shifts everything periodic, and lengthens all that containers do, so
	// that what two nodes do does not happen at the same instant; 0: made of NodeName,
	// below 100 ms.
	Phase time.Duration

	// Reject is asked before a pod is admitted, and returns the reason why it is
	// not; empty: it is. nil: no pod is refused without cause. Fault: kubelet.rejects (B50).
	Reject func(*v1.Pod) string

	// HeartbeatByStatus posts the status of the Node in every StatusPeriod, changed or not,
	// and keeps no lease (1.9).
	HeartbeatByStatus bool
	// DeleteWithoutTerminalPhase deletes a pod when its containers have stopped,
	// and does not make its phase terminal before (1.9).
	DeleteWithoutTerminalPhase bool

	// NoReconcileTick is kubelet.noReconcileTick (B17): what others write over the
	// status of a pod stays.
	NoReconcileTick bool
	// NoTerminalReadyFix is kubelet.noTerminalReadyFix (B52): a pod that was ready
	// when it ended still says so.
	NoTerminalReadyFix bool
	// RestartTerminated is kubelet.restartTerminated (B51): a pod that the kubelet
	// does not know is to run, even if it has ended.
	RestartTerminated bool
	// NoHousekeeping is kubelet.noHousekeeping: containers without a pod run on.
	NoHousekeeping bool
	// DeleteNoUID is kubelet.deleteNoUID (B10): the final delete names the pod only.
	DeleteNoUID bool
	// FirstListStale is reflector.firstListStale (B30): the first list of pods may
	// be as old as the server likes (resourceVersion=0).
	FirstListStale bool
}

// V1_9 makes o the kubelet of Kubernetes 1.9. FirstListStale, which was so then, is
// left to the caller.
func V1_9(o Options) Options {
	o.HeartbeatByStatus, o.DeleteWithoutTerminalPhase = true, true
	return o
}

var (
	errNoName    = errors.New("kubelet: no NodeName")
	errNoMachine = errors.New("kubelet: no Machine")
)

// complete returns o with its defaults filled in.
func (o Options) complete() (Options, error) {
	switch {
	case o.NodeName == "":
		return o, errNoName
	case o.Machine == nil:
		return o, errNoMachine
	}
	if o.Allocatable == nil {
		o.Allocatable = v1.ResourceList{
			v1.ResourcePods:   resource.MustParse("110"),
			v1.ResourceCPU:    resource.MustParse("4"),
			v1.ResourceMemory: resource.MustParse("8Gi"),
		}
	}
	if o.Phase == 0 {
		h := fnv.New32a()
		h.Write([]byte(o.NodeName))
		o.Phase = time.Duration(h.Sum32()%100_000) * time.Microsecond
	}
	for _, d := range []*time.Duration{&o.StartDuration, &o.ReadyDuration, &o.StopDuration} {
		if *d == 0 {
			*d = time.Second
		}
		*d += o.Phase
	}
	if o.StatusPeriod == 0 {
		o.StatusPeriod = 10 * time.Second
	}
	if o.LeaseDuration == 0 {
		o.LeaseDuration = 40 * time.Second
	}
	return o, nil
}
