package suite

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reconverge/reconverge/impl/claims"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// A Scenario is a cluster, and what may go wrong in it.
type Scenario struct {
	Name  string
	Title string

	Replicas  int32  // of the ReplicaSet web; negative: there is none
	Pod       string // that somebody creates, and creates again; empty: nobody does
	Nodes     int
	Room      int64         // pods that a node takes; 0: 110
	Available int32         // pods that a PodDisruptionBudget keeps; 0: there is none
	V1_9      bool          // the control plane of Kubernetes 1.9
	Lost      bool          // nodes that fail are lost for good
	Interval  time.Duration // between two nodes of a zone that are emptied; 0: 3 s
	Patient   bool          // pods tolerate for ever that their node is unreachable

	Moves    []Move        // what a schedule is made of, beside that time passes and things take their course
	Recovery time.Duration // until everything that was going to happen has, once faults stop; 0: 40 s, or 100 s if nodes fail
}

// nodesFail says that things take as long as it takes to notice that a node is gone.
func (s Scenario) nodesFail() bool {
	faults := s.faults()
	return slices.Contains(faults, claims.NodeDown) || slices.Contains(faults, claims.NodeDeleted)
}

func (s Scenario) interval() time.Duration {
	if s.Interval > 0 {
		return s.Interval
	}
	return taintInterval
}

func (s Scenario) recovery() time.Duration {
	switch {
	case s.Recovery > 0:
		return s.Recovery
	case s.nodesFail():
		return 100 * time.Second
	}
	return 40 * time.Second
}

// pauses are how long things take their course between two moves.
func (s Scenario) pauses() []string {
	if s.nodesFail() {
		return []string{"10ms", "1s", "3s", "10s", "30s"}
	}
	return []string{"10ms", "1s", "3s"}
}

func (s Scenario) nodes() (names []string) {
	for i := range s.Nodes {
		names = append(names, "node-"+string(rune('a'+i)))
	}
	return names
}

// pods is how many there are when all is well.
func (s Scenario) pods() int {
	n := int(max(s.Replicas, 0))
	if s.Pod != "" {
		n++
	}
	return n
}

func (s Scenario) room() corev1.ResourceList {
	if s.Room == 0 {
		return nil
	}
	return corev1.ResourceList{
		corev1.ResourcePods:   *resource.NewQuantity(s.Room, resource.DecimalSI),
		corev1.ResourceCPU:    resource.MustParse("4"),
		corev1.ResourceMemory: resource.MustParse("8Gi"),
	}
}

// faults are what may happen that some claims are not made of.
func (s Scenario) faults() []claims.Fault {
	var all []claims.Fault
	for _, m := range s.Moves {
		all = append(all, m.Faults...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// staysDown says that a process is not started again when faults stop.
func (s Scenario) staysDown(actor string) bool {
	return actor == secondManager || actor == drainActor || s.Lost && strings.HasPrefix(actor, kubeletPrefix)
}

func (s Scenario) manifests() string {
	var docs []string
	if s.Replicas >= 0 {
		docs = append(docs, s.setManifest())
	}
	if s.Available > 0 {
		docs = append(docs, fmt.Sprintf(budgetManifest, s.Available))
	}
	return strings.Join(docs, "---\n")
}

func (s Scenario) setManifest() string {
	seconds := fmt.Sprintf(", tolerationSeconds: %d", toleration/time.Second)
	unreachable := seconds
	if s.Patient {
		unreachable = ""
	}
	return fmt.Sprintf(setManifest, s.Replicas, unreachable, seconds)
}

const setManifest = `apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: web}
spec:
  replicas: %d
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 5
      containers: [{name: web, image: web}]
      tolerations:
      - {key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute%s}
      - {key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute%s}
`

const budgetManifest = `apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec:
  minAvailable: %d
  selector: {matchLabels: {app: web}}
`

// bare is a pod that belongs to nobody.
func bare(name string) *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceDefault, Name: name, Labels: map[string]string{"app": name}}}
	pod.Spec = corev1.PodSpec{
		TerminationGracePeriodSeconds: ptr.To[int64](5),
		Containers:                    []corev1.Container{{Name: "c", Image: "c"}},
	}
	for _, key := range [...]string{corev1.TaintNodeUnreachable, corev1.TaintNodeNotReady} {
		pod.Spec.Tolerations = append(pod.Spec.Tolerations, corev1.Toleration{
			Key: key, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute,
			TolerationSeconds: ptr.To(int64(toleration / time.Second)),
		})
	}
	return pod
}
