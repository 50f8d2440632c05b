package controller

import (
	"time"

	v1 "k8s.io/api/core/v1"
)

// IsActive reports whether a pod counts as a replica: it has not ended, and nobody
// has asked that it be deleted.
//
// Abstracts: pkg/controller/controller_utils.go:IsPodActive.
func IsActive(pod *v1.Pod) bool {
	return !IsTerminal(pod) && pod.DeletionTimestamp == nil
}

// IsTerminating reports whether a pod is being deleted and has not ended. A pod
// that has ended and is being deleted is neither active nor terminating.
//
// Abstracts: pkg/controller/controller_utils.go:IsPodTerminating.
func IsTerminating(pod *v1.Pod) bool {
	return !IsTerminal(pod) && pod.DeletionTimestamp != nil
}

// IsTerminal reports whether a pod has ended. No pod ever leaves such a phase.
//
// Abstracts: pkg/api/v1/pod/util.go:IsPodTerminal.
func IsTerminal(pod *v1.Pod) bool {
	return pod.Status.Phase == v1.PodSucceeded || pod.Status.Phase == v1.PodFailed
}

// IsReady reports whether a pod has the condition Ready. A terminating pod may.
//
// Abstracts: pkg/api/v1/pod/util.go:IsPodReady.
func IsReady(pod *v1.Pod) bool {
	ready := PodCondition(pod, v1.PodReady)
	return ready != nil && ready.Status == v1.ConditionTrue
}

// IsAvailable reports whether a pod is ready and, if minReadySeconds > 0, has been
// for that long.
//
// Abstracts: pkg/api/v1/pod/util.go:IsPodAvailable.
func IsAvailable(pod *v1.Pod, minReadySeconds int32, now time.Time) bool {
	return IsReady(pod) && (minReadySeconds == 0 || AvailableIn(pod, minReadySeconds, now) == 0)
}

// AvailableIn returns how long a ready pod still has to be ready until it is
// available: 0 if it is. The answer is negative if no time is known at which it
// will be: it is not ready, or does not say since when it is.
//
// Abstracts: pkg/controller/controller_utils.go:nextPodAvailabilityCheck.
func AvailableIn(pod *v1.Pod, minReadySeconds int32, now time.Time) time.Duration {
	ready := PodCondition(pod, v1.PodReady)
	if ready == nil || ready.Status != v1.ConditionTrue || ready.LastTransitionTime.IsZero() {
		return -1
	}
	at := ready.LastTransitionTime.Add(time.Duration(minReadySeconds) * time.Second)
	return max(0, at.Sub(now))
}

// PodCondition returns the condition of a pod's status of the given type, or nil.
// It points into the pod.
//
// Abstracts: pkg/api/v1/pod/util.go:GetPodCondition.
func PodCondition(pod *v1.Pod, kind v1.PodConditionType) *v1.PodCondition {
	for i := range pod.Status.Conditions {
		if pod.Status.Conditions[i].Type == kind {
			return &pod.Status.Conditions[i]
		}
	}
	return nil
}

// PodKey is namespace/name, the key of a pod in queues and expectations.
func PodKey(pod *v1.Pod) string { return pod.Namespace + "/" + pod.Name }
