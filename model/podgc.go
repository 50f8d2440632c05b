package model

// Pod GC, pkg/controller/podgc/gc_controller.go. A round finds the pods to
// remove, all from the cache of the controller manager, and then deletes them
// one by one, with grace 0 and by name. Pods of a ReplicaSet have names that
// are never used again; of those a round is kept in memory only where a Node
// object may go or be out of service.
//
// Omits: G1 (too few pods here); rounds that run over several nodes (each node
// has its own, which may come in any order).

func (y *system) podGCSteps() []step {
	steps := []step{fair("PodGC.Remove", y.podGC, y.podStep).needs(removing)}
	if y.Faults[NodeDelete]+y.Faults[OutOfService] > 0 {
		steps = append(steps, fair("PodGC.Sweep", y.podGCSweep, y.sweptNode))
	}
	if y.Faults[NodeDelete]+y.Faults[OutOfService] == 0 && y.BarePods == 0 {
		return steps
	}
	if y.Version != V1_9 {
		steps = append(steps, fair("PodGC.Fail", y.podGCFail, y.podStep))
	}
	return append(steps, fair("PodGC.Delete", y.podGCDelete, y.podStep))
}

// quarantineOver is Node.Quarantine after the one tick of quarantine: longer
// than it takes the control plane to see a Node, shorter than a toleration. In
// 1.9 there is none, and the tick is that from one round to the next.
const quarantineOver = 2

// podGC removes a pod that was marked before it was bound: it covers a crash
// between the two writes of its deletion. A user's pod goes the long way, as
// another may have its name by then.
//
// Reads: pods, cached.
// Guard: the pod is marked and bound to no node.
// Effect: the pod leaves the store, or is to be deleted by name.
// Abstracts: podgc/gc_controller.go:gcUnscheduledTerminating (G4).
// Omits: the two writes for the pod of a ReplicaSet, which is not ready and on
// its way out: the phase is nothing to anybody, and the name is not used again.
func (y *system) podGC(dst []State, s *State) []State {
	for i := range s.used() {
		v, p := s.kcmPod(i), &s.Pods[i]
		if !v.Stored || !v.Deletion || v.Node != 0 || p.Object != Stored || p.Deletion != Immediate || p.Collect != NotCollected {
			continue
		}
		next := *s
		if p.Bare {
			next.Pods[i].Collect = y.collected(s, i)
		} else if !y.removePod(&next, i) {
			continue
		}
		dst = y.settle(dst, s, &next)
	}
	return dst
}

// podGCSweep finds the pods to remove of one node: all, if its Node is gone;
// those that terminate, if it is out of service. That a pod is one to remove
// stays so, whatever becomes of pod and node before it is deleted.
//
// Reads: pods and nodes, cached; the Node, live.
// Guard: (G3) the Node was missing from the cache before and after the
// quarantine, and is not found; (G2) it is not ready and out of service.
// Effect: the pods are to be failed and deleted; the quarantine ends.
// Abstracts: podgc/gc_controller.go:gcOrphaned, discoverDeletedNodes (G3),
// gcTerminating (G2); (9) a live list of the nodes, no quarantine, no G2.
// Omits: that the pods were listed before the Node was asked for: what happens
// between the two may as well happen between the answer and the delete.
func (y *system) podGCSweep(dst []State, s *State) []State {
	for n := range y.Nodes {
		orphaned, over := y.orphaned(s, n), s.Nodes[n].Quarantine == quarantineOver
		if !orphaned && !over && !s.kcmNode(n).outOfService() || y.collecting(s, n) {
			continue
		}
		next := *s
		switch {
		case y.Version == V1_9:
			next.Nodes[n].Quarantine = 1
		case over:
			next.Nodes[n].Quarantine = 0
		}
		for i := range s.used() {
			if v := s.kcmPod(i); v.Node == NodeRef(n+1) && (orphaned || v.Deletion && !over) && y.worthDeleting(&s.Pods[i]) {
				next.Pods[i].Collect = y.collected(s, i)
			}
		}
		if next != *s {
			dst = y.settle(dst, s, &next)
		}
	}
	return dst
}

// sweptNode names the node of a sweep.
func (y *system) sweptNode(from, to *State) string {
	for i := range to.Pods {
		if p := &to.Pods[i]; p.Collect != from.Pods[i].Collect {
			return nodeName(p.Node)
		}
	}
	return y.nodeStep(from, to)
}

// orphaned reports whether pod GC holds the pods bound to node n for orphans.
func (y *system) orphaned(s *State, n int) bool {
	q := s.Nodes[n].Quarantine
	if y.Version == V1_9 {
		return q != 1 && y.missing(s, n)
	}
	return q == quarantineOver && (!s.Nodes[n].Object || y.bug.noLiveCheck)
}

// missing reports whether pods are seen on a node that is not seen, in 1.9 by a
// live list.
func (y *system) missing(s *State, n int) bool {
	exists := s.kcmNode(n).Object
	if y.Version == V1_9 {
		exists = s.Nodes[n].Object
	}
	if exists {
		return false
	}
	for i := range s.used() {
		if s.kcmPod(i).Node == NodeRef(n+1) {
			return true
		}
	}
	return false
}

func (v NodeView) outOfService() bool {
	return v.Object && v.Ready != True && v.Taints&OutOfServiceTaint != 0
}

// collecting reports whether the round of node n is not over.
func (y *system) collecting(s *State, n int) bool {
	for i := range s.used() {
		if p := &s.Pods[i]; p.Collect != NotCollected && p.Node == NodeRef(n+1) {
			return true
		}
	}
	return false
}

// worthDeleting reports whether the delete of a pod that is seen can do what
// does not happen anyway.
func (y *system) worthDeleting(p *Pod) bool {
	return p.Bare || p.Stored() && p.Deletion != Immediate
}

// collected is where pod GC begins with a pod. One that looks terminal is not
// failed first. The phase of a marked pod is not in the view: such a pod looks
// as it is, and, if it is gone, as terminal as it was when its kubelet let go.
func (y *system) collected(s *State, i int) Collect {
	v, p := s.kcmPod(i), &s.Pods[i]
	if v.Phase == Terminal || v.Deletion && (p.Phase == Terminal || !p.Stored()) || y.Version == V1_9 {
		return Doomed
	}
	return InRound
}

// podGCFail writes the phase Failed; Ready stays as it was. The patch carries
// the UID: if the pod is gone, it is not deleted either.
//
// Reads: the pods of the round.
// Guard: the pod did not look terminal.
// Effect: its phase is terminal, and it is to be deleted.
// Abstracts: podgc/gc_controller.go:markFailedAndDeletePodWithCondition, the patch.
// Omits: the condition DisruptionTarget, which nothing here reads.
func (y *system) podGCFail(dst []State, s *State) []State {
	for i := range s.used() {
		p := s.Pods[i]
		if p.Collect != InRound {
			continue
		}
		next := *s
		if p.Stored() && !y.bug.statusRejected {
			p.Phase, p.Collect = Terminal, Doomed
		} else {
			p.Collect = NotCollected
		}
		if y.putPod(&next, i, p) {
			dst = y.settle(dst, s, &next)
		}
	}
	return dst
}

// podGCDelete sends DELETE with grace 0, by name: of two pods of one name it
// hits the one that is there.
//
// Reads: the pods of the round.
// Guard: the pod is failed, or looked so.
// Effect: the pod is marked with grace 0, or, if it is so already, removed.
// Abstracts: podgc/gc_controller.go:markFailedAndDeletePodWithCondition, the
// delete; (9) deletePod.
func (y *system) podGCDelete(dst []State, s *State) []State {
	for i := range s.used() {
		if s.Pods[i].Collect != Doomed {
			continue
		}
		next := *s
		next.Pods[i].Collect = NotCollected
		target := y.gcTarget(s, i)
		if target < 0 || y.forceDelete(&next, target) {
			dst = y.settle(dst, s, &next)
		}
	}
	return dst
}

// gcTarget is the pod that is hit by the delete of pod i; -1 if none is.
func (y *system) gcTarget(s *State, i int) int {
	switch {
	case s.Pods[i].Stored():
		return i
	case s.Pods[i].Bare && !y.bug.gcDeleteWithUID:
		return y.namesake(s)
	}
	return -1
}

// settleQuarantine begins the quarantine of a node that pods are bound to and
// that is missing, and ends one that is over without effect. One that runs is
// not stopped by a Node of the same name.
//
// Abstracts: podgc/gc_controller.go:gcOrphaned, its delaying queue of node names.
func (y *system) settleQuarantine(s *State) {
	if y.Faults[NodeDelete] == 0 {
		return
	}
	for n := range y.Nodes {
		switch q := &s.Nodes[n].Quarantine; *q {
		case 0:
			if y.Version != V1_9 && y.missing(s, n) {
				*q = 1
			}
		case quarantineOver:
			if !y.missing(s, n) {
				*q = 0
			}
		}
	}
}
