//go:build !linux

package check

func mapWords[T uint32 | uint64](int) []T { return nil }

func unmapWords[T uint32 | uint64]([]T) {}
