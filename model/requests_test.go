package model_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
)

// resultOf is what a run says about one property of a scenario.
func resultOf(t *testing.T, s model.Scenario, id string) check.Result[model.State] {
	t.Helper()
	return run(t, build(t, s, id), check.Options{Symmetry: true}).Result(id)
}

// counts asserts the size of a scenario of which everything that is claimed
// holds, and that these actions were taken in it.
func counts(t *testing.T, s model.Scenario, states uint64, taken ...string) {
	t.Helper()
	r := run(t, build(t, s), check.Options{Symmetry: true, Continue: true})
	require.NoError(t, r.Err())
	require.Equal(t, states, r.Stats.Distinct, "states")
	actions := map[string]uint64{}
	for _, a := range r.Actions {
		actions[a.Name] = a.Taken
	}
	for _, name := range taken {
		require.NotZero(t, actions[name], name)
	}
}

// A create whose response is lost is sent again: there is one pod too many, and
// the controller deletes one.
func TestLostCreate(t *testing.T) {
	s := model.Scenario{Replicas: 1, Nodes: 1, Lag: 1, Faults: model.Budget{model.ResponseLost: 1}}
	counts(t, s, 1_088, "ReplicaSet.Delete")
	require.Contains(t, build(t, s).WhyUnclaimed("P-OVER2"), "lost")
	res := resultOf(t, s, "P-OVER2")
	require.Equal(t, check.Violated, res.Verdict)
	require.True(t, slices.ContainsFunc(res.Trace.Stem, func(st check.Step[model.State]) bool {
		return st.Label == "ReplicaSet.Create(pod-a), response lost"
	}), "the trace says so")
	s.Faults[model.Scale] = 1
	require.Contains(t, build(t, s).WhyUnclaimed("P-OVER1"), "lost")
	require.Equal(t, check.Violated, resultOf(t, s, "P-OVER1").Verdict)
	s.Faults[model.ResponseLost] = 0
	require.Equal(t, check.Holds, resultOf(t, s, "P-OVER1").Verdict)
}

// A delete whose response is lost is decided again, about another pod: no gate
// knows of it before the cache shows the first.
func TestLostDelete(t *testing.T) {
	long(t)
	s := model.Scenario{Replicas: 2, Nodes: 1, Lag: 1, Start: model.StartRunning, NoGrace: true, Faults: model.Budget{model.Scale: 1, model.ResponseLost: 1}}
	require.Contains(t, build(t, s).WhyUnclaimed("P-UNDER2"), "lost")
	require.Equal(t, check.Violated, resultOf(t, s, "P-UNDER2").Verdict)
	require.Equal(t, check.Holds, resultOf(t, s, "P-UNDER").Verdict, "in its own view it is right")
	require.Equal(t, check.Holds, resultOf(t, s, "ESR").Verdict)
	s.Faults[model.ResponseLost] = 0
	counts(t, s, 46, "ReplicaSet.Delete")
	s.Faults[model.RequestFail] = 1
	counts(t, s, 89, "ReplicaSet.Delete")
}

// A scheduler that was told that its binding failed may decide for another
// node; the API server refuses that.
func TestLostBinding(t *testing.T) {
	s := model.Scenario{Replicas: 1, Nodes: 2, Lag: 1, Faults: model.Budget{model.ResponseLost: 1}}
	m := build(t, s, "P-NODE1", "L-READY")
	m.Properties = append(m.Properties, check.Reachable("bound to one node, decided for another", func(s model.State) bool {
		p := s.Pods[0]
		return p.Node != 0 && p.Assumed != 0 && p.Node != p.Assumed
	}))
	require.NoError(t, run(t, m, check.Options{Symmetry: true}).Err())
}

// Creates go out in batches of 1, 2, 4 ..., and a failure ends the sync with its
// batch.
func TestSlowStart(t *testing.T) {
	s := model.Scenario{Replicas: 4, Nodes: 1, Faults: model.Budget{model.RequestFail: 1}}
	m := build(t, s, "ESR", "P-OVER2")
	failed := func(a, b *model.State) bool {
		return a.KCM.ToCreate > 0 && b.Budget[model.RequestFail] < a.Budget[model.RequestFail]
	}
	m.Properties = append(m.Properties,
		check.TransitionInPlace("the rest of its batch is sent, and nothing else expected", func(a, b *model.State) bool {
			return !failed(a, b) || b.KCM.ToCreate == a.KCM.Batch-1 && b.KCM.ExpectAdd == b.KCM.ToCreate
		}, "ReplicaSet.Create"),
		check.Reachable("a second batch of two", func(s model.State) bool { return s.KCM.Batch == 2 && s.KCM.ToCreate == 3 }),
		check.Reachable("a third of the one that is left", func(s model.State) bool { return s.KCM.Batch == 1 && s.KCM.BatchSize == 1 && s.Pods[2].Stored() }),
		check.Reachable("the second batch goes on after a failure", func(s model.State) bool { return s.Budget[model.RequestFail] == 0 && s.KCM.ToCreate == 1 }),
	)
	require.NoError(t, run(t, m, check.Options{Symmetry: true}).Err())
}

// Five failed tries, and taint eviction has forgotten the pod (#140639).
func TestLostEviction(t *testing.T) {
	s := model.Scenario{Replicas: 1, Nodes: 2, Lag: 1, Start: model.StartRunning, Faults: model.Budget{model.NodeCrash: 1, model.RequestFail: 1}}
	counts(t, s, 116, "TaintEviction.Delete")
	for _, id := range []string{"L-EVICT", "L-READY"} {
		require.Contains(t, build(t, s).WhyUnclaimed(id), "#140639")
		require.Equal(t, check.Violated, resultOf(t, s, id).Verdict, id)
	}
	s.Mutations = []string{"taint.retryForever"}
	require.Empty(t, build(t, s).WhyUnclaimed("L-EVICT"))
	counts(t, s, 114, "TaintEviction.Delete")
}

// The node controller of 1.9 marks the pods of a node that it has judged, once.
func TestLostMark(t *testing.T) {
	s := model.Scenario{Replicas: 1, Nodes: 2, Lag: 1, Start: model.StartRunning, Toleration: model.TolerateForever,
		Faults: model.Budget{model.NodeCrash: 1, model.RequestFail: 1}}
	require.Equal(t, check.Holds, resultOf(t, s, "L-NOTREADY").Verdict, "1.37 tries again")
	s.Version = model.V1_9
	require.Equal(t, check.Violated, resultOf(t, s, "L-NOTREADY").Verdict)
	s.Faults[model.RequestFail] = 0
	require.Equal(t, check.Holds, resultOf(t, s, "L-NOTREADY").Verdict)
	s.Faults[model.RequestFail] = 1
	counts(t, s, 110, "NodeLifecycle.MarkPod")
}
