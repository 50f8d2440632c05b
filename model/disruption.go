package model

// The disruption controller, pkg/controller/disruption/disruption.go: it counts
// the healthy pods in its cache, then writes what may be evicted into the
// status of the PodDisruptionBudget. An eviction between the two makes the
// write a conflict, and the controller starts again.
//
// Omits: the cache of the budget itself: numbers computed from an older status
// are refused anyway; a status that differs in nothing an eviction reads.

func (y *system) disruptionSteps() []step {
	if !y.budgeted {
		return nil
	}
	return []step{
		fair("Disruption.Compute", y.pdbCompute, nil),
		fair("Disruption.Write", y.pdbWrite, nil),
	}
}

// desiredHealthy is how many pods are to stay healthy of those that a
// ReplicaSet should have.
//
// Abstracts: getExpectedPodCount, with intstr.GetScaledValueFromIntOrPercent.
func (d Disruption) desiredHealthy(replicas int) int {
	value := d.Value
	if d.Percent {
		value = (replicas*d.Value + 99) / 100
	}
	if d.Limit == MaxUnavailable {
		return max(replicas-value, 0)
	}
	return value
}

// pdbCompute computes a status that is not the one in the store.
//
// Reads: the cached pods and ReplicaSet; the disruptedPods in the status.
// Guard: no other status waits to be written.
// Effect: memory of the controller only.
// Abstracts: trySync, countHealthyPods, updatePdbStatus.
// Omits: the recheck of entries after 2 minutes: the DELETE that follows an
// entry does not fail here, and is seen before any time passes.
func (y *system) pdbCompute(dst []State, s *State) []State {
	if y.bug.pdbControllerDown || s.KCM.NewPDB.Pending {
		return dst
	}
	status := y.pdbStatus(s)
	if status == s.PDB && !s.someEntryUnknown() {
		return dst
	}
	next := *s
	next.KCM.NewPDB = PendingPDB{true, status}
	return y.settle(dst, s, &next)
}

// pdbStatus is the status that the controller would write now. Without the
// owner of a pod it allows nothing, unless the number of pods to stay does not
// depend on it.
//
// Abstracts: updatePdbStatus, failSafe.
func (y *system) pdbStatus(s *State) PDB {
	owner, healthy, pods := s.kcmOwner(), 0, 0
	for i := range s.used() {
		v := s.kcmPod(i)
		if !v.Stored || v.Unlabelled || s.Pods[i].Bare {
			continue
		}
		pods++
		if y.Disruption.needsScale() && v.Owner != 0 && v.Owner != owner.UID {
			return PDB{Met: s.PDB.Met}
		}
		if v.Ready && !v.Deletion && (!s.Pods[i].Disrupted || y.bug.pdbNoDisruptedPods) {
			healthy++
		}
	}
	if y.Disruption.needsScale() {
		pods = int(owner.Replicas)
	}
	return y.pdbOf(pods, healthy, y.Disruption.desiredHealthy(int(owner.Replicas)))
}

// needsScale reports whether the number of pods to stay depends on how many
// there should be.
func (d Disruption) needsScale() bool { return d.Percent || d.Limit == MaxUnavailable }

func (y *system) pdbOf(expected, healthy, desired int) (status PDB) {
	if expected > 0 && healthy > desired {
		status.Allowed = uint8(healthy - desired)
	}
	status.Met = !y.Disruption.AlwaysAllow && healthy >= desired && desired > 0
	return status
}

// pdbWrite writes the status that was computed. It is not accepted if an
// eviction has written since: then there is nothing to write any more, see
// evict.
//
// Reads: nothing.
// Guard: the resourceVersion of the status that was read.
// Effect: one write. It leaves out the entries of pods that the cache does not
// show yet; it may show a pod since the computation, which is as if it had done
// so after this write.
// Abstracts: writePdbStatus, buildDisruptedPodMap.
// Omits: nothing.
func (y *system) pdbWrite(dst []State, s *State) []State {
	if !s.KCM.NewPDB.Pending {
		return dst
	}
	next := *s
	next.PDB, next.KCM.NewPDB = s.KCM.NewPDB.PDB, PendingPDB{}
	for i := range s.used() {
		if s.entryUnknown(i) || y.bug.pdbRetryWithOldNumbers {
			next.Pods[i].Disrupted = false
		}
	}
	return y.settle(dst, s, &next)
}

// entryDone reports whether the entry of pod i tells the controller nothing
// any more: it sees the pod marked or gone, and does not count it anyway. It
// leaves the entry out of the next status that it writes; here the entry is gone
// at once, see settle.
//
// The cache of a pod that is gone does not show it because it has seen that. It
// cannot be that it has not seen the pod yet: before it is removed an evicted
// pod has been created, bound, reported and marked, more than any lag.
func (p *Pod) entryDone(v PodView) bool {
	return v.Deletion || p.Object == Removed && !v.Stored
}

func (s *State) someEntryUnknown() bool {
	for i := range s.used() {
		if s.entryUnknown(i) {
			return true
		}
	}
	return false
}

// entryUnknown reports whether pod i is among the disrupted ones and the
// controller manager's cache does not show it yet.
func (s *State) entryUnknown(i int) bool {
	return s.Pods[i].Disrupted && !s.kcmPod(i).Stored
}
