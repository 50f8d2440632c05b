package model

func faultMutations() []Mutation {
	return []Mutation{
		{"rs.noConsistencyGate", "B02", "the ReplicaSet controller relies on its expectations alone, which expire while the watch lags",
			"P-OVER2", Scenario{Replicas: 1, Nodes: 1, Lag: 2, Faults: Budget{WatchStall: 1}}, func(b *bugs) { b.noConsistencyGate = true }},
		{"rs.listBeforeGate", "B03", "the ReplicaSet controller lists its pods before it asks whether it has seen them all",
			"P-OVER1", Scenario{Version: V1_9, Replicas: 1, Nodes: 1, Lag: 1}, func(b *bugs) { b.listBeforeGate = true }},
		{"rs.unnamedDeletes", "B04", "the deletion of one pod counts twice, when it is marked and when it is removed",
			"P-UNDER2", Scenario{Replicas: 3, Nodes: 1, Lag: 1, Start: StartRunning, NoGrace: true, Faults: Budget{Scale: 2}}, func(b *bugs) { b.unnamedDeletes = true }},
		{"rs.noExpiry", "", "expectations do not expire, so that a pod which nobody saw is waited for",
			"ESR", Scenario{Replicas: 1, Nodes: 1, Lag: 2, Faults: Budget{Relist: 1, PodDelete: 1}}, func(b *bugs) { b.noExpiry = true }},
		{"reflector.kcmFirstListStale", "B31, B34", "the first list of a restarted controller manager is as old as its predecessor's cache",
			"P-OVER2", Scenario{Replicas: 1, Nodes: 1, Lag: 1, Faults: Budget{Restart: 1}}, func(b *bugs) { b.kcmFirstListStale = true }},
		{"cache.divergent", "B54", "a watch cache that has lost events serves a list of objects that are gone as if it were current",
			"P-WATCH", Scenario{Replicas: 1, Nodes: 1, Lag: 1, Past: 1, Faults: Budget{Relist: 1}}, func(b *bugs) { b.cacheDivergent = true }},
	}
}

func faultRepairs() []Repair {
	return []Repair{
		{"taint.retryForever", "B13", "an eviction whose delete fails is tried until it is done", func(b *bugs) { b.retryForever = true }},
	}
}
