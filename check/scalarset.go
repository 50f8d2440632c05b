package check

import (
	"bytes"
	"slices"
	"unsafe"
)

// A ScalarSet is a set of names, such as process indices, that a model uses only
// to tell its members apart: exchanging two of them everywhere in a state gives a
// state that behaves the same. (C. Norris Ip and D. Dill: Better verification
// through symmetry, 1996.)
type ScalarSet[S comparable] struct {
	Size int // names 0..Size-1

	// Swap exchanges the names i and j everywhere in s.
	Swap func(s S, i, j int) S

	// Signature is what can be said of name i without using other names; nil: 0.
	// Exchanging names exchanges their signatures and changes no other. The more
	// a signature tells, the fewer permutations have to be tried.
	Signature func(s S, i int) uint64
}

// Canonical returns a function for Model.Canonical: it maps a state to the least
// of those that it becomes by permuting the names in each set. The number of
// states of a run with Options.Symmetry is then the number of orbits, exactly.
//
// Names are sorted by signature; where several have the same, all their orders are
// tried, unless exchanging them changes nothing. The worst case is the product of
// the factorials of the sets' sizes.
func Canonical[S comparable](sets ...ScalarSet[S]) func(S) S {
	h, err := newHasher[S]()
	return func(s S) S {
		if err != nil {
			panic(err) // Run refuses such states as well
		}
		for _, set := range sets {
			s = set.sort(s)
		}
		best := s
		var try func(s S, set, from int)
		try = func(s S, set, from int) {
			if set == len(sets) {
				if h.compare(&s, &best) < 0 {
					best = s
				}
				return
			}
			if from >= sets[set].Size-1 {
				try(s, set+1, 0)
				return
			}
			// Any name of the same signature may come to this place.
			tried := []S{}
			for i := from; i < sets[set].Size && sets[set].signature(s, i) == sets[set].signature(s, from); i++ {
				t := s
				if i > from {
					t = sets[set].Swap(s, from, i)
				}
				if !slices.Contains(tried, t) {
					tried = append(tried, t)
					try(t, set, from+1)
				}
			}
		}
		try(s, 0, 0)
		return best
	}
}

func (set *ScalarSet[S]) signature(s S, i int) uint64 {
	if set.Signature == nil {
		return 0
	}
	return set.Signature(s, i)
}

// sort permutes the names so that their signatures ascend.
func (set *ScalarSet[S]) sort(s S) S {
	for i := 1; i < set.Size; i++ {
		for j := i; j > 0 && set.signature(s, j) < set.signature(s, j-1); j-- {
			s = set.Swap(s, j, j-1)
		}
	}
	return s
}

// compare is a total order of values: by their memory, then their strings.
func (h *hasher[K]) compare(a, b *K) int {
	p, q := unsafe.Pointer(a), unsafe.Pointer(b)
	for _, s := range h.parts {
		x := unsafe.Slice((*byte)(unsafe.Add(p, s.off)), s.len)
		y := unsafe.Slice((*byte)(unsafe.Add(q, s.off)), s.len)
		if c := bytes.Compare(x, y); c != 0 {
			return c
		}
	}
	for _, off := range h.strings {
		x, y := *(*string)(unsafe.Add(p, off)), *(*string)(unsafe.Add(q, off))
		if x != y {
			if x < y {
				return -1
			}
			return 1
		}
	}
	return 0
}
