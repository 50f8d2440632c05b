package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A byteSize is a number of bytes as a flag: "8GiB", "512 MB", "1.5Gi".
type byteSize int64

var byteUnits = map[string]float64{
	"": 1, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12,
	"ki": 1 << 10, "mi": 1 << 20, "gi": 1 << 30, "ti": 1 << 40,
}

// Type is what help calls a value.
func (b *byteSize) Type() string { return "size" }

// Set parses a value of the flag.
func (b *byteSize) Set(s string) error {
	number := strings.TrimRight(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	unit, ok := byteUnits[strings.TrimSuffix(strings.ToLower(s[len(number):]), "b")]
	n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	switch {
	case err != nil || !ok:
		return fmt.Errorf("use a number of bytes such as 8GiB or 500MB")
	case n < 0 || math.IsNaN(n) || n*unit >= math.MaxInt64:
		return fmt.Errorf("out of range")
	}
	*b = byteSize(n * unit)
	return nil
}

// String writes the size in the largest binary unit that leaves a whole number
// before the point.
func (b *byteSize) String() string { return bytesInWords(int64(*b)) }

func bytesInWords(n int64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	size, i := float64(n), 0
	for size >= 1024 && i < len(units)-1 {
		size /= 1024
		i++
	}
	return strings.TrimSuffix(strconv.FormatFloat(size, 'f', 1, 64), ".0") + " " + units[i]
}
