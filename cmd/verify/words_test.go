package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/model"
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

func TestTraceNames(t *testing.T) {
	name := func(j job) string {
		s, err := traceName(&j, "P-UID")
		require.NoError(t, err)
		require.LessOrEqual(t, len(s), 255)
		return s
	}
	base := job{slug: "a_b", scenario: model.Scenario{Replicas: 1, Nodes: 1}}
	more, old, long, longer := base, base, base, base
	more.scenario.Faults = model.Budget{model.Restart: 1}
	old.scenario.Version = model.V1_9
	long.slug, longer.slug = strings.Repeat("x", 253), strings.Repeat("x", 252)+"y"
	names := map[string]bool{}
	for _, j := range []job{base, more, old, long, longer} {
		names[name(j)] = true
	}
	require.Len(t, names, 5)
	require.Regexp(t, `^a_b-1\.9-P-UID-[0-9a-f]{8}\.json$`, name(old))
}
