package check

import (
	"math/bits"
	"slices"
)

// Omission is the probability that a search by fingerprints took a state for
// another and overlooked it, with all that can be reached through it alone. Both
// are estimates that TLC makes as well. The zero value: the storage was exact.
type Omission struct {
	// Calculated from the number of states, as if fingerprints were drawn at
	// random: each successor that was not new met one of them by chance.
	Calculated float64
	// Observed is the reciprocal of the least distance between two fingerprints
	// that are there. If they were not spread well, it would show here.
	Observed float64
}

func (s *search[S, K]) omission() (o Omission) {
	if s.o.Visited != Fingerprint {
		return o
	}
	distinct, generated := float64(s.stats.Distinct), float64(s.stats.Generated)
	o.Calculated = distinct * (generated - distinct) / (1 << 63) / 2
	if gap := s.leastGap(); gap > 0 {
		o.Observed = 1 / float64(gap)
	}
	return o
}

// leastGap is the least distance between two fingerprints, or 0 if there are
// not two. It sorts them a few hundred at a time: every table has its words
// nearly in order, so those of a range are near each other.
func (s *search[S, K]) leastGap() (least uint64) {
	rangeBits := max(0, bits.Len64(s.stats.Distinct)-8)
	least = ^uint64(0)
	var batch []uint64
	var last uint64 // the greatest of the ranges before
	any := false
	for r := range uint64(1) << rangeBits {
		batch = batch[:0]
		for p := range s.parts {
			batch = s.parts[p].wordsIn(batch, r, rangeBits, uint64(p))
		}
		slices.Sort(batch)
		for _, w := range batch {
			if any {
				least = min(least, w-last)
			}
			last, any = w, true
		}
	}
	if s.stats.Distinct < 2 {
		return 0
	}
	return least
}

// wordsIn appends the hashes that begin with the rangeBits bits of r. The table
// keeps all of a hash but the bits that tell the partition.
func (p *partition[K]) wordsIn(dst []uint64, r uint64, rangeBits int, partition uint64) []uint64 {
	if p.n == 0 {
		return dst
	}
	shift := 64 - rangeBits
	first, last := p.home(r<<shift), p.home(r<<shift|(1<<shift-1))
	// A word lies at its home or, if that was taken, in one of the slots after
	// it, before the next empty one.
	for k := 0; ; k++ {
		e := p.table.at[(first+k)%len(p.table.at)]
		if e == 0 && first+k >= last || k == len(p.table.at) {
			return dst
		}
		if e != 0 && e>>shift == r {
			dst = append(dst, e&^(partitions-1)|partition)
		}
	}
}
