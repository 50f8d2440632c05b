package model

import (
	"fmt"
	"slices"
	"strings"
)

// A Hazard is a way in which the true model breaks a property, one that is not
// guaranteed or whose assumption fails, and what closes it.
type Hazard struct {
	Name     string // of its golden trace in testdata
	ID       string // in the catalogue of protocol hazards; "" if it is not there
	Property string
	Story    string // in one sentence
	Base     string // the named scenario that Scenario is, or that it varies
	Scenario Scenario
	Cure     string   // in words
	Cured    Scenario // in which the property holds
}

// Hazards returns all hazards.
func Hazards() []Hazard {
	return slices.Concat(nameHazards(), nodeHazards(), podHazards(), ownerHazards(), requestHazards(), drainHazards())
}

// hazard makes one of a named scenario as the variations change it.
func hazard(name, id, property, story string, c cure, base string, vary ...variation) Hazard {
	s, err := ScenarioByName(base)
	if err != nil {
		panic(err) // both are written down in this package
	}
	s.Name = "web"
	for _, v := range vary {
		v(&s)
	}
	h := Hazard{name, id, property, story, base, s, c.what, s}
	c.vary(&h.Cured)
	return h
}

// A variation changes a scenario.
type variation func(s *Scenario)

func onNodes(n int) variation          { return func(s *Scenario) { s.Nodes = n } }
func lagging(n int) variation          { return func(s *Scenario) { s.Lag = n } }
func atMostPods(n int) variation       { return func(s *Scenario) { s.Pods = n } }
func wanting(replicas int) variation   { return func(s *Scenario) { s.Replicas = replicas } }
func with(faults Budget) variation     { return func(s *Scenario) { s.Faults = faults } }
func in(version Version) variation     { return func(s *Scenario) { s.Version = version } }
func startingAt(begin Start) variation { return func(s *Scenario) { s.Start = begin } }

// A cure is a variation in which a property holds.
type cure struct {
	what string
	vary variation
}

func repairedBy(names ...string) cure {
	return cure{"repair " + strings.Join(names, ", "), func(s *Scenario) { s.Mutations = names }}
}

func without(f Fault) cure {
	return cure{fmt.Sprintf("without fault %v", f), func(s *Scenario) { s.Faults[f] = 0 }}
}

func onlyOnce(f Fault) cure {
	return cure{fmt.Sprintf("fault %v only once", f), func(s *Scenario) { s.Faults[f] = 1 }}
}

// What goes by name and hits a namesake.
func nameHazards() []Hazard {
	again := func(f ...Fault) variation {
		faults := Budget{PodRecreate: 1}
		for _, f := range f {
			faults[f] = 1
		}
		return with(faults)
	}
	return []Hazard{
		hazard("forced-namesake", "", "P-DEL-TARGET-FORCE", "a force delete marks one pod and removes another one of its name, which was created between its two writes",
			repairedBy("api.removeWithUID"), "forced", onNodes(1), again(ForceDelete)),
		hazard("evicted-namesake", "B12", "P-DEL-TARGET-TAINT", "taint eviction deletes the pod that was created under the name between its read and its delete",
			repairedBy("taint.keyByUID", "taint.deleteWithUID"), "forced"),
		hazard("inherited-timer", "B12", "P-EVICT-WHY", "a pod inherits the running timer of its namesake, and is evicted from a node that was well all its life",
			repairedBy("taint.keyByUID"), "forced", again(PodDelete, Partition, Heal)),
		hazard("drained-namesake", "B11", "P-DEL-TARGET-DRAIN", "kubectl drain evicts the pod that was created under the name of a listed one",
			without(PodRecreate), "recreated-pod", again(DrainNode, PodDelete)),
		hazard("orphans-namesake", "B26", "P-DEL-TARGET-PODGC", "pod GC deletes the pod that was created under the name of an orphan that it has found",
			repairedBy("podgc.deleteWithUID"), "forced", onNodes(1), again(NodeDelete, PodDelete)),
		hazard("unbound-namesake", "B26", "P-DEL-TARGET-PODGC", "pod GC deletes the pod that was created under the name of a terminating one that was never bound",
			repairedBy("podgc.deleteWithUID"), "recreated-pod"),
		hazard("condemned-namesake-1.9", "", "P-DEL-TARGET-NODE", "in 1.9 the node controller deletes the pod that was created under the name of one that its pass has listed",
			without(PodRecreate), "forced", in(V1_9)),
		hazard("forced-twice-running", "B36", "P-NAME-RUN", "after a force delete the old container and that of its namesake run at the same time",
			without(ForceDelete), "forced", onNodes(1), again(ForceDelete)),
		hazard("node-deleted-twice-running", "B36", "P-NAME-RUN", "pod GC removes the pods of a Node that was deleted, and a namesake starts while the container still runs",
			without(NodeDelete), "forced", again(NodeDelete)),
		hazard("out-of-service-twice-running", "B36", "P-NAME-RUN", "a node that is only cut off is said to be out of service, and a namesake starts while the container still runs",
			without(OutOfService), "forced", again(Partition, OutOfService)),
	}
}

// Nodes that fail, and what is done about it.
func nodeHazards() []Hazard {
	running := startingAt(StartRunning)
	wellTimed := cure{"at most two restarts", func(s *Scenario) { s.Faults[Restart] = 2 }}
	retried := cure{"in 1.37, which tries again", in(V1_37)}
	return []Hazard{
		hazard("tainted-in-pass", "B21", "P-FULL", "a node is tainted during the pass that finds every node not ready, keeps the taint, and its pods are evicted",
			repairedBy("nlc.readLiveOnUntaint"), "tiny", onNodes(1), running, with(Budget{NodeCrash: 1})),
		hazard("restart-untaints", "B55", "P-TAINT-KEPT", "a restarted controller manager takes the NoExecute taint off a node that is still dead",
			without(Restart), "tiny", running, with(Budget{NodeCrash: 1, Restart: 1})),
		hazard("breaker-untaints", "", "P-TAINT-KEPT", "a pass that the circuit breaker cuts short takes one dead node for all nodes, and takes its taint off",
			repairedBy("nlc.decideOnWholePass"), "leases-stall"),
		hazard("restart-storm", "B55", "L-EVICT", "restarts that come faster than the grace period of a node put an eviction off for ever",
			wellTimed, "restart-storm"),
		hazard("stalls-postpone", "", "L-EVICT", "a watch of leases that stalls again and again puts an eviction off for ever",
			repairedBy("nlc.decideOnWholePass"), "leases-stall", lagging(0), with(Budget{NodeCrash: 1, LeaseStall: Unlimited})),
		hazard("breaker-evicts", "", "P-CANCEL", "while the circuit breaker is tripped the taint of a node that is back in time stays, and its pods are evicted",
			without(LeaseStall), "leases-stall", lagging(0), with(Budget{Partition: 1, Heal: 1, LeaseStall: 1})),
		hazard("nodes-stall", "", "P-EVICT-WHY", "the controller manager does not see that it has taken a taint off, and evicts from a node that is well",
			without(WatchStall), "tiny", running, atMostPods(2), with(Budget{WatchStall: 1, Partition: 1, Heal: 1})),
		hazard("timer-outlives-node", "", "P-EVICT-WELL", "a timer goes on after its Node was deleted, and evicts from a machine that is back",
			without(NodeDelete), "node-deleted"),
		hazard("full-bucket", "", "P-RATE", "a restarted controller manager begins with a full bucket, and taints a second node in one interval",
			without(Restart), "tiny", onNodes(3), lagging(0), running, with(Budget{NodeCrash: 2, Restart: 1})),
		hazard("queued-in-disruption-1.9", "", "P-EVICT-EXIT", "in 1.9 a node that was queued while all nodes looked dead is evicted as soon as one is back",
			repairedBy("nc.cancelOnExit"), "all-cut-off", in(V1_9)),
		hazard("never-marked", "B16", "L-NOTREADY", "a controller manager that dies between judging a node and marking its pods leaves them ready for ever",
			repairedBy("nlc.markLevelTriggered"), "never-marked"),
		hazard("mark-lost-1.9", "B16", "L-NOTREADY", "in 1.9 a failed write leaves a pod of a dead node ready for ever",
			retried, "never-marked", in(V1_9), with(Budget{NodeCrash: 1, RequestFail: 1})),
		hazard("broken-node-ready-pod", "B18", "L-NOTREADY-FALSE", "the pods of a node that says itself that it is not ready stay ready",
			repairedBy("nlc.markLevelTriggered"), "runtime-fails", onNodes(1), with(Budget{NodeBreak: 1})),
	}
}

// What pods say of themselves, and the room that they take.
func podHazards() []Hazard {
	return []Hazard{
		hazard("forced-container", "", "P-RS-RUN", "the replacement of a pod that was force-deleted starts while the old container runs",
			without(ForceDelete), "tiny", startingAt(StartRunning), with(Budget{ForceDelete: 1})),
		hazard("room-given-away", "", "P-CAP-RUN", "the room of a pod that was force-deleted is given away before its container stops",
			without(ForceDelete), "full-house", with(Budget{ForceDelete: 1})),
		hazard("room-bound-by-name-1.9", "", "P-CAP", "in 1.9 a binding by name binds a namesake, whose room has been given away",
			cure{"in 1.37, whose bindings carry the UID", in(V1_37)}, "crowded-1.9"),
		hazard("ready-terminating", "", "P-T-NOTREADY", "a pod that is deleted before it is ready becomes ready while it terminates",
			cure{"a pod that was ready when it was deleted", startingAt(StartRunning)}, "tiny", onNodes(1), with(Budget{PodDelete: 1})),
		hazard("terminal-ready", "", "P-TERM-NR", "pod GC writes that a pod has failed and leaves it ready",
			without(NodeDelete), "tiny", onNodes(1), startingAt(StartRunning), with(Budget{NodeDelete: 1, PodDelete: 1})),
	}
}

// Owners that are deleted, pods that change hands, and status.
func ownerHazards() []Hazard {
	seen := cure{"nothing is created at the time", startingAt(StartRunning)}
	current := cure{"in 1.37, whose controllers wait for their own writes", in(V1_37)}
	return []Hazard{
		hazard("orphan-missed", "", "P-ORPHAN-LAG", "an owner that lets its pods go does not let go the one that the garbage collector does not know yet, which is then deleted",
			seen, "owner-deleted", startingAt(StartEmpty), with(Budget{OwnerDelete: 1})),
		hazard("spared-then-collected", "", "P-ORPHAN", "a pod that the first owner let go is adopted for the second at the moment of its deletion",
			onlyOnce(OwnerDelete), "owner-deleted", with(Budget{OwnerDelete: 2, OwnerCreate: 1})),
		hazard("adopted-twice-1.9", "", "P-ORPHAN", "in 1.9 a sync that does not see its own adoption checks again, and adopts once more after the owner is gone",
			current, "owner-deleted", in(V1_9), with(Budget{OwnerDelete: 1, Relabel: 2})),
		hazard("adopted-for-deleted", "", "P-ADOPT-LIVE", "an owner is deleted between the live read of it and the adoption",
			without(OwnerDelete), "relabelled", with(Budget{OwnerDelete: 1, Relabel: 2})),
		hazard("adopted-surplus", "", "P-OVER2", "a pod that gets its label back is adopted beside its replacement",
			onlyOnce(Relabel), "relabelled"),
		hazard("namesake-surplus", "", "P-OVER2", "a ReplicaSet that is created again creates a pod before it sees the one that was let go",
			without(OwnerCreate), "owner-deleted"),
		hazard("status-goes-back", "B56", "P-STATUS-MONO", "a status is written over a newer generation than it was computed for",
			without(Scale), "status", with(Budget{Scale: 1})),
		hazard("status-of-namesake", "B56", "P-STATUS-MONO", "the status of a ReplicaSet is written over its namesake's",
			without(OwnerCreate), "status", with(Budget{OwnerDelete: 1, OwnerCreate: 1})),
	}
}

// Requests, watches and leaders that fail.
func requestHazards() []Hazard {
	gate := cure{"in 1.37, which waits to see what it has created", in(V1_37)}
	consistent := cure{"in 1.37, whose lists do not go back", in(V1_37)}
	scaled := func(f Fault) variation {
		faults := Budget{Scale: 1}
		faults[f] = 1
		return with(faults)
	}
	return []Hazard{
		hazard("create-lost", "", "P-OVER2", "a create whose response is lost is sent again",
			without(ResponseLost), "lossy"),
		hazard("create-late", "B48", "P-OVER2", "a create of the former leader arrives beside those of the new one",
			without(HandOver), "leader-overlap", startingAt(StartEmpty), with(Budget{HandOver: 1})),
		hazard("create-late-scaled", "B48", "P-OVER1", "the new leader decides while a create of the former one is on its way",
			without(HandOver), "leader-overlap"),
		hazard("expired-creates-1.9", "B02", "P-OVER2", "in 1.9 expectations expire while a watch stalls, and the controller creates once more",
			gate, "stalled", in(V1_9)),
		hazard("delete-lost", "", "P-UNDER2", "a delete whose response is lost is decided again, about another pod",
			without(ResponseLost), "scale", onNodes(1), scaled(ResponseLost)),
		hazard("delete-late", "B48", "P-UNDER2", "the new leader decides to delete before it sees what the former one has deleted",
			without(HandOver), "scale", onNodes(1), scaled(HandOver)),
		hazard("expired-deletes", "B02", "P-UNDER2", "the expectation of a delete expires while a watch stalls, and a second pod is deleted",
			without(WatchStall), "scale", onNodes(1), scaled(WatchStall)),
		hazard("eviction-lost", "B13", "L-EVICT", "taint eviction forgets a pod when its five tries to delete it have failed",
			repairedBy("taint.retryForever"), "tiny", startingAt(StartRunning), with(Budget{NodeCrash: 1, RequestFail: 1})),
		hazard("restart-goes-back-1.9", "", "P-RESTART", "in 1.9 a restarted controller manager lists what is older than what the last one knew",
			consistent, "back-in-time-1.9"),
		hazard("relist-goes-back-1.9", "", "P-WATCH", "in 1.9 a list after a cut watch is older than the cache",
			consistent, "back-in-time-1.9"),
	}
}

// Evictions under a PodDisruptionBudget.
func drainHazards() []Hazard {
	return []Hazard{
		hazard("budget-lags", "", "P-PDB-H", "an eviction is allowed by a status that does not know of a deletion",
			without(PodDelete), "drain-with-pdb", with(Budget{DrainNode: 1, PodDelete: 1})),
		hazard("evicted-unseen", "", "P-PDB-H", "the disruption controller forgets the eviction of a pod that it does not see yet, and counts the pod as healthy when it does",
			cure{"caches that do not lag", func(s *Scenario) { s.Lag, s.Pods = 0, 0 }}, "drain-with-pdb",
			wanting(3), onNodes(1), lagging(3), atMostPods(3), startingAt(StartEmpty)),
	}
}
