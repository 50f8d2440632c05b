package check_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/check/ltl"
)

// TestRandomLTL compares verdicts on formulas, and on their negations, with the
// naive ones.
func TestRandomLTL(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDice(t)
		n := 1 + d.roll(7, "more states")
		m := randomModel(d, n)
		var claims []claim[tableState]
		for i := range 1 + d.roll(3, "more formulas") {
			f := d.formula(m, n, 4)
			for _, c := range []claim[tableState]{{kind: check.KindLTL, formula: f}, {kind: check.KindLTL, formula: apply(opNot, f)}} {
				claims = append(claims, c)
				m.Properties = append(m.Properties, c.property(fmt.Sprint(i, ": ", c.formula)))
			}
		}
		o := check.Options{Workers: 1 + d.roll(2, "more workers"), MaxDepth: d.depth()}
		got := mustRunRandom(t, m, o)
		want := explore(m, o.MaxDepth)
		for i, c := range claims {
			compare(t, want, c, got.Results[i])
			require.False(t, i%2 == 1 && got.Results[i-1].Verdict == check.Holds && got.Results[i].Verdict == check.Holds,
				"every model has a fair behaviour: %v", c.formula)
		}
	})
}

// TestLTLRareCases has what took thousands of random models to tell a wrong
// engine from the right one. All of it holds.
func TestLTLRareCases(t *testing.T) {
	for name, test := range map[string]struct {
		edges edges
		fair  fair
		claim ltl.Formula[int]
	}{
		"what strong fairness leaves of a component is no cycle": {
			edges{"a": {"0->1"}, "b": {"0->2"}, "c": {"1->0"}}, fair{"b": check.Strong},
			ltl.Eventually(ltl.Or(atState(2), ltl.And(atState(1), ltl.Not(taken("a"))))),
		},
		"an automaton that reads any letter at first, but does not stay": {
			edges{"a": {"0->2", "1->0", "2->1"}}, nil,
			ltl.Not(ltl.Until(ltl.Eventually(ltl.Release(taken("a"), taken("b"))),
				ltl.And(ltl.Always(taken("a")), atState(1), ltl.Not(taken("b"))))),
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := sameAtAnyWorkerCount(t, graph(test.edges, test.fair, check.LTL("p", test.claim)), check.Options{})
			require.Equal(t, check.Holds, r.Verdict(), lasso(r.Results[0].Trace))
		})
	}
}

// TestRandomLassos walks about in models too large for the naive checker. What
// a fair lasso found on the way does not satisfy is violated.
//
//	go test ./check -run RandomLassos -rapid.checks=1000000
func TestRandomLassos(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDice(t)
		n := 1 + d.roll(25, "more states")
		m := randomModel(d, n)
		m.Bounds = nil
		f := d.formula(m, n, 5)
		m.Properties = []check.Property[tableState]{check.LTL("f", f.formula())}
		got := mustRunRandom(t, m, check.Options{}).Results[0]
		if got.Trace != nil {
			require.Equal(t, check.Violated, got.Verdict)
			requireCounterexample(t, m, f, got.Trace)
			return
		}
		require.Equal(t, check.Holds, got.Verdict)
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "walks"), 0))
		for range 3 {
			for _, w := range fairLassos(random, m, 3) {
				require.True(t, w.satisfies(f, 0), "holds: %v\nbut not of %v", f, w)
			}
		}
	})
}

// fairLassos walks at random until it has met that many fair lassos, or for too
// long.
func fairLassos[S comparable](random *rand.Rand, m *check.Model[S], atMost int) (found []lassoWord[S]) {
	type step struct {
		action string
		to     S
	}
	w := lassoWord[S]{states: []S{m.Init[random.IntN(len(m.Init))]}, actions: []string{""}}
	for len(w.states) < 40 {
		last := len(w.states) - 1
		at := w.states[last]
		var steps []step
		rest := true
		for _, a := range m.Actions {
			for _, to := range a.Next(nil, at) {
				if to != at {
					steps = append(steps, step{a.Name, to})
					rest = rest && a.Fair == check.Unfair
				}
			}
		}
		if rest {
			found = append(found, lassoWord[S]{append(slices.Clone(w.states), at), append(slices.Clone(w.actions), check.Stutter), last + 1})
		}
		for back := 1; back <= last; back++ {
			if w.states[back-1] == at {
				if l := (lassoWord[S]{slices.Clone(w.states), slices.Clone(w.actions), back}); l.fair(m) {
					found = append(found, l)
				}
			}
		}
		if len(found) >= atMost || len(steps) == 0 {
			break
		}
		next := steps[random.IntN(len(steps))]
		w.states, w.actions = append(w.states, next.to), append(w.actions, next.action)
	}
	return found[:min(atMost, len(found))]
}

func mustRunRandom[S comparable](t *rapid.T, m *check.Model[S], o check.Options) *check.Report[S] {
	r, err := check.Run(context.Background(), m, o)
	require.NoError(t, err)
	return r
}

// randomFormula draws a formula with at most so many temporal operators, over a
// few sets of states and the actions of m.
func randomFormula[S comparable](d dice, m *check.Model[S], operators int, set func() func(S) bool) *temporal[S] {
	g := &grower[S]{dice: d, left: operators}
	for i := range 1 + d.roll(3, "more sets") {
		g.atoms = append(g.atoms, stateSet(fmt.Sprint("p", i), set()))
	}
	for _, a := range m.Actions {
		g.atoms = append(g.atoms, &temporal[S]{op: opTaken, action: a.Name})
	}
	if d.roll(4, "with a trigger") == 1 && g.left > 0 {
		g.left--
		return apply(opAlways, apply(opImplies, g.atoms[0], g.grow(3)))
	}
	return g.grow(1 + d.roll(4, "depth"))
}

// A grower draws formulas over some atoms.
type grower[S comparable] struct {
	dice
	atoms []*temporal[S]
	left  int // temporal operators it may still use
	grown []*temporal[S]
}

// grow draws one no deeper than depth. What was drawn before it may use again.
func (g *grower[S]) grow(depth int) *temporal[S] {
	f := g.choose(depth)
	g.grown = append(g.grown, f)
	return f
}

func (g *grower[S]) choose(depth int) *temporal[S] {
	leaf := g.roll(12, "leaf")
	switch {
	case leaf == 1:
		return apply[S]([]operator{opTrue, opFalse}[g.roll(2, "constant")])
	case leaf == 2 && len(g.grown) > 0:
		return g.grown[g.roll(len(g.grown), "again")]
	case leaf == 3:
		return apply([]operator{opAnd, opOr}[g.roll(2, "and, or")], g.literal(), g.literal())
	case leaf == 0 || depth == 0:
		return g.literal()
	}
	op := opNot + operator(g.roll(int(opRelease-opNot)+1, "operator"))
	if op >= opEventually {
		if g.left == 0 {
			return g.literal()
		}
		g.left--
	}
	args := []*temporal[S]{g.grow(depth - 1)}
	if op != opNot && op != opEventually && op != opAlways {
		args = append(args, g.grow(depth-1))
	}
	if (op == opAnd || op == opOr) && g.roll(4, "three") == 1 {
		args = append(args, g.grow(depth-1))
	}
	return apply(op, args...)
}

func (g *grower[S]) literal() *temporal[S] {
	f := g.atoms[g.roll(len(g.atoms), "atom")]
	if g.roll(3, "negated") == 1 {
		return apply(opNot, f)
	}
	return f
}

// requireCounterexample requires that a lasso does not satisfy f and is fair.
// That it is a behaviour of m Run has seen to.
func requireCounterexample[S comparable](t *rapid.T, m *check.Model[S], f *temporal[S], trace *check.Trace[S]) {
	require.NotEmpty(t, trace.Cycle)
	w := wordOf(trace)
	require.True(t, w.fair(m), "%v", f)
	require.False(t, w.satisfies(f, 0), "%v", f)
}
