package check

import (
	"sync"
	"unsafe"
)

// An arena is memory for the chunks of many vecs, outside the Go heap and in huge
// pages where the system has any: memory that is touched for the first time costs
// more than what is then done with it. All of it is given back at once. It holds
// no pointers.
type arena struct {
	mu      sync.Mutex
	regions []words[uint64]
	used    int                          // words of the last region
	spare   map[uintptr][]unsafe.Pointer // given back, by size in bytes
}

const regionWords = 4 << 20 / 8

// take returns size bytes of zeros.
func (a *arena) take(size uintptr) unsafe.Pointer {
	a.mu.Lock()
	defer a.mu.Unlock()
	if spare := a.spare[size]; len(spare) > 0 {
		p := spare[len(spare)-1]
		a.spare[size] = spare[:len(spare)-1]
		clear(unsafe.Slice((*byte)(p), size))
		return p
	}
	n := int(size+7) / 8
	last := len(a.regions) - 1
	if last < 0 || a.used+n > len(a.regions[last].at) {
		a.regions = append(a.regions, newWords[uint64](max(n, regionWords)))
		a.used = 0
		last++
	}
	p := unsafe.Pointer(&a.regions[last].at[a.used])
	a.used += n
	return p
}

// giveBack takes back what take returned.
func (a *arena) giveBack(p unsafe.Pointer, size uintptr) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.spare == nil {
		a.spare = map[uintptr][]unsafe.Pointer{}
	}
	a.spare[size] = append(a.spare[size], p)
}

func (a *arena) free() {
	for i := range a.regions {
		a.regions[i].free()
	}
}
