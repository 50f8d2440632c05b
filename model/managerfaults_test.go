package model_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
)

// Creates and deletes of a former leader arrive beside those of the new one.
func TestHandOver(t *testing.T) {
	long(t)
	s := model.Scenario{Replicas: 1, Nodes: 1, Lag: 1, Faults: model.Budget{model.HandOver: 1}}
	counts(t, s, 1_127, "Fault.HandOver", "Former.Create", "ReplicaSet.Delete")
	require.Contains(t, build(t, s).WhyUnclaimed("P-OVER2"), "former leader")
	require.Equal(t, check.Violated, resultOf(t, s, "P-OVER2").Verdict)

	m := build(t, s, "P-OVER2")
	m.Actions = slices.DeleteFunc(m.Actions, func(a check.Action[model.State]) bool { return a.Name == "Former.Create" })
	require.Equal(t, check.Holds, run(t, m, check.Options{Symmetry: true}).Results[0].Verdict, "nothing is late")

	s = model.Scenario{Replicas: 2, Nodes: 1, Lag: 1, Start: model.StartRunning, NoGrace: true, Faults: model.Budget{model.HandOver: 1, model.Scale: 1}}
	counts(t, s, 3_100, "Fault.HandOver", "Former.Delete")
	for _, id := range []string{"P-UNDER2", "P-OVER1"} {
		require.Equal(t, check.Violated, resultOf(t, s, id).Verdict, id)
	}
}

// An eviction of a former leader arrives although the new one has taken the
// taint off, whose pods then have their whole toleration before them.
func TestHandOverInEviction(t *testing.T) {
	s := model.Scenario{Replicas: 1, Nodes: 2, Lag: 1, Start: model.StartRunning, Faults: model.Budget{model.HandOver: 1, model.NodeCrash: 1}}
	counts(t, s, 7_222, "Fault.HandOver", "Former.Delete", "TaintEviction.Delete")
}

func TestRestartGoesBack(t *testing.T) {
	s := model.Scenario{Version: model.V1_9, Replicas: 1, Nodes: 1, Lag: 1, Past: 1, Faults: model.Budget{model.Restart: 1}}
	require.NotEmpty(t, build(t, s).WhyUnclaimed("P-RESTART"))
	require.Equal(t, check.Violated, resultOf(t, s, "P-RESTART").Verdict)
	counts(t, s, 1_423, "Fault.RestartKCM")
	s.Past = 0
	require.Equal(t, check.Holds, resultOf(t, s, "P-RESTART").Verdict, "as stale as the last process, but not more")
	s.Version, s.Past = model.V1_37, 1
	require.Equal(t, check.Holds, resultOf(t, s, "P-RESTART").Verdict)
	s.Mutations = []string{"reflector.kcmFirstListStale"}
	require.Equal(t, check.Violated, resultOf(t, s, "P-RESTART").Verdict)
}

// Restarts that never stop put an eviction off for ever: the timers begin anew,
// and the taints of all nodes are taken off first (hazard B55).
func TestEndlessRestarts(t *testing.T) {
	s := model.Scenario{Replicas: 1, Nodes: 2, Lag: 1, Start: model.StartRunning,
		Faults: model.Budget{model.NodeCrash: 1, model.Restart: model.Unlimited}}
	m := build(t, s)
	for _, c := range m.Claims {
		require.NotEqual(t, model.Liveness, c.Status, c.ID)
	}
	require.Contains(t, m.WhyUnclaimed("L-EVICT"), "faults never stop")
	counts(t, s, 404, "Fault.RestartKCM", "NodeLifecycle.Untaint")

	res := resultOf(t, s, "L-EVICT")
	require.Equal(t, check.Violated, res.Verdict)
	require.True(t, slices.ContainsFunc(res.Trace.Cycle, func(st check.Step[model.State]) bool { return st.Action == "Fault.RestartKCM" }))
	s.Faults[model.Restart] = 2
	require.Equal(t, check.Holds, resultOf(t, s, "L-EVICT").Verdict, "two restarts do not")
}
