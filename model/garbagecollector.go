package model

// The garbage collector of owners, pkg/controller/garbagecollector. Its graph of
// owners and dependents is the cache of the controller manager; before it acts
// it reads live.
//
// Omits: owners and dependents of other kinds; pods with several owners.

func (y *system) garbageCollectorSteps() []step {
	if y.Faults[OwnerDelete] == 0 {
		return nil
	}
	finish := fair("GarbageCollector.RemoveFinalizer", y.gcRemoveFinalizer, nil)
	collect := fair("GarbageCollector.Delete", y.gcDelete, y.podStep)
	switch y.Propagation {
	case PropagateForeground:
		return []step{collect, finish}
	case PropagateOrphan:
		return []step{collect, fair("GarbageCollector.Orphan", y.gcOrphan, y.podStep), finish}
	}
	return []step{collect}
}

// gcDelete deletes a pod whose owner is gone, or waits for its dependents to go.
// Check and delete are one step: the DELETE carries the UID and the
// resourceVersion of the pod that was read, so the pod names the same owner
// still; and an owner that was found to be gone, or to wait, remains so.
//
// Reads: the caches of ReplicaSets and pods; both objects live.
// Guard: the graph shows such a pod, and so do the live reads.
// Effect: a DELETE with the default grace.
// Abstracts: garbagecollector.go:attemptToDeleteItem, isDangling, classifyReferences.
// Omits: a DELETE that is refused because the pod has changed otherwise: the
// collector tries again.
func (y *system) gcDelete(dst []State, s *State) []State {
	for i := range s.used() {
		v := s.kcmPod(i)
		if !v.Stored || v.Deletion || v.Owner == 0 || !y.collects(s.kcmOwner(), v.Owner) {
			continue
		}
		p := &s.Pods[i]
		if p.Stored() && p.Owner != 0 && y.collects(s.Owner.kcmView(), p.Owner) {
			next := *s
			if y.deletePod(&next, i) {
				dst = y.settle(dst, s, &next)
			}
		}
	}
	return dst
}

// collects reports whether a pod is to be deleted that names the owner uid,
// when the ReplicaSet is like this.
func (y *system) collects(owner ReplicaSetView, uid uint8) bool {
	waits := owner.Deleting && (y.Propagation == PropagateForeground || y.bug.deletingIsGone)
	return owner.UID != uid || waits
}

// gcOrphan takes the owner off a dependent of a ReplicaSet that is deleted with
// propagation orphan.
//
// Reads: the caches of ReplicaSets and pods.
// Guard: the graph shows the owner being deleted, and the dependent.
// Effect: a PATCH with the pod's UID, that takes away the reference to the owner's.
// Abstracts: garbagecollector.go:attemptToOrphanWorker, orphanDependents.
// Omits: the list of dependents is made once; one that the graph shows later is
// let go as well here, if the finalizer is still there.
func (y *system) gcOrphan(dst []State, s *State) []State {
	owner := s.kcmOwner()
	if !owner.Deleting {
		return dst
	}
	for i := range s.used() {
		if v := s.kcmPod(i); v.Stored && v.Owner == owner.UID {
			dst = y.disown(dst, s, i, owner.UID)
		}
	}
	return dst
}

// gcRemoveFinalizer takes the finalizer off the owner once the graph has no
// dependent left: this write is the removal. A dependent that the graph does
// not show yet stays behind, with an owner that is gone.
//
// Reads: the caches of ReplicaSets and pods; the owner live.
// Guard: the graph shows the owner being deleted; every dependent that it shows
// is gone (foreground), or has been let go (orphan).
// Effect: the owner is removed.
// Abstracts: garbagecollector.go:processDeletingDependentsItem,
// attemptToOrphanWorker; operations.go:removeFinalizer.
// Omits: nothing; a refused update is tried again.
func (y *system) gcRemoveFinalizer(dst []State, s *State) []State {
	owner := s.kcmOwner()
	if !owner.Deleting || s.Owner.UID != owner.UID {
		return dst
	}
	for i := range s.used() {
		letGo := y.Propagation == PropagateOrphan && s.Pods[i].Owner != owner.UID
		if v := s.kcmPod(i); v.Stored && v.Owner == owner.UID && !letGo {
			return dst
		}
	}
	next := *s
	if y.putOwner(&next, ReplicaSet{}) {
		dst = y.settle(dst, s, &next)
	}
	return dst
}
