package main

import (
	"os"
	"strconv"
	"strings"
)

// peakMemoryBytes is the most memory that this process has had resident, as the
// kernel counted it (VmHWM).
func peakMemoryBytes() uint64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return runtimeMemoryBytes()
	}
	_, rest, _ := strings.Cut(string(text), "\nVmHWM:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return runtimeMemoryBytes()
	}
	kib, err := strconv.ParseUint(fields[0], 10, 64)
	if err != nil {
		return runtimeMemoryBytes()
	}
	return kib << 10
}
