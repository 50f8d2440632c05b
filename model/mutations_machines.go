package model

// Bugs planted in what deals with machines: pod GC, the kubelet's own life, and
// room on nodes.
func machineMutations() []Mutation {
	return []Mutation{
		{"podgc.noLiveCheck", "B24", "pod GC believes its cache that a Node is gone",
			"P-GC-SAFE", Scenario{Replicas: 1, Nodes: 1, Lag: 1, Start: StartRunning, Faults: Budget{NodeDelete: 1, KubeletRestart: 1}},
			func(b *bugs) { b.noLiveCheck = true }},
		{"podgc.statusRejected", "B25", "pod GC's write of the phase is rejected, and it does not delete the pod",
			"L-ORPHAN", Scenario{Replicas: 1, Nodes: 1, Lag: 1, Start: StartRunning, Faults: Budget{NodeDelete: 1}},
			func(b *bugs) { b.statusRejected = true }},
		{"sched.forgetPodsOnNodeDelete", "B28", "the scheduler forgets the pods of a Node that is deleted, and does not know them when it comes back",
			"P-CAP", Scenario{Version: V1_9, Replicas: 2, Nodes: 1, Lag: 1, Start: StartRunning, Capacity: [MaxNodes]uint8{1}, Faults: Budget{NodeDelete: 1, KubeletRestart: 1}},
			func(b *bugs) { b.forgetPodsOnNodeDelete = true }},
		{"kubelet.restartTerminated", "B51", "a restarted kubelet takes a pod that has ended for one to run",
			"P-PHASE", Scenario{Replicas: 1, Nodes: 1, Lag: 1, Start: StartRunning, Faults: Budget{PodDelete: 1, KubeletRestart: 1}},
			func(b *bugs) { b.restartTerminated = true }},
		{"kubelet.noHousekeeping", "", "a restarted kubelet leaves containers alone that it has no pod for",
			"L-STOP", Scenario{Replicas: 1, Nodes: 1, Lag: 1, Start: StartRunning, Faults: Budget{NodeDelete: 1, KubeletRestart: 1}},
			func(b *bugs) { b.noHousekeeping = true }},
	}
}

func machineRepairs() []Repair {
	return []Repair{
		{"podgc.deleteWithUID", "B26", "the delete of pod GC carries the UID of the pod that it has found",
			func(b *bugs) { b.gcDeleteWithUID = true }},
	}
}
