package model

// The ReplicaSet controller, pkg/controller/replicaset/replica_set.go: a sync
// decides from its cache (rsDecide), then sends creates or deletes one by one.
// Between any two of these steps anything may happen, a restart too.
//
// What comes before and after in a sync is in adoption.go and status.go.
//
// Omits: more than 500 pods a sync. Parallel creates of a batch are sent in
// sequence: the pods are alike.

func (y *system) replicaSetSteps() []step {
	return []step{
		fair("ReplicaSet.Decide", y.rsDecide, nil).needs(idle),
		fair("ReplicaSet.Create", y.rsCreate, y.podStep).needs(creating),
		fair("ReplicaSet.Delete", y.rsDelete, y.podStep).needs(deleting),
	}
}

// rsDecide starts a sync that has something to do. While pods are to be adopted
// or released, no sync gets so far.
//
// Reads: the caches of ReplicaSets and pods, once each.
// Guard: rsMaySync; the owner is not being deleted; expectations satisfied.
// Effect: the creates or deletes to send, and what is expected of them.
// Abstracts: syncReplicaSet up to the choice in manageReplicas: the
// read-your-writes gate, expectations, list, ranking (ActivePodsWithRanks.Less).
// Omits: rules 4 to 8 of the ranking; the choice among the rest is any. A sync
// that has adopted pods goes on with the list that it had before: here it lists
// again, once the cache shows what it did.
func (y *system) rsDecide(dst []State, s *State) []State {
	if !y.rsMaySync(s) || !y.rsMayManage(s) {
		return dst
	}
	return y.rsManage(dst, s, y.rsActive(s))
}

// rsManage decides what to create or delete, given the pods that were listed.
// What it expects replaces what was expected before, which has come or expired.
//
// Abstracts: manageReplicas.
func (y *system) rsManage(dst []State, s *State, active podSet) []State {
	owner := s.kcmOwner()
	if active.len() == int(owner.Replicas) {
		return dst
	}
	next := *s
	next.expectNothing()
	next.KCM.Sync = y.rsRemember(owner)
	y.rsComputeInto(&next, s)
	if surplus := active.len() - int(owner.Replicas); surplus > 0 {
		return y.rsChoose(dst, s, next, active, surplus)
	}
	next.KCM.ToCreate = owner.Replicas - uint8(active.len())
	if !y.bug.noExpectations {
		next.KCM.ExpectAdd = next.KCM.ToCreate
	}
	next.KCM.nextBatch(s.Budget[RequestFail]+s.Budget[ResponseLost] > 0)
	return y.settle(dst, s, &next)
}

// rsRemember is what a sync that begins has to remember of its owner: the UID,
// if another may take its name before the sync has ended.
func (y *system) rsRemember(owner ReplicaSetView) uint8 {
	if y.Faults[OwnerDelete] == 0 {
		return 0
	}
	return owner.UID
}

// rsSyncUID is the UID of the owner that the current sync is about, whatever
// has become of it.
func (y *system) rsSyncUID(s *State) uint8 {
	if s.KCM.Sync != 0 {
		return s.KCM.Sync
	}
	return s.kcmOwner().UID
}

// rsEndSync forgets a sync that has sent its last request.
func (y *system) rsEndSync(s *State) {
	if s.KCM.Sync != 0 && !y.rsBusy(s) {
		s.KCM.Sync = 0
	}
}

// rsMaySync reports whether a sync may begin and get past the claiming of pods:
// none is under way, the owner is there, own writes are visible, and no pod is
// to be claimed first.
func (y *system) rsMaySync(s *State) bool {
	return y.rsMayClaim(s) && !y.rsHasClaims(s)
}

// rsMayClaim is what comes before the list of pods (R1, R2).
func (y *system) rsMayClaim(s *State) bool {
	if y.rsBusy(s) || s.kcmOwner().UID == 0 {
		return false
	}
	return y.Version == V1_9 || y.bug.noExpectations || y.bug.noConsistencyGate || !s.ownWriteUnseen()
}

// rsBusy reports whether the last sync has requests left to send. A key is
// never worked on by two workers.
func (y *system) rsBusy(s *State) bool {
	if s.KCM.ToCreate > 0 || s.KCM.Status.Pending {
		return true
	}
	for i := range s.used() {
		if s.Pods[i].Chosen || s.Pods[i].Adopting {
			return true
		}
	}
	return false
}

// rsMayManage reports whether a sync creates and deletes: its owner is not being
// deleted, and expectations are satisfied or expired.
func (y *system) rsMayManage(s *State) bool {
	switch {
	case s.kcmOwner().Deleting && !y.bug.ignoreOwnDeletion:
		return false
	case y.bug.noExpectations:
		return true
	case s.expecting() && (s.KCM.ExpectAge < expiryTicks || y.bug.noExpiry):
		return false
	}
	return true
}

// expecting reports whether creates or deletes of the ReplicaSet controller are
// still to be seen.
func (s *State) expecting() bool {
	if s.KCM.ExpectAdd > 0 {
		return true
	}
	for i := range s.used() {
		if s.Pods[i].ExpectDel {
			return true
		}
	}
	return false
}

func (s *State) expectNothing() {
	s.KCM.ExpectAdd, s.KCM.ExpectAge = 0, 0
	for i := range s.used() {
		s.Pods[i].ExpectDel = false
	}
}

// ownWriteUnseen reports whether the controller manager's caches lack a write
// of its ReplicaSet controller for the owner that they show: a pod created or
// adopted, or a status. The release of a pod is not recorded: a sync may run that
// does not see it.
//
// Abstracts: controller/util/consistency: a record for each owner and UID,
// gone with its owner; replica_set.go:claimPods, manageReplicas, which write it.
func (s *State) ownWriteUnseen() bool {
	uid := s.kcmOwner().UID
	c := &s.KCM.Pods
	for i := c.Seen; i < c.Len; i++ {
		before := c.Events[i].Before
		after := c.after(i, s.Pods[c.Events[i].Object].kcmView())
		claimed := before.Owner != uid && after.Owner == uid
		if claimed && !s.Pods[c.Events[i].Object].Untold {
			return true
		}
	}
	o := &s.KCM.ReplicaSets
	for i := o.Seen; i < o.Len; i++ {
		before, after := o.Events[i].Before, o.after(i, s.Owner.kcmView())
		if before.spec() == after.spec() && before.Status != after.Status {
			return true
		}
	}
	return false
}

// rsActive returns the pods that the controller counts, by its cache: those that it
// has claimed, so not one that it has let go and still sees as its own.
func (y *system) rsActive(s *State) (active podSet) {
	uid := s.kcmOwner().UID
	for i := range s.used() {
		v := s.kcmPod(i)
		if v.Stored && v.Owner != 0 && v.Owner == uid && !v.Unlabelled && v.Phase != Terminal && (!v.Deletion || y.bug.countTerminating) {
			active |= 1 << i
		}
	}
	return active
}

// rsRank is smaller for a pod that is deleted earlier.
func rsRank(v PodView) int {
	switch {
	case v.Deletion:
		return 4 // only if terminating pods are counted
	case v.Node == 0:
		return 0
	case v.Phase == Pending:
		return 1
	case !v.Ready:
		return 2
	}
	return 3
}

// rsChoose appends s with every choice of n of the candidates that the ranking
// allows: all of the lower ranks, and any of the rank at which n is reached.
func (y *system) rsChoose(dst []State, from *State, s State, candidates podSet, n int) []State {
	for rank := 0; ; rank++ {
		var alike podSet
		for i := range candidates.all() {
			if rsRank(from.kcmPod(i)) == rank {
				alike |= 1 << i
			}
		}
		if n <= alike.len() {
			return y.rsChooseAny(dst, from, s, alike, n)
		}
		for i := range alike.all() {
			s.Pods[i].Chosen, s.Pods[i].ExpectDel = true, true
		}
		n -= alike.len()
	}
}

// rsChooseAny appends s with each set of n of the pods chosen.
func (y *system) rsChooseAny(dst []State, from *State, s State, pods podSet, n int) []State {
	if n == 0 {
		return y.settle(dst, from, &s)
	}
	for i := range pods.all() {
		if pods &^= 1 << i; pods.len() < n-1 {
			break
		}
		next := s
		next.Pods[i].Chosen, next.Pods[i].ExpectDel = true, true
		dst = y.rsChooseAny(dst, from, next, pods, n-1)
	}
	return dst
}

// rsCreate sends one create. The API server does not ask whether the owner that
// it names still exists.
//
// Reads: creates left of the sync.
// Guard: at least one is left, and a UID is unused.
// Effect: stores a pending pod without a node.
// Abstracts: RealPodControl.CreatePods within slowStartBatch.
func (y *system) rsCreate(dst []State, s *State) []State {
	if s.KCM.ToCreate == 0 {
		return dst
	}
	next := *s
	next.KCM.ToCreate--
	next.KCM.nextBatch(s.KCM.Batch > 0)
	owner := y.rsSyncUID(s)
	if y.lag == 0 && owner == s.kcmOwner().UID {
		next.KCM.lowerAdd(1) // seen at once
	}
	y.rsEndSync(&next)
	if y.createPod(&next, Pod{Object: Stored, Owner: owner}) {
		dst = y.settle(dst, s, &next)
	}
	return y.rsCreateFails(dst, s)
}

// rsDelete sends one delete, by name. If the pod is gone or marked already
// nothing is written, and the failed delete is taken off the expectations.
//
// A delete that has failed is taken off too, also if only its response was lost.
//
// Reads: pods chosen by the sync; the live object.
// Guard: a pod is still to be deleted.
// Effect: marks the pod for deletion, or takes it off the expectations if it
// is gone.
// Abstracts: RealPodControl.DeletePod in manageReplicas.
func (y *system) rsDelete(dst []State, s *State) []State {
	for i := range s.used() {
		if !s.Pods[i].Chosen {
			continue
		}
		next := *s
		next.Pods[i].Chosen = false
		y.rsEndSync(&next)
		if s.Pods[i].Object != Stored {
			next.Pods[i].ExpectDel = false
		} else if s.Pods[i].Deletion == Unmarked && !y.deletePod(&next, i) {
			continue
		}
		dst = y.settle(dst, s, &next)
		if s.Pods[i].Object == Stored {
			failed := *s
			failed.Pods[i].Chosen, failed.Pods[i].ExpectDel, next.Pods[i].ExpectDel = false, false, false
			dst = y.ends(dst, s, &failed, RequestFail)
			dst = y.ends(dst, s, &next, ResponseLost)
		}
	}
	return dst
}
