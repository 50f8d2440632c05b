package check

import (
	"math/bits"
	"unsafe"
)

// A vec is a sequence that grows at its end and never moves what it holds: chunks
// double in size up to chunkMax and stay there, so that a model of ten states
// is as cheap as one of ten million.
type vec[T any] struct {
	chunks [][]T
	n      int
	room   int    // elements that the chunks held have space for
	arena  *arena // of the chunks of full size, if elements have no pointers; nil: the Go heap
}

const (
	chunkMin = 1 << 6
	chunkMax = 1 << 12
)

// place returns the chunk and the position in it of element i.
func place(i int) (chunk, off int) {
	pos := i + chunkMin
	if pos >= chunkMax {
		return bits.Len(chunkMax/chunkMin) - 2 + pos/chunkMax, pos % chunkMax
	}
	chunk = bits.Len(uint(pos)) - bits.Len(chunkMin)
	return chunk, pos - chunkMin<<chunk
}

func (v *vec[T]) len() int { return v.n }

func (v *vec[T]) at(i int) *T {
	c, off := place(i)
	return &v.chunks[c][off]
}

func (v *vec[T]) push(x T) {
	c, off := place(v.n)
	if c == len(v.chunks) {
		v.grow()
	}
	v.chunks[c][off] = x
	v.n++
}

// append appends all of xs.
func (v *vec[T]) append(xs []T) {
	for len(xs) > 0 {
		c, off := place(v.n)
		if c == len(v.chunks) {
			v.grow()
		}
		n := copy(v.chunks[c][off:], xs)
		v.n += n
		xs = xs[n:]
	}
}

// extend appends n zero elements.
func (v *vec[T]) extend(n int) {
	v.n += n
	if v.n == 0 {
		return
	}
	for last, _ := place(v.n - 1); len(v.chunks) <= last; {
		v.grow()
	}
}

func (v *vec[T]) grow() {
	size := chunkMax
	if c := len(v.chunks); c < bits.Len(chunkMax/chunkMin) {
		size = chunkMin << c
	}
	var chunk []T
	if v.arena != nil && size == chunkMax {
		var x T
		chunk = unsafe.Slice((*T)(v.arena.take(chunkMax*unsafe.Sizeof(x))), chunkMax)
	} else {
		chunk = make([]T, size)
	}
	v.chunks = append(v.chunks, chunk)
	v.room += size
}

// drop lets go of the memory of the elements before lo, as far as it is whole
// chunks. They must not be looked at again.
func (v *vec[T]) drop(lo int) {
	first, _ := place(lo)
	for c := first - 1; c >= 0 && v.chunks[c] != nil; c-- {
		v.room -= len(v.chunks[c])
		v.giveBack(v.chunks[c])
		v.chunks[c] = nil
	}
}

// flat returns all elements in one slice and empties v.
func (v *vec[T]) flat() []T {
	all := make([]T, 0, v.n)
	for c, chunk := range v.chunks {
		all = append(all, chunk[:min(len(chunk), v.n-len(all))]...)
		v.giveBack(chunk)
		v.chunks[c] = nil
	}
	*v = vec[T]{arena: v.arena}
	return all
}

func (v *vec[T]) giveBack(chunk []T) {
	if v.arena != nil && len(chunk) == chunkMax {
		var x T
		v.arena.giveBack(unsafe.Pointer(unsafe.SliceData(chunk)), chunkMax*unsafe.Sizeof(x))
	}
}

func (v *vec[T]) bytes() int64 {
	var x T
	return int64(v.room) * int64(unsafe.Sizeof(x))
}
