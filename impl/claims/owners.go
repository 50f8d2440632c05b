package claims

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// owners are the claims about owners and their dependents.
func owners() []Claim {
	return []Claim{
		{ID: "P-GC", Status: Guaranteed, New: writes(collectsOrphansOnly),
			Text: "nothing with a living owner is collected"},
		{ID: "P-ORPHAN", Status: Assuming, New: newOrphans,
			Text: "orphan deletion leaves the dependents alive that the garbage collector knows of, " +
				"and the pods that are adopted for the owner once its deletion has begun",
			Assumes: "no owner is deleted between the live read of it and the patch that adopts a pod; such pods are left out"},
	}
}

// collectsOrphansOnly: an owner that is there now was there when the collector
// looked, since a UID does not come back; and one that does not wait now did not then.
func collectsOrphansOnly(s *State, w *Write) error {
	if w.Before == nil || !w.by("garbagecollector") || w.Request.Verb != "delete" {
		return nil
	}
	object := w.Resource + " " + describe(w.Before)
	if len(w.Before.GetOwnerReferences()) == 0 {
		return fmt.Errorf("%s is collected, which has no owner", object)
	}
	for _, ref := range w.Before.GetOwnerReferences() {
		owner := s.uids[ref.UID]
		if owner == nil || owner.GetDeletionTimestamp() != nil && slices.Contains(owner.GetFinalizers(), metav1.FinalizerDeleteDependents) {
			continue
		}
		return fmt.Errorf("%s is collected, though its owner %s %s (UID %s) is there and does not wait for that", object, ref.Kind, ref.Name, ref.UID)
	}
	return nil
}

// newOrphans follows the pods that the collector had seen before it let an owner go,
// and those that were adopted although nobody had looked whether the owner lets go.
func newOrphans(sc Scenario) Judge {
	o := orphans{unassuming: sc.Unassuming, let: map[types.UID]types.UID{}, marked: map[types.UID]int64{}, lets: map[types.UID]bool{}}
	return Judge{Observe: func(s *State, e Event) error {
		if e.Sent != nil && e.Sent.Verb == "get" && e.Sent.Resource == "replicasets" {
			o.reads = append(o.reads, read{client{e.Sent.Actor, e.Sent.Component}, s.Revision})
		}
		if e.Write == nil {
			return nil
		}
		return o.write(s, e.Write)
	}}
}

type orphans struct {
	unassuming bool

	marked map[types.UID]int64     // owners: the revision at which their deletion began
	lets   map[types.UID]bool      // owners whose deletion lets their pods go
	let    map[types.UID]types.UID // pods: the owner that has let them go
	reads  []read                  // of owners, live
}

// A read was sent when the store had reached a revision.
type read struct {
	client
	revision int64
}

func (o *orphans) write(s *State, w *Write) error {
	object := w.object()
	if _, marked := o.marked[object.GetUID()]; !marked && object.GetDeletionTimestamp() != nil {
		o.marked[object.GetUID()] = w.Revision
	}
	if object.GetDeletionTimestamp() != nil && slices.Contains(object.GetFinalizers(), metav1.FinalizerOrphanDependents) {
		o.lets[object.GetUID()] = true
	}
	if w.After == nil && slices.Contains(w.Before.GetFinalizers(), metav1.FinalizerOrphanDependents) {
		o.letGo(s, w)
	}
	pod, _ := w.Before.(*corev1.Pod)
	if pod == nil {
		return nil
	}
	o.adopted(s, w, pod)
	if owner, let := o.let[pod.UID]; let && w.by("garbagecollector") && w.Request.Verb == "delete" {
		return fmt.Errorf("pod %s is collected, which its owner (UID %s) had let go", describe(pod), owner)
	}
	return nil
}

// adopted sees to a pod that has an owner now: one that was alive when it was read may
// have it, and one that was not takes it to its end.
func (o *orphans) adopted(s *State, w *Write, pod *corev1.Pod) {
	d, known := s.decided(w)
	if !known || !w.by("replicaset") || w.After == nil || metav1.GetControllerOfNoCopy(pod) != nil {
		return
	}
	owner := metav1.GetControllerOfNoCopy(w.After)
	switch {
	case owner == nil:
	case o.unassuming && o.marked[owner.UID] == 0, !o.unassuming && o.readInTime(d, owner):
		delete(o.let, pod.UID)
	case o.lets[owner.UID]:
		o.let[pod.UID] = owner.UID
	}
}

// letGo notes the pods that were the owner's in the eyes of the collector when it
// began to let them go.
func (o *orphans) letGo(s *State, w *Write) {
	d, known := s.decided(w)
	from, sees := d.after.Seen["pods"]
	if !known || !sees || !w.by("garbagecollector") {
		return
	}
	for k := range s.history["pods"] {
		pod := s.at("pods", k, from)
		if pod != nil && slices.ContainsFunc(pod.GetOwnerReferences(), func(ref metav1.OwnerReference) bool { return ref.UID == w.Before.GetUID() }) {
			o.let[pod.GetUID()] = w.Before.GetUID()
		}
	}
}

// readInTime reports whether an adopter has read its owner live, for this decision,
// when the owner's deletion had not begun.
func (o *orphans) readInTime(d decision, owner *metav1.OwnerReference) bool {
	if owner == nil {
		return false
	}
	began, marked := o.marked[owner.UID]
	return slices.ContainsFunc(o.reads, func(r read) bool {
		return r.client == d.client && r.revision >= d.after.Revision && (!marked || r.revision < began)
	})
}
