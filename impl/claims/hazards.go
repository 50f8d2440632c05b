package claims

import (
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/reconverge/reconverge/impl/controller"
)

// hazards are what one would like to be so, and is not: Kubernetes itself violates it,
// if things come in an unlucky order.
func hazards() []Claim {
	hazard := func(id, text string, judge func(Scenario) Judge) Claim {
		return Claim{ID: id, Status: Not, Text: text, New: judge}
	}
	return []Claim{
		hazard("P-DEL-TARGET-TAINT", "the taint eviction controller deletes no other pod than one that it had seen when it asked for that", writes(onTarget("tainteviction"))),
		hazard("P-DEL-TARGET-NODE", "in 1.9 the node controller deletes no other pod than one that was there when its pass began", writes(onTarget("nodelifecycle"))),
		hazard("P-DEL-TARGET-PODGC", "pod GC deletes no other pod than one that it had seen when it asked for that", writes(onTarget("podgc"))),
		hazard("P-DEL-TARGET-FORCE", "a DELETE removes the UID that it marked", newRemovesMarked),
		hazard("P-DEL-TARGET-DRAIN", "an eviction that a drain asks for ends a pod that the drain has listed", newDrainsListed),
		hazard("P-RS-RUN", "the containers that run for a ReplicaSet never exceed its replicas and its terminating pods", newRunsNoMore),
		hazard("P-CAP-RUN", "the pods whose containers run on a node never exceed the number that it takes", newRunsWhatFits),
		hazard("P-TAINT-KEPT", "a NoExecute taint is taken only off a node that is ready again, or when no node is", writes(taintKept)),
		hazard("P-EVICT-WELL", "no eviction of a pod begins while its machine is connected and well", writes(evictedWell)),
		hazard("P-ORPHAN-LAG", "when an owner that was deleted with propagation orphan goes, no pod still names it", writes(letAllGo)),
		hazard("P-STATUS-MONO", "a status of a ReplicaSet is written only over the generation that it was computed for", writes(statusOfGeneration)),
		hazard("L-NOTREADY-FALSE", "in the end no pod is ready on a node that says itself that it is not", settled(saysNotReady)),
		{ID: "P-ADOPT-LIVE", Status: Assuming, New: writes(adoptedAlive),
			Text:    "a pod is adopted only by an owner that the store has and that is not being deleted",
			Assumes: "no owner is deleted between the live read of it and the patch of the pod",
			Unless:  []Fault{OwnerDeleted}},
		{ID: "P-RESTART", Status: Assuming, New: newReadsOn,
			Text:    "the first list of a new process is not older than what the one before it had seen",
			Assumes: "the first list of a process is consistent",
			Unless:  []Fault{StaleFirstList}},
	}
}

// onTarget is about deletes by name: the UIDs that a name had in the eyes of the
// process when it asked are those that it can mean.
func onTarget(component string) func(*State, *Write) error {
	return func(s *State, w *Write) error {
		pod, _ := w.Before.(*corev1.Pod)
		d, known := s.decided(w)
		if pod == nil || !known || !w.by(component) || w.Request.Verb != "delete" {
			return nil
		}
		var meant []types.UID
		for _, o := range s.versions("pods", key(pod), 0, d.by.Revision) {
			if o != nil {
				meant = append(meant, o.GetUID())
			}
		}
		if len(meant) == 0 || slices.Contains(meant, pod.UID) {
			return nil
		}
		return fmt.Errorf("pod %s is deleted by a request that was sent for the pod of its name with UID %s", describe(pod), meant[len(meant)-1])
	}
}

func newRemovesMarked(Scenario) Judge {
	marked := map[*Request]types.UID{}
	return Judge{Observe: func(_ *State, e Event) error {
		w := e.Write
		if w == nil || w.Request == nil || w.Request.Verb != "delete" || w.Resource != "pods" {
			return nil
		}
		uid, goesOn := marked[w.Request]
		if w.After == nil && goesOn && w.Before.GetUID() != uid {
			return fmt.Errorf("pod %s is removed by a request that had marked the pod of its name with UID %s", describe(w.Before), uid)
		}
		if w.After != nil {
			marked[w.Request] = w.After.GetUID()
		}
		return nil
	}}
}

func newDrainsListed(Scenario) Judge {
	listed := map[types.UID]bool{}
	return Judge{Observe: func(_ *State, e Event) error {
		if e.Drain != nil {
			for _, uid := range e.Drain.Pods {
				listed[uid] = true
			}
		}
		if e.Write == nil || e.Write.Request == nil || e.Write.Request.Subresource != "eviction" || len(listed) == 0 {
			return nil
		}
		if pod := ended(e.Write); pod != nil && !listed[pod.UID] {
			return fmt.Errorf("pod %s is evicted, which no drain has listed", describe(pod))
		}
		return nil
	}}
}

// newRunsNoMore counts what has started and not stopped, for the owner that the pod
// had when it started.
func newRunsNoMore(Scenario) Judge {
	running, most := map[types.UID]types.UID{}, map[types.UID]int32{}
	return Judge{Observe: func(s *State, e Event) error {
		if e.Write != nil {
			if set, ok := e.Write.After.(*appsv1.ReplicaSet); ok {
				most[set.UID] = max(most[set.UID], replicas(set))
			}
		}
		c := e.Container
		if c == nil {
			return nil
		}
		delete(running, c.UID)
		if !c.Started {
			return nil
		}
		ref := s.ownerOf(c.UID)
		if ref == nil {
			return nil
		}
		running[c.UID] = ref.UID
		n := int32(0)
		for _, owner := range running {
			if owner == ref.UID {
				n++
			}
		}
		if allowed := most[ref.UID] + s.terminating(ref.UID); n > allowed {
			return fmt.Errorf("with pod %s %d pods of ReplicaSet %s run, which wants %d and has %d terminating", c.Pod, n, ref.Name, most[ref.UID], s.terminating(ref.UID))
		}
		return nil
	}}
}

// ownerOf is the ReplicaSet of the pod with a UID, if it is in the store.
func (s *State) ownerOf(uid types.UID) *metav1.OwnerReference {
	for _, pod := range s.pods() {
		if pod.UID == uid {
			return metav1.GetControllerOfNoCopy(pod)
		}
	}
	return nil
}

func (s *State) terminating(owner types.UID) (n int32) {
	for _, pod := range s.pods() {
		if ownedBy(pod, owner) && controller.IsTerminating(pod) {
			n++
		}
	}
	return n
}

func newRunsWhatFits(Scenario) Judge {
	running := map[types.UID]string{}
	return Judge{Observe: func(s *State, e Event) error {
		c := e.Container
		if c == nil {
			return nil
		}
		delete(running, c.UID)
		node := s.node(c.Node)
		if !c.Started || node == nil {
			return nil
		}
		running[c.UID] = c.Node
		n := int64(0)
		for _, on := range running {
			if on == c.Node {
				n++
			}
		}
		if room, limited := node.Status.Allocatable[corev1.ResourcePods]; limited && n > room.Value() {
			return fmt.Errorf("with pod %s the containers of %d pods run on node %s, which takes %d", c.Pod, n, c.Node, room.Value())
		}
		return nil
	}}
}

func taintKept(s *State, w *Write) error {
	before, _ := w.Before.(*corev1.Node)
	after, _ := w.After.(*corev1.Node)
	if before == nil || after == nil || !w.by("nodelifecycle") || !lost(before) || lost(after) || isReady(after) {
		return nil
	}
	for _, other := range s.nodes() {
		if isReady(other) {
			return fmt.Errorf("node %s loses its NoExecute taint while it is not ready, and node %s is", after.Name, other.Name)
		}
	}
	return nil
}

func evictedWell(s *State, w *Write) error {
	pod := condemned(w)
	if pod == nil || pod.Spec.NodeName == "" || !s.machine(pod.Spec.NodeName).well() {
		return nil
	}
	return fmt.Errorf("pod %s is evicted from the machine %s, which is connected and well", key(pod), pod.Spec.NodeName)
}

func letAllGo(s *State, w *Write) error {
	set, _ := w.Before.(*appsv1.ReplicaSet)
	if set == nil || w.After != nil || set.DeletionTimestamp == nil || !slices.Contains(set.Finalizers, metav1.FinalizerOrphanDependents) {
		return nil
	}
	for _, pod := range s.pods() {
		if ownedBy(pod, set.UID) {
			return fmt.Errorf("ReplicaSet %s is gone, which lets its pods go, and pod %s still names it", key(set), key(pod))
		}
	}
	return nil
}

// statusOfGeneration looks at the UID as well: a namesake begins to count anew.
func statusOfGeneration(s *State, w *Write) error {
	set, _ := w.After.(*appsv1.ReplicaSet)
	d, known := s.decided(w)
	if set == nil || w.Before == nil || !w.by("replicaset") || w.Request.Subresource != "status" {
		return nil
	}
	if set.Status.ObservedGeneration < set.Generation {
		return fmt.Errorf("ReplicaSet %s has generation %d and gets a status of generation %d", key(set), set.Generation, set.Status.ObservedGeneration)
	}
	if !known {
		return nil
	}
	seen := s.versions("replicasets", key(set), 0, d.after.Seen["replicasets"])
	if len(seen) > 0 && !slices.ContainsFunc(seen, func(o metav1.Object) bool { return o != nil && o.GetUID() == set.UID }) {
		return fmt.Errorf("ReplicaSet %s (UID %s) gets a status that was computed when its controller had not seen it", key(set), set.UID)
	}
	return nil
}

func saysNotReady(s *State) error {
	for _, pod := range s.pods() {
		node := s.node(pod.Spec.NodeName)
		if node != nil && readiness(node) == corev1.ConditionFalse && controller.IsReady(pod) {
			return fmt.Errorf("pod %s on node %s, which says that it is not ready, is ready", key(pod), node.Name)
		}
	}
	return nil
}

func adoptedAlive(s *State, w *Write) error {
	pod, owner := adopted(w)
	if owner == nil || !w.by("replicaset") {
		return nil
	}
	if live := s.uids[owner.UID]; live == nil || live.GetDeletionTimestamp() != nil {
		return fmt.Errorf("pod %s is adopted for ReplicaSet %s (UID %s), which is gone or being deleted", key(pod), owner.Name, owner.UID)
	}
	return nil
}

// newReadsOn remembers how far the processes of a name have seen each kind.
func newReadsOn(Scenario) Judge {
	most := map[client]int64{}
	return Judge{Observe: func(_ *State, e Event) error {
		if e.Seen == nil {
			return nil
		}
		c := client{e.Seen.Actor, e.Seen.Resource}
		if e.Seen.Type == "" && e.Seen.Revision < most[c] {
			return fmt.Errorf("%s lists the %s of revision %d, and had seen revision %d before", c.actor, c.component, e.Seen.Revision, most[c])
		}
		most[c] = max(most[c], e.Seen.Revision)
		return nil
	}}
}
