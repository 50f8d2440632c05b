package review_test

import (
	"context"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/review"
)

// marked is a small scenario with a property that is not guaranteed.
var marked = model.NamedScenario{Name: "never-marked", Scenario: model.Scenario{
	Replicas: 1, Nodes: 2, Lag: 1, Start: model.StartRunning, Toleration: model.TolerateForever,
	Faults: model.Budget{model.NodeCrash: 1, model.Restart: 1},
}}

func verdict(t *testing.T, all []review.Verdict, property string) review.Verdict {
	t.Helper()
	i := slices.IndexFunc(all, func(v review.Verdict) bool { return v.Property == property })
	require.GreaterOrEqual(t, i, 0, property)
	return all[i]
}

func TestMeasure(t *testing.T) {
	all, err := review.Measure(t.Context(), marked, check.Options{})
	require.NoError(t, err)
	holds, violated := verdict(t, all, "P-UID"), verdict(t, all, "L-NOTREADY")
	require.NotZero(t, holds.States)
	require.Equal(t, review.Verdict{Scenario: "never-marked", Property: "L-NOTREADY", Verdict: "violated", States: holds.States,
		Command: "verify check --scenario never-marked --property L-NOTREADY"}, violated)

	cut, err := review.Measure(t.Context(), marked, check.Options{MaxStates: 10})
	require.NoError(t, err)
	require.Equal(t, "not measured", verdict(t, cut, "L-NOTREADY").Verdict)
	require.Zero(t, verdict(t, cut, "L-NOTREADY").States)

	stopped, stop := context.WithCancel(t.Context())
	stop()
	_, err = review.Measure(stopped, marked, check.Options{})
	require.ErrorIs(t, err, context.Canceled)
}

func TestVerdictsOnPages(t *testing.T) {
	docs := repository(t)
	all, err := review.Measure(t.Context(), marked, check.Options{})
	require.NoError(t, err)
	file := filepath.Join(docs, review.VerdictsFile)
	require.NoError(t, review.WriteVerdicts(file, all))
	again, err := review.ReadVerdicts(file)
	require.NoError(t, err)
	require.Equal(t, all, again)

	require.NoError(t, review.Write(docs, compare(t, docs)))
	page := read(t, docs, "properties.md")
	require.Contains(t, page, "- **Check:** `verify check --scenario never-marked --property L-NOTREADY`\n")
	require.Regexp(t, `\| never-marked \| violated \| \d+ \| `+"`verify check --scenario never-marked --property L-NOTREADY`", page)

	for text, want := range map[string]string{
		`[{"scenario": "tiny", "property": "P-NONE"}]`: "no property P-NONE or no scenario tiny any more",
		`[{"scenario": "none", "property": "P-UID"}]`:  "no property P-UID or no scenario none any more",
		`[{"scenario": "tiny", "state": 1}]`:           `unknown field "state"`,
		`[`:                                            "verdicts.json: ",
	} {
		write(t, text, file)
		_, err := review.Pages(docs)
		require.ErrorContains(t, err, want)
	}
}

// The verdicts of the repository are those of this model: the smallest scenario
// that was measured is measured again.
func TestRecordedVerdicts(t *testing.T) {
	recorded, err := review.ReadVerdicts(filepath.Join(docs, review.VerdictsFile))
	require.NoError(t, err)
	var least review.Verdict
	for _, v := range recorded {
		if v.States > 0 && (least.States == 0 || v.States < least.States) {
			least = v
		}
	}
	if least.States == 0 {
		t.Skip("no verdicts are recorded")
	}
	s, err := model.ScenarioByName(least.Scenario)
	require.NoError(t, err)
	now, err := review.Measure(t.Context(), model.NamedScenario{Name: least.Scenario, Scenario: s}, check.Options{})
	require.NoError(t, err)
	recorded = slices.DeleteFunc(recorded, func(v review.Verdict) bool { return v.Scenario != least.Scenario })
	require.Equal(t, recorded, now, "the model has changed: measure again with verify docs --measure")
}
