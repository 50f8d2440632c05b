package main

import "runtime"

// runtimeMemoryBytes is what the Go runtime has ever asked the system for: an
// upper bound of what was resident, where the system is not asked.
func runtimeMemoryBytes() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Sys
}
