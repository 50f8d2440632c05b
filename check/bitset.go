package check

import "math/bits"

// A bitset is a set of small numbers.
type bitset []uint64

func newBitset(n int) bitset { return make(bitset, (n+63)/64) }

func (b bitset) has(i int) bool { return b[i/64]>>(i%64)&1 == 1 }
func (b bitset) add(i int)      { b[i/64] |= 1 << (i % 64) }
func (b bitset) remove(i int)   { b[i/64] &^= 1 << (i % 64) }

func (b bitset) len() (n int) {
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

// fill makes b the set of all numbers below n, which b has room for.
func (b bitset) fill(n int) {
	for i := range b {
		b[i] = ^uint64(0)
	}
	if n%64 != 0 {
		b[n/64] = 1<<(n%64) - 1
	}
}

// next returns the least member from i on, or -1.
func (b bitset) next(i int) int {
	for w := i / 64; w < len(b); w++ {
		word := b[w]
		if w == i/64 {
			word &= ^uint64(0) << (i % 64)
		}
		if word != 0 {
			return w*64 + bits.TrailingZeros64(word)
		}
	}
	return -1
}

// prev returns the greatest member up to i, or -1.
func (b bitset) prev(i int) int {
	for w := i / 64; i >= 0 && w >= 0; w-- {
		word := b[w]
		if w == i/64 {
			word &= ^uint64(0) >> (63 - i%64)
		}
		if word != 0 {
			return w*64 + 63 - bits.LeadingZeros64(word)
		}
	}
	return -1
}

// An actionSet is a set of action indices.
type actionSet [maxActions / 64]uint64

func (as *actionSet) add(a int)      { as[a/64] |= 1 << (a % 64) }
func (as *actionSet) has(a int) bool { return as[a/64]>>(a%64)&1 == 1 }
func (as *actionSet) intersects(o *actionSet) bool {
	for i := range as {
		if as[i]&o[i] != 0 {
			return true
		}
	}
	return false
}
func (as actionSet) and(o actionSet) actionSet {
	for i := range as {
		as[i] &= o[i]
	}
	return as
}
func (as actionSet) or(o actionSet) actionSet {
	for i := range as {
		as[i] |= o[i]
	}
	return as
}
func (as actionSet) minus(o actionSet) actionSet {
	for i := range as {
		as[i] &^= o[i]
	}
	return as
}
func (as *actionSet) empty() bool { return *as == actionSet{} }

func (as *actionSet) remove(a int) { as[a/64] &^= 1 << (a % 64) }

func (as *actionSet) len() (n int) {
	for _, w := range as {
		n += bits.OnesCount64(w)
	}
	return n
}

// first returns the least member; the set must not be empty.
func (as *actionSet) first() int {
	for i, w := range as {
		if w != 0 {
			return i*64 + bits.TrailingZeros64(w)
		}
	}
	panic("check: first of an empty set")
}
