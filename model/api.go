package model

// The API server. Each function here is one write: one object, one revision,
// with the guard that the server applies to the live object. It returns false,
// and the caller drops the state, if the write is not accepted or if a cache
// has no room for its event. Revisions are not numbered: only their order
// matters, and the caches keep that.

func (y *system) apiSteps() []step {
	steps := []step{
		fair("API.Remove", y.remove, y.podStep).needs(removing),
	}
	if y.reused() && y.Faults[ForceDelete] > 0 {
		steps = append(steps, fair("API.RemoveByName", y.removeByName, y.podStep))
	}
	return steps
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

// putOwner replaces the ReplicaSet. A new generation is not the one that a
// status was computed for, wherever that status is.
func (y *system) putOwner(s *State, after ReplicaSet) bool {
	before := s.Owner
	if before.spec() != after.spec() {
		after.Status.Observed, s.KCM.Status.Status.Observed = false, false
	}
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
// Omits: finalizers, which no pod here has; what a second DELETE does to a pod
// that is marked with grace 0, as API.Remove does the same.
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

// forceDelete accepts a DELETE with grace period 0. One without a mark is
// marked, one that is marked has its grace shortened; one whose grace is 0
// already is removed at once.
//
// Abstracts: rest/delete.go:BeforeDelete, and store.go:Delete where it has
// nothing left to wait for.
// Omits: that the second write of a DELETE whose grace is 0 by default (of a
// pod that is not bound, or terminal) goes by name as well: what that does to a
// namesake is what it does here.
func (y *system) forceDelete(s *State, i int) bool {
	p := s.Pods[i]
	if p.Object != Stored {
		return false
	}
	if p.Deletion == Immediate {
		return y.removePod(s, i)
	}
	p.Deletion, p.Removing = Immediate, y.reusable(s, &p)
	return y.putPod(s, i, p)
}

// remove is the second write of a deletion with grace 0.
//
// Reads: the live object.
// Guard: the pod is marked with grace 0.
// Effect: the object is gone; its UID is never used again.
// Abstracts: registry/generic/registry/store.go:Delete after
// updateForGracefulDeletionAndFinalizers; another actor may run between the two.
// Omits: pods whose second write goes by a name that may be used again, see
// removeByName.
func (y *system) remove(dst []State, s *State) []State {
	for i := range s.used() {
		if p := s.Pods[i]; p.Object == Stored && p.Deletion == Immediate && !p.Removing {
			next := *s
			if y.removePod(&next, i) {
				dst = y.settle(dst, s, &next)
			}
		}
	}
	return dst
}

// removeByName is the second write of a force delete. It reads what has the
// name by now, and carries no precondition but that: if the pod that was marked
// is gone and its name is taken, it removes the newcomer, without any mark. If
// nothing has the name that is no error.
//
// Reads: the live object.
// Guard: a force delete has written its mark.
// Effect: whatever has the name is removed.
// Abstracts: registry/generic/registry/store.go:Delete, whose Storage.Delete
// retries on a lost race (etcd3/store.go:conditionalDelete).
// Omits: an API server that dies between the two writes: its client repeats the
// request.
func (y *system) removeByName(dst []State, s *State) []State {
	for i := range s.used() {
		if !s.Pods[i].Removing {
			continue
		}
		next := *s
		next.Pods[i].Removing = false
		target := y.named(s, i)
		if target != i && y.bug.removeWithUID {
			target = -1
		}
		if target < 0 || y.removePod(&next, target) {
			dst = y.settle(dst, s, &next)
		}
	}
	return dst
}

func (y *system) removePod(s *State, i int) bool { return y.putPod(s, i, s.Pods[i].removed()) }

// removed is what is left of a pod whose object is removed: what processes
// remember.
func (p Pod) removed() Pod {
	p.Object = Removed
	p.Phase, p.Ready, p.Lost, p.Deletion = Pending, false, false, Unmarked
	p.Owner, p.Unlabelled, p.Spared = 0, false, false
	return p
}
