package model

import (
	"fmt"

	"github.com/reconverge/reconverge/check"
)

// What is claimed of requests, watches and processes that fail: that a cache
// goes forward, and what the ReplicaSet controller's count of its own creates
// and deletes is worth.

func faultClaims() []Claim {
	return []Claim{
		{ID: "P-OVER1", Status: Assumed, Assumption: overAssumption,
			Claim:  "no decision makes the active pods and the creates on their way more than replicas is, or was when the controller manager last saw it",
			Source: "pkg/controller/controller_utils.go:ControllerExpectations, pkg/controller/util/consistency",
			unless: func(y *system) string {
				if y.Faults[Scale] == 0 {
					return "replicas is constant in this scenario: P-OVER2 says more"
				}
				return overCreation(y)
			},
			property: decidedCreates},
		{ID: "P-UNDER2", Status: Assumed, Assumption: "one controller manager acts at a time, no response to a delete is lost, and nobody else deletes pods",
			Claim:    "the deletes that the ReplicaSet controller decides leave no fewer active pods in the store than it wants",
			Source:   "pkg/controller/controller_utils.go:UIDTrackingControllerExpectations (#22143, #22579)",
			unless:   overDeletion,
			property: decidedDeletes},
		{ID: "P-WATCH", Status: Guaranteed,
			Claim:  "a cache is the store at some past revision of its kind, and does not go back within a process",
			Source: "client-go/tools/cache/reflector.go:relistResourceVersion; etcd tests/robustness/validate/watch.go",
			unless: func(y *system) string {
				if y.Version == V1_9 && y.Faults[Relist] > 0 && y.Past > 0 {
					return "not guaranteed in 1.9: a relist may be served from an older watch cache"
				}
				return ""
			},
			property: func(y *system) check.Property[State] {
				return y.ofActions("P-WATCH", notOlder, "KCM.SeePod", "KCM.SeeNode", "KCM.SeeReplicaSet", "Fault.Relist").WhenInPlace((*State).remembered)
			}},
		{ID: "P-RESTART", Status: Assumed, Assumption: "the first list of a new process does not fall back to one that a lagging watch cache serves",
			Claim:  "a new controller manager reads nothing that is older than what the one before it had read",
			Source: "client-go/tools/cache/reflector.go:watchList, rewatchResourceVersion (#59848)",
			unless: func(y *system) string {
				switch {
				case y.Faults[Restart]+y.Faults[HandOver] == 0:
					return "the controller manager does not restart in this scenario"
				case y.Version == V1_9 && y.Past > 0:
					return "not guaranteed in 1.9: the first list may be served from an older watch cache"
				}
				return ""
			},
			property: func(y *system) check.Property[State] {
				return y.ofActions("P-RESTART", notOlder, "Fault.RestartKCM", "Fault.HandOver").WhenInPlace((*State).remembered)
			}},
	}
}

const overAssumption = "one controller manager acts at a time, the first list of a new one is consistent, no create response is lost"

// overCreation says why a scenario may have more pods than it should.
func overCreation(y *system) string {
	switch {
	case y.Faults[HandOver] > 0:
		return "its assumption fails: a create of a former leader may arrive late"
	case y.Faults[ResponseLost] > 0:
		return "its assumption fails: the response to a create may be lost"
	case y.Version != V1_9:
		return ""
	case y.Faults[Restart] > 0:
		return "its assumption fails: the first list of a restarted controller manager may be stale in 1.9"
	case y.Faults[Relist] > 0 && y.Past > 0:
		return "its assumption fails: a relist may go back in 1.9"
	case y.Faults[WatchStall] > 0 || y.Untimed:
		return "expectations may expire while the watch lags, and 1.9 has no other gate"
	}
	return ""
}

// overDeletion says why a scenario may have fewer pods than it should.
func overDeletion(y *system) string {
	if why := overCreation(y); why != "" {
		return why
	}
	for _, f := range [...]Fault{PodDelete, ForceDelete, DrainNode, NodeCrash, Partition, NodeBreak, NodeDelete, OutOfService, Relabel, OwnerDelete} {
		if y.Faults[f] > 0 {
			return fmt.Sprintf("its assumption fails: pods may go by fault %v", f)
		}
	}
	switch {
	case y.Faults[Scale] == 0:
		return "nothing in this scenario makes the ReplicaSet controller delete a pod: see --fault scale=1"
	case y.Faults[WatchStall] > 0 || y.Untimed:
		return "expectations of deletes may expire while the watch lags"
	}
	return ""
}

// decidedCreates is P-OVER1. By induction over the decisions it bounds the
// active pods and the creates on their way by the greatest replicas since the
// last time that nothing was on its way.
func decidedCreates(y *system) check.Property[State] {
	return check.TransitionInPlace("P-OVER1", func(from, to *State) bool {
		most := to.Owner.Replicas
		for i := to.KCM.ReplicaSets.Seen; i < to.KCM.ReplicaSets.Len; i++ {
			most = max(most, to.KCM.ReplicaSets.Events[i].Before.Replicas)
		}
		return to.KCM.ToCreate <= from.KCM.ToCreate || to.promised() <= int(most)
	}).WhenInPlace(func(s *State) bool { return y.rsActive(s).len() < int(s.kcmOwner().Replicas) })
}

// promised counts the active pods and the creates that are on their way.
func (s *State) promised() int { return s.active() + int(s.KCM.ToCreate+s.Former.Creates) }

// decidedDeletes is P-UNDER2.
func decidedDeletes(y *system) check.Property[State] {
	chosen := func(p *Pod) bool { return p.Chosen }
	return check.TransitionInPlace("P-UNDER2", func(from, to *State) bool {
		if from.anyPod(chosen) {
			return true // decided before
		}
		left := 0
		for i := range to.used() {
			if p := &to.Pods[i]; p.Active() && p.Owner != 0 && !p.Chosen {
				left++
			}
		}
		return !to.anyPod(chosen) || left >= int(to.kcmOwner().Replicas)
	}).WhenInPlace(func(s *State) bool { return y.rsActive(s).len() > int(s.kcmOwner().Replicas) })
}

// notOlder reports whether no cache of the controller manager has more events
// to see after a step than before it.
func notOlder(from, to *State) bool {
	return to.KCM.Pods.unseen() <= from.KCM.Pods.unseen() &&
		to.KCM.Nodes.unseen() <= from.KCM.Nodes.unseen() &&
		to.KCM.ReplicaSets.unseen() <= from.KCM.ReplicaSets.unseen()
}

// remembered reports whether the controller manager could have seen less than
// the store holds.
func (s *State) remembered() bool { return s.KCM.Pods.Len+s.KCM.Nodes.Len+s.KCM.ReplicaSets.Len > 0 }

// endless says which faults of a scenario never stop.
func endless(y *system) string {
	for _, f := range y.spendable {
		if y.Faults[f] == Unlimited {
			return fmt.Sprintf("faults never stop in this scenario: %v may happen without limit", f)
		}
	}
	return ""
}

// evictionLost says why an eviction may never be done.
func evictionLost(y *system) string {
	if y.Faults[RequestFail] > 0 && y.Version == V1_37 && y.Faults[NodeCrash]+y.Faults[Partition]+y.Faults[NodeBreak] > 0 && !y.bug.retryForever {
		return "an eviction is lost when its five tries fail (#140639): see the repair taint.retryForever"
	}
	return ""
}

// lateUntaint says why the pods of a node that is seen ready may be evicted for
// a taint that is still in sight: a timer knows nothing of conditions.
func lateUntaint(y *system) string {
	switch {
	case y.Version == V1_9:
		return ""
	case y.Untimed:
		return "time has no order in this scenario: a timer may run out before the taint of a node that is ready again is seen to go"
	case y.Faults[WatchStall] > 0:
		return "a watch may stall: a timer may run out before the taint of a node that is ready again is seen to go"
	}
	return ""
}
