package buchi_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	. "github.com/reconverge/reconverge/check/internal/buchi"
)

// The claims made most, negated as a checker does, cannot be had smaller.
func TestMinimal(t *testing.T) {
	for _, tt := range []struct {
		f    Formula
		want string
	}{
		{not(eventually(q)), "initial [0], 0 sets\n0 -> 0 on !p1\n"},
		{not(always(eventually(q))), "initial [0], 1 sets\n0 -> 0 on true\n0 -> 1 on !p1\n1 -> 1 on !p1 {0}\n"},
		{not(eventually(always(q))), "initial [0], 1 sets\n0 -> 0 on p1\n0 -> 0 on !p1 {0}\n"},
		{not(always(implies(p, eventually(q)))), "initial [0], 1 sets\n0 -> 0 on true\n0 -> 1 on p0 && !p1\n1 -> 1 on !p1 {0}\n"},
		{not(always(q)), "initial [0], 1 sets\n0 -> 0 on p1\n0 -> 1 on !p1\n1 -> 1 on true {0}\n"},
		{True.Of(), "initial [0], 0 sets\n0 -> 0 on true\n"},
		{False.Of(), "initial [], 0 sets\n"},
	} {
		t.Run(tt.f.String(), func(t *testing.T) { require.Equal(t, tt.want, translate(t, tt.f).String()) })
	}
}

// Sizes that have been reached: a change that misses one needs a reason.
func TestSizes(t *testing.T) {
	infinitely := func(f Formula) Formula { return always(eventually(f)) }
	for _, tt := range []struct {
		f    Formula
		want size
	}{
		{until(p, q), size{2, 3, 1}},
		{weakUntil(p, q), size{2, 3, 0}},
		{release(p, q), size{2, 3, 0}},
		{always(until(p, q)), size{1, 2, 1}},
		{until(p, until(q, r)), size{3, 6, 1}},
		{until(until(p, q), r), size{4, 10, 1}},
		{not(always(implies(p, weakUntil(q, r)))), size{3, 6, 1}},
		{not(always(implies(p, until(q, r)))), size{3, 6, 1}},
		{not(always(implies(p, eventually(always(q))))), size{2, 4, 1}},
		{not(implies(infinitely(p), infinitely(q))), size{2, 4, 1}},
		{implies(infinitely(p), infinitely(q)), size{3, 5, 1}},
		{iff(infinitely(p), infinitely(q)), size{3, 7, 2}},
		{not(implies(and(infinitely(p), infinitely(q)), always(implies(q, eventually(r))))), size{2, 6, 2}},
		{and(infinitely(p), infinitely(q), infinitely(r)), size{1, 8, 3}},
		{or(until(p, always(q)), always(or(p, q))), size{1, 2, 0}},     // one initial state simulates the other
		{or(and(p, always(q)), and(not(p), always(q))), size{1, 1, 0}}, // p or !p is any letter
		{eventually(and(p, eventually(and(q, eventually(r))))), size{4, 10, 1}},
	} {
		t.Run(tt.f.String(), func(t *testing.T) {
			a := translate(t, tt.f)
			require.Equal(t, tt.want, sizeOf(a), "%v", a)
			requireWellFormed(t, a)
		})
	}
}

// TestSmallFormulas compares, for all formulas of at most two operators over
// two atoms and all short words, what an automaton accepts with the definition.
func TestSmallFormulas(t *testing.T) {
	level := []Formula{True.Of(), p, q}
	for range 2 {
		next := slices.Clone(level)
		for op := Not; op <= Release; op++ {
			for _, f := range level {
				if op == Not || op == Eventually || op == Always {
					next = append(next, op.Of(f))
					continue
				}
				for _, g := range level[:3] {
					next = append(next, op.Of(f, g), op.Of(g, f))
				}
			}
		}
		level = next
	}
	ws := words(2, 1, 2)
	t.Logf("%d formulas, %d words", len(level), len(ws))
	for _, f := range level {
		a := translate(t, f)
		requireWellFormed(t, a)
		for _, w := range ws {
			require.Equal(t, Eval(f, w.stem, w.cycle), accepts(a, w), "%v\n%v\n%v", f, w, a)
		}
	}
}

// Formulas to which a simplification applies, or would if it were a little more
// general and wrong.
func TestNearMisses(t *testing.T) {
	ws := words(3, 1, 2)
	for _, f := range []Formula{
		and(eventually(always(p)), eventually(q)),
		and(eventually(p), eventually(always(q))),
		and(eventually(p), eventually(q)),
		and(until(p, q), until(p, r)),
		and(until(p, r), until(q, r)),
		and(release(p, q), release(p, r)),
		and(release(p, r), release(q, r)),
		and(release(and(eventually(p), r), q), eventually(p)),
		and(eventually(and(r, until(p, q))), until(p, q)),
		and(always(until(p, q)), until(p, r)),
		until(p, until(q, r)),
		until(p, and(q, always(eventually(r)))),
		until(p, or(q, always(eventually(r)))),
		until(p, and(q, eventually(r))),
		until(not(p), or(p, q)),
		or(until(p, always(q)), always(or(p, q))),
		and(always(eventually(p)), always(eventually(not(p)))), // on p and on !p, with different marks
	} {
		a := translate(t, f)
		for _, w := range ws {
			require.Equal(t, Eval(f, w.stem, w.cycle), accepts(a, w), "%v\n%v\n%v", f, w, a)
		}
	}
}

// TestRandomFormulas does the same for larger formulas and longer words.
//
//	go test ./check/internal/buchi -run RandomFormulas -rapid.checks=100000
func TestRandomFormulas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDice(t)
		atoms := 1 + d.roll(4, "more atoms")
		f := d.formula(atoms, 1+d.roll(5, "depth"))
		a := translate(t, f)
		requireWellFormed(t, a)
		for range 4 {
			w := d.word(atoms)
			require.Equal(t, Eval(f, w.stem, w.cycle), accepts(a, w), "%v\n%v\n%v", f, w, a)
		}
	})
}

// The order in which maps are read must not show.
func TestSameAutomaton(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := newDice(t).formula(3, 4)
		require.Equal(t, translate(t, f), translate(t, f))
	})
}

// What is too large ends soon, with an error.
func TestBounds(t *testing.T) {
	each := func(n int, f func(Formula) Formula) Formula {
		var fs []Formula
		for i := range n {
			fs = append(fs, f(Atom(i)))
		}
		return and(fs...)
	}
	chain := func(n int, link func(letter, f Formula) Formula) Formula {
		f := r
		for i := range n {
			f = link([]Formula{q, not(q)}[i%2], f)
		}
		return f
	}
	parity := p
	for i := range 60 {
		parity = iff(parity, Atom(i))
	}
	for _, tt := range []struct {
		name string
		f    Formula
		want string
	}{
		{"states", always(implies(p, chain(30, func(l, f Formula) Formula { return and(l, until(l, f)) }))), "4096 automaton states"},
		{"sets", chain(65, until), "64 acceptance sets"},
		{"operators", chain(257, release), "256 temporal operators"},
		{"transitions", each(11, eventually), "65536 automaton transitions"},
		{"steps", parity, "67108864 steps to translate"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Translate(tt.f)
			require.EqualError(t, err, "ltl: formula needs more than "+tt.want)
		})
	}
	for _, i := range []int{-1, 64} {
		_, err := Translate(and(p, Atom(i)))
		require.EqualError(t, err, fmt.Sprintf("ltl: atom %d is not one of 0 to 63", i))
	}
	requireSize(t, size{1, 1, 0}, always(Atom(63)))
	requireSize(t, size{1, 1 << 8, 8}, each(8, func(f Formula) Formula { return always(eventually(f)) }))
}

// A formula whose parts are shared is as large as its distinct parts.
func TestSharedParts(t *testing.T) {
	f := p
	for range 200 {
		f = or(and(f, q), and(not(f), r))
	}
	translate(t, f)
	require.False(t, Eval(f, nil, []uint64{0}))
	g := p
	for range 200 {
		g = and(always(g), release(q, g))
	}
	requireSize(t, size{1, 1, 0}, g)
	require.Less(t, len(f.String()), 5000)
}

// requireWellFormed checks what the comment on Automaton promises.
func requireWellFormed(t require.TestingT, a *Automaton) {
	of, accepting := a.Groups()
	reached := map[int]bool{}
	for _, s := range a.Initial {
		reached[s] = true
	}
	partial := make([]uint64, len(accepting)) // sets that some transitions within lack
	for s, out := range a.Out {
		require.NotEmpty(t, out, "state %d has no run\n%v", s, a)
		for _, tr := range out {
			reached[tr.To] = true
			require.Zero(t, tr.True&tr.False, "%v", a)
			require.Zero(t, tr.Marks>>a.Sets, "%v", a)
			require.LessOrEqual(t, of[s], of[tr.To], "topological order\n%v", a)
			switch c := of[s]; {
			case of[tr.To] != c:
				require.Zero(t, tr.Marks, "marks between components\n%v", a)
			case accepting[c]:
				partial[c] |= (1<<a.Sets - 1) &^ tr.Marks
			default:
				require.Zero(t, tr.Marks, "marks where no cycle accepts\n%v", a)
			}
		}
	}
	require.Len(t, reached, len(a.Out), "%v", a)
	// A set that not all transitions of a component belong to tells some cycle
	// from an accepting one.
	for c, sets := range partial {
		for i := range a.Sets {
			if sets>>i&1 == 1 {
				require.True(t, cycleWithout(a, of, c, i), "component %d, set %d\n%v", c, i, a)
			}
		}
	}
	var useful bool // some accepting component, if any
	for _, ok := range accepting {
		useful = useful || ok
	}
	require.Equal(t, len(a.Out) > 0, useful, "%v", a)
}

func cycleWithout(a *Automaton, of []int, component, set int) bool {
	left := map[int]bool{} // states that can go on for ever without the set
	for s := range a.Out {
		left[s] = of[s] == component
	}
	for changed := true; changed; {
		changed = false
		for s, out := range a.Out {
			on := slices.ContainsFunc(out, func(t Transition) bool { return left[t.To] && t.Marks>>set&1 == 0 })
			if left[s] && !on {
				left[s], changed = false, true
			}
		}
	}
	for _, ok := range left {
		if ok {
			return true
		}
	}
	return false
}
