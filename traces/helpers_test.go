package traces_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/traces"
)

// Small scenarios, and a property of each whose result has a trace.
var (
	// The shortest way to a pod too many, a finite counterexample.
	overshoot = model.Scenario{Name: "web", Replicas: 2, Nodes: 1, Lag: 1, Mutations: []string{"rs.noExpectations"}}
	// A pod that stays not ready after its node is back, a lasso.
	stuck = model.Scenario{Name: "web", Replicas: 1, Nodes: 2, Lag: 1, Faults: model.Budget{model.Partition: 1, model.Heal: 1}, Mutations: []string{"kubelet.noReconcileTick"}}
	// A dead node's pod is replaced, a witness, from running pods.
	replaced = model.Scenario{Name: "web", Replicas: 1, Nodes: 2, Lag: 1, Start: model.StartRunning, Faults: model.Budget{model.NodeCrash: 1}}
)

var examples = []struct {
	name     string
	scenario model.Scenario
	property string
	shows    traces.Shows
	lasso    bool
}{
	{"a finite counterexample", overshoot, "P-OVER2", traces.Counterexample, false},
	{"a lasso", stuck, "L-BACK", traces.Counterexample, true},
	{"a witness", replaced, "W-EIGHT", traces.Witness, false},
}

// find checks one property of a scenario and returns its trace.
func find(t testing.TB, s model.Scenario, property string) *traces.Trace {
	t.Helper()
	m, err := model.New(s, property)
	require.NoError(t, err)
	report, err := check.Run(t.Context(), m.Model, check.Options{Symmetry: true})
	require.NoError(t, err)
	doc := traces.From(s, m, m.Claims[0], report.Results[0])
	require.NotNil(t, doc, "%s: %v without a trace", property, report.Results[0].Verdict)
	return doc
}

func encode(t testing.TB, doc *traces.Trace) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, traces.Encode(&b, doc))
	return b.Bytes()
}

// clone returns a copy that can be tampered with.
func clone(t testing.TB, doc *traces.Trace) *traces.Trace {
	t.Helper()
	copied := new(traces.Trace)
	require.NoError(t, json.Unmarshal(encode(t, doc), copied))
	return copied
}
