package model

import (
	"slices"

	"github.com/reconverge/reconverge/check"
)

// What is claimed of pod GC, of Nodes that come and go, of the kubelet's own
// life and of room on nodes.

func machineClaims() []Claim {
	const fair = "weak fairness of every action that is neither a fault nor a user's; faults stop"
	return []Claim{
		{ID: "P-GC-SAFE", Status: Guaranteed,
			Claim:  "pod GC takes a bound pod for an orphan only if its Node is absent at a live read",
			Source: "podgc/gc_controller.go:discoverDeletedNodes (#22667, #82365)",
			unless: needsNodeDelete,
			property: func(y *system) check.Property[State] {
				orphan := func(s *State, p *Pod) bool {
					return p.Node != 0 && (y.Version == V1_9 || !s.kcmNode(int(p.Node-1)).Object)
				}
				return check.TransitionInPlace("P-GC-SAFE", func(from, to *State) bool {
					for i := range to.used() {
						a, b := &from.Pods[i], &to.Pods[i]
						if a.Collect == NotCollected && b.Collect != NotCollected && orphan(from, a) && from.node(a.Node).Object {
							return false
						}
					}
					return true
				}).WhenInPlace(func(s *State) bool { return s.anyPod(func(p *Pod) bool { return orphan(s, p) }) })
			}},
		{ID: "P-DEL-TARGET-PODGC", Status: NotGuaranteed,
			Claim:    "pod GC deletes no other pod than the one that it has found",
			Source:   "fails as its delete goes by name (hazard B26): podgc/gc_controller.go:markFailedAndDeletePodWithCondition",
			property: deletesTarget("P-DEL-TARGET-PODGC", func(p *Pod) bool { return p.Collect == Doomed }, "PodGC.Delete")},
		{ID: "P-CAP", Status: Assumed, Assumption: "one scheduler, whose bindings carry the UID",
			Claim:  "the pods that are bound to a node and not terminal never exceed its capacity",
			Source: "pkg/scheduler/backend/cache/cache.go:AssumePod",
			unless: func(y *system) string {
				if y.Version == V1_9 && y.Faults[PodRecreate] > 0 {
					return "its assumption fails: in 1.9 a binding carries no UID"
				}
				return needsCapacity(y)
			},
			property: func(y *system) check.Property[State] {
				return y.fits("P-CAP", func(p *Pod) bool { return p.Stored() && p.Phase != Terminal })
			}},
		{ID: "P-ADMIT", Status: Guaranteed,
			Claim:  "the pods of the store whose containers run on a node never exceed its capacity",
			Source: "pkg/kubelet/kubelet.go:HandlePodAdditions",
			unless: needsCapacity,
			property: func(y *system) check.Property[State] {
				return y.fits("P-ADMIT", func(p *Pod) bool { return p.Stored() && p.Container == Started })
			}},
		{ID: "P-CAP-RUN", Status: NotGuaranteed,
			Claim:  "the containers that run on a node never exceed its capacity",
			Source: "fails as a pod that is force-deleted leaves its room at once, and its container later: pkg/kubelet/kubelet_pods.go:filterOutInactivePods",
			property: func(y *system) check.Property[State] {
				return y.fits("P-CAP-RUN", func(p *Pod) bool { return p.Container == Started })
			}},
		{ID: "P-NORESTART", Status: Guaranteed,
			Claim:  "a container that its kubelet has ended is not started again, by a restarted kubelet neither",
			Source: "pkg/kubelet/pod_workers.go:UpdatePod; protocol 4.3",
			unless: func(y *system) string {
				if y.onlyFaults(NodeCrash, OutOfService, Partition, NodeBreak, NodeRepair, KubeletRestart, Cordon, Uncordon, Restart) && !y.staleRestart() {
					return "no kubelet ends a container in this scenario"
				}
				return ""
			},
			pods: &podClaim{ok: func(a, b *Pod) bool { return a.Container != Stopped || b.Container != Started },
				relevant: func(p *Pod) bool { return p.Container == Stopped }}},
		{ID: "L-ORPHAN", Status: Liveness, Assumption: fair,
			Claim:  "in the end no pod is bound to a node whose Node object is gone, for ever",
			Source: "podgc/gc_controller.go:gcOrphaned",
			unless: needsNodeDelete,
			property: finally("L-ORPHAN", func(y *system, s *State) bool {
				return !s.anyPod(func(p *Pod) bool { return p.Stored() && p.Node != 0 && !s.node(p.Node).Object })
			})},
		{ID: "L-STOP", Status: Liveness, Assumption: fair,
			Claim:  "in the end no container whose pod has left the store runs on a connected node whose runtime works, for ever",
			Source: "pkg/kubelet/kubelet_pods.go:HandlePodCleanups",
			property: finally("L-STOP", func(y *system, s *State) bool {
				return !s.anyPod(func(p *Pod) bool { return p.Object == Removed && p.Container == Started && s.node(p.Node).works() })
			})},
	}
}

// fits claims that the pods of which takes is true fit on their nodes.
func (y *system) fits(id string, takes func(*Pod) bool) check.Property[State] {
	counts := func(s *State) (taken [MaxNodes]uint8) {
		for i := range s.used() {
			if p := &s.Pods[i]; p.Node != 0 && takes(p) {
				taken[p.Node-1]++
			}
		}
		return taken
	}
	return check.InvariantInPlace(id, func(s *State) bool {
		for n, taken := range counts(s) {
			if y.Capacity[n] > 0 && taken > y.Capacity[n] {
				return false
			}
		}
		return true
	}).WhenInPlace(func(s *State) bool { return counts(s) != [MaxNodes]uint8{} })
}

func needsNodeDelete(y *system) string {
	if y.Faults[NodeDelete] == 0 {
		return "no Node object is deleted in this scenario"
	}
	return ""
}

func needsCapacity(y *system) string {
	if !y.limited {
		return "every node has room for every pod in this scenario"
	}
	return ""
}

// short says why the nodes that are left may not have room for all pods; "" if
// they have. The worst is that the largest nodes fail, or take no more pods. A
// pod that nobody owns any more keeps its room.
func (y *system) short() string {
	if !y.limited {
		return ""
	}
	var rooms []int
	for n := range y.Nodes {
		room := int(y.Capacity[n])
		switch {
		case y.Cordoned[n]:
			continue
		case room == 0:
			room = MaxPods
		}
		rooms = append(rooms, room)
	}
	slices.Sort(rooms)
	f := &y.Faults
	room, lost := 0, int(f[NodeCrash])+int(f[Partition])+int(f[NodeBreak])+int(f[NodeDelete])+int(f[Cordon])+int(f[DrainNode])
	for _, r := range rooms[:max(0, len(rooms)-lost)] {
		room += r
	}
	released := int(f[Relabel]) + int(f[OwnerCreate])*(y.Replicas+int(f[Scale]))
	if room < y.Replicas+y.BarePods+int(f[Scale])+released {
		return "the nodes that are left may not have room for all pods"
	}
	return ""
}
