package model_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
)

// A node that is cordoned from the start keeps its pods and gets no other, until
// somebody takes it back.
func TestCordonedFromTheStart(t *testing.T) {
	arrives := func(s model.Scenario) check.Verdict {
		m := build(t, s)
		m.Properties = append(m.Properties[:0], check.Transition("none arrives", func(from, to model.State) bool {
			for i := range to.Pods {
				if from.Pods[i].Node == 0 && to.Pods[i].Node == 2 {
					return false
				}
			}
			return true
		}))
		return run(t, m, check.Options{}).Verdict()
	}
	s := model.Scenario{Replicas: 1, Nodes: 2, Lag: 1, Start: model.StartRunning, Cordoned: [model.MaxNodes]bool{false, true},
		Faults: model.Budget{model.PodDelete: 1}}
	require.NoError(t, run(t, build(t, s), check.Options{Symmetry: true}).Err())
	require.Equal(t, check.Holds, arrives(s))
	s.Faults[model.Uncordon] = 1
	require.Equal(t, check.Violated, arrives(s))
}

// Nodes that start alike have to be next to one another.
func TestNodesInOrder(t *testing.T) {
	for _, s := range []model.Scenario{
		{Nodes: 3, Zones: [model.MaxNodes]uint8{0, 1, 0}},
		{Nodes: 2, Capacity: [model.MaxNodes]uint8{2, 1}},
		{Nodes: 2, Cordoned: [model.MaxNodes]bool{true, false}},
	} {
		require.ErrorContains(t, s.Validate(), "must follow one another")
	}
}
