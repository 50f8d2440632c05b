package claims

import (
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/reconverge/reconverge/impl/controller"
)

const budgets = "poddisruptionbudgets"

// entryExpires is how long a status has to remember an eviction that no deletion follows.
const entryExpires = 2 * time.Minute

// disruptions are the claims about PodDisruptionBudgets.
func disruptions() []Claim {
	return []Claim{
		{ID: "P-PDB", Status: Guaranteed, New: newBudget,
			Text: "the evictions accepted against one status of a PodDisruptionBudget never exceed its disruptionsAllowed, " +
				"and no later status forgets one whose pod it counts"},
		{ID: "P-PDB-H", Status: Assuming, New: newHealthy,
			Text: "an eviction never leaves fewer ready pods than the PodDisruptionBudget demands",
			Assumes: "nothing but evictions makes pods unready or changes replicas, " +
				"and no pod is evicted that the disruption controller's cache does not show yet",
			Unless: []Fault{PodDeleted, ForceDeleted, PodChanged, Scaled, OwnerDeleted, NodeDown, NodeDeleted}},
	}
}

// newBudget counts the evictions since the last status that was not an eviction's.
func newBudget(Scenario) Judge {
	left := map[types.UID]int32{}
	return Judge{Observe: func(s *State, e Event) error {
		if e.Write == nil {
			return nil
		}
		after, _ := e.Write.After.(*policyv1.PodDisruptionBudget)
		before, _ := e.Write.Before.(*policyv1.PodDisruptionBudget)
		if after == nil {
			return nil
		}
		if before == nil {
			left[after.UID] = after.Status.DisruptionsAllowed
			return nil
		}
		evicted := entriesOf(after, before)
		if len(evicted) == 0 {
			left[after.UID] = after.Status.DisruptionsAllowed
			return s.forgotten(e.Write, before, after)
		}
		if left[after.UID] -= int32(len(evicted)); left[after.UID] < 0 || before.Status.ObservedGeneration < before.Generation {
			return fmt.Errorf("the eviction of %v is more than PodDisruptionBudget %s allows by its status for generation %d of %d",
				evicted, key(after), before.Status.ObservedGeneration, before.Generation)
		}
		return nil
	}}
}

// entriesOf are the pods that the status of a remembers and that of b does not.
func entriesOf(a, b *policyv1.PodDisruptionBudget) (names []string) {
	for _, name := range sortedKeys(a.Status.DisruptedPods) {
		if _, has := b.Status.DisruptedPods[name]; !has {
			names = append(names, name)
		}
	}
	return names
}

// forgotten: an entry that a new status leaves out is too old, or its pod was not to
// be seen by the controller, or was being deleted: it did not count it then.
func (s *State) forgotten(w *Write, before, after *policyv1.PodDisruptionBudget) error {
	d, known := s.decided(w)
	if !known {
		return nil
	}
	for _, name := range entriesOf(before, after) {
		if !before.Status.DisruptedPods[name].Add(entryExpires).After(s.Now) {
			continue
		}
		seen := s.possible(d, "pods", join(after.Namespace, name))
		counts := len(seen) > 0
		for _, o := range seen {
			pod, _ := o.(*corev1.Pod)
			counts = counts && pod != nil && pod.DeletionTimestamp == nil && selects(after, pod)
		}
		if counts {
			return fmt.Errorf("the new status of PodDisruptionBudget %s, which allows %d, has forgotten the eviction of pod %s, which it counts",
				key(after), after.Status.DisruptionsAllowed, name)
		}
	}
	return nil
}

func selects(pdb *policyv1.PodDisruptionBudget, pod *corev1.Pod) bool {
	selector, err := metav1.LabelSelectorAsSelector(pdb.Spec.Selector)
	return err == nil && pod.Namespace == pdb.Namespace && selector.Matches(labels.Set(pod.Labels))
}

// newHealthy counts the ready pods after each eviction of one.
func newHealthy(Scenario) Judge {
	blind := map[types.UID]bool{} // budgets whose controller did not know a pod that was evicted
	return Judge{Observe: func(s *State, e Event) error {
		pod := evicted(e.Write)
		if pod == nil {
			return nil
		}
		for _, pdb := range all[*policyv1.PodDisruptionBudget](s, budgets) {
			if !selects(pdb, pod) {
				continue
			}
			blind[pdb.UID] = blind[pdb.UID] || !s.shown(pod)
			ready, wanted := s.ready(pdb), s.desiredHealthy(pdb)
			if controller.IsReady(pod) && ready < wanted && !blind[pdb.UID] {
				return fmt.Errorf("the eviction of pod %s leaves %d ready pods, and PodDisruptionBudget %s demands %d", key(pod), ready, key(pdb), wanted)
			}
		}
		return nil
	}}
}

// evicted returns the pod whose deletion a write has begun for an eviction.
func evicted(w *Write) *corev1.Pod {
	if w == nil || w.Request == nil || w.Request.Subresource != "eviction" {
		return nil
	}
	pod, _ := w.Before.(*corev1.Pod)
	if pod == nil || pod.DeletionTimestamp != nil || w.After != nil && w.After.GetDeletionTimestamp() == nil {
		return nil
	}
	return pod
}

// shown reports whether every process that watches budgets has seen a pod.
func (s *State) shown(pod *corev1.Pod) bool {
	born := s.history["pods"][key(pod)]
	for _, seen := range s.seen {
		if _, watches := seen[budgets]; !watches {
			continue
		}
		for _, w := range born {
			if w.object().GetUID() == pod.UID && w.Before == nil && w.Revision > seen["pods"] {
				return false
			}
		}
	}
	return true
}

func (s *State) ready(pdb *policyv1.PodDisruptionBudget) (n int) {
	for _, pod := range s.pods() {
		if selects(pdb, pod) && pod.DeletionTimestamp == nil && controller.IsReady(pod) {
			n++
		}
	}
	return n
}

// desiredHealthy is what a budget demands, for the ReplicaSets that own its pods.
func (s *State) desiredHealthy(pdb *policyv1.PodDisruptionBudget) int {
	scale, counted := 0, map[types.UID]bool{}
	for _, pod := range s.pods() {
		owner := metav1.GetControllerOfNoCopy(pod)
		if owner == nil || counted[owner.UID] || !selects(pdb, pod) {
			continue
		}
		if set, ok := s.uids[owner.UID].(*appsv1.ReplicaSet); ok {
			scale += int(replicas(set))
		}
		counted[owner.UID] = true
	}
	if most := pdb.Spec.MaxUnavailable; most != nil {
		unavailable, err := intstr.GetScaledValueFromIntOrPercent(most, scale, true)
		if err != nil {
			return 0
		}
		return max(0, scale-unavailable)
	}
	if least := pdb.Spec.MinAvailable; least != nil {
		available, err := intstr.GetScaledValueFromIntOrPercent(least, scale, true)
		if err != nil {
			return 0
		}
		return available
	}
	return 0
}
