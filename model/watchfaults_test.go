package model_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
)

// Expectations expire while a watch stalls. In 1.9 the controller then creates
// again; in 1.37 it waits to see what it was told that it created.
func TestExpectationsExpire(t *testing.T) {
	s := model.Scenario{Replicas: 1, Nodes: 1, Lag: 2, Faults: model.Budget{model.WatchStall: 1}}
	counts(t, s, 146, "Fault.StallWatch", "KCM.ResumeWatch", "Tick")
	s.Version = model.V1_9
	counts(t, s, 1_436, "Fault.StallWatch", "KCM.ResumeWatch", "ReplicaSet.Delete")
	require.Contains(t, build(t, s).WhyUnclaimed("P-OVER2"), "expire")
	require.Equal(t, check.Violated, resultOf(t, s, "P-OVER2").Verdict)
}

// Deletes have no such gate, in any version.
func TestExpectedDeletesExpire(t *testing.T) {
	s := model.Scenario{Replicas: 2, Nodes: 1, Lag: 1, Start: model.StartRunning, NoGrace: true, Faults: model.Budget{model.Scale: 1, model.WatchStall: 1}}
	require.Contains(t, build(t, s).WhyUnclaimed("P-UNDER2"), "expire")
	require.Equal(t, check.Violated, resultOf(t, s, "P-UNDER2").Verdict)
	counts(t, s, 1_964, "ReplicaSet.Delete", "Fault.StallWatch")
	s.Faults[model.WatchStall], s.Faults[model.Restart] = 0, 1
	require.Empty(t, build(t, s).WhyUnclaimed("P-UNDER2"))
	require.Equal(t, check.Holds, resultOf(t, s, "P-UNDER2").Verdict, "a new process begins with a consistent list")
}

// A taint that is not seen to go evicts the pods of a healthy node.
func TestStalledNodes(t *testing.T) {
	s := model.Scenario{Replicas: 1, Nodes: 2, Lag: 1, Pods: 2, Start: model.StartRunning,
		Faults: model.Budget{model.WatchStall: 1, model.Partition: 1, model.Heal: 1}}
	for _, id := range []string{"P-CANCEL", "P-EVICT-WHY"} {
		require.Contains(t, build(t, s).WhyUnclaimed(id), "stall")
		require.Equal(t, check.Violated, resultOf(t, s, id).Verdict, id)
	}
}

// A relist passes over what came and went: the pod that nobody saw is waited
// for until its expectation expires.
func TestRelist(t *testing.T) {
	s := model.Scenario{Replicas: 1, Nodes: 1, Lag: 2, Faults: model.Budget{model.Relist: 1, model.PodDelete: 1}}
	counts(t, s, 2_074, "Fault.Relist")
	m := build(t, s, "P-WATCH")
	m.Properties = append(m.Properties, check.Reachable("waits for nothing", func(s model.State) bool {
		return s.KCM.ExpectAdd > 0 && s.KCM.ToCreate == 0 && s.KCM.Pods.Len == 0
	}))
	require.NoError(t, run(t, m, check.Options{Symmetry: true}).Err())
}

// In 1.9 a relist may go back, and what was there is created again.
func TestRelistGoesBack(t *testing.T) {
	s := model.Scenario{Version: model.V1_9, Replicas: 1, Nodes: 1, Lag: 1, Past: 1, Faults: model.Budget{model.Relist: 1}}
	counts(t, s, 1_214, "Fault.Relist", "ReplicaSet.Delete")
	for _, id := range []string{"P-WATCH", "P-OVER2"} {
		require.NotEmpty(t, build(t, s).WhyUnclaimed(id))
		require.Equal(t, check.Violated, resultOf(t, s, id).Verdict, id)
	}
	s.Past = 0
	for _, id := range []string{"P-WATCH", "P-OVER2"} {
		require.Empty(t, build(t, s).WhyUnclaimed(id))
		require.Equal(t, check.Holds, resultOf(t, s, id).Verdict, id)
	}
}
