package model

// The eviction subresource of pods, pkg/registry/core/pod/storage/eviction.go,
// inside the API server: it deletes a pod if the PodDisruptionBudget that
// selects it has something left, or does not guard it.

func (y *system) evictionSteps() []step {
	if !y.budgeted {
		return nil
	}
	return []step{
		fair("Eviction.Delete", y.evictionDelete, y.podStep),
	}
}

// evict handles a request for the eviction of pod i; false if the answer is
// 429, or if a cache has no room for what it writes.
//
// A pod that no budget guards is deleted in the one step in which it is read
// (E1 to E3, E5). The server reads it first and deletes it by name later, with
// the resourceVersion if it was not ready, and starts again if that has
// changed. Without the resourceVersion the pod may have become another one of
// its name meanwhile; a later request by name would find that one too.
//
// A pod that is guarded costs one of the budget in a write of its own (E4).
// The write carries the resourceVersion: if the disruption controller has
// written meanwhile the server reads again, and if the controller writes
// numbers from before this write it is the one to be refused.
//
// Abstracts: EvictionREST.Create, checkAndDecrement.
// Omits: budgets that select the same pod (error 500): there is one;
// observedGeneration, as the specification of the budget never changes; more
// than 2000 disrupted pods.
func (y *system) evict(s *State, i int) bool {
	p := &s.Pods[i]
	if p.Deletion != Unmarked {
		return true // E1: the DELETE changes nothing
	}
	if !y.guarded(s, i) {
		return y.deletePod(s, i)
	}
	if s.PDB.Allowed == 0 {
		return false
	}
	s.PDB.Allowed--
	p.Disrupted, p.Drain = true, Admitted
	if !y.bug.pdbRetryWithOldNumbers {
		s.KCM.NewPDB = PendingPDB{}
	}
	return true
}

// guarded reports whether the eviction of a pod costs one of the budget: not
// if it is pending or terminal (E1), not selected (E2), or not ready and either
// the policy is AlwaysAllow or enough others are healthy (E3).
//
// Abstracts: canIgnorePDB, getPodDisruptionBudgets, and the check of IsPodReady.
func (y *system) guarded(s *State, i int) bool {
	p := &s.Pods[i]
	if !y.budgeted || p.Phase != Running || p.Bare || p.Unlabelled {
		return false
	}
	return p.Ready || !y.Disruption.AlwaysAllow && !s.PDB.Met
}

// evictionDelete deletes a pod whose eviction has cost one of the budget.
//
// Reads: the request under way.
// Guard: the pod is not marked; otherwise the DELETE changes nothing, see settle.
// Effect: the first write of a deletion with the default grace.
// Abstracts: addConditionAndDeletePod (E5), by name: a ReplicaSet's pod has a
// name of its own.
// Omits: the write of the condition DisruptionTarget, which nobody reads.
func (y *system) evictionDelete(dst []State, s *State) []State {
	for i := range s.used() {
		if s.Pods[i].Drain != Admitted {
			continue
		}
		next := *s
		next.Pods[i].Drain = NotDrained
		if y.deletePod(&next, i) {
			dst = y.settle(dst, s, &next)
		}
	}
	return dst
}
