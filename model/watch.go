package model

// Watches: each lets one cache of one process advance by one event. The
// handlers of an event run in the same step; expectations are lowered there.
//
// Omits: handlers that lag behind the cache they are called for; relists,
// which skip events (each process copes with any prefix here).

func (y *system) kcmSeesPod(dst []State, s *State) []State {
	if s.KCM.Pods.Len == 0 {
		return dst
	}
	next := *s
	e := next.KCM.Pods.advance()
	i := int(e.Object)
	after := next.kcmPod(i)
	// replica_set.go:addPod: a pod that turns up marked is a deletion.
	if !e.Before.Stored && after.Stored && !after.Deletion && !s.Pods[i].Bare && next.KCM.ExpectAdd > 0 {
		next.KCM.ExpectAdd--
	}
	return append(dst, y.settle(s, next))
}

func (y *system) kcmSeesNode(dst []State, s *State) []State {
	if s.KCM.Nodes.Len == 0 {
		return dst
	}
	next := *s
	next.KCM.Nodes.advance()
	return append(dst, y.settle(s, next))
}

// kcmSeesReplicaSet brings the cached ReplicaSet up to date. Several changes of
// its scale are seen as one.
func (y *system) kcmSeesReplicaSet(dst []State, s *State) []State {
	if s.KCM.Replicas == s.Replicas {
		return dst
	}
	next := *s
	next.KCM.Replicas = s.Replicas
	return append(dst, y.settle(s, next))
}

func (y *system) schedulerSeesPod(dst []State, s *State) []State {
	if s.Scheduler.Pods.Len == 0 {
		return dst
	}
	next := *s
	next.Scheduler.Pods.advance()
	return append(dst, y.settle(s, next))
}

func (y *system) schedulerSeesNode(dst []State, s *State) []State {
	if s.Scheduler.Nodes.Len == 0 {
		return dst
	}
	next := *s
	next.Scheduler.Nodes.advance()
	return append(dst, y.settle(s, next))
}
