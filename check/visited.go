package check

import "math/bits"

// A stateID is a partition and the index of a state in it.
type stateID uint32

const (
	partitionBits = 6
	partitions    = 1 << partitionBits // independent of the number of workers: the order of states depends on it
	localBits     = 32 - partitionBits
	maxLocal      = 1<<localBits - 1
)

func makeID(part, local int) stateID  { return stateID(part<<localBits | local) }
func (id stateID) partition() int     { return int(id >> localBits) }
func (id stateID) local() int         { return int(id & maxLocal) }
func partitionOf(hash uint64) int     { return int(hash % partitions) }
func tagOf(hash uint64) uint64        { return hash &^ (1<<32 - 1) }
func (p *partition[K]) slots() uint64 { return uint64(len(p.table)) }

// A partition stores the states whose hash falls into it. It belongs to one
// goroutine at a time, so it needs no locks and no atomic operations.
//
// Its table is an open-addressing index into the log of states: the upper 32
// bits of an entry repeat those of the hash, the lower are the index plus one,
// 0 is empty. The slot is taken from the top bits of the hash, so the table
// can grow without looking at the states again.
type partition[K comparable] struct {
	table []uint64
	shift uint // 64 - log2(len(table))
	log   vec[K]
	from  vec[stateID] // the state from which each was found first; itself for an initial one
}

const minTable = 64

// insert returns the index of k and whether it is new. The caller records
// where a new state comes from.
func (p *partition[K]) insert(k *K, hash uint64) (local int, isNew bool) {
	if uint64(p.log.len())*4 >= p.slots()*3 {
		p.grow()
	}
	mask := p.slots() - 1
	tag := tagOf(hash)
	for i := hash >> p.shift; ; i = (i + 1) & mask {
		e := p.table[i]
		if e == 0 {
			p.table[i] = tag | uint64(p.log.len()+1)
			p.log.push(*k)
			return p.log.len() - 1, true
		}
		if tagOf(e) == tag {
			if local := int(e&(1<<32-1)) - 1; *p.log.at(local) == *k {
				return local, false
			}
		}
	}
}

// touch loads the slot that insert will look at first, so that the loads of
// many states overlap.
func (p *partition[K]) touch(hash uint64) uint64 {
	if len(p.table) == 0 {
		return 0
	}
	return p.table[hash>>p.shift]
}

func (p *partition[K]) grow() {
	old := p.table
	n := max(minTable, 2*len(old))
	p.table = make([]uint64, n)
	p.shift = uint(64 - bits.TrailingZeros(uint(n)))
	mask := uint64(n - 1)
	for _, e := range old {
		if e == 0 {
			continue
		}
		// The tag holds the top 32 bits of the hash: enough for 2^32 slots.
		i := e >> p.shift
		for p.table[i] != 0 {
			i = (i + 1) & mask
		}
		p.table[i] = e
	}
}

func (p *partition[K]) bytes() int64 {
	return int64(len(p.table))*8 + p.log.bytes() + p.from.bytes()
}
