package model

import "github.com/reconverge/reconverge/check"

// What is claimed of the ReplicaSet as an object, and of who owns what.

func ownerClaims() []Claim {
	const fair = "weak fairness of every action that is neither a fault nor a user's; faults stop"
	return []Claim{
		{ID: "P-OWN", Status: Guaranteed,
			Claim:  "a pod has at most one controller at a time: it changes hands only by being let go first",
			Source: "apimachinery/pkg/api/validation/objectmeta.go:ValidateOwnerReferences; pkg/controller/controller_ref_manager.go",
			unless: needsClaims,
			pods: &podClaim{ok: func(a, b *Pod) bool {
				return a.Owner == 0 || b.Owner == 0 || a.Owner == b.Owner
			}, relevant: func(p *Pod) bool { return p.Stored() && p.Owner != 0 }}},
		{ID: "P-CLAIM", Status: Guaranteed,
			Claim:  "the ReplicaSet controller claims a pod only if it sees it active, without owner and with the label, and sees its own owner alive",
			Source: "pkg/controller/controller_ref_manager.go:ClaimObject (#44144)",
			unless: needsClaims,
			property: func(y *system) check.Property[State] {
				return check.TransitionInPlace("P-CLAIM", func(from, to *State) bool {
					for i := range to.used() {
						if y.takesUp(from, to, i) && !from.seesOrphan(i) {
							return false
						}
					}
					return true
				}).WhenInPlace(func(s *State) bool {
					return s.anyPod(func(p *Pod) bool { return p.Stored() && p.Owner == 0 && !p.Bare })
				})
			}},
		{ID: "P-ADOPT-LIVE", Status: Assumed, Assumption: "no owner is deleted between the live read of it and the patch of the pod",
			Claim:  "a pod is adopted only by an owner that the store has and that is not being deleted",
			Source: "pkg/controller/controller_utils.go:RecheckDeletionTimestamp (#42639, #42938); the window is that of #43032",
			unless: func(y *system) string {
				if y.deletesWhileAdopting() {
					return "its assumption fails: an owner may be deleted between the check and the patch"
				}
				return needsClaims(y)
			},
			property: func(*system) check.Property[State] {
				return check.TransitionInPlace("P-ADOPT-LIVE", func(from, to *State) bool {
					for i := range to.used() {
						a, b := &from.Pods[i], &to.Pods[i]
						if a.Stored() && a.Owner == 0 && b.Owner != 0 && !(to.owns(b) && to.Owner.lives()) {
							return false
						}
					}
					return true
				}).WhenInPlace(func(s *State) bool {
					return s.anyPod(func(p *Pod) bool { return p.Stored() && p.Owner == 0 && !p.Bare })
				})
			}},
		{ID: "P-ORPHAN", Status: Assumed, Assumption: "no owner is deleted between the live read of it and the patch of the pod",
			Claim:  "orphan deletion leaves the dependents alive that the garbage collector knows of: none of them ever names an owner that is gone, and so none is collected",
			Source: "pkg/controller/garbagecollector/garbagecollector.go:attemptToOrphanWorker; #42639, #42938",
			unless: func(y *system) string {
				switch {
				case y.Faults[OwnerDelete] == 0 || y.Propagation != PropagateOrphan:
					return "no owner is deleted with propagation orphan in this scenario"
				case y.Version == V1_9 && y.Faults[Relabel] > 1:
					return "not guaranteed in 1.9: a sync that does not see its own adoption adopts again, maybe after the owner is gone"
				case y.Faults[OwnerDelete] > 1 && y.Faults[OwnerCreate] > 0:
					return "its assumption fails: the second owner may be deleted between the check and the patch"
				}
				return ""
			},
			property: func(*system) check.Property[State] {
				return check.InvariantInPlace("P-ORPHAN", func(s *State) bool {
					return !s.anyPod(func(p *Pod) bool { return p.Stored() && p.Spared && p.Owner != 0 && !s.owns(p) })
				}).WhenInPlace(when(func(p *Pod) bool { return p.Stored() && p.Spared }))
			}},
		{ID: "P-ORPHAN-LAG", Status: NotGuaranteed,
			Claim:  "when an owner that was deleted with propagation orphan goes, no pod still names it",
			Source: "fails by #26120 and #78525: garbagecollector.go:attemptToOrphanWorker lists the dependents in its graph, which may lack a pod",
			property: func(*system) check.Property[State] {
				return check.TransitionInPlace("P-ORPHAN-LAG", func(from, to *State) bool {
					gone := from.Owner.Finalizer == Orphan && to.Owner.UID != from.Owner.UID
					return !gone || !from.anyPod(func(p *Pod) bool { return p.Stored() && from.owns(p) })
				}).WhenInPlace(func(s *State) bool { return s.Owner.Finalizer == Orphan })
			}},
		{ID: "P-GC", Status: Guaranteed,
			Claim:  "nothing with a living owner is collected",
			Source: "pkg/controller/garbagecollector/garbagecollector.go:isDangling; operations.go:deleteObject",
			unless: needsOwnerDelete,
			property: collecting("P-GC", func(s *State, p *Pod) bool {
				return p.Owner != 0 && (p.Owner != s.Owner.UID || s.Owner.Finalizer == Foreground)
			}, func(s *State) bool {
				return s.anyPod(func(p *Pod) bool { return p.Stored() && p.Owner != 0 && !(s.owns(p) && s.Owner.lives()) })
			})},
		{ID: "P-QUIET", Status: Guaranteed,
			Claim:  "the ReplicaSet controller decides no create and no delete while it sees its owner gone or being deleted",
			Source: "pkg/controller/replicaset/replica_set.go:syncReplicaSet (#24934, #27438)",
			unless: needsOwnerDelete,
			property: func(*system) check.Property[State] {
				return check.TransitionInPlace("P-QUIET", func(from, to *State) bool {
					decided := to.KCM.ToCreate > from.KCM.ToCreate
					for i := range to.used() {
						decided = decided || to.Pods[i].Chosen && !from.Pods[i].Chosen
					}
					return !decided || from.seesOwner()
				}).WhenInPlace(func(s *State) bool { return !s.seesOwner() })
			}},
		{ID: "P-FORGET", Status: Guaranteed,
			Claim:  "while the ReplicaSet controller sees no owner it expects no create and no delete: its namesake starts afresh",
			Source: "pkg/controller/replicaset/replica_set.go:deleteRS (#8000)",
			unless: needsOwnerDelete,
			property: func(*system) check.Property[State] {
				return check.InvariantInPlace("P-FORGET", func(s *State) bool {
					return s.kcmOwner().UID != 0 || s.KCM.ExpectAdd == 0 && !s.anyPod(func(p *Pod) bool { return p.ExpectDel })
				}).WhenInPlace(func(s *State) bool { return s.kcmOwner().UID == 0 })
			}},
		{ID: "L-OWNER", Status: Liveness, Assumption: fair,
			Claim:  "in the end a deleted owner is gone, and so is every pod that names one, except on nodes that are dead or whose runtime does not work",
			Source: "pkg/controller/garbagecollector; protocol 6.4",
			unless: needsOwnerDelete,
			property: finally("L-OWNER", func(_ *system, s *State) bool {
				waits := false
				for i := range s.used() {
					p := &s.Pods[i]
					switch dead := p.Terminating() && p.Node != 0 && !s.node(p.Node).works(); {
					case !p.Stored() || p.Owner == 0 || s.owns(p) && !s.Owner.Deleting():
					case !dead:
						return false
					case s.owns(p):
						waits = true
					}
				}
				return !s.Owner.Deleting() || waits
			})},
		{ID: "L-STATUS", Status: Liveness, Assumption: fair,
			Claim:  "in the end the status of the ReplicaSet is what its pods are, for its current generation, for ever",
			Source: "pkg/controller/replicaset/replica_set_utils.go:updateReplicaSetStatus; protocol 6.4",
			unless: needsStatus,
			property: finally("L-STATUS", func(_ *system, s *State) bool {
				truth := ReplicaSetStatus{Replicas: uint8(s.active()), Observed: true}
				for i := range s.used() {
					if p := &s.Pods[i]; s.replica(p) && p.Ready {
						truth.Ready++
					}
				}
				return !s.Owner.lives() || s.Owner.Status == truth
			})},
		{ID: "P-STATUS-MONO", Status: NotGuaranteed,
			Claim:  "a status is written only over the generation that it was computed for: it never goes back to an older view",
			Source: "fails by the retry in replica_set_utils.go:updateReplicaSetStatus (hazard B56): its TODO fears several writers, but one and a user who changes the spec are enough",
			property: func(*system) check.Property[State] {
				return check.TransitionInPlace("P-STATUS-MONO", func(from, to *State) bool {
					written := from.Owner.spec() == to.Owner.spec() && from.Owner.Status != to.Owner.Status
					return !written || to.Owner.Status.Observed
				}).WhenInPlace(func(s *State) bool { return s.KCM.Status.Pending })
			}},
	}
}

// takesUp reports whether a step takes up pod i to be adopted, or adopts it at
// once.
func (y *system) takesUp(from, to *State, i int) bool {
	a, b := &from.Pods[i], &to.Pods[i]
	return b.Adopting && !a.Adopting || a.Stored() && a.Owner == 0 && b.Owner != 0 && !a.Adopting
}

// seesOrphan reports whether the controller manager sees pod i as one to be
// adopted, and a ReplicaSet to adopt it.
func (s *State) seesOrphan(i int) bool {
	v := s.kcmPod(i)
	active := v.Stored && !v.Deletion && v.Phase != Terminal
	return active && v.Owner == 0 && !v.Unlabelled && s.seesOwner()
}

// seesOwner reports whether the controller manager sees a ReplicaSet that is
// not being deleted.
func (s *State) seesOwner() bool {
	owner := s.kcmOwner()
	return owner.UID != 0 && !owner.Deleting
}

// collecting makes a property of the pods that the garbage collector deletes,
// as they were before.
func collecting(id string, ok func(s *State, p *Pod) bool, relevant func(*State) bool) func(*system) check.Property[State] {
	return func(y *system) check.Property[State] {
		return y.ofActions(id, func(from, to *State) bool {
			for i := range to.used() {
				marked := from.Pods[i].Deletion == Unmarked && to.Pods[i].Terminating()
				if marked && !ok(from, &from.Pods[i]) {
					return false
				}
			}
			return true
		}, "GarbageCollector.Delete").WhenInPlace(relevant)
	}
}

// deletesWhileAdopting reports whether an owner that adopts pods may be deleted
// meanwhile: any, where pods lose their label; where an owner lets them go, the
// next one.
func (y *system) deletesWhileAdopting() bool {
	if y.Faults[Relabel] > 1 {
		return y.Faults[OwnerDelete] > 0
	}
	return y.Faults[OwnerDelete] > 1 && y.Faults[OwnerCreate] > 0 && y.claims()
}

func needsClaims(y *system) string {
	if !y.readopts() {
		return "no pod without owner is ever adopted in this scenario: see --fault relabel=2"
	}
	return ""
}

func needsOwnerDelete(y *system) string {
	if y.Faults[OwnerDelete] == 0 {
		return "no owner is deleted in this scenario: see --fault owner-delete=1"
	}
	return ""
}

func needsStatus(y *system) string {
	if !y.Status {
		return "no status is written in this scenario: see --status"
	}
	return ""
}
