package replay_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/traces"
	"github.com/reconverge/reconverge/traces/replay"
)

func open(t testing.TB, file string) *traces.Replayed {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	doc, err := traces.Decode(f)
	require.NoError(t, err)
	r, err := traces.Replay(doc)
	require.NoError(t, err)
	return r
}

func TestExplore(t *testing.T) {
	pattern := "../../model/testdata/*.json"
	if os.Getenv("MUT") != "" {
		pattern = "testdata/*.json"
	}
	files, err := filepath.Glob(pattern)
	require.NoError(t, err)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			trace := open(t, file)
			for _, without := range []bool{false, true} {
				if without && len(trace.Scenario.Mutations) == 0 {
					continue
				}
				began := time.Now()
				r, err := replay.Run(trace, replay.Options{WithoutMutations: without})
				require.NoError(t, err)
				fmt.Printf("%-28s %-18s %v %-14s %d/%d %s: %s (%.1fs)\n", name, trace.Claim.ID, without, r.Verdict, r.Step, len(trace.Steps())-1, r.Action, r.Reason, time.Since(began).Seconds())
				if os.Getenv("SHOW") != "" {
					fmt.Println(r.Schedule)
				}
			}
		})
	}
}
