package check

import "math/bits"

// An indexing gives the states of a search that has ended consecutive numbers.
type indexing struct {
	base    [partitions]int
	end     levelEnd
	size    int
	order   []span   // of exploration
	numbers []uint32 // scratch of tarjan, one per state
}

// newIndexing numbers the states before end, which was reached level by level.
func newIndexing(levels []levelEnd, end levelEnd) *indexing {
	ix := &indexing{end: end}
	for p, n := range end {
		ix.base[p] = ix.size
		ix.size += int(n)
	}
	var lo levelEnd
	for _, hi := range levels {
		for p := range partitions {
			hi[p] = min(hi[p], end[p]) // the search may have ended within a level
			if lo[p] < hi[p] {
				ix.order = append(ix.order, span{p, int(lo[p]), int(hi[p])})
			}
		}
		lo = hi
	}
	ix.numbers = make([]uint32, ix.size)
	return ix
}

func (ix *indexing) index(id stateID) int { return ix.base[id.partition()] + id.local() }

// A stateSet is a set of states of a search that has ended.
type stateSet struct {
	*indexing
	words []uint64
}

func newStateSet(ix *indexing) *stateSet {
	return &stateSet{ix, make([]uint64, (ix.size+63)/64)}
}

// has reports whether id is a member. States beyond the indexing, at the rim of
// a search that was cut short, never are.
func (ss *stateSet) has(id stateID) bool {
	if uint32(id.local()) >= ss.end[id.partition()] {
		return false
	}
	i := ss.index(id)
	return ss.words[i/64]>>(i%64)&1 == 1
}

func (ss *stateSet) add(id stateID) {
	i := ss.index(id)
	ss.words[i/64] |= 1 << (i % 64)
}

func (ss *stateSet) remove(id stateID) {
	i := ss.index(id)
	ss.words[i/64] &^= 1 << (i % 64)
}

func (ss *stateSet) len() (n int) {
	for _, w := range ss.words {
		n += bits.OnesCount64(w)
	}
	return n
}

// members lists the set in the order of exploration.
func (ss *stateSet) members() (all []stateID) {
	ss.each(func(id stateID) { all = append(all, id) })
	return all
}

// each calls f for the members in the order of exploration. f may remove the
// state it is called for.
func (ss *stateSet) each(f func(stateID)) {
	for _, sp := range ss.order {
		for i := sp.lo; i < sp.hi; i++ {
			id := makeID(sp.part, i)
			if k := ss.index(id); ss.words[k/64] == 0 {
				i += 63 - k%64 // none of the next is a member
			} else if ss.words[k/64]>>(k%64)&1 == 1 {
				f(id)
			}
		}
	}
}

// eachBackward is each in the opposite order.
func (ss *stateSet) eachBackward(f func(stateID)) {
	for k := len(ss.order) - 1; k >= 0; k-- {
		sp := ss.order[k]
		for i := sp.hi - 1; i >= sp.lo; i-- {
			id := makeID(sp.part, i)
			if k := ss.index(id); ss.words[k/64] == 0 {
				i -= k % 64
			} else if ss.words[k/64]>>(k%64)&1 == 1 {
				f(id)
			}
		}
	}
}
