package model

// The ReplicaSet controller, pkg/controller/replicaset/replica_set.go: a sync
// decides from its cache (rsDecide), then sends creates or deletes one by one.
// Between any two of these steps anything may happen, a restart too.
//
// Omits: status writes, which no other process here reads; adoption and
// release, as no pod changes its labels or owner; more than 500 pods a sync.
// Parallel creates of a batch are sent in sequence: the pods are alike.

func (y *system) replicaSetSteps() []step {
	return []step{
		fair("ReplicaSet.Decide", y.rsDecide, nil),
		fair("ReplicaSet.Create", y.rsCreate, y.podStep),
		fair("ReplicaSet.Delete", y.rsDelete, y.podStep),
	}
}

// rsDecide starts a sync that has something to do.
//
// Abstracts: syncReplicaSet up to the choice in manageReplicas: the
// read-your-writes gate, expectations, list, ranking (ActivePodsWithRanks.Less).
// Omits: rules 4 to 8 of the ranking; the choice among the rest is any.
func (y *system) rsDecide(dst []State, s *State) []State {
	if y.rsBusy(s) || !y.rsMayManage(s) {
		return dst
	}
	active := y.rsActive(s)
	replicas := s.kcmOwner().Replicas
	if len(active) < int(replicas) {
		next := *s
		next.KCM.ToCreate = replicas - uint8(len(active))
		if !y.bug.noExpectations {
			next.KCM.ExpectAdd = next.KCM.ToCreate
		}
		return append(dst, y.settle(s, next))
	}
	surplus := len(active) - int(replicas)
	if surplus == 0 {
		return dst
	}
	return y.rsChoose(dst, s, active, surplus)
}

// rsBusy reports whether the last sync has requests left to send. A key is
// never worked on by two workers.
func (y *system) rsBusy(s *State) bool {
	if s.KCM.ToCreate > 0 {
		return true
	}
	for i := range s.used() {
		if s.Pods[i].Chosen {
			return true
		}
	}
	return false
}

// rsMayManage is the gate before the list: expectations satisfied, and (v1.37)
// own creates visible in the cache.
func (y *system) rsMayManage(s *State) bool {
	if y.bug.noExpectations {
		return true
	}
	if s.KCM.ExpectAdd > 0 {
		return false
	}
	for i := range s.used() {
		if s.Pods[i].ExpectDel {
			return false
		}
	}
	return y.Version == V1_9 || !s.unseenCreate()
}

// unseenCreate reports whether the controller manager's cache lacks a pod that
// its ReplicaSet controller created.
func (s *State) unseenCreate() bool {
	for _, e := range s.KCM.Pods.Events[s.KCM.Pods.Seen:s.KCM.Pods.Len] {
		if !e.Before.Stored && s.Pods[e.Object].Owner != 0 {
			return true
		}
	}
	return false
}

// rsActive lists the pods that the controller counts, by its cache.
func (y *system) rsActive(s *State) (active []int) {
	for i := range s.used() {
		v := s.kcmPod(i)
		if v.Stored && v.Owner != 0 && v.Phase != Terminal && (!v.Deletion || y.bug.countTerminating) {
			active = append(active, i)
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

// rsChoose appends every choice of n of the candidates that the ranking
// allows: all of the lower ranks, and any of the rank at which n is reached.
func (y *system) rsChoose(dst []State, from *State, candidates []int, n int) []State {
	s := *from
	for rank := 0; ; rank++ {
		var alike []int
		for _, i := range candidates {
			if rsRank(from.kcmPod(i)) == rank {
				alike = append(alike, i)
			}
		}
		if n <= len(alike) {
			return y.rsChooseAny(dst, from, s, alike, n)
		}
		for _, i := range alike {
			s.Pods[i].Chosen, s.Pods[i].ExpectDel = true, true
		}
		n -= len(alike)
	}
}

// rsChooseAny appends s with each set of n of the pods chosen.
func (y *system) rsChooseAny(dst []State, from *State, s State, pods []int, n int) []State {
	if n == 0 {
		return append(dst, y.settle(from, s))
	}
	for k := 0; k+n <= len(pods); k++ {
		next := s
		next.Pods[pods[k]].Chosen, next.Pods[pods[k]].ExpectDel = true, true
		dst = y.rsChooseAny(dst, from, next, pods[k+1:], n-1)
	}
	return dst
}

// rsCreate sends one create.
//
// Abstracts: RealPodControl.CreatePods within slowStartBatch.
// Omits: failed creates and lost responses.
func (y *system) rsCreate(dst []State, s *State) []State {
	if s.KCM.ToCreate == 0 {
		return dst
	}
	next := *s
	next.KCM.ToCreate--
	if y.lag == 0 && !y.bug.noExpectations {
		next.KCM.ExpectAdd-- // seen at once
	}
	if y.createPod(&next, Pod{Object: Stored, Owner: s.kcmOwner().UID}) {
		dst = append(dst, y.settle(s, next))
	}
	return dst
}

// rsDelete sends one delete, by name. If the pod is gone or marked already
// nothing is written, and the failed delete is taken off the expectations.
//
// Abstracts: RealPodControl.DeletePod in manageReplicas.
func (y *system) rsDelete(dst []State, s *State) []State {
	for i := range s.used() {
		if !s.Pods[i].Chosen {
			continue
		}
		next := *s
		next.Pods[i].Chosen = false
		if s.Pods[i].Object != Stored {
			next.Pods[i].ExpectDel = false
		} else if s.Pods[i].Deletion == Unmarked && !y.deletePod(&next, i) {
			continue
		}
		dst = append(dst, y.settle(s, next))
	}
	return dst
}
