package model

// Watches: each lets one cache of one process advance by one event. The
// handlers of an event run in the same step; expectations are lowered there.
// What goes wrong with them is in watchfaults.go.
//
// Omits: handlers that lag behind the cache they are called for.

func (y *system) watchSteps() []step {
	return []step{
		fair("KCM.SeePod", y.kcmSeesPod, y.podEvent(func(s *State) *Cache[PodView] { return &s.KCM.Pods })).needs(kcmPods),
		fair("KCM.SeeNode", y.kcmSeesNode, nodeEvent(func(s *State) *Cache[NodeView] { return &s.KCM.Nodes })).needs(kcmNodes),
		fair("KCM.SeeReplicaSet", y.kcmSeesReplicaSet, nil).needs(kcmOwners),
		fair("Scheduler.SeePod", y.schedulerSeesPod, y.podEvent(func(s *State) *Cache[PodView] { return &s.Scheduler.Pods })).needs(schedulerPods),
		fair("Scheduler.SeeNode", y.schedulerSeesNode, nodeEvent(func(s *State) *Cache[NodeView] { return &s.Scheduler.Nodes })).needs(schedulerNodes),
	}
}

// kcmSeesPod delivers the oldest unseen change of a pod to the controller manager.
//
// Reads: the watch of pods.
// Guard: a change is not seen yet.
// Effect: the cache advances; a create that was expected is taken off; no write.
// Abstracts: client-go tools/cache/shared_informer.go:HandleDeltas,
// replica_set.go:addPod, updatePod, deletePod.
// Omits: the work queue: a key is due when there is something to do.
func (y *system) kcmSeesPod(dst []State, s *State) []State {
	if s.KCM.Pods.unseen() == 0 || s.KCM.Stalls.Pods {
		return dst
	}
	next := *s
	i := s.KCM.Pods.next()
	before := s.kcmPod(i)
	next.KCM.Pods.advance(y.kcmPast(s))
	next.handlePod(i, before)
	if y.bug.unnamedDeletes {
		return y.countDeletion(dst, s, next, before, next.kcmPod(i))
	}
	dst = y.settle(dst, s, &next)
	if y.bug.listBeforeGate && !y.rsBusy(&next) && y.rsMayManage(&next) {
		dst = y.rsManage(dst, &next, y.rsActive(s))
	}
	return dst
}

// handlePod lowers the expectation of creates when a pod turns up in the cache
// of the controller manager. Deletions are seen to in settle.
//
// Abstracts: replica_set.go:addPod: a pod that turns up marked is a deletion, and
// one of an owner that is gone, or has another UID, is nobody's.
func (s *State) handlePod(i int, before PodView) {
	if after := s.kcmPod(i); !before.Stored && after.Stored && !after.Deletion && after.Owner != 0 && after.Owner == s.kcmOwner().UID {
		s.KCM.lowerAdd(1)
	}
}

// kcmSeesNode delivers the oldest unseen change of a node to the controller
// manager.
//
// Reads: the watch of nodes.
// Guard: a change is not seen yet.
// Effect: the cache advances; the node controllers adapt their memory; no write.
// Abstracts: client-go tools/cache/shared_informer.go:HandleDeltas.
// Omits: handlers that lag behind the cache that they are called for.
func (y *system) kcmSeesNode(dst []State, s *State) []State {
	if s.KCM.Nodes.unseen() == 0 || s.KCM.Stalls.Nodes {
		return dst
	}
	next := *s
	next.KCM.Nodes.advance(y.kcmPast(s))
	return y.settle(dst, s, &next)
}

// kcmSeesReplicaSet delivers the oldest unseen change of the ReplicaSet to the
// controller manager.
//
// Reads: the watch of ReplicaSets.
// Guard: a change is not seen yet.
// Effect: the cache advances; no write.
// Abstracts: client-go tools/cache/shared_informer.go:HandleDeltas,
// replica_set.go:updateRS.
// Omits: handlers that lag behind the cache that they are called for.
func (y *system) kcmSeesReplicaSet(dst []State, s *State) []State {
	if s.KCM.ReplicaSets.unseen() == 0 {
		return dst
	}
	next := *s
	next.KCM.ReplicaSets.advance(y.kcmPast(s))
	return y.settle(dst, s, &next)
}

// schedulerSeesPod delivers the oldest unseen change of a pod to the scheduler.
//
// Reads: the watch of pods.
// Guard: a change is not seen yet.
// Effect: the cache advances; a decision that is done or refused is forgotten; no write.
// Abstracts: pkg/scheduler/eventhandlers.go:addPod, updatePod, deletePod.
// Omits: the scheduling queue: every pod that waits may be next.
func (y *system) schedulerSeesPod(dst []State, s *State) []State {
	if s.Scheduler.Pods.unseen() == 0 {
		return dst
	}
	next := *s
	next.Scheduler.Pods.advance(0)
	return y.settle(dst, s, &next)
}

// schedulerSeesNode delivers the oldest unseen change of a node to the scheduler.
//
// Reads: the watch of nodes.
// Guard: a change is not seen yet.
// Effect: the cache advances; no write.
// Abstracts: pkg/scheduler/eventhandlers.go:addNode, updateNode, deleteNode.
// Omits: the moves between its queues that an event makes.
func (y *system) schedulerSeesNode(dst []State, s *State) []State {
	if s.Scheduler.Nodes.unseen() == 0 {
		return dst
	}
	next := *s
	next.Scheduler.Nodes.advance(0)
	return y.settle(dst, s, &next)
}
