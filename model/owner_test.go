package model_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
)

// owned is one replica on one node whose owner changes.
func owned(start model.Start, p model.Propagation, faults model.Budget) model.Scenario {
	return model.Scenario{Name: "web", Replicas: 1, Nodes: 1, Lag: 1, Start: start, Propagation: p, Faults: faults}
}

func withStatus(s model.Scenario) model.Scenario {
	s.Status = true
	return s
}

// Every claim holds, the state counts are pinned, and what the scenario is
// about happens.
func TestOwner(t *testing.T) {
	long(t)
	const empty, running = model.StartEmpty, model.StartRunning
	for _, c := range []struct {
		name   string
		s      model.Scenario
		orbits uint64
		steps  uint64
		taken  []string
	}{
		{"deleted in background", owned(empty, model.PropagateBackground, model.Budget{model.OwnerDelete: 1}), 143, 310,
			[]string{"User.DeleteReplicaSet", "GarbageCollector.Delete"}},
		{"deleted and created again", owned(empty, model.PropagateBackground, model.Budget{model.OwnerDelete: 1, model.OwnerCreate: 1}), 1433, 3894,
			[]string{"User.CreateReplicaSet", "GarbageCollector.Delete"}},
		{"deleted in foreground", owned(empty, model.PropagateForeground, model.Budget{model.OwnerDelete: 1}), 333, 794,
			[]string{"GarbageCollector.Delete", "GarbageCollector.RemoveFinalizer"}},
		{"deleted in foreground and created again", owned(running, model.PropagateForeground, model.Budget{model.OwnerDelete: 1, model.OwnerCreate: 1}), 42, 58,
			[]string{"GarbageCollector.RemoveFinalizer", "User.CreateReplicaSet", "ReplicaSet.Create"}},
		{"dependents let go", owned(empty, model.PropagateOrphan, model.Budget{model.OwnerDelete: 1}), 409, 939,
			[]string{"GarbageCollector.Orphan", "GarbageCollector.RemoveFinalizer", "GarbageCollector.Delete"}},
		{"dependents let go and adopted", owned(running, model.PropagateOrphan, model.Budget{model.OwnerDelete: 1, model.OwnerCreate: 1}), 192, 398,
			[]string{"GarbageCollector.Orphan", "ReplicaSet.CheckOwner", "ReplicaSet.Adopt", "ReplicaSet.Delete"}},
		{"a pod is released", owned(running, 0, model.Budget{model.Relabel: 1}), 29, 43,
			[]string{"ReplicaSet.Release", "ReplicaSet.Create"}},
		{"a pod is released and adopted", owned(running, 0, model.Budget{model.Relabel: 2}), 505, 1107,
			[]string{"ReplicaSet.Release", "ReplicaSet.Create", "ReplicaSet.CheckAndAdopt", "ReplicaSet.Delete"}},
		{"status", withStatus(owned(empty, 0, model.Budget{})), 135, 308,
			[]string{"ReplicaSet.ComputeStatus", "ReplicaSet.WriteStatus"}},
		{"status of a spec that changes", withStatus(owned(running, 0, model.Budget{model.Scale: 1})), 286, 619,
			[]string{"ReplicaSet.ComputeStatus", "ReplicaSet.WriteStatus", "User.Scale"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := run(t, build(t, c.s), check.Options{Symmetry: true, Continue: true})
			require.NoError(t, r.Err())
			require.Equal(t, [2]uint64{c.orbits, c.steps}, [2]uint64{r.Stats.Distinct, r.Stats.Generated}, "orbits, steps between them")
			for _, a := range c.taken {
				require.True(t, slices.ContainsFunc(r.Actions, func(s check.ActionStats) bool { return s.Name == a && s.Taken > 0 }), a)
			}
		})
	}
}

// What is not guaranteed has a counterexample in the true model, and so has
// what rests on an assumption where that fails; and nobody claims either.
func TestOwnerCounterexamples(t *testing.T) {
	again := func(start model.Start, p model.Propagation, deletes, creates uint8) model.Scenario {
		return owned(start, p, model.Budget{model.OwnerDelete: deletes, model.OwnerCreate: creates})
	}
	relabelled := owned(model.StartRunning, model.PropagateBackground, model.Budget{model.OwnerDelete: 1, model.Relabel: 2})
	old := owned(model.StartRunning, model.PropagateOrphan, model.Budget{model.OwnerDelete: 1, model.Relabel: 2})
	old.Version = model.V1_9
	for _, c := range []struct {
		id, why string
		s       model.Scenario
		last    string // action of the step that breaks it
	}{
		{"P-ADOPT-LIVE", "the owner is deleted between the check and the patch", relabelled, "ReplicaSet.Adopt"},
		{"P-ADOPT-LIVE", "the same, of the second owner", again(model.StartRunning, model.PropagateOrphan, 2, 1), "ReplicaSet.Adopt"},
		{"P-ORPHAN", "what the first owner spared is adopted for the second, which is gone", again(model.StartRunning, model.PropagateOrphan, 2, 1), "GarbageCollector.RemoveFinalizer"},
		{"P-ORPHAN", "1.9: a sync that does not see its own adoption adopts again", old, "ReplicaSet.Adopt"},
		{"P-ORPHAN-LAG", "the graph lacks a pod that was just created", again(model.StartEmpty, model.PropagateOrphan, 1, 0), "GarbageCollector.RemoveFinalizer"},
		{"P-OVER2", "a pod with its label back comes on top of its replacement", owned(model.StartRunning, 0, model.Budget{model.Relabel: 2}), "ReplicaSet.CheckAndAdopt"},
		{"P-OVER2", "a namesake creates before it sees the pods that were let go", again(model.StartRunning, model.PropagateOrphan, 1, 1), "ReplicaSet.Adopt"},
		{"P-STATUS-MONO", "B56: numbers of an older generation are put over a newer one", withStatus(owned(model.StartRunning, 0, model.Budget{model.Scale: 1})), "ReplicaSet.WriteStatus"},
		{"P-STATUS-MONO", "B56: numbers of one ReplicaSet are put over its namesake's", withStatus(again(model.StartRunning, 0, 1, 1)), "ReplicaSet.WriteStatus"},
	} {
		t.Run(c.id+" "+c.why, func(t *testing.T) {
			m := build(t, c.s, c.id)
			require.NotEmpty(t, m.WhyUnclaimed(c.id))
			r := run(t, m, check.Options{Symmetry: true}).Results[0]
			require.Equal(t, check.Violated, r.Verdict)
			require.Equal(t, c.last, r.Trace.Stem[len(r.Trace.Stem)-1].Action)
		})
	}
}

// Under its assumption each of them holds, and there is something to judge.
func TestOwnerAssumptions(t *testing.T) {
	letGo := owned(model.StartRunning, model.PropagateOrphan, model.Budget{model.OwnerDelete: 1, model.OwnerCreate: 1})
	for _, id := range []string{"P-ADOPT-LIVE", "P-ORPHAN"} {
		r := run(t, build(t, letGo, id), check.Options{Symmetry: true}).Results[0]
		require.Equal(t, check.Holds, r.Verdict, id)
		require.False(t, r.Vacuous, id)
	}
	// Where the graph has seen every dependent, and none is created, none is left.
	r := run(t, build(t, owned(model.StartRunning, model.PropagateOrphan, model.Budget{model.OwnerDelete: 1}), "P-ORPHAN-LAG"), check.Options{Symmetry: true}).Results[0]
	require.Equal(t, check.Holds, r.Verdict)
	// Without a new generation a status is never of an old one.
	r = run(t, build(t, withStatus(owned(model.StartRunning, 0, model.Budget{model.PodDelete: 1})), "P-STATUS-MONO"), check.Options{Symmetry: true}).Results[0]
	require.Equal(t, check.Holds, r.Verdict)
}

// Properties of owners that no mutation breaks are seen failing: by an action
// that does what nobody may do, or without one that somebody owes.
func TestOwnerPropertiesNotice(t *testing.T) {
	again := owned(model.StartEmpty, model.PropagateBackground, model.Budget{model.OwnerDelete: 1, model.OwnerCreate: 1})
	m := build(t, again, "P-OWN")
	m.Actions = append(m.Actions, check.Action[model.State]{Name: "Sabotage", Next: func(dst []model.State, s model.State) []model.State {
		if p := &s.Pods[0]; p.Stored() && s.Owner.UID == 2 && p.Owner == 1 {
			p.Owner = 2
			dst = append(dst, s)
		}
		return dst
	}})
	require.Equal(t, check.Violated, run(t, m, check.Options{}).Results[0].Verdict)

	again.Mutations = []string{"rs.keepExpectations"}
	require.Equal(t, check.Violated, run(t, build(t, again, "P-FORGET"), check.Options{Symmetry: true}).Results[0].Verdict)

	for _, c := range []struct {
		id, action string
		s          model.Scenario
	}{
		{"L-OWNER", "GarbageCollector.Delete", owned(model.StartEmpty, model.PropagateBackground, model.Budget{model.OwnerDelete: 1})},
		{"L-OWNER", "GarbageCollector.RemoveFinalizer", owned(model.StartEmpty, model.PropagateForeground, model.Budget{model.OwnerDelete: 1})},
		{"L-STATUS", "ReplicaSet.WriteStatus", withStatus(owned(model.StartEmpty, 0, model.Budget{}))},
		{"ESR", "ReplicaSet.CheckAndAdopt", owned(model.StartRunning, 0, model.Budget{model.Relabel: 2})},
		{"ESR", "ReplicaSet.Release", owned(model.StartRunning, 0, model.Budget{model.Relabel: 1})},
	} {
		t.Run(c.id+" without "+c.action, func(t *testing.T) {
			m := build(t, c.s, c.id)
			n := len(m.Actions)
			m.Actions = slices.DeleteFunc(m.Actions, func(a check.Action[model.State]) bool { return a.Name == c.action })
			require.Len(t, m.Actions, n-1)
			require.Equal(t, check.Violated, run(t, m, check.Options{Symmetry: true}).Results[0].Verdict)
		})
	}
}

// A controller that ignores the deletion of its owner creates pods as fast as
// the garbage collector deletes them: no number of pods is enough.
func TestIgnoredDeletionIsUnbounded(t *testing.T) {
	s := owned(model.StartRunning, model.PropagateForeground, model.Budget{model.OwnerDelete: 1})
	s.Mutations = []string{"rs.ignoreOwnDeletion"}
	for _, pods := range []int{2, 3} {
		s.Pods = pods
		require.ErrorIs(t, run(t, build(t, s, "L-OWNER"), check.Options{Symmetry: true}).Results[0].Reason, check.ErrBound)
	}
}

// A namesake of the ReplicaSet has a UID of its own, and there are few.
func TestOwnerScenarioValidate(t *testing.T) {
	_, err := model.New(owned(model.StartEmpty, 0, model.Budget{model.OwnerDelete: 3, model.OwnerCreate: 3}))
	require.ErrorContains(t, err, "owner-create=3")
	_, err = model.New(owned(model.StartEmpty, 3, model.Budget{}))
	require.ErrorContains(t, err, "propagation")
}
