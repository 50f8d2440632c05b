package model

// How the ReplicaSet controller claims pods: the part of a sync between the
// list and the choice (R5), pkg/controller/controller_ref_manager.go. A sync
// that cannot claim a pod ends there, so nothing is created or deleted while
// the cache shows a pod to be claimed.
//
// Only active pods are claimed. An owner that is seen being deleted keeps its
// pods and claims none.

func (y *system) adoptionSteps() []step {
	if !y.claims() {
		return nil
	}
	adopt := []step{fair("ReplicaSet.CheckAndAdopt", y.rsAdoptAtOnce, y.podStep).needs(idle)}
	if y.Faults[OwnerDelete] > 0 {
		adopt = []step{
			fair("ReplicaSet.CheckOwner", y.rsCheckOwner, y.podStep).needs(idle),
			fair("ReplicaSet.Adopt", y.rsAdopt, y.podStep).needs(adopting),
		}
	}
	return append(adopt, fair("ReplicaSet.Release", y.rsRelease, y.podStep).needs(idle))
}

// claims reports whether a pod may ever change its owner: then there are pods
// to adopt or to release.
func (y *system) claims() bool {
	return y.Faults[Relabel] > 0 || y.Faults[OwnerDelete] > 0 && y.Propagation == PropagateOrphan
}

// readopts reports whether a pod may be adopted after another has been created
// in its place.
func (y *system) readopts() bool {
	return y.Faults[Relabel] > 1 || y.claims() && y.Faults[OwnerCreate] > 0
}

// rsHasClaims reports whether the cache shows a pod to be adopted or released. One
// that has been released is not waited for: the sync that did it goes on without it,
// and so does the next, as the release is refused or changes nothing.
func (y *system) rsHasClaims(s *State) bool {
	if !y.claims() {
		return false
	}
	owner := s.kcmOwner()
	for i := range s.used() {
		v, p := s.kcmPod(i), &s.Pods[i]
		if y.adoptable(p, owner, v) || releasable(owner, v) && p.Stored() && p.Owner == owner.UID {
			return true
		}
	}
	return false
}

// adoptable reports whether a sync that sees an owner and a pod like this is to
// adopt the pod. A user's bare pods do not match the selector.
func (y *system) adoptable(p *Pod, owner ReplicaSetView, v PodView) bool {
	terminating := v.Deletion && !y.bug.adoptTerminating
	deleting := owner.Deleting && !y.bug.noLiveRecheck // seen before the pods, maybe before it was marked
	return !deleting && v.Stored && v.Owner == 0 && !v.Unlabelled && !p.Bare && v.Phase != Terminal && !terminating
}

// releasable reports whether a sync that sees an owner and a pod like this is to
// let the pod go.
func releasable(owner ReplicaSetView, v PodView) bool {
	return !owner.Deleting && v.Stored && v.Owner == owner.UID && v.Unlabelled && v.Phase != Terminal && !v.Deletion
}

// rsCheckOwner reads the owner live before the first adoption of a sync, and
// takes up the pods to adopt. If the owner has another UID or is being deleted
// the sync ends, and the next one finds it the same until the cache shows why.
//
// Reads: the caches of ReplicaSets and pods; the owner live.
// Guard: a sync may begin.
// Effect: the pods that this sync is to adopt, and the UID it adopts them for.
// Abstracts: controller_utils.go:RecheckDeletionTimestamp, replica_set.go:claimPods.
// Omits: the time between the load of the owner and the list of pods, as this
// read refuses whatever the load was too early to see. It is a step of its own
// because the owner can be deleted between it and the patches.
func (y *system) rsCheckOwner(dst []State, s *State) []State {
	owner := s.kcmOwner()
	if !y.rsMayClaim(s) || !y.bug.noLiveRecheck && (s.Owner.UID != owner.UID || s.Owner.Deleting()) {
		return dst
	}
	next := *s
	for i := range s.used() {
		next.Pods[i].Adopting = y.adoptable(&s.Pods[i], owner, s.kcmPod(i))
	}
	if next == *s {
		return dst
	}
	next.KCM.Sync = owner.UID
	return y.settle(dst, s, &next)
}

// rsAdopt sends the patch that makes the owner a pod's controller. The API
// server looks at the pod only: it must have the UID in the patch, and no
// controller yet. A pod that is gone or has another controller is left.
//
// Reads: nothing; the sync has decided.
// Guard: the sync is to adopt the pod.
// Effect: the pod's owner, even if that is gone by now.
// Abstracts: controller_ref_manager.go:AdoptPod; validation.go:ValidateObjectMeta
// (one controller at most).
// Omits: nothing that a later sync could tell apart.
func (y *system) rsAdopt(dst []State, s *State) []State {
	for i := range s.used() {
		p := s.Pods[i]
		if !p.Adopting {
			continue
		}
		p.Adopting = false
		if p.Stored() && p.Owner == 0 {
			p.Owner = s.KCM.Sync
			p.Spared = p.Spared && !(s.owns(&p) && s.Owner.lives()) // a living owner decides anew
		}
		next := *s
		if y.putPod(&next, i, p) {
			y.rsEndSync(&next)
			dst = y.settle(dst, s, &next)
		}
	}
	return dst
}

// rsAdoptAtOnce is rsCheckOwner and rsAdopt in one step, where no owner is ever
// deleted: what the live read shows is then as true when the patch arrives, and
// the patch asks for all else itself.
//
// Reads: the cached pods and ReplicaSet, and the live ReplicaSet once.
// Guard: a pod without owner has the label and is not marked; the live owner has
// the UID of the cached one and is not being deleted.
// Effect: the pod's owner.
// Abstracts: controller_ref_manager.go:ClaimPods, AdoptPod.
// Omits: what rsAdopt omits.
func (y *system) rsAdoptAtOnce(dst []State, s *State) []State {
	if !y.rsMayClaim(s) {
		return dst
	}
	owner := s.kcmOwner()
	for i := range s.used() {
		p := s.Pods[i]
		if !p.Stored() || p.Owner != 0 || !y.adoptable(&p, owner, s.kcmPod(i)) {
			continue
		}
		p.Owner = owner.UID
		next := *s
		if y.putPod(&next, i, p) {
			dst = y.settle(dst, s, &next)
		}
	}
	return dst
}

// rsRelease sends the patch that takes the owner off a pod without the label.
// It changes nothing if the pod is gone or has been let go already.
//
// Reads: the caches of ReplicaSets and pods.
// Guard: a sync may begin; the pod is seen active, owned and without the label.
// Effect: the pod has no owner.
// Abstracts: controller_ref_manager.go:ReleasePod.
// Omits: nothing; a pod that has its label back by now is released all the same.
func (y *system) rsRelease(dst []State, s *State) []State {
	if !y.rsMayClaim(s) {
		return dst
	}
	owner := s.kcmOwner()
	for i := range s.used() {
		if releasable(owner, s.kcmPod(i)) {
			dst = y.disown(dst, s, i, owner.UID)
		}
	}
	return dst
}

// disown appends the state in which a pod that is in the store is no longer
// owned by the ReplicaSet with the UID.
func (y *system) disown(dst []State, s *State, i int, uid uint8) []State {
	p := s.Pods[i]
	if !p.Stored() || p.Owner != uid {
		return dst
	}
	p.Owner = 0
	next := *s
	if y.putPod(&next, i, p) {
		dst = y.settle(dst, s, &next)
	}
	return dst
}
