package minimise

import "github.com/reconverge/reconverge/impl/sim"

// A placed thing knows where it was in the first place, where equal ones differ.
type placed interface{ place() int }

// reduce leaves out of all what is picked, as much of it as can be, and what cannot
// be taken without that. take returns what could be taken, and whether that is still
// of interest.
func reduce[T placed](all []T, picked func(T) bool, take func([]T) (taken []T, ofInterest bool)) {
	sim.Reduce(filter(all, picked), func(some []T) ([]T, bool) {
		left := map[int]bool{}
		for _, x := range some {
			left[x.place()] = true
		}
		taken, ok := take(filter(all, func(x T) bool { return !picked(x) || left[x.place()] }))
		if !ok {
			return nil, false
		}
		all = taken
		return filter(taken, picked), true
	})
}

func filter[T any](all []T, keep func(T) bool) (kept []T) {
	for _, x := range all {
		if keep(x) {
			kept = append(kept, x)
		}
	}
	return kept
}
