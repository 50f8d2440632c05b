package disruption

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/component-helpers/apps/poddisruptionbudget"

	"github.com/reconverge/reconverge/impl/controller"
)

// DeletionTimeout is how long a pod that was evicted is not counted although its
// deletion has not been seen. After that it is taken for one that nobody deletes.
//
// Upstream: disruption.go:DeletionTimeout.
const DeletionTimeout = 2 * time.Minute

// compute computes the status of pdb from the caches, and after how long (0: not at
// all) it will have to be computed again although nothing has changed.
//
// Upstream: disruption.go:trySync, updatePdbStatus.
func (c *Controller) compute(pdb *policyv1.PodDisruptionBudget, now time.Time) (s policyv1.PodDisruptionBudgetStatus, recheck time.Duration, err error) {
	selector, err := metav1.LabelSelectorAsSelector(pdb.Spec.Selector)
	if err != nil {
		return s, 0, err
	}
	pods, err := c.pods.Pods(pdb.Namespace).List(selector)
	if err != nil {
		return s, 0, err
	}
	expected, desired, err := c.desired(pdb, pods)
	if err != nil {
		return s, 0, err
	}
	disrupted, recheck := disruptedPods(pdb, pods, now)
	s = policyv1.PodDisruptionBudgetStatus{
		ObservedGeneration: pdb.Generation,
		DisruptedPods:      disrupted,
		CurrentHealthy:     c.countHealthy(pods, disrupted),
		DesiredHealthy:     desired,
		ExpectedPods:       expected,
		Conditions:         pdb.DeepCopy().Status.Conditions,
	}
	if expected > 0 {
		s.DisruptionsAllowed = max(0, s.CurrentHealthy-desired)
	}
	updated := &policyv1.PodDisruptionBudget{Status: s}
	poddisruptionbudget.UpdateDisruptionAllowedCondition(updated)
	return updated.Status, recheck, nil
}

// failSafe is the status of a budget that cannot be computed: nothing may be evicted.
//
// Upstream: disruption.go:failSafe.
func failSafe(pdb *policyv1.PodDisruptionBudget, cause error) policyv1.PodDisruptionBudgetStatus {
	s := pdb.DeepCopy().Status
	s.DisruptionsAllowed = 0
	apimeta.SetStatusCondition(&s.Conditions, metav1.Condition{
		Type:               policyv1.DisruptionAllowedCondition,
		Status:             metav1.ConditionFalse,
		Reason:             policyv1.SyncFailedReason,
		Message:            cause.Error(),
		ObservedGeneration: s.ObservedGeneration,
	})
	return s
}

func upToDate(pdb *policyv1.PodDisruptionBudget, s policyv1.PodDisruptionBudgetStatus) bool {
	return equality.Semantic.DeepEqual(pdb.Status, s)
}

// desired is how many pods there should be, and how many of them have to be healthy.
// Those that should be are those that are there, if the number to keep does not
// depend on it.
//
// Upstream: disruption.go:getExpectedPodCount.
func (c *Controller) desired(pdb *policyv1.PodDisruptionBudget, pods []*corev1.Pod) (expected, desired int32, err error) {
	least, most := pdb.Spec.MinAvailable, pdb.Spec.MaxUnavailable
	switch {
	case most == nil && least == nil:
		return 0, 0, nil
	case most == nil && least.Type == intstr.Int:
		return int32(len(pods)), least.IntVal, nil
	}
	if expected, err = c.scale(pods); err != nil {
		return 0, 0, err
	}
	if most != nil {
		unavailable, err := intstr.GetScaledValueFromIntOrPercent(most, int(expected), true)
		return expected, max(0, expected-int32(unavailable)), err
	}
	available, err := intstr.GetScaledValueFromIntOrPercent(least, int(expected), true)
	return expected, int32(available), err
}

// scale is the sum of the replicas of all ReplicaSets that own some of pods. Pods
// without a controller do not count.
//
// Upstream: disruption.go:getExpectedScale, getPodReplicaSet.
func (c *Controller) scale(pods []*corev1.Pod) (sum int32, err error) {
	counted := map[types.UID]bool{}
	for _, pod := range pods {
		ref := metav1.GetControllerOf(pod)
		if ref == nil || counted[ref.UID] {
			continue
		}
		set, ok := controller.Resolve(ref, "ReplicaSet", c.sets.ReplicaSets(pod.Namespace).Get)
		if !ok {
			return 0, fmt.Errorf("found no controllers for pod %q", pod.Name)
		}
		counted[ref.UID] = true
		if set.Spec.Replicas != nil {
			sum += *set.Spec.Replicas
		}
	}
	return sum, nil
}

// disruptedPods are those of the entries in the status of pdb that still tell
// something: the pod is there, is not being deleted, and the entry is not too old. It
// also returns after how long the oldest of them will be.
//
// An entry ends here at the very moment at which countHealthyPods takes the pod for
// healthy again; upstream it ends one instant later.
//
// Upstream: disruption.go:buildDisruptedPodMap.
func disruptedPods(pdb *policyv1.PodDisruptionBudget, pods []*corev1.Pod, now time.Time) (kept map[string]metav1.Time, recheck time.Duration) {
	kept = map[string]metav1.Time{}
	for _, pod := range pods {
		at, found := pdb.Status.DisruptedPods[pod.Name]
		left := at.Add(DeletionTimeout).Sub(now)
		if !found || pod.DeletionTimestamp != nil || left <= 0 {
			continue
		}
		kept[pod.Name] = at
		if recheck == 0 || left < recheck {
			recheck = left
		}
	}
	return kept, recheck
}

// countHealthy counts the pods that are ready, are not being deleted, and are not about to be.
//
// Upstream: disruption.go:countHealthyPods.
func (c *Controller) countHealthy(pods []*corev1.Pod, disrupted map[string]metav1.Time) (healthy int32) {
	for _, pod := range pods {
		_, evicted := disrupted[pod.Name]
		if pod.DeletionTimestamp == nil && controller.IsReady(pod) && (!evicted || c.options.NoDisruptedPods) {
			healthy++
		}
	}
	return healthy
}
