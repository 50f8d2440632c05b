package model

// kubectl cordon, uncordon and drain. A drain cordons its node, lists the pods
// there once, and asks for the eviction of each by name until the API server
// has granted it. A pod that an older view of the scheduler brings to the node
// after the list is not among them.
//
// Omits: pods of DaemonSets and mirror pods, which a drain passes over; its
// wait until each pod is gone or has another UID, after which it does nothing;
// a drain that is interrupted.

func (y *system) drainSteps() []step {
	steps := []step{
		fault(Cordon, "User.Cordon", y.userCordon, y.nodeStep),
		fault(Uncordon, "User.Uncordon", y.userUncordon, y.nodeStep),
		fault(DrainNode, "User.Drain", y.userDrain, y.nodeStep),
	}
	if y.Faults[DrainNode] == 0 {
		return steps
	}
	return append(steps,
		slow("Drain.List", y.drainList, y.nodeStep),
		slow("Drain.Evict", y.drainEvict, y.podStep),
	)
}

// userCordon makes a node unschedulable.
//
// Reads: the live node.
// Effect: one write; pods on the node stay.
// Abstracts: kubectl/pkg/drain/cordon.go:PatchOrReplace; the scheduler's filter
// NodeUnschedulable.
// Omits: the taint unschedulable:NoSchedule that the node lifecycle controller
// adds later: it says the same to the scheduler.
func (y *system) userCordon(dst []State, s *State) []State {
	return y.userPutsNode(dst, s, Cordon, func(n Node) (Node, bool) {
		was := n.Unschedulable
		n.Unschedulable = true
		return n, !was
	})
}

// userUncordon makes a cordoned node schedulable again, drained or not.
//
// Reads: the live node.
// Effect: one write.
// Abstracts: kubectl/pkg/drain/cordon.go:PatchOrReplace.
// Omits: nothing.
func (y *system) userUncordon(dst []State, s *State) []State {
	return y.userPutsNode(dst, s, Uncordon, func(n Node) (Node, bool) {
		was := n.Unschedulable
		n.Unschedulable = false
		return n, was
	})
}

// userDrain begins the drain of a node by cordoning it.
//
// Reads: the live node.
// Guard: no drain of it is about to list its pods.
// Effect: one write, none if the node is cordoned; the list is still to come.
// Abstracts: kubectl/pkg/cmd/drain/drain.go:RunDrain, RunCordonOrUncordon.
// Omits: the order of several nodes in one command; each is a drain here.
func (y *system) userDrain(dst []State, s *State) []State {
	return y.userPutsNode(dst, s, DrainNode, func(n Node) (Node, bool) {
		was := n.Draining
		n.Unschedulable, n.Draining = true, true
		return n, !was
	})
}

// userPutsNode appends a successor for each Node object that f changes, at the
// cost of one of the budget of by.
func (y *system) userPutsNode(dst []State, s *State, by Fault, f func(Node) (Node, bool)) []State {
	next := *s
	if !next.spend(by) {
		return dst
	}
	return y.eachNode(dst, &next, func(node Node, _ NodeView) (Node, bool) { return f(node) })
}

// drainList lists the pods of a node whose drain has begun.
//
// Reads: the live pods, by spec.nodeName.
// Guard: the node is cordoned by this drain.
// Effect: memory of the drain only.
// Abstracts: kubectl/pkg/drain/drain.go:GetPodsForDeletion.
// Omits: pods that are marked already: their eviction would change nothing.
func (y *system) drainList(dst []State, s *State) []State {
	for n := range y.Nodes {
		if !s.Nodes[n].Draining {
			continue
		}
		next := *s
		next.Nodes[n].Draining = false
		for i := range s.used() {
			p := &next.Pods[i]
			if p.Stored() && p.Deletion == Unmarked && p.Node == NodeRef(n+1) && p.Drain == NotDrained {
				p.Drain = Listed
			}
		}
		dst = y.settle(dst, s, &next)
	}
	return dst
}

// drainEvict asks for the eviction of a listed pod by its name, which another
// pod may have by then. The answer 429 changes nothing: it asks again.
//
// Reads: nothing but its list.
// Guard: the pod is listed.
// Effect: that of evict; the drain is done with the pod once the API server
// has granted the eviction or knows no pod of that name.
// Abstracts: kubectl/pkg/drain/drain.go:evictPods, EvictPod (its DeleteOptions
// have no UID).
// Omits: the 5 s before it asks again.
func (y *system) drainEvict(dst []State, s *State) []State {
	for i := range s.used() {
		if s.Pods[i].Drain != Listed {
			continue
		}
		next := *s
		next.Pods[i].Drain = NotDrained
		if target := y.named(s, i); target >= 0 && !y.evict(&next, target) {
			continue
		}
		dst = y.settle(dst, s, &next)
	}
	return dst
}

// drained reports whether a drain can do nothing more with a pod on its list:
// it is on its way out, and no other pod will have its name.
func (y *system) drained(p *Pod) bool {
	return (p.Object == Removed || p.Deletion != Unmarked) && !(p.Bare && y.Faults[PodRecreate] > 0)
}
