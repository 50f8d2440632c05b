package check_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
)

// counter is a state of processes that count, each for itself.
type counter [6]uint8

// counters is a model of n processes that count to k and know nothing of each
// other. Around again: the last step leads back to 0.
func counters(n int, k uint8, again bool) *check.Model[counter] {
	m := &check.Model[counter]{Name: "counters", Init: []counter{{}}}
	for i := range n {
		name := []string{fmt.Sprintf("n%d", i)}
		m.Actions = append(m.Actions, check.Action[counter]{
			Name: fmt.Sprintf("Count(%d)", i),
			Next: func(dst []counter, s counter) []counter {
				switch {
				case s[i] < k:
					s[i]++
				case again:
					s[i] = 0
				default:
					return dst
				}
				return append(dst, s)
			},
			Footprint: &check.Footprint{Reads: name, Writes: name},
		})
	}
	return m
}

func TestPartialOrderOfCounters(t *testing.T) {
	for _, test := range []struct {
		n             int
		k             uint8
		again         bool
		full, reduced uint64
	}{
		{1, 5, false, 6, 6},
		{3, 4, false, 125, 13}, // 3*4 + 1: one process after the other
		{6, 3, false, 4096, 19},
		{3, 4, true, 125, 125}, // after a round the next one steps, and the first starts anew
	} {
		m := counters(test.n, test.k, test.again)
		m.Properties = []check.Property[counter]{
			check.DeadlockFree("rests at the end", func(s counter) bool { return slices.Min(s[:test.n]) == test.k }),
			check.Invariant("first", func(s counter) bool { return s[0] <= test.k }).Reading("n0"),
			check.Reachable("last", func(s counter) bool { return s[test.n-1] == test.k }).
				Reading(fmt.Sprintf("n%d", test.n-1)),
		}
		full := sameAtAnyWorkerCount(t, m, check.Options{Continue: true})
		require.Equal(t, test.full, full.Stats.Distinct)
		require.Equal(t, check.Holds, full.Verdict())
		require.Zero(t, full.Stats.Reduced)
		reduced := sameAtAnyWorkerCount(t, m, check.Options{Continue: true, PartialOrder: true})
		require.Equal(t, check.Holds, reduced.Verdict(), reduced.Err())
		require.Equal(t, test.reduced, reduced.Stats.Distinct)
		if !test.again {
			require.Equal(t, test.reduced, reduced.Stats.Generated, "one successor of each state")
		}
	}
}

func TestPartialOrderKeepsDeadlocks(t *testing.T) {
	m := counters(3, 4, false)
	m.Properties = []check.Property[counter]{check.DeadlockFree[counter]("alive", nil)}
	r := sameAtAnyWorkerCount(t, m, check.Options{PartialOrder: true})
	require.Equal(t, check.Violated, r.Verdict())
	require.Equal(t, counter{4, 4, 4}, r.Results[0].Trace.Stem[12].State)
	require.Contains(t, r.Assumptions[0], "partial order: footprints are right")
}

// assign is an action that reads and writes one of the counters.
func assign(name string, i int, next func(n uint8) uint8) check.Action[counter] {
	v := []string{fmt.Sprintf("n%d", i)}
	return check.Action[counter]{
		Name: name, Footprint: &check.Footprint{Reads: v, Writes: v},
		Next: func(dst []counter, s counter) []counter {
			s[i] = next(s[i])
			return append(dst, s)
		},
	}
}

// Each of these is violated only by steps in an order, or after a round, that a
// reduction without one of its conditions leaves out.
func TestPartialOrderFindsViolations(t *testing.T) {
	one := func(uint8) uint8 { return 1 }
	flip := func(n uint8) uint8 { return 1 - n }
	never := check.Invariant("never", func(s counter) bool { return s[1] == 0 }).Reading("n1")
	for name, test := range map[string]struct {
		init     []counter
		actions  []check.Action[counter]
		property check.Property[counter]
		trace    []string
	}{
		"order of visible actions": {
			init:    []counter{{}},
			actions: []check.Action[counter]{assign("First", 0, one), assign("Second", 1, one)},
			property: check.Invariant("first before second", func(s counter) bool { return s[0] == 1 || s[1] == 0 }).
				Reading("n0", "n1"),
			trace: []string{"Second"},
		},
		"order of a step and what its claim reads": {
			init:    []counter{{}},
			actions: []check.Action[counter]{assign("First", 0, one), assign("Second", 1, one)},
			property: check.Transition("first before second", func(from, _ counter) bool { return from[0] == 1 }, "Second").
				Reading("n0"),
			trace: []string{"Second"},
		},
		"ignored for ever": {
			init:     []counter{{}},
			actions:  []check.Action[counter]{assign("Flip", 0, flip), assign("Break", 1, one)},
			property: never, trace: []string{"Flip", "Break"},
		},
		"ignored within a level": {
			init:     []counter{{0}, {1}},
			actions:  []check.Action[counter]{assign("Flip", 0, flip), assign("Break", 1, one)},
			property: never, trace: []string{"Break"},
		},
		"stuttering chosen": {
			init:     []counter{{1}},
			actions:  []check.Action[counter]{assign("Set", 0, one), assign("Break", 1, one)},
			property: never, trace: []string{"Break"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := &check.Model[counter]{Init: test.init, Actions: test.actions, Properties: []check.Property[counter]{test.property}}
			r := sameAtAnyWorkerCount(t, m, check.Options{PartialOrder: true})
			require.Equal(t, check.Violated, r.Verdict())
			require.Equal(t, test.trace, actions(r.Results[0].Trace))
		})
	}
}

// dinner is a state of philosophers: which forks are taken, and where each of
// them is in its program.
type dinner struct {
	Taken [8]bool
	Place [8]uint8
}

// dine is a dinner of n philosophers who think for some steps, take the left
// fork, then the right one, eat, put both back and leave.
func dine(n, thoughts int, guarded bool) *check.Model[dinner] {
	m := &check.Model[dinner]{Name: "dinner", Init: []dinner{{}}}
	step := func(name string, i, place int, forks []int, take bool) {
		here := func(s dinner) bool { return int(s.Place[i]) == place }
		free := func(s dinner) bool { // what it wants to take
			return !take || !slices.ContainsFunc(forks, func(f int) bool { return s.Taken[f] })
		}
		vars := []string{fmt.Sprintf("place %d", i)}
		for _, f := range forks {
			vars = append(vars, fmt.Sprintf("fork %d", f))
		}
		a := check.Action[dinner]{
			Name: fmt.Sprintf("%s(%d,%d)", name, i, place),
			Next: func(dst []dinner, s dinner) []dinner {
				if !here(s) || !free(s) {
					return dst
				}
				s.Place[i]++
				for _, f := range forks {
					s.Taken[f] = take
				}
				return append(dst, s)
			},
			Footprint: &check.Footprint{Reads: vars, Writes: vars},
		}
		if guarded {
			a.Guards = []check.Guard[dinner]{{Reads: vars[:1], Open: here}, {Reads: vars, Open: free}}
		}
		m.Actions = append(m.Actions, a)
	}
	for i := range n {
		for k := range thoughts {
			step("Think", i, k, nil, false)
		}
		step("TakeLeft", i, thoughts, []int{i}, true)
		step("TakeRight", i, thoughts+1, []int{(i + 1) % n}, true)
		step("PutBack", i, thoughts+2, []int{i, (i + 1) % n}, false)
	}
	return m
}

func TestPartialOrderOfDinner(t *testing.T) {
	for _, test := range []struct {
		n, thoughts              int
		full, unguarded, guarded uint64
	}{
		// Without guards an enabled action brings in all the later ones of the same
		// philosopher, and these the neighbours.
		{2, 1, 22, 22, 22},
		{3, 2, 185, 185, 94},
		{4, 2, 1_057, 1_057, 264},
		{6, 1, 10_054, 10_054, 1_307},
	} {
		var distinct []uint64
		for _, run := range []struct{ partialOrder, guarded bool }{{}, {true, false}, {true, true}} {
			m := dine(test.n, test.thoughts, run.guarded)
			end, eating := uint8(test.thoughts+3), uint8(test.thoughts+2)
			m.Properties = []check.Property[dinner]{
				check.DeadlockFree("all leave", func(s dinner) bool { return slices.Min(s.Place[:test.n]) == end }),
				check.Reachable("the first leaves", func(s dinner) bool { return s.Place[0] == end }).Reading("place 0"),
				check.Invariant("neighbours do not eat at once", func(s dinner) bool {
					return s.Place[0] != eating || s.Place[1] != eating
				}).Reading("place 0", "place 1"),
			}
			require.NoError(t, check.CheckFootprints(context.Background(), m, check.Options{MaxStates: 1000}))
			r := sameAtAnyWorkerCount(t, m, check.Options{Continue: true, PartialOrder: run.partialOrder})
			require.Equal(t, check.Violated, r.Result("all leave").Verdict)
			require.Equal(t, check.Holds, r.Result("the first leaves").Verdict)
			require.Equal(t, check.Holds, r.Result("neighbours do not eat at once").Verdict)
			distinct = append(distinct, r.Stats.Distinct)
		}
		require.Equal(t, []uint64{test.full, test.unguarded, test.guarded}, distinct)
	}
}
