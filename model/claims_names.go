package model

import "github.com/reconverge/reconverge/check"

// What is claimed of requests that go by name, and of the containers that are
// left when an object goes before its container does.

func nameClaims() []Claim {
	return []Claim{
		{ID: "P-DEL-TARGET-KUBELET", Status: Guaranteed,
			Claim:  "the final delete of a kubelet hits the UID that it is meant for",
			Source: "pkg/kubelet/status/status_manager.go:syncPod: DELETE with the UID (#25224)",
			unless: func(y *system) string {
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
		{ID: "P-DEL-TARGET-FORCE", Status: NotGuaranteed,
			Claim:  "a force delete removes the UID that it marked",
			Source: "fails by registry/generic/registry/store.go:Delete: the removal is a write of its own, by name",
			property: deletesTarget("P-DEL-TARGET-FORCE", func(p *Pod) bool { return p.Removing },
				"API.RemoveByName")},
	}
}

// deletesTarget makes the claim that no DELETE of an actor hits another pod than
// the one that it was meant for. The actor's memory says which pod it is to
// delete; each of its actions here is one request. What must not happen is that
// this memory of one pod is struck off in the very step in which another pod is
// marked, has its grace shortened, or is removed. There is something to judge
// when a pod is to be deleted whose name may be used again.
func deletesTarget(id string, memory func(*Pod) bool, actions ...string) func(*system) check.Property[State] {
	return func(*system) check.Property[State] {
		return check.TransitionInPlace(id, func(from, to *State) bool {
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
		}, actions...).When(when(func(p *Pod) bool { return p.Bare && memory(p) }))
	}
}

// needsOwnTimer says why pods are not evicted in a scenario, or not by timers of
// their own.
func needsOwnTimer(y *system) string {
	if y.reused() && y.Version == V1_37 {
		return "not guaranteed where a name is used again: timers are kept by name (hazard B12)"
	}
	return needsNodeFault(y)
}

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
