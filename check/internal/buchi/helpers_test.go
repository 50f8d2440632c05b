package buchi_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	. "github.com/reconverge/reconverge/check/internal/buchi"
)

var (
	p, q, r = Atom(0), Atom(1), Atom(2)

	not        = func(f Formula) Formula { return Not.Of(f) }
	and        = And.Of
	or         = Or.Of
	implies    = func(f, g Formula) Formula { return Implies.Of(f, g) }
	iff        = func(f, g Formula) Formula { return Iff.Of(f, g) }
	eventually = func(f Formula) Formula { return Eventually.Of(f) }
	always     = func(f Formula) Formula { return Always.Of(f) }
	until      = func(f, g Formula) Formula { return Until.Of(f, g) }
	weakUntil  = func(f, g Formula) Formula { return WeakUntil.Of(f, g) }
	release    = func(f, g Formula) Formula { return Release.Of(f, g) }
)

func translate(t require.TestingT, f Formula) *Automaton {
	a, err := Translate(f)
	require.NoError(t, err, "%v", f)
	return a
}

// A word is stem, then cycle for ever.
type word struct{ stem, cycle []uint64 }

// accepts searches the product of automaton and word. It is naive on purpose:
// whatever can take every mark again and again, by shrinking the set of the
// pairs that can until it is stable.
func accepts(a *Automaton, w word) bool {
	letters := append(append([]uint64{}, w.stem...), w.cycle...)
	type edge struct {
		from, to int // pairs of a position and a state
		marks    uint64
	}
	pair := func(at, state int) int { return at*len(a.Out) + state }
	var edges []edge
	for i, letter := range letters {
		next := i + 1
		if next == len(letters) {
			next = len(w.stem)
		}
		for s, out := range a.Out {
			for _, t := range out {
				if letter&t.True == t.True && letter&t.False == 0 {
					edges = append(edges, edge{pair(i, s), pair(next, t.To), t.Marks})
				}
			}
		}
	}
	good := make([]bool, pair(len(letters), 0))
	for _, e := range edges {
		good[e.from] = true
	}
	// narrow leaves the pairs from which an edge of want leads on, at once or
	// after others, all within good. It reports whether that changed anything.
	narrow := func(want func(edge) bool) bool {
		found := make([]bool, len(good))
		for changed := true; changed; {
			changed = false
			for _, e := range edges {
				if good[e.from] && good[e.to] && !found[e.from] && (want(e) || found[e.to]) {
					found[e.from], changed = true, true
				}
			}
		}
		good, found = found, good
		return !slices.Equal(good, found)
	}
	for changed := true; changed; {
		changed = narrow(func(edge) bool { return true })
		for i := range a.Sets {
			changed = narrow(func(e edge) bool { return e.marks>>i&1 == 1 }) || changed
		}
	}
	return slices.ContainsFunc(a.Initial, func(s int) bool { return good[pair(0, s)] })
}

// dice draw small numbers. What rapid draws is mostly smaller still, which is
// good for shrinking a failure and for odd cases; so in half of the cases all
// draws follow from one.
type dice struct {
	*rapid.T
	uniform *rand.Rand
}

func newDice(t *rapid.T) dice {
	seed := rapid.Uint64().Draw(t, "seed, even for dice of rapid's own")
	if seed%2 == 0 {
		return dice{T: t}
	}
	return dice{t, rand.New(rand.NewPCG(seed, 0))}
}

// roll draws one of 0..n-1.
func (d dice) roll(n int, name string) int {
	if d.uniform != nil {
		return d.uniform.IntN(n)
	}
	return rapid.IntRange(0, n-1).Draw(d.T, name)
}

// formula draws one over the atoms below atoms, no deeper than depth.
func (d dice) formula(atoms, depth int) Formula {
	if depth == 0 || d.roll(6, "leaf") == 0 {
		switch n := d.roll(atoms*4+2, "atom"); n {
		case 0:
			return False.Of()
		case 1:
			return True.Of()
		default:
			return Atom(n % atoms)
		}
	}
	switch op := Not + Op(d.roll(int(Release-Not)+1, "operator")); op {
	case Not, Eventually, Always:
		return op.Of(d.formula(atoms, depth-1))
	case And, Or:
		args := []Formula{d.formula(atoms, depth-1), d.formula(atoms, depth-1)}
		if d.roll(4, "three") == 0 {
			args = append(args, d.formula(atoms, depth-1))
		}
		return op.Of(args...)
	default:
		return op.Of(d.formula(atoms, depth-1), d.formula(atoms, depth-1))
	}
}

func (d dice) word(atoms int) word {
	letters := func(n int) (ls []uint64) {
		for range n {
			ls = append(ls, uint64(d.roll(1<<atoms, "letter")))
		}
		return ls
	}
	return word{letters(d.roll(4, "stem")), letters(1 + d.roll(5, "cycle"))}
}

// words lists all words over some atoms with a stem and a cycle of at most so
// many letters.
func words(atoms, stem, cycle int) (ws []word) {
	for s := range stem + 1 {
		for c := 1; c <= cycle; c++ {
			for n := range 1 << (atoms * (s + c)) {
				var ls []uint64
				for i := range s + c {
					ls = append(ls, uint64(n>>(atoms*i)&(1<<atoms-1)))
				}
				ws = append(ws, word{ls[:s], ls[s:]})
			}
		}
	}
	return ws
}

// size is states, transitions, acceptance sets.
type size struct{ states, transitions, sets int }

func sizeOf(a *Automaton) size {
	s := size{len(a.Out), 0, a.Sets}
	for _, out := range a.Out {
		s.transitions += len(out)
	}
	return s
}

func requireSize(t *testing.T, want size, f Formula) {
	t.Helper()
	a := translate(t, f)
	require.Equal(t, want, sizeOf(a), "%v\n%v", f, a)
}
