package check_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/internal/classic"
)

func TestDepthFirstVisitsTheSameStates(t *testing.T) {
	for _, visited := range []check.Visited{check.Exact, check.Fingerprint} {
		r := sameAtAnyWorkerCount(t, classic.TwoPhaseCommit(5), check.Options{Order: check.DepthFirst, Visited: visited})
		require.NoError(t, r.Err())
		require.EqualValues(t, 8_832, r.Stats.Distinct)
		require.EqualValues(t, 58_146, r.Stats.Generated)
		require.EqualValues(t, 8_832, r.Stats.Explored)
		require.GreaterOrEqual(t, r.Stats.Depth, 17)
		require.Nil(t, r.Stats.Levels)
	}
}

func TestDepthFirstGoesDeepFirst(t *testing.T) {
	m := gridModel(300, check.Invariant("p", func(s grid) bool { return s.X+s.Y < 400 }))
	r := sameAtAnyWorkerCount(t, m, check.Options{Order: check.DepthFirst})
	require.Equal(t, check.Violated, r.Verdict())
	require.Len(t, r.Results[0].Trace.Stem, 401)
	require.Less(t, r.Stats.Explored, uint64(1000), "breadth first it is 80,000")
}

func TestDepthFirstWithinBounds(t *testing.T) {
	claims := []check.Property[grid]{check.Invariant("false", notAt(3, 3)), check.Reachable("far", at(9, 9)), check.Invariant("true", anything)}
	r := sameAtAnyWorkerCount(t, gridModel(9, claims...), check.Options{Order: check.DepthFirst, MaxDepth: 6, Continue: true})
	require.Equal(t, check.Violated, r.Result("false").Verdict)
	require.Len(t, r.Result("false").Trace.Stem, 7)
	for _, name := range []string{"far", "true"} {
		require.ErrorIs(t, r.Result(name).Reason, check.ErrMaxDepth)
	}
	r = sameAtAnyWorkerCount(t, gridModel(9, claims[1:]...), check.Options{Order: check.DepthFirst, MaxStates: 50})
	require.ErrorIs(t, r.Result("true").Reason, check.ErrMaxStates)
	require.Less(t, r.Stats.Distinct, uint64(53))
}

func TestUnsuitableOptionsAreErrors(t *testing.T) {
	live := gridModel(3, check.Eventually("e", at(3, 3)))
	for want, o := range map[string]check.Options{
		`check: property "e" is about behaviours, which are looked at again when all states are known: with Fingerprint they are forgotten. Use Exact, or check it in a run of its own`: {Visited: check.Fingerprint},
		`check: property "e" is about behaviours, which are judged breadth first only. Use BreadthFirst, or check it in a run of its own`:                                               {Order: check.DepthFirst},
		"check: Options.Seed and Options.Walks are for Simulate: Run takes every way":                                                                                                   {Seed: 1},
		"check: Options.Visited: 7 is no way to recognise states":                                                                                                                       {Visited: 7},
		"check: Options.Order: 7 is no order": {Order: 7},
	} {
		_, err := check.Run(context.Background(), live, o)
		require.EqualError(t, err, want)
	}
}
