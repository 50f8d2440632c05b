package check

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

const hugePage = 2 << 20

// mapWords returns n zero words outside the Go heap, at the start of a huge page,
// or nil if that is not to be had. Give them back with unmapWords.
func mapWords[T uint32 | uint64](n int) []T {
	var word T
	size := uintptr(n) * unsafe.Sizeof(word)
	p, err := unix.MmapPtr(-1, 0, nil, size+hugePage, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return nil
	}
	head := -uintptr(p) % hugePage
	if head > 0 {
		_ = unix.MunmapPtr(p, head)
		p = unsafe.Add(p, head)
	}
	if end := pages(size); size+hugePage-head > end {
		_ = unix.MunmapPtr(unsafe.Add(p, end), size+hugePage-head-end)
	}
	_ = unix.Madvise(unsafe.Slice((*byte)(p), size), unix.MADV_HUGEPAGE) // advice: it may not be taken
	return unsafe.Slice((*T)(p), n)
}

// pages rounds a size up to whole pages.
func pages(size uintptr) uintptr {
	page := uintptr(unix.Getpagesize())
	return (size + page - 1) / page * page
}

func unmapWords[T uint32 | uint64](words []T) {
	var word T
	_ = unix.MunmapPtr(unsafe.Pointer(unsafe.SliceData(words)), pages(uintptr(len(words))*unsafe.Sizeof(word)))
}
