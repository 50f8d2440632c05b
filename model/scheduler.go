package model

// The scheduler, pkg/scheduler/schedule_one.go.
//
// Omits: requests other than one slot for each pod, scores (the choice among
// feasible nodes is any), queues and back-off; a scheduler that restarts.

func (y *system) schedulerSteps() []step {
	return []step{
		fair("Scheduler.Assume", y.schedAssume, y.podStep).needs(waiting),
		fair("Scheduler.Bind", y.schedBind, y.podStep).needs(deciding),
	}
}

// schedAssume picks a node for a pod and assumes the pod on it.
//
// Reads: the scheduler's caches of pods and nodes.
// Guard: a pod waits for a node, is not assumed, and a node is feasible.
// Effect: the pod is assumed on any feasible node; no write.
// Abstracts: schedulingCycle, with the filters TaintToleration (v1.37) or
// CheckNodeConditionPredicate (v1.9) on the scheduler's own view.
func (y *system) schedAssume(dst []State, s *State) []State {
	for i := range s.used() {
		p := s.Pods[i]
		if p.Assumed != 0 {
			continue
		}
		if !y.schedulable(s, i) {
			continue
		}
		for n := range y.Nodes {
			if y.feasible(s, n) {
				next := *s
				next.Pods[i].Assumed = NodeRef(n + 1)
				dst = y.settle(dst, s, &next)
			}
		}
	}
	return dst
}

// schedulable reports whether pod i waits for a node in the scheduler's cache.
func (y *system) schedulable(s *State, i int) bool {
	v := y.schedulerSees(s, i)
	return v.Stored && v.Node == 0
}

// schedulerSees returns pod i as the scheduler sees it.
func (y *system) schedulerSees(s *State, i int) PodView {
	if v := s.Scheduler.Pods.behind(i); v != nil {
		return *v
	}
	return y.schedulerPod(&s.Pods[i])
}

// schedulerNodeView returns node n as the scheduler sees it.
func (y *system) schedulerNodeView(s *State, n int) NodeView {
	if v := s.Scheduler.Nodes.behind(n); v != nil {
		return *v
	}
	return y.schedulerNode(&s.Nodes[n])
}

func (y *system) feasible(s *State, n int) bool {
	v := y.schedulerNodeView(s, n)
	return v.Object && v.Ready == True && v.Taints == 0 && !v.Unschedulable && (!y.limited || y.roomSeen(s, n))
}

// roomSeen reports whether node n has room by the scheduler's cache, in which
// pods that are bound, terminating ones too, and pods that are assumed take it.
//
// Abstracts: NodeResourcesFit; backend/cache/cache.go:AssumePod.
func (y *system) roomSeen(s *State, n int) bool {
	taken, home := uint8(0), NodeRef(n+1)
	for i := range s.used() {
		bound := y.schedulerSees(s, i).Node == home
		if y.bug.forgetPodsOnNodeDelete && s.Budget[NodeDelete] < y.Faults[NodeDelete] {
			bound = false
		}
		if bound || s.Pods[i].Assumed == home {
			taken++
		}
	}
	return y.Capacity[n] == 0 || taken < y.Capacity[n]
}

// schedBind writes the binding of an assumed pod. The API server accepts it if
// the pod is unbound, not marked, and (v1.37) has the UID that was decided for.
// The request is on its way whatever the scheduler's cache shows meanwhile. The
// pod stays assumed until the cache shows the binding, or why it was refused.
// If the request has failed, or so it seems, the scheduler forgets the pod and
// puts it back into its queue.
//
// Reads: the scheduler's decision; the live object.
// Guard: the pod is assumed and not bound.
// Effect: writes spec.nodeName, or forgets the decision if the server refuses
// it.
// Abstracts: bindingCycle, core/pod/storage/storage.go:setPodNodeAndMetadata.
// Omits: the retry of a refused binding before the cache shows why.
func (y *system) schedBind(dst []State, s *State) []State {
	for i := range s.used() {
		p := s.Pods[i]
		if p.Assumed == 0 || p.Object == Stored && p.Node != 0 {
			continue
		}
		next := *s
		target := y.bindTarget(s, i)
		if target < 0 {
			if y.schedulable(s, i) {
				continue
			}
			next.Pods[i].Assumed = 0
			dst = y.settle(dst, s, &next)
			continue
		}
		bound := s.Pods[target]
		bound.Node = p.Assumed
		if y.putPod(&next, target, bound) {
			if target != i {
				next.Pods[i].Assumed = 0
			}
			dst = y.settle(dst, s, &next)
			next.Pods[i].Assumed = 0
			dst = y.ends(dst, s, &next, ResponseLost)
		}
		if s.Budget[RequestFail] > 0 {
			failed := *s
			failed.Pods[i].Assumed = 0
			dst = y.ends(dst, s, &failed, RequestFail)
		}
	}
	return dst
}

// bindTarget is the pod that the API server binds for a decision about pod i;
// -1 if it refuses. In v1.9 a binding names the pod only.
func (y *system) bindTarget(s *State, i int) int {
	if y.bug.bindNoUID || y.Version == V1_9 {
		i = y.named(s, i)
	}
	if i < 0 || !s.Pods[i].Stored() || s.Pods[i].Node != 0 || s.Pods[i].Deletion != Unmarked {
		return -1
	}
	return i
}
