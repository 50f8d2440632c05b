package check_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/internal/classic"
)

func mustSimulate[S comparable](t testing.TB, m *check.Model[S], o check.Options) *check.Report[S] {
	t.Helper()
	r, err := check.Simulate(context.Background(), m, o)
	require.NoError(t, err)
	return r
}

// sameWalks requires the same report at one to three workers.
func sameWalks[S comparable](t testing.TB, m *check.Model[S], o check.Options) *check.Report[S] {
	t.Helper()
	o.Workers = 1
	first := mustSimulate(t, m, o)
	for o.Workers = 2; o.Workers <= 3; o.Workers++ {
		requireSameReport(t, first, mustSimulate(t, m, o))
	}
	return first
}

func TestSimulateFindsWhatLiesDeep(t *testing.T) {
	for seed := range uint64(5) {
		r := sameWalks(t, classic.LostUpdate(), check.Options{Seed: seed})
		require.Equal(t, check.Violated, r.Results[0].Verdict)

		deep := sameWalks(t, classic.DieHard(), check.Options{Seed: seed, Walks: 10_000, MaxDepth: 40})
		require.Equal(t, check.Violated, deep.Verdict(), "seed %d", seed)
	}
}

func TestSimulateProvesNothing(t *testing.T) {
	r := sameWalks(t, gridModel(9, slices.DeleteFunc(everyKind(), func(p check.Property[grid]) bool { return p.Kind() == check.KindReachable })...), check.Options{Walks: 50})
	for _, res := range r.Results {
		require.Equal(t, check.Incomplete, res.Verdict, res.Property)
		require.ErrorIs(t, res.Reason, check.ErrSimulation)
	}
	r = sameWalks(t, gridModel(3, check.Reachable("corner", at(3, 3)), check.Reachable("nowhere", at(4, 4))), check.Options{Walks: 50})
	require.Equal(t, check.Holds, r.Result("corner").Verdict)
	require.Equal(t, check.Incomplete, r.Result("nowhere").Verdict)
	require.Equal(t, 7, r.Stats.Depth)
	require.EqualValues(t, 50*7, r.Stats.Explored)
}

func TestSimulateEveryKind(t *testing.T) {
	claims := []check.Property[grid]{
		check.Invariant("invariant", notAt(2, 2)),
		check.Transition("transition", func(from, to grid) bool { return from != grid{1, 1} || to.X == 1 }),
		check.DeadlockFree[grid]("deadlock-free", nil),
		check.Eventually("eventually", at(9, 9)),
		check.AlwaysEventually("always-eventually", notAt(3, 3)),
		check.EventuallyAlways("eventually-always", notAt(3, 3)),
		check.LeadsTo("leads-to", at(0, 1), at(9, 9)),
	}
	r := sameWalks(t, gridModel(3, claims...), check.Options{Continue: true})
	for _, res := range r.Results {
		require.Equal(t, check.Violated, res.Verdict, res.Property)
	}
	for _, claim := range claims { // and alone, ending with the first walk that shows it
		r := sameWalks(t, gridModel(3, claim), check.Options{})
		require.Equal(t, check.Violated, r.Verdict())
	}
}

// A cycle is found when a walk closes it, and an unfair one is none.
func TestSimulateLassos(t *testing.T) {
	r := sameWalks(t, classic.AlternatingBit(check.Weak), check.Options{Walks: 500})
	require.Equal(t, check.Violated, r.Verdict())
	r = sameWalks(t, classic.AlternatingBit(check.Strong), check.Options{Walks: 100})
	require.Equal(t, check.Incomplete, r.Verdict())
}

func TestSimulateDependsOnTheSeed(t *testing.T) {
	m := gridModel(20, check.Invariant("p", notAt(6, 6)))
	seen := map[string]bool{}
	for seed := range uint64(10) {
		o := check.Options{Seed: seed}
		trace := text(mustSimulate(t, m, o).Results[0].Trace)
		require.Equal(t, trace, text(mustSimulate(t, m, o).Results[0].Trace))
		seen[trace] = true
	}
	require.Greater(t, len(seen), 5)
}

func TestSimulateStops(t *testing.T) {
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	walks := 0
	m := gridModel(3, check.Invariant("p", func(s grid) bool {
		if s == (grid{3, 3}) {
			if walks++; walks == 7 {
				cancel(why)
			}
		}
		return true
	}))
	r, err := check.Simulate(ctx, m, check.Options{Workers: 1, Walks: 1 << 40})
	require.NoError(t, err)
	require.ErrorIs(t, r.Results[0].Reason, why)
	require.EqualValues(t, 7*7, r.Stats.Explored)
}

func TestSimulateErrors(t *testing.T) {
	ctx := context.Background()
	for _, where := range []string{`property "invariant"`, `action "Up"`} {
		_, err := check.Simulate(ctx, blowUp(where), check.Options{})
		var panicked *check.PanicError
		require.ErrorAs(t, err, &panicked, where)
		require.Contains(t, panicked.Trace, "{X:5 Y:3}")
	}
	m := gridModel(3, check.Invariant("p", func(s grid) bool {
		if s.X == 1 {
			runtime.Goexit()
		}
		return true
	}))
	_, err := check.Simulate(ctx, m, check.Options{})
	require.ErrorContains(t, err, "check: a function of the model ended its goroutine")
	for _, o := range []check.Options{{Symmetry: true}, {Visited: check.Fingerprint}, {Order: check.DepthFirst}, {Walks: -1},
		{PartialOrder: true}, {MaxStates: 1}, {MemoryBytes: 1}} {
		_, err := check.Simulate(ctx, gridModel(3), o)
		require.ErrorContains(t, err, "check: ", "%+v", o)
	}
}
