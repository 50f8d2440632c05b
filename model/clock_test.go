package model_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
)

// Without an order of time healthy nodes are judged, and nothing is promised to
// happen; what no timer has a part in holds all the same.
func TestUntimed(t *testing.T) {
	long(t)
	for version, states := range map[model.Version]uint64{model.V1_37: 139_092, model.V1_9: 10_503} {
		t.Run(version.String(), func(t *testing.T) {
			s := model.Scenario{Version: version, Replicas: 1, Nodes: 2, Pods: 1, Untimed: true, Start: model.StartRunning}
			m := build(t, s)
			r := run(t, m, check.Options{Symmetry: true, Continue: true})
			require.Equal(t, states, r.Stats.Distinct)
			for i, res := range r.Results {
				require.NotEqual(t, model.Liveness, m.Claims[i].Status)
				require.Equal(t, check.Incomplete, res.Verdict, res.Property)
				require.ErrorIs(t, res.Reason, check.ErrBound, "pods without limit are evicted")
			}
			m.Properties = append(m.Properties[:0], check.Invariant("no healthy node is judged", func(s model.State) bool {
				return s.Nodes[0].Ready == model.True && s.Nodes[1].Ready == model.True
			}))
			require.Equal(t, check.Violated, run(t, m, check.Options{Symmetry: true}).Verdict())
		})
	}
}

// Where nothing can be evicted the pods are as many as ever, and there is a
// proof: expectations that expire at any moment are no harm in 1.37.
func TestUntimedExpectations(t *testing.T) {
	long(t)
	s := model.Scenario{Replicas: 1, Nodes: 1, Pods: 2, Untimed: true}
	r := run(t, build(t, s), check.Options{Symmetry: true, Continue: true})
	require.Equal(t, uint64(63_864), r.Stats.Distinct)
	for _, res := range r.Results {
		require.ErrorIs(t, res.Reason, check.ErrBound, "the healthy node is judged and evicted again and again")
	}
	require.Empty(t, build(t, s).WhyUnclaimed("P-OVER2"))
	s.Version, s.Lag, s.Pods = model.V1_9, 2, 2
	require.NotEmpty(t, build(t, s).WhyUnclaimed("P-OVER2"))
	require.Equal(t, check.Violated, resultOf(t, s, "P-OVER2").Verdict)
}

// A timer outruns what would have stopped it.
func TestUntimedEviction(t *testing.T) {
	s := model.Scenario{Replicas: 1, Nodes: 2, Lag: 1, Pods: 2, Untimed: true, Start: model.StartRunning,
		Faults: model.Budget{model.Partition: 1, model.Heal: 1}}
	for _, id := range []string{"P-CANCEL", "P-EVICT-WHY"} {
		require.NotEmpty(t, build(t, s).WhyUnclaimed(id))
		require.Equal(t, check.Violated, resultOf(t, s, id).Verdict, id)
	}
}
