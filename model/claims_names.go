package model

import (
	"github.com/reconverge/reconverge/check"
)

// What is claimed of requests that go by name, and of the containers that are
// left when an object goes before its container does.

func nameClaims() []Claim {
	return []Claim{
		{ID: "P-DEL-TARGET-KUBELET", Status: Guaranteed,
			Claim:  "the final delete of a kubelet hits the UID that it is meant for",
			Source: "pkg/kubelet/status/status_manager.go:syncPod: DELETE with the UID (#25224)",
			unless: func(y *system) string {
				if y.NoGrace {
					return "pods end without grace: the API server removes them without a last word of the kubelet"
				}
				if why := needsNamesake(y); why != "" || y.orphansContainers() {
					return why
				}
				return "no object goes before its container in this scenario: see --fault force-delete=1"
			},
			property: deletesTarget("P-DEL-TARGET-KUBELET", func(p *Pod) bool { return p.Seen == SeenTerminating },
				"Kubelet.FinalDelete")},
		{ID: "P-DEL-TARGET-TAINT", Status: NotGuaranteed,
			Claim:  "the taint eviction controller deletes the UID whose timer has fired",
			Source: "fails by tainteviction/taint_eviction.go:addConditionAndDeletePod: timer, GET and DELETE go by name (hazard B12)",
			property: deletesTarget("P-DEL-TARGET-TAINT", func(p *Pod) bool {
				return p.Timer == Fired || p.Timer == Deleting || p.Timer == Loose
			}, "TaintEviction.Delete")},
		{ID: "P-DEL-TARGET-NODE", Status: NotGuaranteed,
			Claim:  "in 1.9 the node controller deletes the UID that its eviction pass has listed",
			Source: "fails by (9) util/controller_utils.go:DeletePods: the status is written with a resourceVersion, and then the name is deleted, also if there was nothing to write to",
			property: deletesTarget("P-DEL-TARGET-NODE", func(p *Pod) bool { return p.Condemned },
				"NodeController.Delete")},
		{ID: "P-TOLERATES", Status: Assumed, Assumption: "the name of a pod is not used again: a timer may outlive its pod and is the next one's then (hazard B12)",
			Claim:  "no pod is evicted while it tolerates without limit every NoExecute taint that its node is seen to have, unless the Node object is seen gone",
			Source: "tainteviction/taint_eviction.go:processPodOnNode (#93722)",
			unless: func(y *system) string {
				switch {
				case y.Version == V1_9:
					return "pods are not evicted for a taint in 1.9"
				case y.reused():
					return timersByName
				case y.Faults[NodeCrash]+y.Faults[Partition]+y.Faults[NodeBreak] == 0:
					return "no node fails in this scenario"
				}
				return ""
			},
			step: evictions(func(y *system, s *State, n int) bool {
				v := s.kcmNode(n)
				taints := v.Taints
				return !v.Object || y.Version == V1_9 || taints&NoExecuteUnreachable != 0 && y.Toleration != TolerateForever ||
					taints&NoExecuteNotReady != 0 && y.NotReady != TolerateForever
			}, func(*State, int) bool { return true })},
		{ID: "P-DEL-TARGET-FORCE", Status: NotGuaranteed,
			Claim:  "a force delete removes the UID that it marked",
			Source: "fails by registry/generic/registry/store.go:Delete: the removal is a write of its own, by name",
			property: deletesTarget("P-DEL-TARGET-FORCE", func(p *Pod) bool { return p.Removing },
				"API.RemoveByName")},
		{ID: "P-NAME-RUN", Status: Assumed, Assumption: "an object leaves the store only after its container has stopped: no force delete, no pod GC of a machine that is alive, no grace period of 0",
			Claim:  "at most one container of one name runs",
			Source: "statefulset/stateful_set_control.go; fails by a force delete (hazard B36) or a stale first list (B30)",
			unless: func(y *system) string {
				if why := needsNamesake(y); why != "" || !y.orphansContainers() {
					return why
				}
				return "its assumption fails: an object may go before its container (hazard B36)"
			},
			property: running("P-NAME-RUN", func(p *Pod) bool { return p.Bare }, func(*State) int { return 1 })},
		{ID: "P-RS-RUN", Status: NotGuaranteed,
			Claim:  "the containers that run for a ReplicaSet never exceed its replicas and its terminating pods",
			Source: "fails by a force delete: the object is gone, its container runs on, and the replacement starts; protocol 6.2",
			property: running("P-RS-RUN", func(p *Pod) bool { return p.Owner != 0 || p.Object == Removed && !p.Bare },
				func(s *State) int {
					limit := int(s.Owner.Replicas)
					for i := range s.used() {
						if p := &s.Pods[i]; p.Terminating() && p.Owner != 0 {
							limit++
						}
					}
					return limit
				})},
		{ID: "P-T-NOTREADY", Status: NotGuaranteed,
			Claim:  "a terminating pod never turns ready",
			Source: "fails by pkg/kubelet/status/status_manager.go: readiness goes on while a pod terminates",
			pods: &podClaim{ok: func(a, b *Pod) bool {
				return !a.Terminating() || a.Ready || !b.Ready
			}, relevant: func(p *Pod) bool { return p.Terminating() && !p.Ready }}},
	}
}

// running makes the claim that no more containers of some pods run than a limit.
func running(id string, of func(*Pod) bool, limit func(*State) int) func(*system) check.Property[State] {
	return func(*system) check.Property[State] {
		return check.InvariantInPlace(id, func(s *State) bool {
			n := 0
			for i := range s.used() {
				if p := &s.Pods[i]; p.Container == Started && of(p) {
					n++
				}
			}
			return n <= limit(s)
		}).WhenInPlace(when(func(p *Pod) bool { return p.Container == Started && of(p) }))
	}
}

// deletesTarget makes the claim that no DELETE of an actor hits another pod than
// the one that it was meant for. The actor's memory says which pod it is to
// delete; each of its actions here is one request. What must not happen is that
// this memory of one pod is struck off in the very step in which another pod is
// marked, has its grace shortened, or is removed. There is something to judge
// when a pod is to be deleted whose name may be used again, and the scenario has
// one of the actions.
func deletesTarget(id string, memory func(*Pod) bool, actions ...string) func(*system) check.Property[State] {
	return func(y *system) check.Property[State] {
		return y.ofActions(id, func(from, to *State) bool {
			done, hit := -1, -1
			for i := range to.used() {
				a, b := &from.Pods[i], &to.Pods[i]
				if memory(a) && !memory(b) {
					done = i
				}
				if a.Stored() && (!b.Stored() || b.Deletion > a.Deletion) {
					hit = i
				}
			}
			return done < 0 || hit < 0 || done == hit
		}, actions...).WhenInPlace(when(func(p *Pod) bool { return p.Bare && memory(p) }))
	}
}

// needsOwnTimer says why pods are not evicted in a scenario, or not by timers of
// their own.
func needsOwnTimer(y *system) string {
	if why := needsNodeFault(y); why != "" || y.Version == V1_9 || !y.reused() {
		return why
	}
	return timersByName
}

const timersByName = "not guaranteed where a name is used again: timers are kept by name (hazard B12)"

// needsNamesake says why no request of a scenario can reach a namesake.
func needsNamesake(y *system) string {
	if !y.reused() {
		return "no two pods ever share a name in this scenario: see --scenario recreated-pod"
	}
	return ""
}

// orphansContainers reports whether an object may leave the store while its
// container runs.
func (y *system) orphansContainers() bool {
	return y.NoGrace || y.Faults[ForceDelete]+y.Faults[NodeDelete]+y.Faults[OutOfService] > 0
}

func nameMutations() []Mutation {
	return []Mutation{
		{"kubelet.deleteNoUID", "B10", "the kubelet's final delete carries the name of a pod, not its UID",
			"P-DEL-TARGET-KUBELET", Scenario{Replicas: 0, Nodes: 1, Lag: 1, BarePods: 1, Start: StartRunning, Faults: Budget{ForceDelete: 1, PodRecreate: 1}},
			func(b *bugs) { b.finalDeleteNoUID = true }},
		{"taint.cancelOnlyIfNoTaint", "B14", "a timer runs on when all taints that are left are tolerated for ever",
			"P-TOLERATES", Scenario{Replicas: 1, Nodes: 2, Lag: 1, Toleration: TolerateForever, Start: StartRunning,
				Faults: Budget{NodeBreak: 1, NodeCrash: 1}}, func(b *bugs) { b.cancelOnlyIfNoTaint = true }},
	}
}

func nameRepairs() []Repair {
	return []Repair{
		{"taint.keyByUID", "B12", "the taint eviction controller keeps its timers by UID, and evicts no other pod that it reads",
			func(b *bugs) { b.timerOfUID = true }},
		{"taint.deleteWithUID", "B12", "the delete of an eviction carries the UID of the pod that was read before it",
			func(b *bugs) { b.evictWithUID = true }},
		{"api.removeWithUID", "", "the second write of a DELETE carries the UID of the object that the first has marked",
			func(b *bugs) { b.removeWithUID = true }},
	}
}
