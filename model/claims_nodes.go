package model

import "github.com/reconverge/reconverge/check"

// What is claimed of the node controllers, and the bugs that show that it is
// noticed.

func nodeClaims() []Claim {
	return []Claim{
		{ID: "P-FULL", Status: Assumed, Assumption: "the taints of a pass that finds every node not ready are those that it began with (1.37: fails by hazard B21)",
			Claim:  "in master disruption mode no eviction begins: no node is tainted or condemned, and no toleration runs out",
			Source: "node_lifecycle_controller.go:handleDisruption",
			unless: func(y *system) string {
				switch {
				case y.failing() < y.Nodes:
					return "not all nodes can fail in this scenario"
				case y.Version == V1_9 || y.bug.readLiveOnUntaint && y.tolerationTicks() > 0:
					return ""
				case y.bug.readLiveOnUntaint:
					return "the pods do not tolerate a taint for as long as it takes to take it off again"
				}
				return "its assumption fails: a node may be tainted during the pass that finds every node not ready, and keep that taint (hazard B21)"
			},
			property: fullDisruption},
		{ID: "P-RATE", Status: Assumed, Assumption: "the controller manager does not restart (1.37: a new process begins with a full bucket)",
			Claim:  "in each zone at most one node is newly tainted or evicted per interval of the eviction rate",
			Source: "scheduler/rate_limited_queue.go:Try, EvictionRateLimiterBurst",
			unless: func(y *system) string {
				switch {
				case !y.rated:
					return "no two nodes of one zone can fail in this scenario"
				case y.Faults[Restart] > 0 && y.Version == V1_37:
					return "its assumption fails: the controller manager restarts"
				}
				return ""
			},
			property: func(y *system) check.Property[State] {
				return check.TransitionInPlace("P-RATE", func(from, to *State) bool {
					for n := range y.Nodes {
						if from.Tainted[y.Zones[n]] && begun(&from.Nodes[n], &to.Nodes[n]) {
							return false
						}
					}
					return true
				}).WhenInPlace(func(s *State) bool {
					for z, recent := range s.Tainted {
						if recent && y.waiting(s, z) {
							return true
						}
					}
					return false
				})
			}},
		{ID: "P-EVICT-FRESH", Status: Assumed, Assumption: "a lease is read live before its node is judged (1.37)",
			Claim:  "no node that has renewed its lease within the grace period is judged Unknown",
			Source: "node_lifecycle_controller.go:tryUpdateNodeHealth (#138698)",
			unless: func(y *system) string {
				if y.Faults[LeaseStall] == 0 {
					return "the watch of leases never stalls in this scenario: see --fault lease-stall=1"
				}
				return ""
			},
			property: func(y *system) check.Property[State] {
				return check.TransitionInPlace("P-EVICT-FRESH", func(from, to *State) bool {
					for n := range y.Nodes {
						judged := to.Nodes[n].Ready == Unknown && from.Nodes[n].Ready != Unknown
						if judged && from.renewing(n) {
							return false
						}
					}
					return true
				}, "NodeLifecycle.Judge").WhenInPlace(func(s *State) bool {
					for n := range y.Nodes {
						if s.renewing(n) && s.Nodes[n].Silent > 0 {
							return true
						}
					}
					return false
				})
			}},
		{ID: "P-TAINT-KEPT", Status: NotGuaranteed,
			Claim:  "a NoExecute taint is taken only off a node that is held to be ready again, or when no node is",
			Source: "fails: a restarted process takes the taints of all nodes off (markNodeAsReachable for added nodes); so does one that takes a pass cut short by the circuit breaker for full disruption",
			property: func(y *system) check.Property[State] {
				return check.TransitionInPlace("P-TAINT-KEPT", func(from, to *State) bool {
					for n := range y.Nodes {
						a, b := &from.Nodes[n], &to.Nodes[n]
						off := a.Taints&noExecute != 0 && b.Taints&noExecute == 0
						if off && from.found(n) != True && from.someNodeReady(y.Nodes) {
							return false
						}
					}
					return true
				}).WhenInPlace(func(s *State) bool {
					for n := range y.Nodes {
						if s.Nodes[n].Taints&noExecute != 0 {
							return true
						}
					}
					return false
				})
			}},
		{ID: "P-EVICT-EXIT", Status: NotGuaranteed,
			Claim:  "after master disruption mode no pods are evicted before the eviction delay has passed once more",
			Source: "fails in 1.9: monitorNodeStatus goes on to queue nodes in the mode, and handleDisruption does not empty the queues when it leaves it",
			property: func(y *system) check.Property[State] {
				return y.ofActions("P-EVICT-EXIT", func(from, to *State) bool {
					for i := range to.used() {
						if to.Pods[i].Condemned && !from.Pods[i].Condemned && to.KCM.Uptime < evictionTicks {
							return false
						}
					}
					return true
				}, "NodeController.Condemn").WhenInPlace(func(s *State) bool { return s.KCM.Uptime < evictionTicks })
			}},
		{ID: "P-EVICT-WELL", Status: NotGuaranteed,
			Claim:  "no eviction of a pod begins while its machine is connected and well",
			Source: "fails as a timer of the taint eviction controller outlives the Node that it was armed for: tainteviction/taint_eviction.go:handleNodeUpdate cancels nothing for a Node that is gone",
			step: evictions(func(_ *system, s *State, n int) bool {
				return s.Nodes[n].Link != Up || s.Nodes[n].Broken
			}, func(s *State, n int) bool { return s.Nodes[n].Link == Up && !s.Nodes[n].Broken })},
		{ID: "L-NOTREADY-FALSE", Status: NotGuaranteed, Assumption: "weak fairness of every action that is neither a fault nor a user's; faults stop",
			Claim:  "in the end no pod is ready on a node that says itself that it is not",
			Source: "fails by #125618 (hazard B18): pods are marked only where the controller itself finds a ready node silent",
			property: finally("L-NOTREADY-FALSE", func(y *system, s *State) bool {
				return !s.anyPod(func(p *Pod) bool { return p.Active() && p.Ready && p.Node != 0 && s.node(p.Node).Ready == False })
			})},
	}
}

// fullDisruption is P-FULL. The mode is what the process has made of the nodes.
func fullDisruption(y *system) check.Property[State] {
	return check.TransitionInPlace("P-FULL", func(from, to *State) bool {
		if !y.disrupted(from) {
			return true
		}
		for n := range y.Nodes {
			if begun(&from.Nodes[n], &to.Nodes[n]) {
				return false
			}
		}
		for i := range to.used() {
			if to.Pods[i].Timer == Fired && from.Pods[i].Timer != Fired {
				return false
			}
		}
		return true
	}).WhenInPlace(func(s *State) bool { return y.disrupted(s) })
}

// begun reports whether the eviction of a node's pods begins with a step: the
// node gets its first NoExecute taint, or (1.9) is evicted.
func begun(from, to *Node) bool {
	return to.Taints&noExecute != 0 && from.Taints&noExecute == 0 || to.InSet && !from.InSet
}

// renewing reports whether node n has renewed its lease within the grace
// period: it is connected, and what makes it look silent is a stalled watch, or
// nothing does.
func (s *State) renewing(n int) bool {
	return s.Nodes[n].Link == Up && (s.KCM.Stalls.Leases || s.Nodes[n].Silent < graceTicks)
}

// someNodeReady reports whether the controller manager holds a node to be ready.
func (s *State) someNodeReady(nodes int) bool {
	for n := range nodes {
		if s.kcmNode(n).Object && s.found(n) == True {
			return true
		}
	}
	return false
}

func nodeMutations() []Mutation {
	return []Mutation{
		{"nc.noCancel", "B22", "a node queued for eviction that is ready again stays in the queue",
			"P-CANCEL", Scenario{Version: V1_9, Replicas: 1, Nodes: 2, Lag: 1, Faults: Budget{Partition: 1, Heal: 1}}, func(b *bugs) { b.noCancel = true }},
		{"nc.keepOldProbeTimes", "B20", "a restarted controller manager believes the old process's heartbeat times",
			"P-EVICT-WHY", Scenario{Version: V1_9, Replicas: 1, Nodes: 2, Lag: 1, Faults: Budget{NodeCrash: 1, Restart: 1}}, func(b *bugs) { b.keepOldProbeTimes = true }},
		{"nc.noMasterDisruptionMode", "B19", "eviction goes on when every node looks dead",
			"P-FULL", Scenario{Version: V1_9, Replicas: 1, Nodes: 2, Lag: 1, Start: StartRunning, Faults: Budget{Partition: 2}}, func(b *bugs) { b.noMasterDisruptionMode = true }},
		{"nc.noResetOnExit", "B23", "the times from before full disruption still count after it",
			"P-EVICT-WHY", Scenario{Version: V1_9, Replicas: 1, Nodes: 2, Lag: 0, Start: StartRunning, Faults: Budget{Partition: 2, Heal: 1}}, func(b *bugs) { b.noResetOnExit = true }},
		{"nlc.noLiveLeaseCheck", "B15", "a node is judged by the cache of leases alone, however far behind that is",
			"P-EVICT-FRESH", Scenario{Replicas: 1, Nodes: 2, Lag: 1, Start: StartRunning, Faults: Budget{LeaseStall: 1}}, func(b *bugs) { b.noLiveLeaseCheck = true }},
		{"nlc.noLimiter", "", "nodes are tainted without a token",
			"P-RATE", Scenario{Replicas: 0, Nodes: 3, Lag: 1, Start: StartRunning, Faults: Budget{NodeCrash: 2}}, func(b *bugs) { b.noLimiter = true }},
	}
}

func nodeRepairs() []Repair {
	return []Repair{
		{"nlc.readLiveOnUntaint", "B21", "on entering master disruption mode the live nodes are looked at for taints, not those that the pass began with",
			func(b *bugs) { b.readLiveOnUntaint = true }},
		{"nlc.markLevelTriggered", "B16, B18", "the pods of every node that is not ready are marked, not only of one that this process has just judged, and its own kubelet does not put that back",
			func(b *bugs) { b.markLevelTriggered = true }},
		{"nlc.decideOnWholePass", "", "a pass that the circuit breaker has cut short leaves the states of the zones as they are",
			func(b *bugs) { b.decideOnWholePass = true }},
		{"nc.cancelOnExit", "", "on leaving master disruption mode the queues that were filled in it are emptied",
			func(b *bugs) { b.cancelOnExit = true }},
	}
}
