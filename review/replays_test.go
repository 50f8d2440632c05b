package review_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/review"
	"github.com/reconverge/reconverge/traces"
	"github.com/reconverge/reconverge/traces/replay"
)

// TestReplaysAreAsRecorded replays every trace, in short tests every sixth.
func TestReplaysAreAsRecorded(t *testing.T) {
	file := filepath.Join(docs, review.ReplaysFile)
	recorded, err := review.ReadReplays(file)
	require.NoError(t, err)
	n := -1
	all, err := review.Replays(docs, func(trace *traces.Replayed, o replay.Options) (replay.Result, error) {
		if n++; testing.Short() && n%6 > 0 && n < len(recorded) {
			was := recorded[n].Impl
			r := replay.Result{Verdict: was.Verdict, Step: was.Step, Action: was.Action, Reason: was.Reason}
			if was.Reordered {
				r.Path = []string{"not replayed now"}
			}
			return r, nil
		}
		return replay.Run(trace, o)
	}, nil)
	require.NoError(t, err)
	if *update {
		require.NoError(t, review.WriteReplays(file, all))
		return
	}
	require.Len(t, recorded, len(all), "run verify docs --replay")
	for i := range all {
		require.Equal(t, recorded[i], all[i], "run verify docs --replay, and read what changed")
	}
}

func TestNoFewerThanRecorded(t *testing.T) {
	recorded, err := review.ReadReplays(filepath.Join(docs, review.ReplaysFile))
	require.NoError(t, err)
	reproduced, guarded := 0, 0
	for i, r := range recorded {
		switch {
		case r.Impl.Verdict == replay.Reproduced && len(r.Mutations) == 0:
			reproduced++
		case r.WithoutMutations && r.Impl.Verdict == replay.Prevented && recorded[i-1].Impl.Verdict == replay.Reproduced:
			guarded++
		}
	}
	require.GreaterOrEqual(t, reproduced, 25)
	require.GreaterOrEqual(t, guarded, 15)
}

func TestReplaysFileIsRead(t *testing.T) {
	docs := repository(t)
	write(t, `[{"trace":"a","verdict":"fine"}]`, docs, review.ReplaysFile)
	_, err := review.Pages(docs)
	require.ErrorContains(t, err, `replay.json: json: unknown field "verdict"`)
}
