package check_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/internal/classic"
)

// managers are the resource managers of two-phase commit.
func managers(n int, signature bool) check.ScalarSet[classic.TwoPhase] {
	bit := func(set uint16, i int) uint16 { return set >> i & 1 }
	swapBits := func(set uint16, i, j int) uint16 {
		if bit(set, i) != bit(set, j) {
			set ^= 1<<i | 1<<j
		}
		return set
	}
	set := check.ScalarSet[classic.TwoPhase]{
		Size: n,
		Swap: func(s classic.TwoPhase, i, j int) classic.TwoPhase {
			s.Heard, s.Sent = swapBits(s.Heard, i, j), swapBits(s.Sent, i, j)
			di, dj := s.Of(i), s.Of(j)
			return s.With(i, dj).With(j, di)
		},
	}
	if signature {
		set.Signature = func(s classic.TwoPhase, i int) uint64 {
			return uint64(s.Of(i))<<2 | uint64(bit(s.Sent, i))<<1 | uint64(bit(s.Heard, i))
		}
	}
	return set
}

// The published numbers of orbits, with and without the help of a signature.
func TestScalarSetOrbits(t *testing.T) {
	for n, orbits := range map[int]uint64{3: 80, 5: 314, 7: 920} {
		m := classic.TwoPhaseCommit(n)
		for _, signature := range []bool{true, false} {
			if !signature && n > 5 {
				continue // 5,040 orders for each state
			}
			m.Canonical = check.Canonical(managers(n, signature))
			r := sameAtAnyWorkerCount(t, m, check.Options{Symmetry: true})
			require.NoError(t, r.Err())
			require.Equal(t, orbits, r.Stats.Distinct)
		}
	}
}

// names is a state that speaks of two sets of names in several ways.
type names struct {
	Place  [4]uint8 // per name of the first set
	Chosen uint8    // a name of the first set; 4: none
	Last   [3]uint8 // per name of the second: a name of the first
}

func swapFirst(s names, i, j int) names {
	s.Place[i], s.Place[j] = s.Place[j], s.Place[i]
	rename := func(x *uint8) {
		switch *x {
		case uint8(i):
			*x = uint8(j)
		case uint8(j):
			*x = uint8(i)
		}
	}
	rename(&s.Chosen)
	for k := range s.Last {
		rename(&s.Last[k])
	}
	return s
}

func swapSecond(s names, i, j int) names {
	s.Last[i], s.Last[j] = s.Last[j], s.Last[i]
	return s
}

// Two states have one representative if and only if one can be made the other.
func TestRandomScalarSets(t *testing.T) {
	draw := rapid.Custom(func(t *rapid.T) (s names) {
		for i := range s.Place {
			s.Place[i] = rapid.Uint8Range(0, 2).Draw(t, "place")
		}
		s.Chosen = rapid.Uint8Range(0, 4).Draw(t, "chosen")
		for i := range s.Last {
			s.Last[i] = rapid.Uint8Range(0, 3).Draw(t, "last")
		}
		return s
	})
	orbit := func(s names) map[names]bool {
		all, todo := map[names]bool{s: true}, []names{s}
		for len(todo) > 0 {
			s, todo = todo[0], todo[1:]
			for i := range 4 {
				for j := range i {
					next := []names{swapFirst(s, i, j)}
					if i < 3 {
						next = append(next, swapSecond(s, i, j))
					}
					for _, u := range next {
						if !all[u] {
							all[u] = true
							todo = append(todo, u)
						}
					}
				}
			}
		}
		return all
	}
	first, second := check.ScalarSet[names]{Size: 4, Swap: swapFirst}, check.ScalarSet[names]{Size: 3, Swap: swapSecond}
	withSignature := first
	withSignature.Signature = func(s names, i int) uint64 {
		if s.Chosen == uint8(i) {
			return 10 + uint64(s.Place[i])
		}
		return uint64(s.Place[i])
	}
	rapid.Check(t, func(t *rapid.T) {
		canonical := check.Canonical(first, second)
		if rapid.Bool().Draw(t, "signature") {
			canonical = check.Canonical(withSignature, second)
		}
		s, u := draw.Draw(t, "s"), draw.Draw(t, "u")
		all := orbit(s)
		require.True(t, all[canonical(s)])
		require.Equal(t, all[u], canonical(s) == canonical(u))
		for v := range all {
			require.Equal(t, canonical(s), canonical(v))
		}
	})
}
