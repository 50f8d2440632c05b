package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/review"
	"github.com/reconverge/reconverge/traces/replay"
)

const root = "../../../.."

// Some of what is recorded of Kubernetes' own controllers.
func TestVerdictsAreAsRecorded(t *testing.T) {
	recorded, err := review.ReadReplays(filepath.Join(root, "docs", review.ReplaysFile))
	require.NoError(t, err)
	reproduced := 0
	for _, r := range recorded {
		switch filepath.Base(r.Trace) {
		case "create-late.json", "evicted-namesake.json", "expired-deletes.json", "restart-untaints.json", "tainted-in-pass.json", "unbound-namesake.json":
		default:
			continue
		}
		t.Run(r.Trace, func(t *testing.T) {
			trace, err := os.Open(filepath.Join(root, filepath.FromSlash(r.Trace)))
			require.NoError(t, err)
			defer trace.Close()
			var out bytes.Buffer
			require.NoError(t, run([]string{"replay", "-"}, trace, &out))
			var result replay.Result
			require.NoError(t, json.Unmarshal(out.Bytes(), &result))
			require.Equal(t, *r.Upstream, review.Outcome{
				Verdict: result.Verdict, Step: result.Step, Action: result.Action, Reason: result.Reason, Reordered: len(result.Path) > 0,
			}, "run verify docs --replay, and read what changed")
			if result.Verdict == replay.Reproduced {
				reproduced++
			}
		})
	}
	require.GreaterOrEqual(t, reproduced, 5)
}

func TestWhatUpstreamHasNot(t *testing.T) {
	trace, err := os.Open(filepath.Join(root, "traces/replay/testdata/bind.noUID.json"))
	require.NoError(t, err)
	defer trace.Close()
	var out bytes.Buffer
	require.NoError(t, run([]string{"replay", "-"}, trace, &out))
	require.Contains(t, out.String(), "there are none in upstream's controllers")
	require.ErrorContains(t, run([]string{"replay"}, nil, &out), "usage: verify-upstream replay")
}
