package check_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/internal/classic"
)

// grid is two counters that go up to n each: one initial state, 2n+1 levels.
type grid struct{ X, Y int }

func gridModel(n int, properties ...check.Property[grid]) *check.Model[grid] {
	return &check.Model[grid]{
		Name: "grid",
		Init: []grid{{}},
		Actions: []check.Action[grid]{
			{Name: "Right", Fair: check.Weak, Next: func(dst []grid, s grid) []grid {
				if s.X == n {
					return dst
				}
				return append(dst, grid{s.X + 1, s.Y})
			}},
			{Name: "Up", Fair: check.Weak, Next: func(dst []grid, s grid) []grid {
				if s.Y == n {
					return dst
				}
				return append(dst, grid{s.X, s.Y + 1})
			}},
		},
		Properties: properties,
	}
}

func at(x, y int) func(grid) bool    { return func(s grid) bool { return s == grid{x, y} } }
func notAt(x, y int) func(grid) bool { return func(s grid) bool { return s != grid{x, y} } }

func anything(grid) bool     { return true }
func anyStep(_, _ grid) bool { return true }
func everyKind() []check.Property[grid] {
	return []check.Property[grid]{
		check.Invariant("invariant", anything),
		check.Transition("transition", anyStep),
		check.DeadlockFree("deadlock-free", at(9, 9)),
		check.Reachable("reachable", at(9, 9)),
		check.Eventually("eventually", at(9, 9)),
		check.AlwaysEventually("always-eventually", at(9, 9)),
		check.EventuallyAlways("eventually-always", at(9, 9)),
		check.LeadsTo("leads-to", at(9, 8), at(9, 9)),
	}
}

func TestEveryKindHolds(t *testing.T) {
	r := sameAtAnyWorkerCount(t, gridModel(9, everyKind()...), check.Options{})
	require.NoError(t, r.Err())
	require.EqualValues(t, 100, r.Stats.Distinct)
	require.Equal(t, 19, r.Stats.Depth)
	for _, res := range r.Results {
		require.False(t, res.Vacuous, res.Property)
		require.Equal(t, res.Kind == check.KindReachable, res.Trace != nil, res.Property)
	}
}

// What bounds a run leaves everything open that was not seen to be false (or,
// of Reachable, true).
func TestBoundsOfARun(t *testing.T) {
	for _, test := range []struct {
		name    string
		options check.Options
		reason  error
	}{
		{"no state at all", check.Options{MaxStates: 1}, check.ErrMaxStates},
		{"states", check.Options{MaxStates: 30}, check.ErrMaxStates},
		{"all but one", check.Options{MaxStates: 99}, check.ErrMaxStates},
		{"no step", check.Options{MaxDepth: 1}, check.ErrMaxDepth},
		{"depth", check.Options{MaxDepth: 5}, check.ErrMaxDepth},
		{"all but the last step", check.Options{MaxDepth: 17}, check.ErrMaxDepth},
		{"no byte", check.Options{MemoryBytes: 1}, check.ErrMemory},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := sameAtAnyWorkerCount(t, gridModel(9, everyKind()...), test.options)
			require.Equal(t, check.Incomplete, r.Verdict())
			for _, res := range r.Results {
				require.Equal(t, check.Incomplete, res.Verdict, res.Property)
				require.ErrorIs(t, res.Reason, test.reason, res.Property)
				require.Nil(t, res.Trace)
				require.False(t, res.Vacuous)
			}
			require.ErrorIs(t, r.Err(), test.reason)
			require.ErrorContains(t, r.Err(), "leads-to: incomplete: ")
		})
	}
}

func TestMaxDepthCountsSteps(t *testing.T) {
	for depth := 1; depth < 18; depth++ {
		seen := gridModel(9, check.Reachable("in reach", func(s grid) bool { return s.X+s.Y == depth }),
			check.Reachable("out of reach", func(s grid) bool { return s.X+s.Y == depth+1 }))
		r := mustRun(t, seen, check.Options{MaxDepth: depth})
		require.Equal(t, check.Holds, r.Result("in reach").Verdict, "in %d steps", depth)
		require.Equal(t, check.Incomplete, r.Result("out of reach").Verdict, "in %d steps", depth)
		require.Len(t, r.Stats.Levels, depth+1)
	}
}

func TestViolationWithinABoundIsReported(t *testing.T) {
	violations := []check.Property[grid]{
		check.Invariant("invariant", notAt(2, 1)),
		check.Transition("transition", func(_, to grid) bool { return to != grid{1, 1} }),
	}
	for _, o := range []check.Options{{MaxDepth: 3}, {MaxDepth: 4}, {MaxStates: 12}, {MaxStates: 50}} {
		o.Continue = true
		r := sameAtAnyWorkerCount(t, gridModel(9, violations...), o)
		require.Equal(t, check.Violated, r.Result("invariant").Verdict, "%+v", o)
		require.Len(t, r.Result("invariant").Trace.Stem, 4)
		require.Equal(t, check.Violated, r.Result("transition").Verdict, "%+v", o)
		require.Len(t, r.Result("transition").Trace.Stem, 3)
	}
}

// A bound is looked at between rounds. The states that were found but not
// explored by then are of two levels; the nearer ones come first.
func TestShortestViolationAtTheRim(t *testing.T) {
	// The root has many children; each of them has many of its own. When the
	// bound is noticed, some of the first and many of the second are new.
	const wide = 40_000
	type tree struct{ Depth, Child, Grandchild int32 }
	m := &check.Model[tree]{
		Init: []tree{{}},
		Actions: []check.Action[tree]{{Name: "Grow", Next: func(dst []tree, s tree) []tree {
			switch s.Depth {
			case 0:
				for i := range int32(wide) {
					dst = append(dst, tree{1, i, 0})
				}
			case 1:
				for i := range int32(3) {
					dst = append(dst, tree{2, s.Child, i})
				}
			}
			return dst
		}}},
	}
	for i := range int32(50) { // some have the child unexplored and the grandchild found
		m.Properties = append(m.Properties, check.Invariant(fmt.Sprint("p", i), func(s tree) bool {
			return s != tree{1, i * 97, 0} && s != tree{2, wide - 1 - i*89, 0}
		}))
	}
	r := sameAtAnyWorkerCount(t, m, check.Options{MaxStates: wide + 10_000, Continue: true})
	for _, res := range r.Results {
		require.Equal(t, check.Violated, res.Verdict)
		require.Len(t, res.Trace.Stem, 2)
	}
	require.Less(t, r.Stats.Explored, uint64(wide))
}

func TestStopsAtTheFirstViolation(t *testing.T) {
	m := gridModel(9, append(everyKind(), check.Invariant("false", notAt(2, 1)), check.Invariant("also false", notAt(3, 5)))...)
	r := sameAtAnyWorkerCount(t, m, check.Options{})
	require.Equal(t, check.Violated, r.Verdict())
	require.Len(t, r.Result("false").Trace.Stem, 4)
	for _, res := range r.Results {
		if res.Property != "false" {
			require.Equal(t, check.Incomplete, res.Verdict, res.Property)
			require.Equal(t, check.ErrStopped, res.Reason)
		}
	}
	require.ErrorContains(t, r.Err(), "false: violated")
	require.ErrorIs(t, r.Err(), check.ErrStopped)

	r = sameAtAnyWorkerCount(t, m, check.Options{Continue: true})
	require.Len(t, r.Result("also false").Trace.Stem, 9)
	for _, res := range r.Results {
		require.NotEqual(t, check.Incomplete, res.Verdict)
	}
}

func TestReachedGoalDoesNotStop(t *testing.T) {
	r := mustRun(t, gridModel(9, check.Reachable("near", at(0, 1)), check.Invariant("p", anything)), check.Options{})
	require.Equal(t, check.Holds, r.Verdict())
	require.EqualValues(t, 100, r.Stats.Distinct)
}

func TestStopsAtTheLastWitness(t *testing.T) {
	m := gridModel(9, check.Reachable("near", at(0, 1)), check.Reachable("far", at(2, 1)))
	r := sameAtAnyWorkerCount(t, m, check.Options{})
	require.Equal(t, check.Holds, r.Verdict())
	require.Len(t, r.Result("near").Trace.Stem, 2)
	require.Len(t, r.Result("far").Trace.Stem, 4)
	require.Less(t, r.Stats.Explored, uint64(20))

	r = sameAtAnyWorkerCount(t, m, check.Options{Continue: true})
	require.EqualValues(t, 100, r.Stats.Explored)

	// What is not reachable is looked for everywhere.
	m.Properties = append(m.Properties, check.Reachable("nowhere", at(10, 0)))
	r = sameAtAnyWorkerCount(t, m, check.Options{})
	require.EqualValues(t, 100, r.Stats.Explored)
	require.Equal(t, check.Violated, r.Result("nowhere").Verdict)
	require.Nil(t, r.Result("nowhere").Trace)
}

func TestCancel(t *testing.T) {
	why := errors.New("the user has had enough")
	for _, workers := range []int{1, 3} {
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(why)
		r, err := check.Run(ctx, gridModel(9, everyKind()...), check.Options{Workers: workers})
		require.NoError(t, err)
		for _, res := range r.Results {
			require.Equal(t, check.Incomplete, res.Verdict, res.Property)
			require.ErrorIs(t, res.Reason, why)
		}
		require.Zero(t, r.Stats.Explored)
	}
}

func TestCancelOnTheWay(t *testing.T) {
	// The violation is found before, the goal would be after.
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	m := gridModel(400, check.Invariant("false", notAt(1, 1)), check.Reachable("far", at(400, 400)), check.Eventually("e", at(400, 400)))
	m.Bounds = []check.Bound[grid]{{Name: "never", At: func(s grid) bool {
		if s.X+s.Y == 300 {
			cancel(why)
		}
		return false
	}}}
	r, err := check.Run(ctx, m, check.Options{Continue: true})
	require.NoError(t, err)
	require.Equal(t, check.Violated, r.Result("false").Verdict)
	require.ErrorIs(t, r.Result("far").Reason, why)
	require.ErrorIs(t, r.Result("e").Reason, why)
	require.Less(t, r.Stats.Depth, 310)
}

// A deadline that passes during liveness checking takes back no other verdict.
func TestCancelDuringLiveness(t *testing.T) {
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	m := gridModel(30, check.Invariant("true", anything), check.AlwaysEventually("e", at(30, 30)), check.LeadsTo("l", at(0, 0), at(30, 30)))
	calls := 0
	m.Actions[1].Label = nil
	last := &m.Properties[1]
	*last = check.AlwaysEventually("e", func(s grid) bool {
		if calls++; calls == 31*31 { // the last state of the search
			cancel(why)
		}
		return s == grid{30, 30}
	})
	r, err := check.Run(ctx, m, check.Options{Workers: 1})
	require.NoError(t, err)
	require.Equal(t, check.Holds, r.Result("true").Verdict)
	require.ErrorIs(t, r.Result("e").Reason, why)
	require.ErrorIs(t, r.Result("l").Reason, why)
}

// alarm is a context that ends when it has been asked n times.
type alarm struct {
	context.Context
	n int
}

func (a *alarm) Err() error {
	if a.n--; a.n < 0 {
		return context.DeadlineExceeded
	}
	return nil
}

func TestCancelAnywhere(t *testing.T) {
	m := gridModel(9, everyKind()...)
	for n, done := 0, false; !done; n++ {
		r, err := check.Run(&alarm{context.Background(), n}, m, check.Options{Workers: 1})
		require.NoError(t, err)
		done = r.Err() == nil
		for _, res := range r.Results {
			if res.Verdict == check.Incomplete {
				require.ErrorIs(t, res.Reason, context.DeadlineExceeded)
			} else {
				require.Equal(t, check.Holds, res.Verdict)
			}
		}
		require.Less(t, n, 1000)
	}
}

func TestBoundOfTheModel(t *testing.T) {
	m := gridModel(9, everyKind()...)
	m.Bounds = []check.Bound[grid]{
		{Name: "far right", At: func(s grid) bool { return s.X == 5 }},
		{Name: "nowhere", At: at(100, 100)},
	}
	r := sameAtAnyWorkerCount(t, m, check.Options{})
	for _, res := range r.Results {
		require.Equal(t, check.Incomplete, res.Verdict)
		require.ErrorIs(t, res.Reason, check.ErrBound)
		require.EqualError(t, res.Reason, "a bound of the model was reached: far right, in 10 states")
	}
	require.Equal(t, []check.BoundStats{{Name: "far right", States: 10}, {Name: "nowhere"}}, r.Bounds)
	require.EqualValues(t, 60, r.Stats.Distinct)
	require.EqualValues(t, 50, r.Stats.Explored)
	require.Zero(t, r.Stats.Queue)

	m.Bounds = m.Bounds[1:]
	require.NoError(t, mustRun(t, m, check.Options{}).Err())
}

func TestPredicatesAreEvaluatedAtABound(t *testing.T) {
	m := gridModel(9, check.Invariant("p", notAt(5, 0)), check.Transition("t", func(_, to grid) bool { return to.X < 5 }),
		check.DeadlockFree[grid]("d", nil))
	m.Bounds = []check.Bound[grid]{{Name: "far right", At: func(s grid) bool { return s.X == 5 }}}
	r := mustRun(t, m, check.Options{Continue: true})
	require.Equal(t, check.Violated, r.Result("p").Verdict)
	require.Equal(t, check.Violated, r.Result("t").Verdict)
	require.Equal(t, check.Incomplete, r.Result("d").Verdict, "whether a state at a bound has a successor is not known")
}

// blowUp panics at one state, in the function of the model that a test names.
func blowUp(where string) *check.Model[grid] {
	bang := func(s grid) {
		if (s == grid{5, 3}) {
			panic("bang")
		}
	}
	m := gridModel(9, check.Invariant("invariant", anything))
	predicate := func(s grid) bool { bang(s); return true }
	switch where {
	case `action "Up"`:
		next := m.Actions[1].Next
		m.Actions[1].Next = func(dst []grid, s grid) []grid { bang(s); return next(dst, s) }
	case `property "invariant"`:
		m.Properties[0] = check.Invariant("invariant", predicate)
	case `property "when"`:
		m.Properties = append(m.Properties, check.Invariant("when", func(s grid) bool { return s != grid{5, 3} }).When(predicate))
	case `property "step"`:
		m.Properties = append(m.Properties, check.Transition("step", func(s, _ grid) bool { return predicate(s) }))
	case `property "when step"`:
		m.Properties = append(m.Properties, check.Transition("when step", func(s, _ grid) bool { return s != grid{5, 3} }).When(predicate))
	case `property "quiescent"`:
		m.Bounds, m.Actions[1].Next = nil, func(dst []grid, s grid) []grid { // a deadlock at 5, 3
			if s == (grid{5, 3}) || s.Y == 9 {
				return dst
			}
			return append(dst, grid{s.X, s.Y + 1})
		}
		right := m.Actions[0].Next
		m.Actions[0].Next = func(dst []grid, s grid) []grid {
			if s == (grid{5, 3}) {
				return dst
			}
			return right(dst, s)
		}
		m.Properties = append(m.Properties, check.DeadlockFree("quiescent", predicate))
	case `property "live"`:
		m.Properties = append(m.Properties, check.LeadsTo("live", predicate, anything))
	case `bound "bound"`:
		m.Bounds = []check.Bound[grid]{{Name: "bound", At: func(s grid) bool { bang(s); return false }}}
	case "Packing":
		m.Packing = check.Pack(func(s grid) [2]int { bang(s); return [2]int{s.X, s.Y} }, func(k [2]int) grid { return grid{k[0], k[1]} })
	case "Canonical":
		m.Canonical = func(s grid) grid { bang(s); return s }
	case `trace of property "label"`:
		m.Properties = append(m.Properties, check.Reachable("label", at(5, 4)))
		for i := range m.Actions {
			m.Actions[i].Label = func(from, _ grid) string { bang(grid{from.X + 5, from.Y + 3}); return "" }
		}
	}
	return m
}

func TestPanics(t *testing.T) {
	for _, where := range []string{
		`action "Up"`, `property "invariant"`, `property "when"`, `property "step"`, `property "when step"`, `property "quiescent"`,
		`property "live"`, `bound "bound"`, "Packing", "Canonical", `trace of property "label"`,
	} {
		for workers := 1; workers <= 3; workers++ {
			t.Run(fmt.Sprint(where, " ", workers), func(t *testing.T) {
				m := blowUp(where)
				r, err := check.Run(context.Background(), m, check.Options{Workers: workers, Symmetry: m.Canonical != nil})
				require.Nil(t, r)
				var panicked *check.PanicError
				require.ErrorAs(t, err, &panicked)
				require.Equal(t, where, panicked.Where)
				require.Equal(t, "bang", panicked.Value)
				require.Contains(t, panicked.Stack, "blowUp")
				require.ErrorContains(t, err, "check: "+where+": panic: bang, after:\n")
				if strings.HasPrefix(where, "trace") {
					return
				}
				lines := strings.Split(strings.TrimSpace(panicked.Trace), "\n")
				require.Contains(t, lines[0], "(initial)")
				require.Contains(t, lines[0], "{X:0 Y:0}")
				last := lines[len(lines)-1]
				if where == "Packing" || where == `property "step"` {
					return // the trace leads to where the state that did it comes from
				}
				require.Contains(t, last, "{X:5 Y:3}")
				require.Len(t, lines, 9)
			})
		}
	}
}

func TestPanicOnAnInitialState(t *testing.T) {
	for _, where := range []string{"Packing", "Canonical", `action "Up"`, `property "invariant"`} {
		m := blowUp(where)
		m.Init = []grid{{5, 3}}
		_, err := check.Run(context.Background(), m, check.Options{Symmetry: m.Canonical != nil})
		var panicked *check.PanicError
		require.ErrorAs(t, err, &panicked)
		require.Equal(t, where, panicked.Where)
		require.Contains(t, panicked.Trace, "initial")
	}
}

// A Format that panics must not take the message about the first panic along.
func TestPanicInFormat(t *testing.T) {
	m := blowUp(`action "Up"`)
	m.Format = func(grid) string { panic("second bang") }
	_, err := check.Run(context.Background(), m, check.Options{})
	require.ErrorContains(t, err, `check: action "Up": panic: bang, after:`)
	require.ErrorContains(t, err, "(the trace cannot be written: second bang)")
}

func TestGoexitIsAnError(t *testing.T) {
	m := gridModel(6_000, check.Invariant("p", func(s grid) bool {
		if s.X == 3_000 {
			runtime.Goexit() // as FailNow of a test does
		}
		return true
	}))
	for i := range 3_000 {
		m.Init = append(m.Init, grid{i, 3_000 - i})
	}
	_, err := check.Run(context.Background(), m, check.Options{Workers: 2})
	require.ErrorContains(t, err, "check: a function of the model ended its goroutine")
}

// Not every impure model can be noticed, but none of these may pass for a trace.
func TestImpureModelsAreErrors(t *testing.T) {
	var calls atomic.Int64
	once := func(at int64) bool { return calls.Add(1) == at }
	for name, m := range map[string]*check.Model[grid]{
		"predicate": gridModel(9, check.Invariant("p", func(s grid) bool { return s != grid{3, 3} || !once(1) })),
		"step":      gridModel(9, check.Transition("p", func(s, _ grid) bool { return s != grid{3, 3} || !once(1) })),
		"next": {
			Init: []grid{{}},
			Actions: []check.Action[grid]{{Name: "Sometimes", Next: func(dst []grid, s grid) []grid {
				if (s == grid{}) && once(1) {
					return append(dst, grid{1, 1})
				}
				return dst
			}}},
			Properties: []check.Property[grid]{check.Invariant("p", notAt(1, 1))},
		},
		"liveness": gridModel(9, check.AlwaysEventually("p", func(s grid) bool { return s != grid{9, 9} || !once(1) })),
	} {
		calls.Store(0)
		r, err := check.Run(context.Background(), m, check.Options{})
		require.Nil(t, r, name)
		require.ErrorContains(t, err, "depends on more than its arguments", name)
	}
}

func TestLossyPackingIsAnError(t *testing.T) {
	m := gridModel(300, check.Invariant("p", anything))
	for name, encode := range map[string]func(grid) [2]uint8{
		"at once":            func(s grid) [2]uint8 { return [2]uint8{uint8(s.X), 0} },
		"far from the start": func(s grid) [2]uint8 { return [2]uint8{uint8(s.X), uint8(s.Y)} }, // wraps at 256
	} {
		m.Packing = check.Pack(encode, func(k [2]uint8) grid { return grid{int(k[0]), int(k[1])} })
		for workers := 1; workers <= 2; workers++ {
			_, err := check.Run(context.Background(), m, check.Options{Workers: workers})
			require.ErrorContains(t, err, "check: Packing: a state is not the same after encode and decode:\n  was {X:", name)
		}
	}
}

func TestUnhashableStatesAreErrors(t *testing.T) {
	type state struct{ Temperature float64 }
	m := &check.Model[state]{Init: []state{{}}}
	_, err := check.Run(context.Background(), m, check.Options{})
	require.ErrorContains(t, err, "state.Temperature is a float64: use integers")
	m.Packing = check.Pack(func(state) uint8 { return 0 }, func(uint8) state { return state{} })
	_, err = check.Run(context.Background(), m, check.Options{})
	require.NoError(t, err)
}

func TestNegativeOptionsAreErrors(t *testing.T) {
	for _, o := range []check.Options{{Workers: -1}, {MaxDepth: -1}, {MemoryBytes: -1}} {
		_, err := check.Run(context.Background(), gridModel(1), o)
		require.ErrorContains(t, err, "check: negative option")
	}
}

func TestWorkersDefaultToAllProcessors(t *testing.T) {
	require.Equal(t, runtime.GOMAXPROCS(0), mustRun(t, gridModel(1), check.Options{}).Stats.Workers)
}

func TestOneState(t *testing.T) {
	m := &check.Model[grid]{Init: []grid{{}, {}}, Properties: []check.Property[grid]{
		check.Invariant("p", at(0, 0)), check.DeadlockFree[grid]("d", nil), check.Reachable("r", at(1, 1)),
		check.Transition("t", func(_, _ grid) bool { return false }), check.Eventually("e", at(0, 0)), check.EventuallyAlways("ea", at(1, 1)),
	}}
	r := sameAtAnyWorkerCount(t, m, check.Options{Continue: true})
	require.Equal(t, check.Holds, r.Result("p").Verdict)
	require.Equal(t, check.Violated, r.Result("d").Verdict)
	require.Equal(t, check.Violated, r.Result("r").Verdict)
	require.Nil(t, r.Result("r").Trace, "there is nothing to show for what cannot be reached")
	require.True(t, r.Result("t").Vacuous)
	require.Equal(t, check.Holds, r.Result("e").Verdict)
	require.Equal(t, "  0  (initial)                {X:0 Y:0}\n---  for ever:\n  1  stutter                  {X:0 Y:0}\n", text(r.Result("ea").Trace))
	require.EqualValues(t, 1, r.Stats.Distinct)
	require.EqualValues(t, 2, r.Stats.Generated)
	require.Equal(t, 1, r.Stats.Depth)
	require.Equal(t, []uint64{1}, r.Stats.Levels)
}

// In the bubble a second passes as soon as everybody waits for it.
func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []check.Stats
		m := gridModel(400, check.Eventually("e", at(400, 400)))
		next := m.Actions[0].Next
		m.Actions[0].Next = func(dst []grid, s grid) []grid {
			if s.X == 0 && s.Y < 300 {
				time.Sleep(5 * time.Millisecond)
			}
			return next(dst, s)
		}
		r := mustRun(t, m, check.Options{Progress: func(s check.Stats) { seen = append(seen, s) }})
		require.NotEmpty(t, seen)
		first := seen[0]
		require.Equal(t, "search", first.Phase)
		require.GreaterOrEqual(t, first.Elapsed, time.Second)
		require.Greater(t, first.Distinct, uint64(0))
		require.Less(t, first.Distinct, r.Stats.Distinct)
		require.Equal(t, first.Distinct-first.Explored, first.Queue)
	})
}

func TestReport(t *testing.T) {
	m := classic.PetersonFilter(3)
	r := mustRun(t, m, check.Options{Workers: 2})
	require.Equal(t, m.Name, r.Model)
	require.Equal(t, 2, r.Options.Workers)
	require.Equal(t, []string{"liveness: weak fairness of 3 of 3 actions"}, r.Assumptions)
	var taken uint64
	for i, a := range r.Actions {
		require.Equal(t, m.Actions[i].Name, a.Name)
		require.Equal(t, check.Weak, a.Fair)
		taken += a.Taken
	}
	require.Equal(t, r.Stats.Generated-1, taken)
	var sum uint64
	for _, n := range r.Stats.Levels {
		sum += n
	}
	require.Equal(t, r.Stats.Distinct, sum)
	require.Equal(t, r.Stats.Distinct, r.Stats.Explored)
	require.Positive(t, r.Stats.StoredBytes)
	require.PanicsWithValue(t, `check: report has no property "no starvation"`, func() { r.Result("no starvation") })

	packed := classic.TwoPhaseCommit(3)
	packed.Packing = check.Pack(func(s classic.TwoPhase) classic.TwoPhase { return s }, func(s classic.TwoPhase) classic.TwoPhase { return s })
	symmetric := mustRun(t, packed, check.Options{Symmetry: true})
	require.Len(t, symmetric.Assumptions, 2)
	require.Contains(t, symmetric.Assumptions[0], "symmetry: Canonical returns a bisimilar state")
	require.Contains(t, symmetric.Assumptions[1], "storage: Packing loses nothing")
}

func TestVerdictOfAReport(t *testing.T) {
	report := func(verdicts ...check.Verdict) check.Verdict {
		r := &check.Report[int]{}
		for _, v := range verdicts {
			r.Results = append(r.Results, check.Result[int]{Verdict: v})
		}
		return r.Verdict()
	}
	require.Equal(t, check.Holds, report())
	require.Equal(t, check.Holds, report(check.Holds))
	require.Equal(t, check.Incomplete, report(check.Holds, check.Incomplete, check.Holds))
	require.Equal(t, check.Violated, report(check.Incomplete, check.Violated, check.Incomplete))
}
