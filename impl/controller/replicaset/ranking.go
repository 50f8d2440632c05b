package replicaset

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/reconverge/reconverge/impl/controller"
)

// A ranking puts pods in the order in which they are deleted.
//
// Abstracts: controller_utils.go:ActivePodsWithRanks, and ActivePods of 1.9.
type ranking struct {
	v1_9   bool
	onNode map[string]int // active pods of the same controller's ReplicaSets, by node
	now    time.Time
}

// activeOnNode counts active pods by node.
//
// Abstracts: replica_set.go:getPodsRankedByRelatedPodsOnSameNode.
func activeOnNode(pods []*v1.Pod) map[string]int {
	counts := map[string]int{}
	for _, pod := range pods {
		if controller.IsActive(pod) {
			counts[pod.Spec.NodeName]++
		}
	}
	return counts
}

// sorted returns the pods, the first to go first. Pods that are alike in everything
// keep the order that they have.
func (r ranking) sorted(pods []*v1.Pod) []*v1.Pod {
	pods = slices.Clone(pods)
	slices.SortStableFunc(pods, r.compare)
	return pods
}

// compare is negative if a goes before b. The first criterion that tells them apart
// decides.
//
// Terminating pods are counted only with CountTerminating; then they go last, as to
// delete them changes nothing.
func (r ranking) compare(a, b *v1.Pod) int {
	order := cmp.Or(
		falseFirst(a.DeletionTimestamp != nil, b.DeletionTimestamp != nil),
		falseFirst(a.Spec.NodeName != "", b.Spec.NodeName != ""),
		cmp.Compare(phaseOrder[a.Status.Phase], phaseOrder[b.Status.Phase]),
		falseFirst(controller.IsReady(a), controller.IsReady(b)),
	)
	if !r.v1_9 {
		order = cmp.Or(order,
			cmp.Compare(deletionCost(a), deletionCost(b)),
			cmp.Compare(r.onNode[b.Spec.NodeName], r.onNode[a.Spec.NodeName]),
		)
	}
	order = cmp.Or(order, r.youngerFirst(a, b, readySince), cmp.Compare(restarts(b), restarts(a)))
	if !r.v1_9 {
		order = cmp.Or(order, cmp.Compare(sidecarRestarts(b), sidecarRestarts(a)))
	}
	return cmp.Or(order, r.youngerFirst(a, b, created))
}

var phaseOrder = map[v1.PodPhase]int{v1.PodPending: 0, v1.PodUnknown: 1, v1.PodRunning: 2}

func falseFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// youngerFirst compares times of two pods: later first, zero before all. Since 1.21
// ages are compared by their power of two, and pods of about the same age in the
// arbitrary but fixed order of their UIDs.
//
// Abstracts: afterOrZero, logarithmicRankDiff.
func (r ranking) youngerFirst(a, b *v1.Pod, since func(*v1.Pod) metav1.Time) int {
	s, t := since(a), since(b)
	switch {
	case s.Equal(&t):
		return 0
	case s.IsZero():
		return -1
	case t.IsZero():
		return 1
	case r.v1_9:
		return t.Compare(s.Time)
	}
	return cmp.Or(cmp.Compare(r.ageScale(s), r.ageScale(t)), cmp.Compare(a.UID, b.UID))
}

func (r ranking) ageScale(t metav1.Time) int64 {
	age := r.now.Sub(t.Time)
	if age <= 0 {
		return -1
	}
	return int64(math.Log2(float64(age)))
}

func created(pod *v1.Pod) metav1.Time { return pod.CreationTimestamp }

// readySince is zero for a pod that is not ready, and it is asked of pods only that
// both are or both are not.
func readySince(pod *v1.Pod) metav1.Time {
	if !controller.IsReady(pod) {
		return metav1.Time{}
	}
	return controller.PodCondition(pod, v1.PodReady).LastTransitionTime
}

// deletionCost is the annotation controller.kubernetes.io/pod-deletion-cost. The API
// server refuses a value that is no number.
func deletionCost(pod *v1.Pod) int64 {
	cost, err := strconv.ParseInt(pod.Annotations[v1.PodDeletionCost], 10, 32)
	if err != nil {
		return 0
	}
	return cost
}

// restarts is the highest restart count of a pod's containers.
//
// Abstracts: maxContainerRestarts.
func restarts(pod *v1.Pod) (most int32) {
	for _, c := range pod.Status.ContainerStatuses {
		most = max(most, c.RestartCount)
	}
	return most
}

// sidecarRestarts is that of its init containers that keep running.
func sidecarRestarts(pod *v1.Pod) (most int32) {
	for _, c := range pod.Spec.InitContainers {
		if c.RestartPolicy == nil || *c.RestartPolicy != v1.ContainerRestartPolicyAlways {
			continue
		}
		for _, s := range pod.Status.InitContainerStatuses {
			if s.Name == c.Name {
				most = max(most, s.RestartCount)
			}
		}
	}
	return most
}
