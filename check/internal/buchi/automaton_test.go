package buchi_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	. "github.com/reconverge/reconverge/check/internal/buchi"
)

func TestGroups(t *testing.T) {
	// 0 waits, 1 and 2 take turns, 3 is a dead end that no cycle leads through.
	a := &Automaton{
		Initial: []int{3},
		Sets:    2,
		Out: [][]Transition{
			{{To: 0}, {To: 2}},
			{{To: 2, Marks: 1}},
			{{To: 1, Marks: 2}},
			{{To: 0, Marks: 3}},
		},
	}
	of, accepting := a.Groups()
	require.Equal(t, []int{1, 2, 2, 0}, of)
	require.Equal(t, []bool{false, false, true}, accepting)
}

func TestAcceptsForever(t *testing.T) {
	// !([](p -> <>q)): once p was seen without q, q must stay away.
	a := translate(t, not(always(implies(p, eventually(q)))))
	require.Equal(t, []int{0}, a.Initial)
	for _, tt := range []struct {
		state  int
		letter uint64
		want   bool
	}{
		{0, 0b00, false}, {0, 0b01, true}, {0, 0b10, false}, {0, 0b11, false},
		{1, 0b00, true}, {1, 0b01, true}, {1, 0b10, false}, {1, 0b11, false},
	} {
		require.Equal(t, tt.want, a.AcceptsForever(tt.state, tt.letter), "state %d, letter %02b", tt.state, tt.letter)
	}
}

// After any stem, one of the states that a run may be in accepts a letter for
// ever if and only if the formula is true of the whole.
func TestRandomRests(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDice(t)
		f := d.formula(3, 1+d.roll(4, "depth"))
		a := translate(t, f)
		w := d.word(3)
		at := map[int]bool{}
		for _, s := range a.Initial {
			at[s] = true
		}
		for _, letter := range w.stem {
			next := map[int]bool{}
			for s := range at {
				for _, tr := range a.Out[s] {
					if tr.Reads(letter) {
						next[tr.To] = true
					}
				}
			}
			at = next
		}
		var got bool
		for s := range at {
			got = got || a.AcceptsForever(s, w.cycle[0])
		}
		require.Equal(t, Eval(f, w.stem, w.cycle[:1]), got, "%v\n%v\n%v", f, w, a)
	})
}
