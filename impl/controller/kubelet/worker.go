package kubelet

import (
	"time"

	v1 "k8s.io/api/core/v1"
)

const (
	minGrace     = time.Second // of containers that are told to stop
	cleanup      = 100 * time.Millisecond
	firstBackoff = 10 * time.Second
	maxBackoff   = 5 * time.Minute
)

// A stage is how far a pod is in its life, which goes one way, except that
// containers that crash start again.
type stage uint8

const (
	starting stage = iota // to run, its containers do not yet, or not now
	running               // its containers run
	stopping              // its containers are told to stop (K3, K4)
	stopped               // its containers have stopped, and never run again (K5)
	finished              // nothing of it is left on the machine
)

// A worker is one pod, by UID, in the memory of a kubelet.
//
// Abstracts: kubelet/pod_workers.go:podSyncStatus.
type worker struct {
	pod   *v1.Pod // as the API last showed it
	stage stage
	due   time.Time     // of the step to the next stage; zero: it waits for an event
	grace time.Duration // since told to stop

	gone     bool // from the API
	deleted  bool // its status is no longer told: it is gone, or another has its name
	rejected bool // it never ran here
	reason   string
	message  string // why it has failed, if that was decided here

	crashes  int   // of its containers, which this kubelet has seen
	restarts int32 // before this kubelet, or this boot

	status  *v1.PodStatus // to be told: only what a kubelet decides
	version int           // of status, from 1
}

func (w *worker) ref() PodRef {
	return PodRef{Namespace: w.pod.Namespace, Name: w.pod.Name, UID: w.pod.UID}
}

// couldRun reports whether containers of the pod may run (K6).
//
// Abstracts: kubelet/kubelet_pods.go:PodCouldHaveRunningContainers.
func (w *worker) couldRun() bool { return !w.rejected && w.stage < stopped }

// takesRoom reports whether other pods are admitted beside it. One that has left
// the API takes none, though its containers may still run.
//
// Abstracts: kubelet/kubelet_pods.go:filterOutInactivePods.
func (w *worker) takesRoom() bool { return !w.gone && w.couldRun() }

// begin is the first step of a pod that is admitted, or has nothing to be
// admitted for. Containers that run already are taken over.
func (w *worker) begin(now time.Time, o Options) {
	if b := o.Machine.inspect(w.pod.UID); b != nil {
		w.stage = running // or found to have exited
	} else {
		w.stage, w.due = starting, now.Add(o.StartDuration)
		w.restarts = startsBefore(w.pod)
	}
	w.attend(now, o)
}

// startsBefore is how often the containers of a pod were started that this
// machine knows nothing of: it has been rebooted.
func startsBefore(pod *v1.Pod) int32 {
	for _, c := range pod.Status.ContainerStatuses {
		if c.State.Running != nil || c.State.Terminated != nil || c.LastTerminationState.Terminated != nil {
			return c.RestartCount + 1
		}
	}
	return 0
}

// attend takes up what the API says of the pod: if it is to end, it ends (K3).
// The grace only shrinks.
//
// Abstracts: pod_workers.go:UpdatePod, calculateEffectiveGracePeriod.
func (w *worker) attend(now time.Time, o Options) {
	if !w.ends(o) || w.stage >= stopped {
		return
	}
	grace := time.Duration(v1.DefaultTerminationGracePeriodSeconds) * time.Second
	switch {
	case w.reason != "":
		grace = 0
	case w.pod.DeletionGracePeriodSeconds != nil:
		grace = time.Duration(*w.pod.DeletionGracePeriodSeconds) * time.Second
	case w.pod.Spec.TerminationGracePeriodSeconds != nil:
		grace = time.Duration(*w.pod.Spec.TerminationGracePeriodSeconds) * time.Second
	}
	grace = max(grace, minGrace)
	if w.stage == stopping && grace >= w.grace {
		return
	}
	took := time.Duration(0)
	if w.stage == stopping {
		took = now.Sub(w.due) + min(w.grace, o.StopDuration)
	}
	w.stage, w.grace = stopping, grace
	w.due = now.Add(min(grace, o.StopDuration) - took)
	if b := o.Machine.inspect(w.pod.UID); b == nil || !b.running {
		w.due = now
	}
}

// ends reports whether the pod is to stop.
func (w *worker) ends(o Options) bool {
	return w.gone || w.reason != "" || w.pod.DeletionTimestamp != nil || isTerminal(w.pod.Status.Phase) && !o.RestartTerminated
}

// step takes the pod one stage further if that is due, and reports whether it did.
func (w *worker) step(now time.Time, o Options) bool {
	if w.rejected || !o.Machine.works() {
		return false
	}
	if w.stage == running {
		return w.exited(now, o)
	}
	if w.due.IsZero() || w.due.After(now) {
		return false
	}
	w.due = time.Time{}
	switch w.stage {
	case starting: // K2
		o.Machine.start(w.ref(), now)
		w.stage = running
	case stopping: // K4
		code := int32(0)
		if w.grace < o.StopDuration {
			code = exitUnknown
		}
		o.Machine.stop(w.pod.UID, code, now)
		w.stage, w.due = stopped, now.Add(cleanup)
	case stopped: // K5
		w.stage = finished
		w.version++ // told once more, now that it may be deleted
	}
	return true
}

// exited looks whether the containers have exited by themselves. They start
// again, after a while, if the pod is one whose containers do.
//
// Abstracts: kubelet/kuberuntime/kuberuntime_manager.go:computePodActions,
// doBackOff; here the first restart waits as well.
func (w *worker) exited(now time.Time, o Options) bool {
	b := o.Machine.inspect(w.pod.UID)
	if b != nil && b.running {
		return false
	}
	code := int32(exitUnknown)
	if b != nil {
		code = b.code
	}
	if !restarts(w.pod, code) {
		w.stage, w.due = stopped, now.Add(cleanup)
		return true
	}
	backoff := firstBackoff
	for range w.crashes {
		backoff = min(2*backoff, maxBackoff)
	}
	w.crashes++
	w.stage, w.due = starting, now.Add(backoff)
	return true
}

// restarts reports whether containers that exit with code are started again.
func restarts(pod *v1.Pod, code int32) bool {
	switch pod.Spec.RestartPolicy {
	case v1.RestartPolicyNever:
		return false
	case v1.RestartPolicyOnFailure:
		return code != 0
	}
	return true
}

// isTerminal reports whether a phase is final.
func isTerminal(p v1.PodPhase) bool { return p == v1.PodSucceeded || p == v1.PodFailed }
