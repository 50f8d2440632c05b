package model

// The API server. Each function here is one write: one object, one revision,
// with the guard that the server applies to the live object. It returns false,
// and the caller drops the state, if the write is not accepted or if a cache
// has no room for its event. Revisions are not numbered: only their order
// matters, and the caches keep that.

func (y *system) apiSteps() []step {
	return []step{
		fair("API.Remove", y.remove, y.podStep),
	}
}

// putPod replaces the object of pod i.
func (y *system) putPod(s *State, i int, after Pod) bool {
	before := s.Pods[i]
	s.Pods[i] = after
	return s.KCM.Pods.publish(i, before.kcmView(), after.kcmView(), y) &&
		s.Scheduler.Pods.publish(i, y.schedulerPod(&before), y.schedulerPod(&after), y)
}

// putNode replaces the object of node n.
func (y *system) putNode(s *State, n int, after Node) bool {
	before := s.Nodes[n]
	s.Nodes[n] = after
	return s.KCM.Nodes.publish(n, before.kcmView(), after.kcmView(), y) &&
		s.Scheduler.Nodes.publish(n, y.schedulerNode(&before), y.schedulerNode(&after), y)
}

// putOwner replaces the ReplicaSet.
func (y *system) putOwner(s *State, after ReplicaSet) bool {
	before := s.Owner
	s.Owner = after
	return s.KCM.ReplicaSets.publish(0, before.kcmView(), after.kcmView(), y)
}

// createPod stores a pod under a UID that was never used.
//
// Abstracts: registry/generic/registry/store.go:Create with generateName.
// Omits: a name collision; the server draws again.
func (y *system) createPod(s *State, p Pod) bool {
	if i := s.used(); i < y.limit {
		return y.putPod(s, i, p)
	}
	return false // the bound "pod identities" is reported
}

// deletePod accepts a DELETE with the default grace period: the first of the
// writes of a deletion. A pod that is marked already stays as it is.
//
// Abstracts: rest/delete.go:BeforeDelete, core/pod/strategy.go:CheckGracefulDelete.
// Omits: finalizers, which no pod here has; a second DELETE with less grace.
func (y *system) deletePod(s *State, i int) bool {
	p := s.Pods[i]
	if p.Object != Stored {
		return false
	}
	if y.bug.deleteExtends && p.Deletion == Immediate {
		p.Deletion = Graceful
		return y.putPod(s, i, p)
	}
	if p.Deletion != Unmarked {
		return false
	}
	p.Deletion = Graceful
	if p.Node == 0 || p.Phase == Terminal || y.NoGrace {
		p.Deletion = Immediate
	}
	return y.putPod(s, i, p)
}

// remove is the second write of a deletion with grace 0.
//
// Abstracts: registry/generic/registry/store.go:Delete after
// updateForGracefulDeletionAndFinalizers; another actor may run between the two.
func (y *system) remove(dst []State, s *State) []State {
	for i := range s.used() {
		if p := s.Pods[i]; p.Object == Stored && p.Deletion == Immediate {
			next := *s
			if y.removePod(&next, i) {
				dst = append(dst, y.settle(s, next))
			}
		}
	}
	return dst
}

func (y *system) removePod(s *State, i int) bool {
	p := s.Pods[i]
	p.Object = Removed
	p.Phase, p.Ready, p.Lost, p.Deletion = Pending, false, false, Unmarked
	p.Owner, p.Unlabelled = 0, false
	return y.putPod(s, i, p)
}
