package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
)

var halfway = check.Stats{Distinct: 2_000_000, Queue: 1500, Depth: 12, StoredBytes: 3 << 20, Elapsed: 4 * time.Second, Phase: "search"}

func TestProgressOnTerminal(t *testing.T) {
	var b bytes.Buffer
	p := newProgress(&b, "web", 3)
	require.False(t, p.terminal)
	p.terminal = true
	p.show(halfway)
	want := "\rsearch: 2,000,000 states, 500,000/s, queue 1,500, depth 12, 3 MiB, 3 properties, ETA unknown"
	require.Equal(t, want, b.String())

	b.Reset()
	shorter := halfway
	shorter.Queue = 0
	p.show(shorter)
	require.Equal(t, len(want), len(b.String()), "what was longer is covered")

	b.Reset()
	p.clear()
	require.Empty(t, strings.Trim(b.String(), "\r "))
	require.True(t, strings.HasSuffix(b.String(), "\r"))
}

func TestProgressElsewhere(t *testing.T) {
	var b bytes.Buffer
	p := newProgress(&b, "web", 3)
	p.show(halfway)
	p.show(check.Stats{Phase: "liveness"})
	p.show(check.Stats{Phase: "search", Remaining: 3_400 * time.Millisecond})
	p.show(check.Stats{Phase: "search", Remaining: time.Millisecond})
	p.clear()
	var lines []progressLine
	for d := json.NewDecoder(&b); d.More(); {
		var line progressLine
		require.NoError(t, d.Decode(&line))
		lines = append(lines, line)
	}
	require.Equal(t, []progressLine{
		{Kind: "Progress", Subject: "web", Phase: "search", States: 2_000_000, StatesPerSecond: 500_000, Queue: 1500, Depth: 12,
			MemoryBytes: 3 << 20, Properties: 3, ElapsedSeconds: 4, ETA: "unknown"},
		{Kind: "Progress", Subject: "web", Phase: "liveness", Properties: 3, ETA: "unknown"},
		{Kind: "Progress", Subject: "web", Phase: "search", Properties: 3, ETA: "about 3s"},
		{Kind: "Progress", Subject: "web", Phase: "search", Properties: 3, ETA: "about 1s"},
	}, lines)
}
