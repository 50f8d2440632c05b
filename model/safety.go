package model

import (
	"cmp"
	"slices"

	"github.com/reconverge/reconverge/check"
)

// The safety properties. Each is judged from the objects before and after a
// step, by a definition of its own: none asks the guard that should ensure it.

func safetyClaims() []Claim {
	return []Claim{
		{ID: "P-NOREVIVE", Status: Guaranteed,
			Claim:  "an evicted pod's identity is never revived: a mark for deletion stays, a UID that left the store does not come back, no kubelet takes it up again or starts its container again",
			Source: "rest/update.go:BeforeUpdate; pkg/kubelet/config/config.go:podStorage.merge; protocol 6.1",
			pods: &podClaim{ok: func(a, b *Pod) bool {
				switch {
				case a.Object == Stored && a.Deletion != Unmarked:
					return b.Object == Removed || b.Object == Stored && b.Deletion != Unmarked
				case a.Object == Removed:
					takenUp := a.Seen == Unseen && (b.Seen == SeenLive || b.Seen == SeenTerminating)
					// A kubelet that has not seen the removal may start the container once.
					first := a.Seen == SeenLive && a.Container == NotStarted
					startedAgain := a.Container != Started && b.Container == Started && !first
					return b.Object == Removed && !takenUp && !startedAgain
				}
				return true
			}, relevant: func(p *Pod) bool { return p.Terminating() || p.Object == Removed }}},
		{ID: "P-RV", Status: Guaranteed,
			Claim:  "a step writes at most one object, and a write that carries a resourceVersion is accepted only on the revision it read",
			Source: "apiserver/pkg/storage/etcd3/store.go:GuaranteedUpdate",
			step:   &stepClaim{ok: revisions}},
		{ID: "P-UID", Status: Guaranteed,
			Claim:  "a UID never reappears after its object was removed",
			Source: "apiserver/pkg/registry/rest/meta.go:FillObjectMetaSystemFields",
			pods: &podClaim{ok: func(a, b *Pod) bool { return a.Object != Removed || b.Object == Removed },
				relevant: func(p *Pod) bool { return p.Object == Removed }}},
		{ID: "P-DT", Status: Guaranteed,
			Claim:  "a deletionTimestamp is never cleared, and the grace period only shrinks",
			Source: "apiserver/pkg/registry/rest/delete.go:BeforeDelete, rest/update.go:BeforeUpdate",
			pods: &podClaim{ok: func(a, b *Pod) bool { return b.Object != Stored || b.Deletion >= a.Deletion },
				relevant: (*Pod).Terminating}},
		{ID: "P-NODE1", Status: Guaranteed,
			Claim:  "spec.nodeName is written once",
			Source: "pkg/registry/core/pod/storage/storage.go:setPodNodeAndMetadata",
			pods: &podClaim{ok: func(a, b *Pod) bool {
				return a.Object != Stored || b.Object != Stored || a.Node == 0 || a.Node == b.Node
			}, relevant: func(p *Pod) bool { return p.Stored() && p.Node != 0 }}},
		{ID: "P-NOBIND-T", Status: Guaranteed,
			Claim:  "a terminating pod is never newly bound",
			Source: "pkg/registry/core/pod/storage/storage.go:setPodNodeAndMetadata",
			unless: needsUserDelete,
			pods: &podClaim{ok: func(a, b *Pod) bool {
				return !a.Terminating() || a.Node != 0 || b.Node == 0
			}, relevant: func(p *Pod) bool { return p.Terminating() && p.Node == 0 }}},
		{ID: "P-BIND-UID", Status: Guaranteed,
			Claim:  "a binding decided for one UID never lands on another",
			Source: "pkg/registry/core/pod/storage/storage.go:setPodNodeAndMetadata (#105913, #116550)",
			unless: func(y *system) string {
				switch {
				case y.Version == V1_9:
					return "not guaranteed in 1.9: its bindings carry no UID"
				case y.BarePods == 0 || y.Faults[PodRecreate] == 0:
					return "no two pods ever share a name in this scenario: see --scenario recreated-pod"
				}
				return ""
			},
			pods: &podClaim{ok: func(a, b *Pod) bool {
				return a.Object != Stored || a.Node != 0 || b.Node == 0 || b.Node == a.Assumed
			}, relevant: func(p *Pod) bool { return p.Assumed != 0 }, actions: []string{"Scheduler.Bind"}}},
		{ID: "P-PHASE", Status: Assumed, Assumption: "only kubelets and pod GC write a pod's phase",
			Claim:  "Succeeded and Failed are final",
			Source: "pkg/kubelet/kubelet_pods.go:generateAPIPodStatus",
			unless: needsTermination,
			pods: &podClaim{ok: func(a, b *Pod) bool {
				return !a.Stored() || a.Phase != Terminal || b.Phase == Terminal || b.Object == Removed
			}, relevant: func(p *Pod) bool { return p.Stored() && p.Phase == Terminal }}},
		{ID: "P-TERM-NR", Status: Assumed, Assumption: "only kubelets report a terminal phase",
			Claim:  "a terminal pod is not Ready",
			Source: "pkg/kubelet/status/status_manager.go:mergePodStatus (#108594)",
			unless: func(y *system) string {
				if y.Faults[NodeDelete]+y.Faults[OutOfService] > 0 && y.Version != V1_9 {
					return "its assumption fails: pod GC writes that a pod has failed and leaves Ready as it was"
				}
				return needsTermination(y)
			},
			property: func(y *system) check.Property[State] {
				return check.InvariantInPlace("P-TERM-NR", func(s *State) bool {
					return !s.anyPod(func(p *Pod) bool { return p.Stored() && p.Phase == Terminal && p.Ready })
				}).WhenInPlace(when(func(p *Pod) bool { return p.Stored() && p.Phase == Terminal }))
			}},
		{ID: "P-REPL", Status: Guaranteed,
			Claim:  "a replacement has a UID that was never used",
			Source: "pkg/controller/controller_utils.go:RealPodControl.CreatePods",
			pods: &podClaim{ok: func(a, b *Pod) bool {
				return a.Object == b.Object || a.Object == Unused && b.Object == Stored && b.Node == 0 && b.Deletion == Unmarked
			}, actions: []string{"ReplicaSet.Create"}}},
		{ID: "P-OVER2", Status: Assumed, Assumption: overAssumption,
			Claim:  "active pods never exceed replicas while replicas is constant",
			Source: "pkg/controller/controller_utils.go:ControllerExpectations, pkg/controller/util/consistency",
			unless: func(y *system) string {
				switch {
				case y.Faults[Scale] > 0:
					return "replicas is not constant in this scenario"
				case y.readopts():
					return "a pod that is adopted comes on top of those that were created in its place"
				}
				return overCreation(y)
			},
			property: func(y *system) check.Property[State] {
				return check.InvariantInPlace("P-OVER2", func(s *State) bool { return s.active() <= int(s.Owner.Replicas) })
			}},
		{ID: "P-UNDER", Status: Guaranteed,
			Claim:  "the ReplicaSet controller never deletes below spec.replicas in its own view",
			Source: "pkg/controller/replicaset/replica_set.go:manageReplicas",
			unless: func(y *system) string {
				if y.Faults[Scale] == 0 && !y.readopts() && !y.staleRestart() {
					return "nothing in this scenario makes the ReplicaSet controller delete a pod: see --fault scale=1"
				}
				return ""
			},
			property: func(y *system) check.Property[State] {
				return check.TransitionInPlace("P-UNDER", func(from, to *State) bool {
					left, chosen := 0, false
					for i := range to.used() {
						v := from.kcmPod(i)
						if to.Pods[i].Chosen {
							chosen = true
						} else if v.Stored && !v.Deletion && v.Phase != Terminal && v.Owner == from.kcmOwner().UID {
							left++
						}
					}
					return !chosen || left >= int(from.kcmOwner().Replicas)
				}, "ReplicaSet.Decide").WhenInPlace(func(s *State) bool { return y.rsActive(s).len() > int(s.kcmOwner().Replicas) })
			}},
		{ID: "P-CANCEL", Status: Assumed, Assumption: "a node that is seen ready again is cleaned up before the next timer runs out (guaranteed without that only after the taint is seen to be gone)",
			Claim:  "no eviction of a pod begins while its node is seen ready again: the pods of a node that returned in time survive",
			Source: "tainteviction/taint_eviction.go:processPodOnNode; (9) node_controller.go:cancelPodEviction",
			unless: func(y *system) string {
				switch {
				case y.Faults[NodeReturn]+y.Faults[Heal]+y.Faults[NodeRepair] == 0:
					return "no failed node comes back in this scenario: see --scenario node-returns"
				}
				return cmp.Or(lateUntaint(y), trippedBreaker(y), needsOwnTimer(y))
			},
			step: evictions(func(y *system, s *State, n int) bool { return s.kcmNode(n).Ready != True },
				func(s *State, n int) bool { return s.Nodes[n].Ready == True })},
		{ID: "P-EVICT-WHY", Status: Assumed, Assumption: "a node that is seen ready loses its NoExecute taint, in the view of its pods' timers too, before it fails again or a timer runs out; and timers are not kept by a name that is used again (1.37)",
			Claim:  "the eviction of a pod is decided only after the deciding process has held its node not ready for the whole eviction delay, by its own clock, or has seen its Node object gone",
			Source: "node_lifecycle_controller.go:processTaintBaseEviction; (9) node_controller.go:monitorNodeStatus",
			unless: func(y *system) string {
				if y.tolerationTicks() == 0 {
					return "there is no eviction delay: the pods do not tolerate the taint"
				}
				return cmp.Or(lateUntaint(y), taintKept(y), needsOwnTimer(y))
			},
			step: evictions(func(y *system, s *State, n int) bool {
				if y.Version == V1_9 { // counted from the last heartbeat, when the node is queued
					return s.kcmNode(n).Ready != True && (s.KCM.Uptime >= evictionTicks || !s.Nodes[n].Queued)
				}
				return s.Nodes[n].NotReady >= y.tolerationTicks() || !s.kcmNode(n).Object // a timer outlives the Node
			}, func(*State, int) bool { return true })},
		{ID: "W-EIGHT", Status: Witness,
			Claim:  "all replicas run on one surviving node while pods of a dead node, half of the replicas, are still listed as Terminating (1.9: Unknown): 5 replicas, 8 pods listed",
			Source: "the story of the two experiments; protocol appendix A",
			unless: func(y *system) string {
				switch {
				case y.Replicas < 1 || y.Nodes < 2 || y.Faults[NodeCrash]+y.Faults[Partition]+y.Faults[NodeBreak] == 0 && !y.Untimed:
					return "it takes a replica, a second node and the failure of one"
				case toleratesForever(y) != "":
					return toleratesForever(y)
				case y.limited:
					return "where room is limited it depends on the nodes whether one of them has room for all replicas"
				}
				return partialDisruption(y)
			},
			property: func(y *system) check.Property[State] {
				return check.ReachableInPlace("W-EIGHT", y.eight)
			}},
	}
}

// ofActions makes a transition property of those of the actions that the scenario
// has. If it has none, the property says nothing.
func (y *system) ofActions(id string, ok func(from, to *State) bool, actions ...string) check.Property[State] {
	actions = slices.DeleteFunc(slices.Clone(actions), func(a string) bool { return !slices.Contains(y.actionNames, a) })
	if len(actions) == 0 {
		ok = func(_, _ *State) bool { return true }
	}
	return check.TransitionInPlace(id, ok, actions...)
}

// when makes a predicate of states that have such a pod.
func when(f func(*Pod) bool) func(*State) bool {
	return func(s *State) bool { return s.anyPod(f) }
}

func (s *State) anyPod(f func(*Pod) bool) bool {
	for i := range s.used() {
		if f(&s.Pods[i]) {
			return true
		}
	}
	return false
}

// owns reports whether the ReplicaSet in the store is the pod's controller.
func (s *State) owns(p *Pod) bool { return p.Owner != 0 && p.Owner == s.Owner.UID }

// replica reports whether the pod is one of the ReplicaSet's: active, owned, and
// with the label.
func (s *State) replica(p *Pod) bool { return p.Active() && s.owns(p) && !p.Unlabelled }

// active counts the pods of the ReplicaSet that are neither terminal nor marked.
func (s *State) active() (n int) {
	for i := range s.used() {
		if s.replica(&s.Pods[i]) {
			n++
		}
	}
	return n
}

// revisions is P-RV.
func revisions(y *system, from, to *State, c changes) bool {
	written := 0
	if from.Owner != to.Owner {
		written++
	}
	if from.PDB != to.PDB {
		written++
	}
	if c.nodes {
		for n := range to.Nodes {
			if from.Nodes[n].kcmView() != to.Nodes[n].kcmView() {
				written++
			}
		}
	}
	marked := -1
	for pods := c.pods; pods != 0; pods &= pods - 1 {
		i := pods.first()
		a, b := &from.Pods[i], &to.Pods[i]
		if a.inStore() != b.inStore() {
			written++
		}
		if a.Ready && !b.Ready && a.Phase == b.Phase && a.Stored() && b.Stored() {
			marked = i // by the node lifecycle controller, from its cache
		}
	}
	stale := y.Version == V1_37 && marked >= 0 && from.kcmPod(marked) != from.Pods[marked].kcmView()
	return written <= 1 && !stale
}

// inStore is a pod as the store holds it: its object without what processes
// remember.
func (p *Pod) inStore() Pod {
	if p.Object != Stored {
		return Pod{Object: p.Object}
	}
	return Pod{Object: p.Object, Phase: p.Phase, Node: p.Node, Ready: p.Ready, Deletion: p.Deletion, Lost: p.Lost,
		Owner: p.Owner, Unlabelled: p.Unlabelled}
}

// evictions makes a claim about the steps in which the eviction of pods from a
// node is decided: a timer fires (v1.37), the node is queued or its pods are
// condemned (v1.9). ok judges the state after that step; relevant says of which
// nodes with pods waiting for eviction, or (v1.9) that may be queued for it,
// there is something to judge.
func evictions(ok func(y *system, s *State, n int) bool, relevant func(s *State, n int) bool) *stepClaim {
	return &stepClaim{ok: func(y *system, from, to *State, c changes) bool {
		for pods := c.pods; pods != 0; pods &= pods - 1 {
			i := pods.first()
			a, b := &from.Pods[i], &to.Pods[i]
			if (b.Timer == Fired && a.Timer != Fired || b.Condemned && !a.Condemned) && (b.Node == 0 || !ok(y, to, int(b.Node-1))) {
				return false
			}
		}
		if !c.nodes {
			return true
		}
		for n := range to.Nodes {
			if to.Nodes[n].Queued && !from.Nodes[n].Queued && !ok(y, to, n) {
				return false
			}
		}
		return true
	}, relevant: func(y *system, s *State) bool {
		for n := range s.Nodes {
			waiting := y.Version == V1_9 && s.kcmNode(n).Ready != True || s.Nodes[n].Queued || s.anyPod(func(p *Pod) bool { return p.Node == NodeRef(n+1) && (p.Timer != Off || p.Condemned) })
			if waiting && relevant(s, n) {
				return true
			}
		}
		return false
	}}
}

// eight is the picture of the second experiment: on one node every replica
// runs and is ready, and half of the replicas, rounded up, are still listed
// with their mark on a node that is not ready.
func (y *system) eight(s *State) bool {
	running, left := 0, 0
	var home NodeRef
	for i := range s.used() {
		switch p := &s.Pods[i]; {
		case s.replica(p) && p.Ready && (home == 0 || home == p.Node):
			home = p.Node
			running++
		case p.Terminating() && p.Node != 0 && s.node(p.Node).Ready != True && p.Phase == Running && (p.Lost || y.Version != V1_9):
			left++
		case p.Stored():
			return false
		}
	}
	return running == y.Replicas && left == (y.Replicas+1)/2
}

func needsUserDelete(y *system) string {
	if y.Faults[PodDelete]+y.Faults[ForceDelete]+y.Faults[Scale]+y.Faults[OwnerDelete] == 0 && !y.readopts() && !y.staleRestart() {
		return "no pod is deleted before it is bound in this scenario"
	}
	return ""
}

func needsTermination(y *system) string {
	if y.Faults[PodDelete]+y.Faults[ForceDelete]+y.Faults[Scale]+y.Faults[OwnerDelete]+y.Faults[NodeReturn]+y.Faults[Heal]+y.Faults[DrainNode]+
		y.Faults[NodeDelete]+y.Faults[OutOfService] == 0 && !y.readopts() && !y.staleRestart() {
		return "no pod ends on a live node in this scenario"
	}
	return ""
}

func needsNodeFault(y *system) string {
	switch {
	case y.failing() == 0:
		return "no node fails in this scenario"
	case y.Nodes < 2:
		return "with one node, its failure is that of all nodes, and nothing is to be evicted"
	}
	return toleratesForever(y)
}

// trippedBreaker says why a node that is back may keep its taint for long.
func trippedBreaker(y *system) string {
	if y.Faults[LeaseStall] > 0 && y.Faults[NodeReturn]+y.Faults[Heal]+y.Faults[NodeRepair] > 0 {
		return "its assumption fails: no node is cleaned up while the circuit breaker is tripped"
	}
	return ""
}

// taintKept says why a node that was seen ready between two failures may keep
// its taint, and the timers of its pods with it.
func taintKept(y *system) string {
	if y.Version == V1_37 && (y.Faults[NodeBreak] > 0 && y.Faults[NodeReturn]+y.Faults[Heal] > 0 || y.Faults[NodeBreak] > 1 && y.Faults[NodeRepair] > 0) {
		return "its assumption fails: a node that is back may say that it is not ready before its taint is taken off"
	}
	return trippedBreaker(y)
}

// toleratesForever says why pods may stay on a failed node.
func toleratesForever(y *system) string {
	lost, broken := y.Faults[NodeCrash]+y.Faults[Partition] > 0, y.Faults[NodeBreak] > 0
	if y.Version == V1_37 && (lost && y.Toleration == TolerateForever || broken && y.NotReady == TolerateForever) {
		return "the pods tolerate a failed node for ever"
	}
	return ""
}

// staleRestart reports whether the controller manager may restart on a stale
// list, create pods that it has already, and then delete the surplus.
func (y *system) staleRestart() bool { return y.Version == V1_9 && y.Faults[Restart] > 0 }

// partialDisruption says why a scenario may come to rest with pods on dead
// nodes: see stopped.
func partialDisruption(y *system) string {
	if y.failing() > 2 && y.zoneSize(0) > 3 {
		return "three of four nodes may fail, and then nothing is evicted (partial disruption of a small zone)"
	}
	return ""
}
