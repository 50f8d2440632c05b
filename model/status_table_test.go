package model_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
)

// A statusRow shows the status of one claim.
type statusRow struct {
	id, why string
	// of A: where the assumption fails; of N: where it shows; of L and W: where
	// the claim holds.
	s model.Scenario
	// of A: makes the assumption true.
	assume func(s *model.Scenario)
}

func without(faults ...model.Fault) func(*model.Scenario) {
	return func(s *model.Scenario) {
		for _, f := range faults {
			s.Faults[f] = 0
		}
	}
}

func unplanted(s *model.Scenario) { s.Mutations = nil }

// on is one replica on some nodes.
func on(nodes int, faults model.Budget, switches ...string) model.Scenario {
	return failing(model.V1_37, nodes, 1, faults, switches...)
}

func inOld(s model.Scenario) model.Scenario {
	s.Version = model.V1_9
	return s
}

func fromEmpty(s model.Scenario) model.Scenario {
	s.Start = model.StartEmpty
	return s
}

func bare(s model.Scenario) model.Scenario {
	s.Replicas, s.BarePods = 0, 1
	return s
}

func limited(s model.Scenario) model.Scenario {
	s.Capacity = [model.MaxNodes]uint8{1}
	return s
}

func lettingGo(s model.Scenario) model.Scenario {
	s.Propagation = model.PropagateOrphan
	return s
}

func forEver(s model.Scenario) model.Scenario {
	s.Toleration, s.NotReady = model.TolerateForever, model.TolerateForever
	return s
}

// assumed shows each A without its assumption, and with it.
func assumed() []statusRow {
	type budget = model.Budget
	surplus := model.Scenario{Replicas: 2, Nodes: 1, Lag: 1, Start: model.StartRunning, NoGrace: true, Faults: budget{model.Scale: 1, model.ResponseLost: 1}}
	pastTheList := func(s model.Scenario) model.Scenario { s.Past = 1; return s }
	return []statusRow{
		{"P-OVER1", "the response to a create is lost", fromEmpty(on(1, budget{model.Scale: 1, model.ResponseLost: 1})), without(model.ResponseLost)},
		{"P-OVER2", "the response to a create is lost", fromEmpty(on(1, budget{model.ResponseLost: 1})), without(model.ResponseLost)},
		{"P-OVER2", "a create of a former leader is late", fromEmpty(on(1, budget{model.HandOver: 1})), without(model.HandOver)},
		{"P-OVER2", "a first list is stale", inOld(fromEmpty(on(1, budget{model.Restart: 1}))), func(s *model.Scenario) { s.Version = model.V1_37 }},
		{"P-UNDER2", "the response to a delete is lost", surplus, without(model.ResponseLost)},
		{"P-RESTART", "a first list is that of a lagging watch cache", inOld(pastTheList(fromEmpty(on(1, budget{model.Restart: 1})))), func(s *model.Scenario) { s.Version = model.V1_37 }},
		{"P-PHASE", "a kubelet reports that a pod which has ended runs", on(1, budget{model.PodDelete: 1, model.KubeletRestart: 1}, "kubelet.restartTerminated"), unplanted},
		{"P-TERM-NR", "pod GC writes that a pod has failed", on(1, budget{model.NodeDelete: 1, model.PodDelete: 1}), without(model.NodeDelete)},
		{"P-CANCEL", "no node is cleaned up while the breaker is tripped", on(2, budget{model.Partition: 1, model.Heal: 1, model.LeaseStall: 1}), without(model.LeaseStall)},
		{"P-TOLERATES", "a timer is inherited with the name of its pod (B12)",
			bare(on(2, budget{model.Partition: 1, model.Heal: 1, model.PodDelete: 1, model.PodRecreate: 1})), without(model.PodRecreate)},
		{"P-EVICT-WHY", "a node that is back fails again before its taint goes", on(2, budget{model.Partition: 1, model.Heal: 1, model.NodeBreak: 1}), without(model.NodeBreak)},
		{"P-EVICT-WHY", "no node is cleaned up while the breaker is tripped", on(2, budget{model.Partition: 1, model.Heal: 1, model.LeaseStall: 1}), without(model.LeaseStall)},
		{"P-FULL", "a node is tainted in the pass that finds all lost (B21)", on(1, budget{model.NodeCrash: 1}),
			func(s *model.Scenario) { s.Mutations = []string{"nlc.readLiveOnUntaint"} }},
		{"P-RATE", "a new process begins with a full bucket", failing(model.V1_37, 3, 0, budget{model.NodeCrash: 2, model.Restart: 1}), without(model.Restart)},
		{"P-EVICT-FRESH", "no lease is read live", on(2, budget{model.NodeCrash: 1, model.LeaseStall: 1}, "nlc.noLiveLeaseCheck"), unplanted},
		{"P-CAP", "a binding carries no UID", inOld(limited(model.Scenario{Replicas: 1, BarePods: 1, Nodes: 1, Lag: 1, Faults: budget{model.PodDelete: 1, model.PodRecreate: 1}})),
			func(s *model.Scenario) { s.Version = model.V1_37 }},
		{"P-NAME-RUN", "an object is deleted by force (B36)", bare(on(2, budget{model.ForceDelete: 1, model.PodRecreate: 1, model.Partition: 1})),
			func(s *model.Scenario) { s.Faults[model.ForceDelete], s.Faults[model.PodDelete] = 0, 1 }},
		{"P-ADOPT-LIVE", "an owner is deleted between the read of it and the patch", on(1, budget{model.OwnerDelete: 1, model.Relabel: 2}), without(model.OwnerDelete)},
		{"P-ORPHAN", "a second owner is deleted between the read of it and the patch", lettingGo(on(1, budget{model.OwnerDelete: 2, model.OwnerCreate: 1})),
			func(s *model.Scenario) { s.Faults[model.OwnerDelete] = 1 }},
		{"P-PDB-H", "a node fails", drained(2, keepOne, model.NodeCrash), without(model.NodeCrash)},
	}
}

// notGuaranteed shows each N.
func notGuaranteed() []statusRow {
	type budget = model.Budget
	named := func(id, name string) statusRow {
		s, err := model.ScenarioByName(name)
		if err != nil {
			panic(err)
		}
		return statusRow{id: id, why: "scenario " + name, s: s}
	}
	gone := bare(on(1, budget{model.NodeDelete: 1, model.PodDelete: 1, model.PodRecreate: 1}))
	crowded := limited(on(1, budget{model.NodeDelete: 1, model.KubeletRestart: 1}))
	crowded.Pods = 4
	return []statusRow{
		named("L-NOTREADY", "never-marked"),
		named("P-DEL-TARGET-FORCE", "forced"),
		named("P-DEL-TARGET-TAINT", "forced"),
		named("P-T-NOTREADY", "small"),
		named("P-STATUS-MONO", "status"),
		named("P-TAINT-KEPT", "leases-stall"),
		{id: "P-DEL-TARGET-NODE", why: "1.9", s: inOld(evicted)},
		{id: "P-DEL-TARGET-DRAIN", why: "B11", s: fromEmpty(bare(on(1, budget{model.DrainNode: 1, model.PodDelete: 1, model.PodRecreate: 1})))},
		{id: "P-DEL-TARGET-PODGC", why: "B26", s: gone},
		{id: "P-CAP-RUN", why: "a pod leaves its room before its container", s: crowded},
		{id: "P-RS-RUN", why: "a force delete", s: on(1, budget{model.ForceDelete: 1})},
		{id: "L-NOTREADY-FALSE", why: "B18", s: forEver(on(2, budget{model.NodeBreak: 1}))},
		{id: "P-ORPHAN-LAG", why: "the graph lacks a pod", s: fromEmpty(lettingGo(on(1, budget{model.OwnerDelete: 1})))},
		{id: "P-EVICT-WELL", why: "a timer outlives its Node", s: on(2, budget{model.Partition: 1, model.Heal: 1, model.NodeDelete: 1})},
		{id: "P-EVICT-EXIT", why: "1.9", s: inOld(on(2, budget{model.Partition: 2, model.Heal: 1}))},
	}
}

// promised shows each L and each W where it holds.
func promised() []statusRow {
	type budget = model.Budget
	crash := on(2, budget{model.NodeCrash: 1})
	return []statusRow{
		{id: "ESR", s: crash}, {id: "L-READY", s: crash}, {id: "L-EVICT", s: crash}, {id: "W-EIGHT", s: crash},
		{id: "L-BACK", s: on(2, budget{model.Partition: 1, model.Heal: 1})},
		{id: "L-GONE", s: on(1, budget{model.PodDelete: 1})},
		{id: "L-STOP", s: on(1, budget{model.NodeDelete: 1, model.KubeletRestart: 1})},
		{id: "L-ORPHAN", s: on(1, budget{model.NodeDelete: 1})},
		{id: "L-OWNER", s: fromEmpty(on(1, budget{model.OwnerDelete: 1}))},
		{id: "L-STATUS", s: withStatus(fromEmpty(on(1, budget{})))},
		{id: "L-DRAIN", s: drained(1, model.Disruption{})},
	}
}

// An A is violated, and not claimed, without its assumption; with it it is
// claimed, has something to say, and holds.
func TestAssumptionsMatter(t *testing.T) {
	long(t)
	for _, row := range assumed() {
		t.Run(row.id+" "+row.why, func(t *testing.T) {
			if len(row.s.Mutations) == 0 { // a planted bug takes no claim back
				require.NotEmpty(t, build(t, row.s).WhyUnclaimed(row.id))
			}
			requireViolated(t, row.s, row.id)
			row.assume(&row.s)
			require.Empty(t, build(t, row.s).WhyUnclaimed(row.id))
			requireHolds(t, row.s, row.id)
		})
	}
}

// An N has a counterexample.
func TestNotGuaranteedIsViolated(t *testing.T) {
	long(t)
	for _, row := range notGuaranteed() {
		t.Run(row.id+" "+row.why, func(t *testing.T) { requireViolated(t, row.s, row.id) })
	}
}

// An L and a W hold where they are claimed. An L needs the fairness that its
// assumption names: it is violated when nobody owes anything.
func TestLivenessNeedsFairness(t *testing.T) {
	long(t)
	for _, row := range promised() {
		t.Run(row.id, func(t *testing.T) {
			require.Empty(t, build(t, row.s).WhyUnclaimed(row.id))
			requireHolds(t, row.s, row.id)
			m := build(t, row.s, row.id)
			for i := range m.Actions {
				m.Actions[i].Fair = check.Unfair
			}
			want := check.Violated
			if m.Claims[0].Status == model.Witness {
				want = check.Holds
			}
			require.Equal(t, want, run(t, m, check.Options{Symmetry: true}).Results[0].Verdict)
		})
	}
}

// Each claim of the catalogue is shown to be what its status says. (G is shown
// for all of them together, in TestPairsOfFaults and TestEveryFaultAtOnce.)
func TestEveryStatusIsShown(t *testing.T) {
	shown := map[string]model.Status{}
	for status, rows := range map[model.Status][]statusRow{model.Assumed: assumed(), model.NotGuaranteed: notGuaranteed(), model.Liveness: promised()} {
		for _, row := range rows {
			shown[row.id] = status
		}
	}
	for _, c := range model.Catalogue() {
		switch c.Status {
		case model.Guaranteed:
			require.NotContains(t, shown, c.ID)
		case model.Witness:
			require.Equal(t, model.Liveness, shown[c.ID], c.ID)
		default:
			require.Equal(t, c.Status, shown[c.ID], c.ID)
		}
	}
}
