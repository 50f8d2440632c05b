package claims

import (
	"errors"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/reconverge/reconverge/impl/controller"
)

const inTheEnd = "faults stop, and enough time passes"

// liveness are the claims about what is left in the end.
func liveness() []Claim {
	live := func(id, text string, judge func(*State) error) Claim {
		return Claim{ID: id, Status: Live, Text: text, Assumes: inTheEnd, New: settled(judge)}
	}
	esr := live("ESR", "in the end the number of active pods equals replicas", reconciled)
	notReady := live("L-NOTREADY", "in the end no pod of a dead node is ready", deadNotReady)
	notReady.Status = Not
	return []Claim{
		esr,
		live("L-READY", "while a node is well and not cordoned, in the end exactly replicas pods are ready on ready nodes", replicasReady),
		live("L-EVICT", "while another node is well, in the end every pod on a dead node is marked for deletion, and replaced", deadEvicted),
		live("L-BACK", "in the end a well node that has its Node object is ready and has no taint but a user's, and its pods are ready", wellBack),
		live("L-GONE", "in the end no terminating pod is left on a well node, on none, or on one whose Node object is gone", terminatingGone),
		notReady,
		live("L-ORPHAN", "in the end no pod is bound to a node whose Node object is gone", orphansGone),
		live("L-STOP", "in the end no container whose pod has left the store runs on a well node", containersStopped),
		live("L-DRAIN", "in the end every pod that a drain has listed is marked for deletion or gone", drainedGone),
		live("L-OWNER", "in the end a deleted owner is gone, and so is every pod that names one, except on nodes that are not well", ownersGone),
		live("L-STATUS", "in the end the status of a ReplicaSet is what its pods are, for its current generation", statusTrue),
	}
}

// wanted are the ReplicaSets that nobody deletes.
func (s *State) wanted() (sets []*appsv1.ReplicaSet) {
	for _, set := range s.sets() {
		if set.DeletionTimestamp == nil {
			sets = append(sets, set)
		}
	}
	return sets
}

func reconciled(s *State) error {
	for _, set := range s.wanted() {
		if n := s.active(set.UID); n != replicas(set) {
			return fmt.Errorf("ReplicaSet %s has %d active pods and wants %d", key(set), n, replicas(set))
		}
	}
	return nil
}

// replicasReady does not count on pods that find no room.
func replicasReady(s *State) error {
	for _, set := range s.wanted() {
		ready, room := int32(0), true
		for _, pod := range s.pods() {
			if !ownedBy(pod, set.UID) || !controller.IsActive(pod) {
				continue
			}
			node := s.node(pod.Spec.NodeName)
			if node != nil && controller.IsReady(pod) && readiness(node) == corev1.ConditionTrue {
				ready++
			}
			room = room && (pod.Spec.NodeName != "" || s.roomSomewhere(pod))
		}
		if room && s.someNodeWell() && ready != replicas(set) {
			return fmt.Errorf("ReplicaSet %s has %d pods that are ready on ready nodes, and wants %d", key(set), ready, replicas(set))
		}
	}
	return nil
}

func (s *State) someNodeWell() bool { return slices.ContainsFunc(s.nodes(), s.well) }

func (s *State) roomSomewhere(pod *corev1.Pod) bool {
	return slices.ContainsFunc(s.nodes(), func(node *corev1.Node) bool { return s.well(node) && s.hasRoom(node, pod) })
}

// deadEvicted leaves out pods that tolerate for ever that a node is unreachable.
func deadEvicted(s *State) error {
	if !s.someNodeWell() {
		return nil // the evictions are off when every node is lost
	}
	for _, pod := range s.pods() {
		unreachable := corev1.Taint{Key: corev1.TaintNodeUnreachable, Effect: corev1.TaintEffectNoExecute}
		if pod.Spec.NodeName == "" || !controller.IsActive(pod) || tolerates(pod, unreachable) == forEver {
			continue
		}
		if m := s.machine(pod.Spec.NodeName); s.node(m.Node) != nil && !(m.Alive && m.Connected) {
			return fmt.Errorf("pod %s is on the dead node %s and is not being deleted", key(pod), m.Node)
		}
	}
	return reconciled(s)
}

func wellBack(s *State) error {
	for _, node := range s.nodes() {
		if !s.machine(node.Name).well() {
			continue
		}
		if readiness(node) != corev1.ConditionTrue {
			return fmt.Errorf("node %s is well, and its condition Ready is %s", node.Name, readiness(node))
		}
		for _, taint := range node.Spec.Taints {
			if taint.Key == corev1.TaintNodeNotReady || taint.Key == corev1.TaintNodeUnreachable {
				return fmt.Errorf("node %s is well and has the taint %s", node.Name, taint.ToString())
			}
		}
	}
	for _, pod := range s.pods() {
		node := s.node(pod.Spec.NodeName)
		if node != nil && s.machine(node.Name).well() && controller.IsActive(pod) && !controller.IsReady(pod) {
			return fmt.Errorf("pod %s on node %s, which is well, is not ready", key(pod), node.Name)
		}
	}
	return nil
}

func terminatingGone(s *State) error {
	for _, pod := range s.pods() {
		if pod.DeletionTimestamp == nil || len(pod.Finalizers) > 0 {
			continue
		}
		node := s.node(pod.Spec.NodeName)
		if node == nil || s.machine(node.Name).well() || outOfService(node) {
			return fmt.Errorf("pod %s on node %q is still being deleted", key(pod), pod.Spec.NodeName)
		}
	}
	return nil
}

func deadNotReady(s *State) error {
	for _, pod := range s.pods() {
		if m := s.machine(pod.Spec.NodeName); !(m.Alive && m.Connected) && controller.IsReady(pod) {
			return fmt.Errorf("pod %s on the dead node %s is ready", key(pod), m.Node)
		}
	}
	return nil
}

func orphansGone(s *State) error {
	for _, pod := range s.pods() {
		if pod.Spec.NodeName != "" && s.node(pod.Spec.NodeName) == nil {
			return fmt.Errorf("pod %s is bound to node %s, which is gone", key(pod), pod.Spec.NodeName)
		}
	}
	return nil
}

func containersStopped(s *State) error {
	var left []string
	for uid, c := range s.containers {
		if s.machine(c.Node).well() && s.uids[uid] == nil {
			left = append(left, fmt.Sprintf("pod %s (UID %s) runs on node %s, and has left the store", c.Pod, uid, c.Node))
		}
	}
	if len(left) == 0 {
		return nil
	}
	return errors.New(slices.Min(left))
}

func drainedGone(s *State) error {
	for _, drain := range s.drained {
		for _, uid := range drain.Pods {
			if pod := s.uids[uid]; pod != nil && pod.GetDeletionTimestamp() == nil {
				return fmt.Errorf("pod %s is still on node %s, which is being drained", key(pod), drain.Node)
			}
		}
	}
	return nil
}

func ownersGone(s *State) error {
	for _, set := range s.sets() {
		if set.DeletionTimestamp != nil && !s.holdsUp(set) {
			return fmt.Errorf("ReplicaSet %s is still being deleted", key(set))
		}
	}
	for _, pod := range s.pods() {
		stays := pod.Spec.NodeName != "" && !s.machine(pod.Spec.NodeName).well()
		for _, ref := range pod.OwnerReferences {
			if s.uids[ref.UID] == nil && !stays {
				return fmt.Errorf("pod %s is left, and its owner %s %s (UID %s) is gone", key(pod), ref.Kind, ref.Name, ref.UID)
			}
		}
	}
	return nil
}

// holdsUp reports whether a ReplicaSet that waits for its pods waits for one on a node that is not well.
func (s *State) holdsUp(set *appsv1.ReplicaSet) bool {
	if !slices.Contains(set.Finalizers, metav1.FinalizerDeleteDependents) {
		return false
	}
	return slices.ContainsFunc(s.pods(), func(pod *corev1.Pod) bool {
		return ownedBy(pod, set.UID) && pod.Spec.NodeName != "" && !s.machine(pod.Spec.NodeName).well()
	})
}

func statusTrue(s *State) error {
	for _, set := range s.wanted() {
		ready := int32(0)
		for _, pod := range s.pods() {
			if ownedBy(pod, set.UID) && controller.IsActive(pod) && controller.IsReady(pod) {
				ready++
			}
		}
		is, active := set.Status, s.active(set.UID)
		if is.Replicas != active || is.ReadyReplicas != ready || is.ObservedGeneration != set.Generation {
			return fmt.Errorf("ReplicaSet %s has %d pods, %d ready, at generation %d; its status says %d, %d, %d",
				key(set), active, ready, set.Generation, is.Replicas, is.ReadyReplicas, is.ObservedGeneration)
		}
	}
	return nil
}
