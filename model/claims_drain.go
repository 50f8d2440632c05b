package model

import "github.com/reconverge/reconverge/check"

// What is claimed of evictions, their budget, and drains.

func drainClaims() []Claim {
	return []Claim{
		{ID: "P-PDB", Status: Guaranteed,
			Claim:    "the evictions accepted against one status of a PodDisruptionBudget never exceed its disruptionsAllowed, and no later status forgets one whose pod it counts",
			Source:   "pkg/registry/core/pod/storage/eviction.go:checkAndDecrement; disruption.go:writePdbStatus (#82149)",
			unless:   needsBudget,
			property: budgetTaken},
		{ID: "P-PDB-H", Status: Assumed,
			Assumption: "nothing but evictions makes pods unready or changes replicas, and no pod is evicted that the disruption controller's cache does not show yet",
			Claim:      "an eviction never leaves fewer ready pods than the PodDisruptionBudget demands",
			Source:     "pkg/controller/disruption/disruption.go:countHealthyPods (#34546, #105326)",
			unless: func(y *system) string {
				if why := needsBudget(y); why != "" {
					return why
				}
				if y.Disruption.desiredHealthy(y.Replicas) >= y.Replicas {
					return "the PodDisruptionBudget allows no eviction of a ready pod"
				}
				if !y.onlyFaults(Cordon, Uncordon, DrainNode, Restart) {
					return "its assumption fails: something else than an eviction may make a pod unready, and the status lags behind"
				}
				if y.Lag >= eventsToReady {
					return "its assumption fails: with this lag a pod can be ready, and be evicted, before the disruption controller sees it"
				}
				return ""
			},
			property: stayHealthy},
		{ID: "P-DEL-TARGET-DRAIN", Status: NotGuaranteed,
			Claim:    "an eviction that a drain asks for deletes the pod that the drain listed, not another one of its name",
			Source:   "fails by #64923 (hazard B11): kubectl/pkg/drain/drain.go:EvictPod sends no UID",
			property: deletesTarget("P-DEL-TARGET-DRAIN", (*Pod).toEvict, "Drain.Evict", "Eviction.Delete")},
		{ID: "L-DRAIN", Status: Liveness,
			Assumption: "weak fairness of every action that is neither a fault nor a user's; faults stop; nobody ends the drain",
			Claim:      "in the end every pod that a drain has listed is marked for deletion or gone",
			Source:     "kubectl/pkg/drain/drain.go:evictPods",
			unless:     drainMayWait,
			property: finally("L-DRAIN", func(y *system, s *State) bool {
				for n := range y.Nodes {
					if s.Nodes[n].Draining {
						return false
					}
				}
				return !s.anyPod((*Pod).toEvict)
			})},
	}
}

// eventsToReady is how many events of a pod there are until it is ready: it is
// created, bound, and reported.
const eventsToReady = 3

// budgetTaken is P-PDB. An entry in disruptedPods is what a later status knows
// of an eviction; it may go once the pod is not counted as live any more.
func budgetTaken(y *system) check.Property[State] {
	return check.TransitionInPlace("P-PDB", func(from, to *State) bool {
		accepted := uint8(0)
		for i := range to.used() {
			a, b := &from.Pods[i], &to.Pods[i]
			if b.Drain == Admitted && a.Drain != Admitted {
				accepted++
				if !b.Disrupted {
					return false
				}
			}
			if v := to.kcmPod(i); a.Disrupted && !b.Disrupted && v.Stored && !v.Deletion {
				return false
			}
		}
		return accepted == 0 || accepted <= from.PDB.Allowed && to.PDB.Allowed == from.PDB.Allowed-accepted
	}).WhenInPlace(when((*Pod).toEvict))
}

// stayHealthy is P-PDB-H, judged where an eviction marks a ready pod.
func stayHealthy(y *system) check.Property[State] {
	return y.ofActions("P-PDB-H", func(from, to *State) bool {
		evicted, healthy := false, 0
		for i := range to.used() {
			a, b := &from.Pods[i], &to.Pods[i]
			if a.Owner == 0 || a.Unlabelled || !a.Active() || !a.Ready {
				continue
			}
			if b.Active() {
				healthy++
			} else {
				evicted = true
			}
		}
		return !evicted || healthy >= y.Disruption.desiredHealthy(int(to.Owner.Replicas))
	}, "Drain.Evict", "Eviction.Delete").WhenInPlace(when((*Pod).toEvict))
}

// toEvict reports whether a drain has listed the pod and is not done with it.
func (p *Pod) toEvict() bool { return p.Drain != NotDrained }

func needsBudget(y *system) string {
	switch {
	case y.Disruption.Limit == NoLimit:
		return "there is no PodDisruptionBudget in this scenario"
	case y.Faults[DrainNode] == 0:
		return "nobody evicts a pod in this scenario: see --fault drain=1"
	}
	return ""
}

// drainMayWait says why a drain may have to ask for ever.
func drainMayWait(y *system) string {
	switch unusable := int(y.Faults[Cordon] + y.Faults[DrainNode]); {
	case y.Faults[DrainNode] == 0:
		return "nobody drains a node in this scenario: see --fault drain=1"
	case !y.budgeted:
		return ""
	case y.Disruption.desiredHealthy(y.Replicas) >= y.Replicas:
		return "the PodDisruptionBudget never allows an eviction"
	case unusable >= y.Nodes || y.short() != "":
		return "there may be no room for the replacements of evicted pods, and without them the PodDisruptionBudget allows no more"
	case !y.onlyFaults(Cordon, Uncordon, DrainNode, Restart, PodDelete):
		return "something else than evictions may leave fewer ready pods than the PodDisruptionBudget demands"
	}
	return ""
}

// onlyFaults reports whether no other faults than these can happen.
func (y *system) onlyFaults(these ...Fault) bool {
	rest := y.Faults
	for _, f := range these {
		rest[f] = 0
	}
	return rest == Budget{}
}

func drainMutations() []Mutation {
	drain := func(d Disruption) Scenario {
		return Scenario{Replicas: 2, Nodes: 2, Lag: 1, Start: StartRunning, Disruption: d, Faults: Budget{DrainNode: 1}}
	}
	one, all := Disruption{Limit: MinAvailable, Value: 1}, Disruption{Limit: MaxUnavailable, Value: 100, Percent: true}
	return []Mutation{
		{"pdb.retryWithOldNumbers", "B42", "the disruption controller writes numbers computed before an eviction over it",
			"P-PDB", drain(all), func(b *bugs) { b.pdbRetryWithOldNumbers = true }},
		{"pdb.noDisruptedPods", "B43", "the disruption controller counts an evicted pod as healthy until it sees its deletion",
			"P-PDB-H", drain(one), func(b *bugs) { b.pdbNoDisruptedPods = true }},
		{"pdb.controllerDown", "B44", "the disruption controller computes no status: what evictions have taken is never given back",
			"L-DRAIN", drain(one), func(b *bugs) { b.pdbControllerDown = true }},
	}
}
