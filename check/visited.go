package check

import (
	"math/bits"
	"unsafe"
)

// A stateID is a partition and the index of a state in it.
type stateID uint32

const (
	partitionBits = 5
	partitions    = 1 << partitionBits // independent of the number of workers: the order of states depends on it
	localBits     = 32 - partitionBits
	maxLocal      = 1<<localBits - 1
)

func makeID(part, local int) stateID { return stateID(part<<localBits | local) }
func (id stateID) partition() int    { return int(id >> localBits) }
func (id stateID) local() int        { return int(id & maxLocal) }
func partitionOf(hash uint64) int    { return int(hash % partitions) }

// A layout says how the partitions of a search store what they know of a state.
type layout struct {
	// words: two states with one hash are one state, and the hash is all that
	// the table keeps. Exact where the hash is a bijection, of states of up to
	// eight bytes; otherwise that is what fingerprints are.
	words bool
	// ids: insert tells the index of a known state as well. Without words it
	// always does.
	ids bool
	// steps: remember which successor of its parent a state is, because the
	// states themselves are forgotten once they are explored.
	steps bool

	maxLoad, growth ratio
}

type ratio struct{ num, den int }

func (r ratio) of(n int) int { return n / r.den * r.num }

// newLayout chooses for states of type K. A table that is grown by less costs
// time, because fresh memory does, and saves memory: it is 11 to 21 bytes a state
// if exact, 9.5 to 11.8 for fingerprints.
func newLayout[K comparable](h *hasher[K], visited Visited, ids bool) layout {
	if visited == Fingerprint {
		return layout{words: true, steps: true, ids: ids, maxLoad: ratio{54, 64}, growth: ratio{5, 4}}
	}
	return layout{words: h.injective(), ids: ids, maxLoad: ratio{48, 64}, growth: ratio{2, 1}}
}

// A partition stores the states whose hash falls into it. It belongs to one
// goroutine at a time, so it needs no locks and no atomic operations.
//
// Its table is an open-addressing set. An entry is either the hash of a state,
// or the upper half of the hash beside the index plus one of the state in the
// log, where it is compared; 0 is empty. The slot is the hash scaled to the
// size of the table, so the table can grow by any factor, reading and writing
// in the order of its memory, without looking at the states again.
type partition[K comparable] struct {
	*layout
	table words[uint64]
	index words[uint32] // per slot, if layout.ids of words: which state it is
	n     int           // states
	limit int           // of n, before the table grows
	log   vec[K]
	from  vec[stateID] // the state from which each was found first; itself for an initial one
	step  vec[uint8]   // if layout.steps: its place among the successors of that state, modulo 256
}

const (
	minTable = 64
	tagMask  = 0xffffffff << 32
)

// word is what the table keeps of a hash. In a partition of words the low bits
// of a hash are the same for all, so one of them is free to tell an entry from
// an empty slot.
func (p *partition[K]) word(hash uint64) uint64 {
	if p.words {
		return hash | 1
	}
	return hash & tagMask
}

// prepare makes p ready for use. Its states may lie in the arena if they have no
// pointers.
func (p *partition[K]) prepare(l *layout, a *arena, plain bool) {
	p.layout, p.from.arena, p.step.arena = l, a, a
	if plain {
		p.log.arena = a
	}
}

// home is the slot where the search for a word begins.
func (p *partition[K]) home(word uint64) int {
	slot, _ := bits.Mul64(word, uint64(len(p.table.at)))
	return int(slot)
}

// insert returns the index of k and whether it is new. A table of words without
// ids does not know the index of what is not new.
func (p *partition[K]) insert(k *K, hash uint64, from stateID, step uint8) (local int, isNew bool) {
	if p.n >= p.limit {
		p.grow()
	}
	word := p.word(hash)
	i := p.home(word)
	if p.words {
		for ; p.table.at[i] != 0; i++ {
			if p.table.at[i] == word {
				if p.ids {
					return int(p.index.at[i]), false
				}
				return -1, false
			}
			if i == len(p.table.at)-1 {
				i = -1
			}
		}
		p.table.at[i] = word
		if p.ids {
			p.index.at[i] = uint32(p.n)
		}
	} else {
		for ; p.table.at[i] != 0; i++ {
			if e := p.table.at[i]; e&tagMask == word {
				if local := int(uint32(e)) - 1; *p.log.at(local) == *k {
					return local, false
				}
			}
			if i == len(p.table.at)-1 {
				i = -1
			}
		}
		p.table.at[i] = word | uint64(p.n+1)
	}
	p.log.push(*k)
	p.from.push(from)
	if p.steps {
		p.step.push(step)
	}
	p.n++
	return p.n - 1, true
}

// lookup returns the index of k, if it was inserted. It must be one that insert
// would tell as well.
func (p *partition[K]) lookup(k *K, hash uint64) (local int, ok bool) {
	if p.n == 0 {
		return 0, false
	}
	word := p.word(hash)
	for i := p.home(word); p.table.at[i] != 0; i++ {
		switch e := p.table.at[i]; {
		case p.words && e == word:
			return int(p.index.at[i]), true
		case !p.words && e&tagMask == word:
			if local := int(uint32(e)) - 1; *p.log.at(local) == *k {
				return local, true
			}
		}
		if i == len(p.table.at)-1 {
			i = -1
		}
	}
	return 0, false
}

// touch loads the slot at which insert will begin, and touchState the state
// that it will compare there, so that the loads of many states overlap.
func (p *partition[K]) touch(hash uint64) uint64 {
	if len(p.table.at) == 0 {
		return 0
	}
	i := p.home(p.word(hash))
	if p.ids && p.words {
		return p.table.at[i] ^ uint64(p.index.at[i])
	}
	return p.table.at[i]
}

func (p *partition[K]) touchState(hash uint64) uint64 {
	if p.words || len(p.table.at) == 0 {
		return 0
	}
	word := p.word(hash)
	e := p.table.at[p.home(word)]
	if e == 0 || e&tagMask != word || unsafe.Sizeof(*p.log.at(0)) == 0 {
		return 0
	}
	return uint64(*(*byte)(unsafe.Pointer(p.log.at(int(uint32(e)) - 1))))
}

func (p *partition[K]) grow() {
	table, index := p.table, p.index
	n := max(minTable, p.growth.of(len(table.at)))
	p.table, p.limit = newWords[uint64](n), p.maxLoad.of(n)
	if p.words && p.ids {
		p.index = newWords[uint32](n)
	}
	for k, e := range table.at {
		if e == 0 {
			continue
		}
		i := p.home(e)
		if !p.words {
			i = p.home(e & tagMask)
		}
		for p.table.at[i] != 0 {
			if i++; i == n {
				i = 0
			}
		}
		p.table.at[i] = e
		if len(index.at) > 0 {
			p.index.at[i] = index.at[k]
		}
	}
	table.free()
	index.free()
}

// forget gives back the memory of the states before lo, of which only the path
// to them is needed from now on.
func (p *partition[K]) forget(lo int) { p.log.drop(lo) }

func (p *partition[K]) free() {
	p.table.free()
	p.index.free()
}

func (p *partition[K]) bytes() int64 {
	return int64(len(p.table.at))*8 + int64(len(p.index.at))*4 + p.log.bytes() + p.from.bytes() + p.step.bytes()
}
