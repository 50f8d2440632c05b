package check

import (
	"math/bits"
	"unsafe"
)

// A vec is an append-only sequence that never copies what it holds: chunks
// double in size up to chunkMax and stay there, so that a model of ten states
// is as cheap as one of ten million.
type vec[T any] struct {
	chunks [][]T
	n      int
}

const (
	chunkMin = 1 << 6
	chunkMax = 1 << 16
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
	v.chunks = append(v.chunks, make([]T, size))
}

func (v *vec[T]) bytes() int64 {
	var x T
	n := 0
	for _, c := range v.chunks {
		n += len(c)
	}
	return int64(n) * int64(unsafe.Sizeof(x))
}
