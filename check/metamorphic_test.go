package check_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/reconverge/reconverge/check"
)

// Here no second implementation is asked: the engine must agree with itself when
// a model is stored, bounded or put in words in another way.

// TestRandomKindsAsFormulas states the kinds of claims about behaviours as
// formulas too, in the usual way and in other words.
func TestRandomKindsAsFormulas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDice(t)
		n := 1 + d.roll(20, "more states")
		m := randomModel(d, n)
		holds := map[string]func(tableState) bool{"p": d.set(n, "p"), "q": d.set(n, "q")}
		p, q := stateSet("p", holds["p"]), stateSet("q", holds["q"])
		not := func(f *temporal[tableState]) *temporal[tableState] { return apply(opNot, f) }
		eventually := func(f *temporal[tableState]) *temporal[tableState] { return apply(opEventually, f) }
		always := func(f *temporal[tableState]) *temporal[tableState] { return apply(opAlways, f) }
		yes, no := apply[tableState](opTrue), apply[tableState](opFalse)
		for _, c := range []struct {
			kind           check.Kind
			usual, unusual *temporal[tableState]
		}{
			{check.KindEventually, eventually(q), apply(opUntil, yes, q)},
			{check.KindAlwaysEventually, always(eventually(q)), not(apply(opUntil, yes, apply(opRelease, no, not(q))))},
			{check.KindEventuallyAlways, eventually(always(q)), apply(opUntil, yes, apply(opWeakUntil, q, no))},
			{check.KindLeadsTo, always(apply(opImplies, p, eventually(q))), apply(opWeakUntil, apply(opOr, not(always(not(q))), not(p)), no)},
		} {
			m.Properties = append(m.Properties,
				claim[tableState]{kind: c.kind, p: holds["p"], q: holds["q"]}.property(c.kind.String()),
				check.LTL(c.kind.String()+", as a formula", c.usual.formula()),
				check.LTL(c.kind.String()+", in other words", c.unusual.formula()))
		}
		r := mustRunRandom(t, m, check.Options{Workers: 1 + d.roll(2, "more workers"), MaxDepth: d.depth()})
		for i := 0; i < len(r.Results); i += 3 {
			kind, usual, unusual := r.Results[i], r.Results[i+1], r.Results[i+2]
			require.Equal(t, kind.Verdict, usual.Verdict, kind.Property)
			require.Equal(t, kind.Verdict, unusual.Verdict, kind.Property)
			require.Equal(t, kind.Vacuous, usual.Vacuous, kind.Property)
			if kind.Trace != nil {
				require.Len(t, usual.Trace.Stem, len(kind.Trace.Stem), kind.Property)
			}
		}
	})
}

// TestRandomFairnessAsFormula moves the fairness of the actions from the model
// into the formula.
func TestRandomFairnessAsFormula(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDice(t)
		n := 1 + d.roll(12, "more states")
		m := randomModel(d, n)
		f := d.formula(m, n, 2)
		always := func(f *temporal[tableState]) *temporal[tableState] { return apply(opAlways, f) }
		again := func(f *temporal[tableState]) *temporal[tableState] { return always(apply(opEventually, f)) }
		var assumed []*temporal[tableState]
		free := *m
		free.Actions = slices.Clone(m.Actions)
		for i := range free.Actions {
			a := &free.Actions[i]
			if a.Fair == check.Unfair || len(assumed) == 2 {
				m.Actions[i].Fair = check.Unfair // a third makes the automaton large
				a.Fair = check.Unfair
				continue
			}
			enabled := stateSet("enabled "+a.Name, func(s tableState) bool { return enables(a, s) })
			taken := &temporal[tableState]{op: opTaken, action: a.Name}
			if a.Fair == check.Weak {
				assumed = append(assumed, again(apply(opOr, apply(opNot, enabled), taken)))
			} else {
				assumed = append(assumed, apply(opImplies, again(enabled), again(taken)))
			}
			a.Fair = check.Unfair
		}
		m.Properties = []check.Property[tableState]{check.LTL("f", f.formula())}
		free.Properties = []check.Property[tableState]{check.LTL("f", apply(opImplies, apply(opAnd, assumed...), f).formula())}
		want, got := mustRunRandom(t, m, check.Options{}).Results[0], mustRunRandom(t, &free, check.Options{}).Results[0]
		require.Equal(t, want.Verdict, got.Verdict, "%v", f)
	})
}

// TestRandomOptions runs one model in many ways.
func TestRandomOptions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDice(t)
		n := 1 + d.roll(30, "more states")
		m := randomModel(d, n)
		randomClaims(d, n, m)
		want := mustRunRandom(t, m, check.Options{Workers: 1, Continue: true})

		o := check.Options{Workers: 2 + d.roll(2, "more workers"), Continue: true}
		requireSameReport(t, want, mustRunRandom(t, m, o))

		stored := *m // in another way: what is found first may differ
		stored.Packing = packings[d.roll(len(packings), "packing")]
		requireSameResults(t, want, mustRunRandom(t, &stored, o))

		// A bound leaves nothing wrong, and says so of what it leaves open.
		bounded := o
		bounded.MaxStates, bounded.MaxDepth = uint64(d.roll(n+1, "max states")), d.roll(5, "max depth")
		for i, b := range mustRunRandom(t, m, bounded).Results {
			w := want.Results[i]
			if b.Verdict == check.Incomplete {
				require.True(t, w.Verdict == check.Incomplete || errors.Is(b.Reason, check.ErrMaxStates) || errors.Is(b.Reason, check.ErrMaxDepth), b.Property)
			} else {
				require.Equal(t, w.Verdict, b.Verdict, b.Property)
			}
		}

		safety := *m
		safety.Properties = slices.DeleteFunc(slices.Clone(m.Properties), func(p check.Property[tableState]) bool { return p.Kind().Liveness() })
		exact := mustRunRandom(t, &safety, o)
		requireSameResults(t, safetyOf(want), exact)
		o.Visited = check.Fingerprint
		requireSameResults(t, exact, mustRunRandom(t, &safety, o))
	})
}

// TestRandomWorkers draws models large enough for several workers to share them.
func TestRandomWorkers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDice(t)
		n := uint64(1 + d.roll(32<<d.roll(7, "size"), "more states"))
		large := d.roll(100, "large") == 50 // a level may take several rounds, and a run end between them
		if large {
			n += 1 << 14
		}
		m := computedModel(d, n)
		o := check.Options{Workers: 1, Continue: true, MaxDepth: max(0, d.roll(12, "max depth, from 7")-6)}
		if large || d.roll(4, "max states") == 1 {
			o.MaxStates = 1 + uint64(d.roll(int(n), "max states"))
		}
		one := mustRunRandom(t, m, o)
		o.Workers = 2 + d.roll(2, "more workers")
		requireSameReport(t, one, mustRunRandom(t, m, o))
		if o.MaxStates == 0 {
			m.Packing = check.Pack(
				func(s uint64) [2]uint64 { return [2]uint64{1: s} },
				func(k [2]uint64) uint64 { return k[1] })
			requireSameResults(t, one, mustRunRandom(t, m, o))
		}
	})
}

// computedModel draws a model of n states whose table is computed, not kept.
func computedModel(d dice, n uint64) *check.Model[uint64] {
	seed := rapid.Uint64().Draw(d.T, "table")
	hash := func(parts ...uint64) uint64 {
		x := seed
		for _, part := range parts {
			x = (x ^ part) * 0x9e3779b97f4a7c15
			x ^= x >> 29
		}
		return x
	}
	m := &check.Model[uint64]{Init: []uint64{0, n / 2}}
	for a := range uint64(1 + d.roll(4, "more actions")) {
		reach, degree := 1+uint64(d.roll(int(n), "reach")), 1+uint64(d.roll(3, "degree"))
		m.Actions = append(m.Actions, check.Action[uint64]{
			Name: fmt.Sprint("a", a), Fair: d.fairness(),
			Next: func(dst []uint64, s uint64) []uint64 {
				for i := range hash(a, s) % (degree + 1) {
					dst = append(dst, (s+hash(a, s, i)%reach)%n)
				}
				return dst
			},
		})
	}
	set := func() func(uint64) bool {
		id, one := uint64(100+d.roll(1000, "set")), uint64(1+d.roll(6, "one in"))
		few := d.roll(2, "few") == 1
		return func(s uint64) bool { return (hash(id, s)%one == 0) == few }
	}
	p, q := set(), set()
	m.Properties = []check.Property[uint64]{
		check.Invariant("invariant", func(s uint64) bool { return s < n-n/8 }),
		check.Eventually("eventually", q),
		check.AlwaysEventually("always-eventually", q),
		check.EventuallyAlways("eventually-always", q),
		check.LeadsTo("leads-to", p, q),
		check.LTL("formula", randomFormula(d, m, 3, set).formula()),
	}
	return m
}

func safetyOf(r *check.Report[tableState]) *check.Report[tableState] {
	rest := *r
	rest.Results = slices.DeleteFunc(slices.Clone(r.Results), func(res check.Result[tableState]) bool { return res.Kind.Liveness() })
	return &rest
}

// requireSameResults requires the same verdicts, and traces of the same length
// as far as they are the shortest.
func requireSameResults[S comparable](t *rapid.T, want, got *check.Report[S]) {
	require.Len(t, got.Results, len(want.Results))
	require.Equal(t, want.Stats.Levels, got.Stats.Levels)
	for i, w := range want.Results {
		g := got.Results[i]
		require.Equal(t, w.Property, g.Property)
		require.Equal(t, w.Verdict, g.Verdict, w.Property)
		require.Equal(t, w.Vacuous, g.Vacuous, w.Property)
		require.Equal(t, w.Trace == nil, g.Trace == nil, w.Property)
		if w.Trace != nil {
			require.Len(t, g.Trace.Stem, len(w.Trace.Stem), w.Property)
		}
	}
}
