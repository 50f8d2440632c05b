package model

func ownerMutations() []Mutation {
	deleted := func(p Propagation, faults Budget) Scenario {
		faults[OwnerDelete] = max(faults[OwnerDelete], 1)
		return Scenario{Replicas: 1, Nodes: 1, Lag: 1, Start: StartRunning, Propagation: p, Faults: faults}
	}
	return []Mutation{
		{"rs.keepExpectations", "B05", "what was expected of a deleted ReplicaSet is expected of its namesake",
			"P-FORGET", Scenario{Replicas: 1, Nodes: 1, Lag: 1, Faults: Budget{OwnerDelete: 1, OwnerCreate: 1}},
			func(b *bugs) { b.keepExpectations = true }},
		{"adopt.noLiveRecheck", "B07", "pods are adopted for an owner that only the cache still shows",
			"P-ORPHAN", deleted(PropagateOrphan, Budget{}), func(b *bugs) { b.noLiveRecheck = true }},
		{"adopt.terminatingToo", "B08", "pods that are being deleted are adopted",
			"P-CLAIM", deleted(PropagateOrphan, Budget{OwnerCreate: 1, PodDelete: 1}), func(b *bugs) { b.adoptTerminating = true }},
		{"rs.ignoreOwnDeletion", "B09", "the ReplicaSet controller goes on creating while its owner is being deleted",
			"P-QUIET", deleted(PropagateForeground, Budget{}), func(b *bugs) { b.ignoreOwnDeletion = true }},
		{"gc.deletingIsGone", "", "the garbage collector takes an owner that lets its dependents go for one that is gone",
			"P-GC", deleted(PropagateOrphan, Budget{}), func(b *bugs) { b.deletingIsGone = true }},
	}
}
