package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestByteSize(t *testing.T) {
	for text, want := range map[string]byteSize{
		"0": 0, "1024": 1024, "1k": 1000, "1KB": 1000, "1Ki": 1024, "1kib": 1024, "8GiB": 8 << 30, "8Gi": 8 << 30,
		"8 GiB": 8 << 30, "1.5Mi": 3 << 19, "500MB": 500e6, "2TB": 2e12, "7B": 7,
	} {
		var got byteSize
		require.NoError(t, got.Set(text), text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "GiB", "8XB", "-1", "1e", "NaN", "inf", "8GiBs", "9999999TiB", "0x"} {
		var got byteSize
		require.Error(t, got.Set(text), text)
	}
	size := byteSize(8 << 30)
	require.Equal(t, "8 GiB", size.String())
	size = 1536
	require.Equal(t, "1.5 KiB", size.String())
}

func TestWords(t *testing.T) {
	require.Equal(t, "1 node", count(1, "node"))
	require.Equal(t, "2 properties", count(2, "property"))
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		require.Equal(t, want, thousands(n))
	}
	require.Equal(t, []string{"one two", "three", "extraordinary", "x"}, wrap("one two three extraordinary x", 8))
	require.Equal(t, []string{""}, wrap("", 8))
	require.Equal(t, "a b", oneLine("a\n\rb\n"))
}

func TestFaults(t *testing.T) {
	b, err := parseFaults(strings.Split(defaultFaults, ","))
	require.NoError(t, err)
	require.Equal(t, "node-crash=1, restart=1, pod-delete=1", b.String())
	b, err = parseFaults([]string{"none"})
	require.NoError(t, err)
	require.Equal(t, "none", b.String())
}
