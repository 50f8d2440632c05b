//go:build !linux

package main

func peakMemoryBytes() uint64 { return runtimeMemoryBytes() }
