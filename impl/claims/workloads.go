package claims

import (
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/reconverge/reconverge/impl/controller"
)

const oneManager = "one controller manager acts at a time, the first list of a new one is consistent, "

// workloads are the claims about ReplicaSets and their pods.
func workloads() []Claim {
	return []Claim{
		{ID: "P-OVER2", Status: Assuming, New: newNeverOver,
			Text:    "active pods never exceed replicas while replicas is constant",
			Assumes: oneManager + "no create response is lost",
			Unless:  []Fault{ManagerOverlap, StaleFirstList, CreateLost}},
		{ID: "P-OVER1", Status: Assuming, New: newOverBounded,
			Text:    "no create makes the active pods more than replicas is, or was since the ReplicaSet last had what it wants",
			Assumes: oneManager + "no create response is lost",
			Unless:  []Fault{ManagerOverlap, StaleFirstList, CreateLost}},
		{ID: "P-UNDER2", Status: Assuming, New: newUnderBounded,
			Text: "the deletes of the ReplicaSet controller leave no fewer active pods than replicas is, " +
				"or was since the ReplicaSet last had what it wants",
			Assumes: oneManager + "no response to a delete is lost, and nobody else ends pods",
			Unless: []Fault{ManagerOverlap, StaleFirstList, DeleteLost, PodDeleted, ForceDeleted, Evicted,
				PodChanged, OwnerDeleted, NodeDown, NodeDeleted}},
		{ID: "P-OWN", Status: Guaranteed, New: writes(oneController),
			Text: "a pod has at most one controller at a time: it changes hands only by being let go first"},
		{ID: "P-CLAIM", Status: Guaranteed, New: writes(claimsWhatItSees),
			Text: "the ReplicaSet controller claims a pod only if it can have seen it active, without owner and with the label, and its own owner alive"},
		{ID: "P-QUIET", Status: Guaranteed, New: writes(quietWithoutOwner),
			Text: "the ReplicaSet controller creates and deletes nothing for an owner that it sees gone or being deleted"},
		{ID: "P-FORGET", Status: Assuming, New: newForgets,
			Text:    "a ReplicaSet that takes the name of another starts afresh: it waits for no pod of the other's",
			Assumes: "no request of the controller fails, which would delay it",
			Unless:  []Fault{WriteFails, CreateLost, DeleteLost}},
	}
}

// ownedBy reports whether a pod counts for a ReplicaSet.
func ownedBy(pod *corev1.Pod, set types.UID) bool {
	ref := metav1.GetControllerOfNoCopy(pod)
	return ref != nil && ref.UID == set
}

func (s *State) active(set types.UID) (n int32) {
	for _, o := range s.live["pods"] {
		if pod, ok := o.(*corev1.Pod); ok && ownedBy(pod, set) && controller.IsActive(pod) {
			n++
		}
	}
	return n
}

func replicas(set *appsv1.ReplicaSet) int32 {
	if set.Spec.Replicas == nil {
		return 1
	}
	return *set.Spec.Replicas
}

// created returns a new pod of a ReplicaSet.
func created(w *Write) (pod *corev1.Pod, owner *metav1.OwnerReference) {
	if pod, _ = w.After.(*corev1.Pod); pod == nil || w.Before != nil {
		return nil, nil
	}
	return pod, metav1.GetControllerOfNoCopy(pod)
}

// adopted returns a pod that has an owner from now on, and had none.
func adopted(w *Write) (pod *corev1.Pod, owner *metav1.OwnerReference) {
	before, after, ok := change(w)
	if !ok || metav1.GetControllerOfNoCopy(before) != nil {
		return nil, nil
	}
	return after, metav1.GetControllerOfNoCopy(after)
}

// ended returns a pod that was active before the write and is not after it.
func ended(w *Write) *corev1.Pod {
	before, _ := w.Before.(*corev1.Pod)
	after, _ := w.After.(*corev1.Pod)
	if before == nil || !controller.IsActive(before) || after != nil && controller.IsActive(after) {
		return nil
	}
	return before
}

// newNeverOver looks at adoptions too where nothing is assumed: whoever changes labels
// or owners brings pods back that have been replaced.
func newNeverOver(sc Scenario) Judge {
	most := map[types.UID]int32{}  // replicas so far
	extra := map[types.UID]int32{} // pods that a process which has stopped left behind
	return Judge{Observe: func(s *State, e Event) error {
		if e.Write == nil {
			return nil
		}
		if set, ok := e.Write.After.(*appsv1.ReplicaSet); ok {
			most[set.UID] = max(most[set.UID], replicas(set))
		}
		pod, owner := created(e.Write)
		if owner == nil && sc.Unassuming {
			pod, owner = adopted(e.Write)
		}
		if owner == nil {
			return nil
		}
		if s.orphaned(e.Write) && !sc.Unassuming {
			extra[owner.UID]++
		}
		allowed, known := most[owner.UID]
		if n := s.active(owner.UID); known && n > allowed+extra[owner.UID] {
			return fmt.Errorf("with pod %s ReplicaSet %s has %d active pods, and never wanted more than %d", key(pod), owner.Name, n, allowed)
		}
		return nil
	}}
}

// A window is what replicas has been since its ReplicaSet last had what it wants,
// its controller had seen that it wants it, and had nothing under way.
type window map[types.UID]int32

// follow keeps the window: extreme is min or max.
func (x window) follow(s *State, e Event, extreme func(int32, int32) int32) {
	if e.Write != nil {
		if set, ok := e.Write.After.(*appsv1.ReplicaSet); ok {
			if was, known := x[set.UID]; known {
				x[set.UID] = extreme(was, replicas(set))
			} else {
				x[set.UID] = replicas(set)
			}
		}
	}
	if !e.Rest {
		return
	}
	for uid, was := range x {
		if set, ok := s.uids[uid].(*appsv1.ReplicaSet); ok && was != replicas(set) && s.content(set) {
			x[uid] = replicas(set)
		}
	}
}

// content reports whether a ReplicaSet has what it wants, and whether its controller knows that it wants it.
func (s *State) content(set *appsv1.ReplicaSet) bool {
	return s.informed(set) && s.active(set.UID) == replicas(set)
}

// informed reports whether every process that watches ReplicaSets has seen set as it
// is, and no ReplicaSet controller has anything under way.
func (s *State) informed(set *appsv1.ReplicaSet) bool {
	for c := range s.busy {
		if c.component == "replicaset" {
			return false
		}
	}
	watched := false
	for _, seen := range s.seen {
		revision, watches := seen["replicasets"]
		if watches && revision < version(set).ResourceVersion {
			return false
		}
		watched = watched || watches
	}
	return watched
}

func newOverBounded(Scenario) Judge {
	bound := window{}
	extra := map[types.UID]int32{}
	return Judge{Observe: func(s *State, e Event) error {
		bound.follow(s, e, func(a, b int32) int32 { return max(a, b) })
		if e.Write == nil {
			return nil
		}
		pod, owner := created(e.Write)
		if owner == nil {
			return nil
		}
		if s.orphaned(e.Write) {
			extra[owner.UID]++
		}
		allowed, known := bound[owner.UID]
		if n := s.active(owner.UID); known && n > allowed+extra[owner.UID] {
			return fmt.Errorf("pod %s is created as number %d of ReplicaSet %s, which has wanted at most %d since it had what it wants",
				key(pod), n, owner.Name, allowed)
		}
		return nil
	}}
}

func newUnderBounded(Scenario) Judge {
	bound := window{}
	orphans := map[types.UID]int32{} // deletes that a process which has stopped left behind
	return Judge{Observe: func(s *State, e Event) error {
		bound.follow(s, e, func(a, b int32) int32 { return min(a, b) })
		if e.Write == nil || !e.Write.by("replicaset") {
			return nil
		}
		pod := ended(e.Write)
		if pod == nil {
			return nil
		}
		owner := metav1.GetControllerOfNoCopy(pod)
		if owner == nil {
			return nil
		}
		if s.orphaned(e.Write) {
			orphans[owner.UID]++
		}
		wanted, known := bound[owner.UID]
		if n := s.active(owner.UID); known && n < wanted-orphans[owner.UID] {
			return fmt.Errorf("the deletion of pod %s leaves %d active pods of ReplicaSet %s, which wants %d", key(pod), n, owner.Name, wanted)
		}
		return nil
	}}
}

func oneController(_ *State, w *Write) error {
	before, after, ok := change(w)
	if !ok {
		return nil
	}
	was, is := metav1.GetControllerOfNoCopy(before), metav1.GetControllerOfNoCopy(after)
	n := 0
	for _, ref := range after.OwnerReferences {
		if ref.Controller != nil && *ref.Controller {
			n++
		}
	}
	switch {
	case n > 1:
		return fmt.Errorf("pod %s has %d controllers", describe(after), n)
	case was != nil && is != nil && was.UID != is.UID:
		return fmt.Errorf("pod %s goes from %s %s to %s %s in one write", describe(after), was.Kind, was.UID, is.Kind, is.UID)
	}
	return nil
}

func claimsWhatItSees(s *State, w *Write) error {
	before, after, ok := change(w)
	d, known := s.decided(w)
	if !ok || !known || !w.by("replicaset") || metav1.GetControllerOfNoCopy(before) != nil {
		return nil
	}
	owner := metav1.GetControllerOfNoCopy(after)
	if owner == nil {
		return nil
	}
	sets, pods := s.possible(d, "replicasets", join(after.Namespace, owner.Name)), s.possible(d, "pods", key(after))
	for _, set := range sets {
		for _, pod := range pods {
			if mayClaim(set, pod, owner.UID, after.UID) {
				return nil
			}
		}
	}
	if len(sets) == 0 || len(pods) == 0 {
		return nil
	}
	return fmt.Errorf("ReplicaSet %s (UID %s) claims pod %s; nothing that its controller saw allows that, last of all %s",
		owner.Name, owner.UID, describe(after), condition(pods[len(pods)-1], sets[len(sets)-1]))
}

func mayClaim(setObject, podObject metav1.Object, owner, uid types.UID) bool {
	set, _ := setObject.(*appsv1.ReplicaSet)
	pod, _ := podObject.(*corev1.Pod)
	if set == nil || pod == nil || set.UID != owner || pod.UID != uid {
		return false
	}
	selector, err := metav1.LabelSelectorAsSelector(set.Spec.Selector)
	return err == nil && set.DeletionTimestamp == nil && controller.IsActive(pod) &&
		metav1.GetControllerOfNoCopy(pod) == nil && selector.Matches(labels.Set(pod.Labels))
}

func condition(pod, set metav1.Object) string {
	say := func(o metav1.Object) string {
		switch {
		case o == nil:
			return "none"
		case o.GetDeletionTimestamp() != nil:
			return "one that is being deleted"
		}
		return fmt.Sprintf("one with labels %v, owners %v", o.GetLabels(), o.GetOwnerReferences())
	}
	return fmt.Sprintf("pod: %s; ReplicaSet: %s", say(pod), say(set))
}

func quietWithoutOwner(s *State, w *Write) error {
	d, known := s.decided(w)
	if !known || !w.by("replicaset") {
		return nil
	}
	pod, owner := created(w)
	doing := "creates"
	if owner == nil {
		if pod = ended(w); pod == nil {
			return nil
		}
		if owner = metav1.GetControllerOfNoCopy(pod); owner == nil {
			return nil
		}
		doing = "deletes"
	}
	sets := s.possible(d, "replicasets", join(pod.Namespace, owner.Name))
	for _, set := range sets {
		if set != nil && set.GetUID() == owner.UID && set.GetDeletionTimestamp() == nil {
			return nil
		}
	}
	if len(sets) == 0 {
		return nil
	}
	return fmt.Errorf("the ReplicaSet controller %s pod %s although it sees that ReplicaSet %s (UID %s) is gone or being deleted",
		doing, key(pod), owner.Name, owner.UID)
}

// forgetWithin is how long a new ReplicaSet may be idle. It is less than the five
// minutes after which expectations expire, and more than any back-off without failures.
const forgetWithin = time.Minute

// newForgets is told of a ReplicaSet whose name was another's before: its
// controller must not do nothing for long while it sees it and nothing of it is there.
func newForgets(Scenario) Judge {
	names := map[string]types.UID{}
	waiting := map[types.UID]time.Time{} // namesakes without a pod yet, and since when they are seen; zero: not yet
	return Judge{Observe: func(s *State, e Event) error {
		if w := e.Write; w != nil {
			if set, ok := w.After.(*appsv1.ReplicaSet); ok && w.Before == nil {
				if _, used := names[key(set)]; used {
					waiting[set.UID] = time.Time{}
				}
				names[key(set)] = set.UID
			}
			if _, owner := created(w); owner != nil {
				delete(waiting, owner.UID)
			}
		}
		if !e.Rest || len(waiting) == 0 {
			return nil
		}
		for _, set := range s.sets() {
			since, waits := waiting[set.UID]
			switch {
			case !waits:
			case set.DeletionTimestamp != nil || replicas(set) == 0 || s.active(set.UID) > 0:
				delete(waiting, set.UID)
			case !s.informed(set):
				waiting[set.UID] = time.Time{}
			case since.IsZero():
				waiting[set.UID] = s.Now
			case s.Now.Sub(since) >= forgetWithin:
				return fmt.Errorf("ReplicaSet %s (UID %s) has no pod %s after its controller has seen it", key(set), set.UID, s.Now.Sub(since))
			}
		}
		return nil
	}}
}
