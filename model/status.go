package model

// The status of the ReplicaSet: the end of a sync (R7),
// pkg/controller/replicaset/replica_set_utils.go. Nothing else in this model
// reads it, so a scenario may do without.
//
// Omits: available, fully labelled and terminating replicas, conditions.

func (y *system) statusSteps() []step {
	if !y.Status {
		return nil
	}
	return []step{
		fair("ReplicaSet.ComputeStatus", y.rsComputeStatus, nil).needs(idle),
		fair("ReplicaSet.WriteStatus", y.rsWriteStatus, nil),
	}
}

// rsComputeStatus is a sync that creates and deletes nothing, but finds another
// status than the one it sees.
//
// Reads: the caches of ReplicaSets and pods, once each.
// Guard: rsMaySync; a sync would not create or delete.
// Effect: a status to be written.
// Abstracts: replica_set_utils.go:calculateStatus, updateReplicaSetStatus up to
// the comparison.
// Omits: syncs that find nothing to write.
func (y *system) rsComputeStatus(dst []State, s *State) []State {
	if !y.rsMaySync(s) || y.rsMayManage(s) && y.rsActive(s).len() != int(s.kcmOwner().Replicas) {
		return dst
	}
	next := *s
	y.rsComputeInto(&next, s)
	if !next.KCM.Status.Pending {
		return dst
	}
	next.KCM.Sync = y.rsRemember(s.kcmOwner())
	return y.settle(dst, s, &next)
}

// rsComputeInto keeps the status that a sync computes from what it sees in s,
// if it has to be written.
func (y *system) rsComputeInto(next *State, s *State) {
	if !y.Status {
		return
	}
	computed := ReplicaSetStatus{Observed: true}
	for i := range y.rsActive(s).all() {
		computed.Replicas++
		if s.kcmPod(i).Ready {
			computed.Ready++
		}
	}
	if computed != s.kcmOwner().Status {
		computed.Observed = s.seesSpec()
		next.KCM.Status = PendingStatus{Pending: true, Status: computed}
	}
}

// seesSpec reports whether the controller manager's cache has the ReplicaSet in
// the generation that is in the store.
func (s *State) seesSpec() bool {
	c := &s.KCM.ReplicaSets
	for i := c.Seen; i < c.Len; i++ {
		if after := c.after(i, s.Owner.kcmView()); c.Events[i].Before.spec() != after.spec() {
			return false
		}
	}
	return true
}

// rsWriteStatus writes the computed status, once the creates and deletes of its
// sync are sent. The first PUT carries the resourceVersion of the cache; if the
// object has moved on, a live GET follows and a second PUT of the same numbers.
//
// Reads: the owner live, by name, if the first PUT is refused.
// Guard: a status is pending, and nothing else of its sync.
// Effect: the status of the owner that has the name now, if there is one.
// Abstracts: replica_set_utils.go:updateReplicaSetStatus.
// Omits: a second PUT that is refused as well: then nothing is written, and the
// next sync does better. So GET and PUT are one step.
func (y *system) rsWriteStatus(dst []State, s *State) []State {
	next := *s
	next.KCM.Status = PendingStatus{}
	if !s.KCM.Status.Pending || y.rsBusy(&next) {
		return dst
	}
	y.rsEndSync(&next)
	owner := s.Owner
	if owner.UID != 0 {
		owner.Status = s.KCM.Status.Status
	}
	if y.putOwner(&next, owner) {
		dst = y.settle(dst, s, &next)
	}
	return dst
}

// spec is a ReplicaSet without its status. A new generation differs in it.
func (r ReplicaSet) spec() ReplicaSet {
	r.Status = ReplicaSetStatus{}
	return r
}

func (v ReplicaSetView) spec() ReplicaSetView {
	v.Status = ReplicaSetStatus{}
	return v
}
