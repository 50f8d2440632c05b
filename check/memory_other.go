//go:build !linux

package check

// newWords returns n zero words. Give them back with freeWords.
func newWords[T uint32 | uint64](n int) []T { return make([]T, n) }

func freeWords[T uint32 | uint64]([]T) {}
