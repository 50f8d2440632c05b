package traces_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/traces"
)

// small is a document that is well formed, if no behaviour of any model.
const small = `{
  "schemaVersion": "v1alpha1", "kind": "Trace", "property": "P-UID", "claim": "", "status": "G", "shows": "counterexample",
  "scenario": {"name": "web", "version": "1.37", "replicas": 1, "nodes": 1, "toleration": "longer", "noGrace": false,
    "start": "empty", "lag": 1, "maxPods": 0, "barePods": 0, "notReady": "longer", "propagation": "background", "faults": {}, "mutations": []},
  "steps": [{"action": "", "label": "(initial)", "changes": []}],
  "cycleStart": -1
}`

func TestDecodeRefuses(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"nothing", " \n", "empty, not a trace"},
		{"truncated", small[:len(small)-20], "truncated: the JSON ends at line 5, column "},
		{"truncated in a word", small[:100], "truncated"},
		{"a manifest", "apiVersion: apps/v1\nkind: ReplicaSet\n", "not JSON: invalid character 'a' looking for beginning of value at line 1, column 1"},
		{"a manifest in JSON", `{"apiVersion": "v1", "kind": "Pod"}`, `not a trace: kind is "Pod", want "Trace"`},
		{"a list", "[]", "not a trace: the document is not an object"},
		{"null", "null", "not a trace: the document is not an object"},
		{"a later version", strings.Replace(small, "v1alpha1", "v2", 1), `schemaVersion "v2" of traces is not known: this program reads "v1alpha1"`},
		{"two documents", small + "\n{}", "not JSON: invalid character '{' after top-level value at line 8, column 1"},
		{"binary", "\x00\x01", "not JSON: invalid character '\\x00'"},
		{"an unknown field", strings.Replace(small, `"noGrace"`, `"noSuch": 1, "noGrace"`, 1), `unknown field "scenario.noSuch"`},
		{"a field in another case", strings.Replace(small, `"property"`, `"Property"`, 1), `unknown field "Property"`},
		{"a field twice", strings.Replace(small, `"kind"`, `"property": "P-RV", "kind"`, 1), `duplicate field "property"`},
		{"a type", strings.Replace(small, `"nodes": 1`, `"nodes": "1"`, 1), "scenario.nodes: a string where a int belongs, at line 3, column "},
		{"a fraction", strings.Replace(small, `"lag": 1`, `"lag": 1.5`, 1), "scenario.lag: a number 1.5 where"},
		{"no property", strings.Replace(small, `"P-UID"`, `""`, 1), "property: missing"},
		{"no steps", strings.Replace(small, `{"action": "", "label": "(initial)", "changes": []}`, "", 1), "steps: missing"},
		{"an action first", strings.Replace(small, `"action": ""`, `"action": "Tick"`, 1), `steps[0]: `},
		{"shows", strings.Replace(small, `"counterexample"`, `"nothing"`, 1), `shows: "nothing"`},
		{"a cycle beyond the end", strings.Replace(small, `-1`, `1`, 1), "cycleStart: 1"},
		{"a cycle below", strings.Replace(small, `-1`, `-2`, 1), "cycleStart: -2"},
		{"a scenario", strings.Replace(small, `"1.37"`, `"1.12"`, 1), "scenario: version"},
		{"nesting", strings.Replace(small, `"changes": []`, `"changes": `+strings.Repeat("[", 1<<20), 1), "exceeded max depth"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := traces.Decode(strings.NewReader(tt.text))
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "\n")
		})
	}
	_, err := traces.Decode(strings.NewReader(small))
	require.NoError(t, err, "the document that the cases damage is sound")
}

func TestDecodeBounds(t *testing.T) {
	_, err := traces.Decode(io.MultiReader(strings.NewReader(small), endless{}))
	require.ErrorContains(t, err, "larger than 64 MiB")

	broken := errors.New("broken")
	_, err = traces.Decode(iotest.ErrReader(broken))
	require.ErrorIs(t, err, broken)
}

// endless is white space without end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// Whatever the input, Decode returns, and what it accepts it also writes and
// reads back. Replay of it returns too.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(small))
	for _, tt := range examples {
		f.Add(encode(f, find(f, tt.scenario, tt.property)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := traces.Decode(bytes.NewReader(data))
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			return
		}
		again, err := traces.Decode(bytes.NewReader(encode(t, doc)))
		require.NoError(t, err)
		require.Equal(t, encode(t, doc), encode(t, again))
		_, _ = traces.Replay(doc)
	})
}
