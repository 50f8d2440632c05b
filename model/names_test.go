package model_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
)

// forced is a user's pod that runs, is deleted by force and is created again.
var forced = model.Scenario{Nodes: 1, Lag: 1, BarePods: 1, Start: model.StartRunning,
	Faults: model.Budget{model.ForceDelete: 1, model.PodRecreate: 1}}

// taken requires that the search took each of the actions.
func taken(t *testing.T, r *check.Report[model.State], actions ...string) {
	t.Helper()
	counts := map[string]uint64{}
	for _, a := range r.Actions {
		counts[a.Name] = a.Taken
	}
	for _, name := range actions {
		require.Positive(t, counts[name], name)
	}
}

// Of one model, all that is claimed holds, and the count is known.
func requireClaims(t *testing.T, s model.Scenario, states uint64, actions ...string) {
	t.Helper()
	m := build(t, s)
	r := run(t, m, check.Options{Continue: true})
	require.NoError(t, r.Err())
	require.Equal(t, states, r.Stats.Distinct)
	taken(t, r, actions...)
}

// requireNot requires a counterexample, and that it goes away with the repairs.
func requireNot(t *testing.T, property string, s model.Scenario, repairs ...string) {
	t.Helper()
	m := build(t, s, property)
	require.NotEmpty(t, m.WhyUnclaimed(property))
	require.Equal(t, check.Violated, run(t, m, check.Options{Symmetry: true}).Results[0].Verdict, property)
	if len(repairs) > 0 {
		s.Mutations = repairs
		r := run(t, build(t, s, property), check.Options{Symmetry: true}).Results[0]
		require.Equal(t, check.Holds, r.Verdict, "%s with %v", property, repairs)
	}
}

func TestForceDelete(t *testing.T) {
	requireClaims(t, forced, 178, "User.ForceDelete", "API.RemoveByName", "User.Recreate")
}

// A force delete marks and removes in two writes, both by name: it removes the
// pod that was created between them (hazard of 2.3, confirmed).
func TestForceDeleteHitsNamesake(t *testing.T) {
	requireNot(t, "P-DEL-TARGET-FORCE", forced, "api.removeWithUID")
}

// evicted is the same with a second node, when the first one fails.
var evicted = model.Scenario{Nodes: 2, Lag: 1, BarePods: 1, Start: model.StartRunning,
	Faults: model.Budget{model.NodeCrash: 1, model.ForceDelete: 1, model.PodRecreate: 1}}

func TestEvictionByName(t *testing.T) {
	requireClaims(t, evicted, 10043, "TaintEviction.Get", "TaintEviction.Delete", "TaintEviction.Finish", "TaintEviction.Cancel")

	plain := evicted // nothing is split where no name is used again
	plain.Faults[model.PodRecreate] = 0
	requireClaims(t, plain, 1005, "TaintEviction.Delete")
}

// An eviction hits the pod that was created under the name meanwhile (B12): the
// timer goes by name, and so do the read and the delete. It takes both repairs.
func TestEvictionHitsNamesake(t *testing.T) {
	requireNot(t, "P-DEL-TARGET-TAINT", evicted, "taint.keyByUID", "taint.deleteWithUID")
	for _, half := range []string{"taint.keyByUID", "taint.deleteWithUID"} {
		s := evicted
		s.Mutations = []string{half}
		requireNot(t, "P-DEL-TARGET-TAINT", s)
	}
}

// A replacement that is in the cache before the worker looks for the old pod
// inherits its timer, and is evicted from a node that is well (B12).
func TestTimerIsInherited(t *testing.T) {
	requireNot(t, "P-EVICT-WHY", evicted, "taint.keyByUID")

	s := evicted
	s.Faults[model.NodeReturn] = 1
	requireNot(t, "P-CANCEL", s)
}

// While the eviction of the old pod is being carried out its replacement gets no
// timer, and stays on the tainted node (#107543).
func TestTimerIsSuppressed(t *testing.T) {
	s := evicted
	s.Toleration = model.TolerateNot
	requireNot(t, "L-EVICT", s, "taint.keyByUID")
}
