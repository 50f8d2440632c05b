package buchi_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/reconverge/reconverge/check/internal/buchi"
)

func TestEval(t *testing.T) {
	const none, P, Q, PQ = 0, 1, 2, 3
	for _, tt := range []struct {
		f     Formula
		stem  []uint64
		cycle []uint64
		want  bool
	}{
		{p, []uint64{P}, []uint64{none}, true},
		{p, []uint64{none}, []uint64{P}, false},
		{p, nil, []uint64{P, none}, true},
		{eventually(p), []uint64{none, none}, []uint64{none, P}, true},
		{eventually(p), []uint64{none}, []uint64{Q}, false},
		{always(p), []uint64{P}, []uint64{P, PQ}, true},
		{always(p), []uint64{none}, []uint64{P}, false},
		{always(eventually(p)), []uint64{none}, []uint64{none, P}, true},
		{always(eventually(p)), []uint64{P, P}, []uint64{none}, false},
		{eventually(always(p)), []uint64{none}, []uint64{P}, true},
		{eventually(always(p)), []uint64{P}, []uint64{P, none}, false},
		{until(p, q), []uint64{P, P}, []uint64{Q}, true},
		{until(p, q), []uint64{P, none}, []uint64{Q}, false},
		{until(p, q), nil, []uint64{P}, false}, // q is owed
		{weakUntil(p, q), nil, []uint64{P}, true},
		{weakUntil(p, q), []uint64{P, none}, []uint64{Q}, false},
		{release(p, q), nil, []uint64{Q}, true},
		{release(p, q), []uint64{Q, PQ}, []uint64{none}, true},
		{release(p, q), []uint64{Q, P}, []uint64{none}, false}, // q too when p releases it
		{implies(p, q), nil, []uint64{P}, false},
		{iff(p, q), nil, []uint64{none}, true},
		{Formula{}, nil, []uint64{PQ}, false},
	} {
		require.Equal(t, tt.want, Eval(tt.f, tt.stem, tt.cycle), "%v of %v %v", tt.f, tt.stem, tt.cycle)
	}
	require.Panics(t, func() { Eval(p, []uint64{P}, nil) })
}

// What the operators that others are derived from have in common, on all words
// over two atoms with a stem of at most two and a cycle of at most three.
func TestEquivalences(t *testing.T) {
	ws := words(2, 2, 3)
	for _, tt := range [][2]Formula{
		{eventually(p), until(True.Of(), p)},
		{always(p), not(eventually(not(p)))},
		{release(p, q), not(until(not(p), not(q)))},
		{weakUntil(p, q), or(until(p, q), always(p))},
		{weakUntil(p, q), release(q, or(p, q))},
		{until(p, q), and(weakUntil(p, q), eventually(q))},
		{implies(p, q), or(not(p), q)},
		{iff(p, q), and(implies(p, q), implies(q, p))},
		{eventually(eventually(p)), eventually(p)},
		{always(eventually(always(p))), eventually(always(p))},
		{until(p, until(p, q)), until(p, q)},
		{always(and(p, q)), and(always(p), always(q))},
		{eventually(or(p, q)), or(eventually(p), eventually(q))},
	} {
		f, g := tt[0], tt[1]
		for _, w := range ws {
			require.Equal(t, Eval(f, w.stem, w.cycle), Eval(g, w.stem, w.cycle), "%v, %v of %v", f, g, w)
		}
		// No word tells them apart, so the automaton of the difference is empty.
		require.Empty(t, translate(t, not(iff(f, g))).Out, "%v, %v", f, g)
	}
	require.NotEmpty(t, translate(t, not(iff(until(p, q), weakUntil(p, q)))).Out)
}
