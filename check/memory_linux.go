package check

import (
	"syscall"
	"unsafe"
)

// mapWords is the size, in words, from which a table lives outside the Go heap:
// given back at once when it is outgrown, and in huge pages where there are any.
const mapWords = 1 << 17

// newWords returns n zero words. Give them back with freeWords.
func newWords[T uint32 | uint64](n int) []T {
	if n < mapWords {
		return make([]T, n)
	}
	var word T
	bytes, err := syscall.Mmap(-1, 0, n*int(unsafe.Sizeof(word)), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return make([]T, n) // and if there is no memory there either, Go says so
	}
	_ = syscall.Madvise(bytes, syscall.MADV_HUGEPAGE) // advice: it may not be taken
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(bytes))), n)
}

func freeWords[T uint32 | uint64](words []T) {
	if len(words) < mapWords {
		return
	}
	var word T
	first := (*byte)(unsafe.Pointer(unsafe.SliceData(words)))
	_ = syscall.Munmap(unsafe.Slice(first, len(words)*int(unsafe.Sizeof(word)))) // EINVAL: it came from make
}
