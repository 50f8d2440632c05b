package kubelet

import (
	"fmt"
	"hash/fnv"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ours are the conditions of a pod that its kubelet decides.
//
// Abstracts: kubelet/types/pod_status.go:PodConditionsByKubelet.
var ours = map[v1.PodConditionType]bool{
	v1.PodScheduled: true, v1.PodInitialized: true, v1.ContainersReady: true, v1.PodReady: true,
}

// refresh computes the status of a pod anew. Only a status that differs is told.
func (s *pods) refresh(w *worker, now time.Time) {
	if w.gone || w.deleted {
		return
	}
	if status := s.statusOf(w, now); w.status == nil || !equality.Semantic.DeepEqual(w.status, status) {
		w.status = status
		w.version++
	}
}

// statusOf is what the kubelet has to say of a pod. A pod that is stopping says
// what it said, and may still become ready (K4); one whose end was decided here
// says Failed while it is stopping, which is withheld (see merge).
//
// Abstracts: kubelet_pods.go:generateAPIPodStatus, getPhase;
// status/status_manager.go:TerminatePod.
func (s *pods) statusOf(w *worker, now time.Time) *v1.PodStatus {
	b := s.o.Machine.inspect(w.pod.UID)
	ready := b != nil && b.running && !b.started.Add(s.o.ReadyDuration).After(now)
	if s.o.NoTerminalReadyFix && w.stage >= stopped && w.status != nil {
		ready = isReady(w.status) // the prober has not caught up
	}
	status := &v1.PodStatus{
		Phase:   s.phaseOf(w, b),
		Reason:  w.reason,
		Message: w.message,
		HostIP:  hostIP(s.o.NodeName),
	}
	switch {
	case w.rejected:
	case b == nil && isTerminal(w.pod.Status.Phase):
		status.ContainerStatuses = w.pod.Status.ContainerStatuses // nothing more is known
	default:
		status.ContainerStatuses = containerStatuses(w, b, ready)
	}
	if b != nil && b.running {
		status.PodIP = podIP(w.pod)
	} else if w.status != nil {
		status.PodIP = w.status.PodIP
	}
	why := ""
	switch {
	case ready:
	case isTerminal(status.Phase):
		why = terminalReason(status.Phase)
	default:
		why = "ContainersNotReady"
	}
	status.Conditions = []v1.PodCondition{
		condition(w.status, v1.PodInitialized, true, "", now),
		condition(w.status, v1.PodReady, ready, why, now),
		condition(w.status, v1.ContainersReady, ready, why, now),
		condition(w.status, v1.PodScheduled, true, "", now),
	}
	return status
}

// phaseOf is the phase of a pod. A final one is never left, whoever has set it.
func (s *pods) phaseOf(w *worker, b *box) v1.PodPhase {
	ended := w.stage >= stopped
	switch api := w.pod.Status.Phase; {
	case isTerminal(api) && !s.o.RestartTerminated:
		return api
	case w.reason != "":
		return v1.PodFailed
	case ended && s.o.DeleteWithoutTerminalPhase && w.ends(s.o):
		return api
	case ended && b != nil && b.code == 0:
		return v1.PodSucceeded
	case ended:
		return v1.PodFailed
	case b == nil && w.restarts == 0:
		return v1.PodPending
	default:
		return v1.PodRunning
	}
}

// containerStatuses are those of all containers of a pod, which are alike.
func containerStatuses(w *worker, b *box, ready bool) []v1.ContainerStatus {
	var all []v1.ContainerStatus
	for _, c := range w.pod.Spec.Containers {
		started := b != nil && b.running
		status := v1.ContainerStatus{Name: c.Name, Image: c.Image, Ready: ready, Started: &started, RestartCount: max(w.restarts-1, 0)}
		if b != nil {
			status.RestartCount = w.restarts + b.starts - 1
			status.ContainerID = fmt.Sprintf("fake://%s/%s/%d", w.pod.UID, c.Name, status.RestartCount)
		}
		status.State, status.LastTerminationState = containerState(w, b)
		all = append(all, status)
	}
	return all
}

// containerState is that of every container of a pod, now and before.
func containerState(w *worker, b *box) (now, last v1.ContainerState) {
	waiting := func(reason string) v1.ContainerState {
		return v1.ContainerState{Waiting: &v1.ContainerStateWaiting{Reason: reason}}
	}
	terminated := func(b *box) v1.ContainerState {
		reason := "Error"
		if b.code == 0 {
			reason = "Completed"
		}
		return v1.ContainerState{Terminated: &v1.ContainerStateTerminated{
			ExitCode: b.code, Reason: reason, FinishedAt: metav1.NewTime(b.finished).Rfc3339Copy(),
		}}
	}
	switch {
	case b != nil && !b.finished.IsZero():
		last = terminated(b)
	case w.restarts > 0:
		last = v1.ContainerState{Terminated: &v1.ContainerStateTerminated{ExitCode: exitUnknown, Reason: "ContainerStatusUnknown"}}
	}
	switch {
	case b != nil && b.running:
		return v1.ContainerState{Running: &v1.ContainerStateRunning{StartedAt: metav1.NewTime(b.started).Rfc3339Copy()}}, last
	case w.stage >= stopped && b != nil:
		return terminated(b), v1.ContainerState{}
	case w.stage >= stopped:
		return v1.ContainerState{Terminated: &v1.ContainerStateTerminated{ExitCode: exitUnknown, Reason: "ContainerStatusUnknown"}}, v1.ContainerState{}
	case w.crashes > 0:
		return waiting("CrashLoopBackOff"), last
	default:
		return waiting("ContainerCreating"), last
	}
}

// condition is a condition that keeps the time of its last change.
func condition(old *v1.PodStatus, kind v1.PodConditionType, ok bool, why string, now time.Time) v1.PodCondition {
	c := v1.PodCondition{Type: kind, Status: v1.ConditionFalse, Reason: why, LastTransitionTime: metav1.NewTime(now).Rfc3339Copy()}
	if ok {
		c.Status = v1.ConditionTrue
	}
	if old != nil {
		for _, o := range old.Conditions {
			if o.Type == kind && o.Status == c.Status {
				c.LastTransitionTime = o.LastTransitionTime
			}
		}
	}
	return c
}

// merge lays what the kubelet says of a pod over what the API has. What others
// decide stays; a final phase is withheld while containers may run (K6), and is
// never ready.
//
// Abstracts: status/status_manager.go:mergePodStatus.
func merge(api, local *v1.PodStatus, couldRun, terminalReadyFix bool) *v1.PodStatus {
	merged := api.DeepCopy()
	if !isTerminal(local.Phase) || isTerminal(api.Phase) || !couldRun {
		merged.Phase = local.Phase
		if local.Reason != "" {
			merged.Reason, merged.Message = local.Reason, local.Message
		}
	}
	merged.HostIP, merged.HostIPs = local.HostIP, []v1.HostIP{{IP: local.HostIP}}
	if local.PodIP != "" {
		merged.PodIP, merged.PodIPs = local.PodIP, []v1.PodIP{{IP: local.PodIP}}
	}
	if len(local.ContainerStatuses) > 0 {
		merged.ContainerStatuses = local.ContainerStatuses
	}
	merged.Conditions = nil
	for _, c := range api.Conditions {
		if !ours[c.Type] {
			merged.Conditions = append(merged.Conditions, c)
		}
	}
	for _, c := range local.Conditions {
		if terminalReadyFix && isTerminal(merged.Phase) && c.Status == v1.ConditionTrue && (c.Type == v1.PodReady || c.Type == v1.ContainersReady) {
			c.Status, c.Reason = v1.ConditionFalse, terminalReason(merged.Phase)
		}
		if old := findCondition(api, c.Type); old != nil && old.Status == c.Status {
			c.LastTransitionTime, c.LastProbeTime, c.ObservedGeneration = old.LastTransitionTime, old.LastProbeTime, old.ObservedGeneration
		}
		merged.Conditions = append(merged.Conditions, c)
	}
	return merged
}

// terminalReason is why a pod in a final phase is not ready.
func terminalReason(p v1.PodPhase) string {
	if p == v1.PodSucceeded {
		return "PodCompleted"
	}
	return "PodFailed"
}

// differs reports whether two statuses differ in more than the order of conditions.
func differs(a, b *v1.PodStatus) bool {
	if len(a.Conditions) != len(b.Conditions) {
		return true
	}
	sorted := a.DeepCopy()
	sorted.Conditions = nil
	for _, c := range b.Conditions {
		if same := findCondition(a, c.Type); same != nil {
			sorted.Conditions = append(sorted.Conditions, *same)
		}
	}
	return !equality.Semantic.DeepEqual(sorted, b)
}

func findCondition(s *v1.PodStatus, kind v1.PodConditionType) *v1.PodCondition {
	for i := range s.Conditions {
		if s.Conditions[i].Type == kind {
			return &s.Conditions[i]
		}
	}
	return nil
}

// isReady reports whether a status says Ready.
func isReady(s *v1.PodStatus) bool {
	c := findCondition(s, v1.PodReady)
	return c != nil && c.Status == v1.ConditionTrue
}

// hostIP and podIP are addresses made of names, so that runs are alike.
func hostIP(node string) string { return address("192.168", node) }
func podIP(pod *v1.Pod) string  { return address("10.0", string(pod.UID)) }

func address(net, of string) string {
	h := fnv.New32a()
	h.Write([]byte(of))
	sum := h.Sum32()
	return fmt.Sprintf("%s.%d.%d", net, sum>>8&0xff, 1+sum%254)
}
