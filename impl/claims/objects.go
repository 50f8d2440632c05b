package claims

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/reconverge/reconverge/impl/controller"
)

// objects are the claims about single objects.
func objects() []Claim {
	return []Claim{
		{ID: "P-RV", Status: Guaranteed, New: newRevisions,
			Text: "every write takes the next revision of one object, and one that carries a resourceVersion is accepted only on that"},
		{ID: "P-UID", Status: Guaranteed, New: newIdentity,
			Text: "a UID is used once, and never again after its object was removed"},
		{ID: "P-DT", Status: Guaranteed, New: writes(deletionStays),
			Text: "a deletionTimestamp is never cleared or put off beyond the present, and the grace period only shrinks"},
		{ID: "P-NODE1", Status: Guaranteed, New: writes(boundOnce),
			Text: "spec.nodeName is written once"},
		{ID: "P-NOBIND-T", Status: Guaranteed, New: writes(boundAlive),
			Text: "a terminating pod is never newly bound"},
		{ID: "P-BIND-UID", Status: Guaranteed, New: writes(boundAsSeen),
			Text: "a binding decided for one UID never lands on another"},
		{ID: "P-PHASE", Status: Assuming, New: writes(phaseFinal),
			Text: "Succeeded and Failed are final", Assumes: "only kubelets and pod GC write a pod's phase"},
		{ID: "P-TERM-NR", Status: Assuming, New: newTerminalNotReady,
			Text: "a terminal pod is not Ready", Assumes: "it is not pod GC that has written the phase"},
		{ID: "P-T-NOTREADY", Status: Not, New: writes(terminatingNotReady),
			Text: "a terminating pod never turns ready"},
	}
}

func describe(o metav1.Object) string { return fmt.Sprintf("%s (UID %s)", key(o), o.GetUID()) }

func newRevisions(Scenario) Judge {
	var newest int64
	writer := map[types.UID]*Request{} // of the last write of each object
	return Judge{Observe: func(s *State, e Event) error {
		w := e.Write
		if w == nil {
			return nil
		}
		last := newest
		newest = w.Revision
		// The second write of a DELETE is about what the first has left (registry/store.go:Delete).
		goesOn := w.Request != nil && writer[w.object().GetUID()] == w.Request
		writer[w.object().GetUID()] = w.Request
		object := w.Resource + " " + describe(w.object())
		switch {
		case w.Revision <= last:
			return fmt.Errorf("revision %d of %s comes after revision %d", w.Revision, object, last)
		case w.After != nil && w.After.GetResourceVersion() != fmt.Sprint(w.Revision):
			return fmt.Errorf("%s has resourceVersion %s at revision %d", object, w.After.GetResourceVersion(), w.Revision)
		case w.Before != nil && w.Request != nil && w.Request.ResourceVersion != 0 && !goesOn &&
			w.Before.GetResourceVersion() != fmt.Sprint(w.Request.ResourceVersion):
			return fmt.Errorf("%s had resourceVersion %s, and a write was accepted that had read %d",
				object, w.Before.GetResourceVersion(), w.Request.ResourceVersion)
		}
		return nil
	}}
}

func newIdentity(Scenario) Judge {
	used := map[types.UID]bool{}
	return Judge{Observe: func(s *State, e Event) error {
		w := e.Write
		switch {
		case w == nil:
			return nil
		case w.Before != nil && w.After != nil && w.Before.GetUID() != w.After.GetUID():
			return fmt.Errorf("%s %s has become %s in one write", w.Resource, describe(w.Before), describe(w.After))
		case w.Before == nil && used[w.After.GetUID()]:
			return fmt.Errorf("%s %s has a UID that was used before", w.Resource, describe(w.After))
		}
		used[w.object().GetUID()] = true
		return nil
	}}
}

// deletionStays: a deletion that is overdue may be set to now, as a DELETE does that
// takes what is left of its grace (rest/delete.go:BeforeDelete).
func deletionStays(s *State, w *Write) error {
	if w.Before == nil || w.After == nil || w.Before.GetDeletionTimestamp() == nil {
		return nil
	}
	was, is := w.Before.GetDeletionTimestamp(), w.After.GetDeletionTimestamp()
	had, has := w.Before.GetDeletionGracePeriodSeconds(), w.After.GetDeletionGracePeriodSeconds()
	object := w.Resource + " " + describe(w.After)
	switch {
	case is == nil:
		return fmt.Errorf("%s was being deleted, and is not any more", object)
	case is.After(was.Time) && is.After(s.Now):
		return fmt.Errorf("the deletion of %s is put off from %s to %s", object, was.UTC(), is.UTC())
	case had != nil && (has == nil || *has > *had):
		return fmt.Errorf("the grace period of %s grows from %d s", object, *had)
	}
	return nil
}

// change returns the pod that a write changed, before and after.
func change(w *Write) (before, after *corev1.Pod, ok bool) {
	before, _ = w.Before.(*corev1.Pod)
	after, _ = w.After.(*corev1.Pod)
	return before, after, before != nil && after != nil
}

func boundOnce(_ *State, w *Write) error {
	before, after, ok := change(w)
	if ok && before.Spec.NodeName != "" && before.Spec.NodeName != after.Spec.NodeName {
		return fmt.Errorf("pod %s moves from node %s to %q", describe(after), before.Spec.NodeName, after.Spec.NodeName)
	}
	return nil
}

func binds(w *Write) (pod *corev1.Pod, ok bool) {
	before, after, ok := change(w)
	return after, ok && before.Spec.NodeName == "" && after.Spec.NodeName != ""
}

func boundAlive(_ *State, w *Write) error {
	if pod, ok := binds(w); ok && w.Before.GetDeletionTimestamp() != nil {
		return fmt.Errorf("pod %s is being deleted and is bound to node %s", describe(pod), pod.Spec.NodeName)
	}
	return nil
}

// boundAsSeen: the pod that is bound is one that the scheduler can have seen under
// this name, if it has seen any.
func boundAsSeen(s *State, w *Write) error {
	pod, ok := binds(w)
	d, known := s.decided(w)
	if !ok || !known {
		return nil
	}
	seen := slices.DeleteFunc(s.possible(d, "pods", key(pod)), func(o metav1.Object) bool { return o == nil })
	if len(seen) == 0 || slices.ContainsFunc(seen, func(o metav1.Object) bool { return o.GetUID() == pod.UID }) {
		return nil
	}
	return fmt.Errorf("pod %s is bound to node %s by a decision for the pod %s", describe(pod), pod.Spec.NodeName, describe(seen[0]))
}

func phaseFinal(_ *State, w *Write) error {
	before, after, ok := change(w)
	if ok && controller.IsTerminal(before) && before.Status.Phase != after.Status.Phase {
		return fmt.Errorf("the phase of pod %s goes from %s to %s", describe(after), before.Status.Phase, after.Status.Phase)
	}
	return nil
}

func newTerminalNotReady(sc Scenario) Judge {
	collected := map[types.UID]bool{} // by pod GC
	return Judge{Observe: func(s *State, e Event) error {
		if e.Write == nil {
			return nil
		}
		pod, _ := e.Write.After.(*corev1.Pod)
		if pod == nil {
			return nil
		}
		if e.Write.by("podgc") && !sc.Unassuming {
			collected[pod.UID] = true
		}
		if controller.IsTerminal(pod) && controller.IsReady(pod) && !collected[pod.UID] {
			return fmt.Errorf("pod %s is %s and Ready", describe(pod), pod.Status.Phase)
		}
		return nil
	}}
}

func terminatingNotReady(_ *State, w *Write) error {
	before, after, ok := change(w)
	if ok && before.DeletionTimestamp != nil && !controller.IsReady(before) && controller.IsReady(after) {
		return fmt.Errorf("pod %s is being deleted and turns ready", describe(after))
	}
	return nil
}
