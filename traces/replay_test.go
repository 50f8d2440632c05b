package traces_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/traces"
)

func TestReplayRefuses(t *testing.T) {
	finite, lasso := find(t, overshoot, "P-OVER2"), find(t, stuck, "L-BACK")
	last := len(finite.Steps) - 1
	for _, tt := range []struct {
		name   string
		trace  *traces.Trace
		tamper func(*traces.Trace)
		want   string
	}{
		{"another initial state", finite, func(d *traces.Trace) { d.Steps[0].Changes[0].To = "9" }, "step 0: this is not an initial state"},
		{"another value", finite, func(d *traces.Trace) { d.Steps[3].Changes[0].To = "9" }, "step 3: "},
		{"a change too few", finite, func(d *traces.Trace) { d.Steps[4].Changes = d.Steps[4].Changes[1:] }, "step 4: "},
		{"an action that does not exist", finite, func(d *traces.Trace) { d.Steps[2].Action = "ReplicaSet.Dream" }, `step 2: the model has no action "ReplicaSet.Dream"`},
		{"a step left out", finite, func(d *traces.Trace) { d.Steps = append(d.Steps[:1], d.Steps[2:]...) }, "step 1: "},
		{"steps swapped", finite, func(d *traces.Trace) { d.Steps[1], d.Steps[2] = d.Steps[2], d.Steps[1] }, "step 1: "},
		{"an end too early", finite, func(d *traces.Trace) { d.Steps = d.Steps[:last] }, "does not show that P-OVER2 is violated"},
		{"stuttering with changes", finite, func(d *traces.Trace) { d.Steps[2].Action = check.Stutter }, "step 2: a step that stutters"},
		{"another property", finite, func(d *traces.Trace) { d.Property = "P-UID" }, "does not show that P-UID is violated"},
		{"a property that does not exist", finite, func(d *traces.Trace) { d.Property = "P-NONE" }, `unknown property "P-NONE"`},
		{"a witness of an invariant", finite, func(d *traces.Trace) { d.Shows = traces.Witness }, "P-OVER2 is a counterexample, not a witness"},
		{"a lasso of an invariant", finite, func(d *traces.Trace) { d.CycleStart = last }, "does not show"},
		{"without the planted bug", finite, func(d *traces.Trace) { d.Scenario.Mutations = nil }, "step "},
		{"a scenario that cannot be modelled", finite, func(d *traces.Trace) { d.Scenario.Replicas = 200 }, "replicas is 200"},
		{"a lasso that is no cycle", lasso, func(d *traces.Trace) { d.CycleStart = -1 }, "does not show that L-BACK is violated"},
		{"a cycle that does not close", lasso, func(d *traces.Trace) { d.CycleStart = 1 }, "does not show"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			doc := clone(t, tt.trace)
			tt.tamper(doc)
			_, err := traces.Replay(doc)
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

// Every single value of every step matters.
func TestReplayNoticesEveryChange(t *testing.T) {
	doc := find(t, overshoot, "P-OVER2")
	for i := range doc.Steps {
		for j := range doc.Steps[i].Changes {
			bad := clone(t, doc)
			bad.Steps[i].Changes[j] = model.Change{Field: "replicas", From: "1", To: "2"}
			_, err := traces.Replay(bad)
			require.ErrorContains(t, err, "step ", "step %d, change %d", i, j)
		}
	}
}
