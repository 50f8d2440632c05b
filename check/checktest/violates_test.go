package checktest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/check/checktest"
)

func TestViolates(t *testing.T) {
	m := doors(neverBurns, neverLocks, opensAgain, canBurn, coolsDown)
	opens := check.Action[door]{Name: "Move", Next: func(dst []door, s door) []door { return append(dst, "open") },
		Label: func(from, to door) string { return fmt.Sprintf("Move(%s, %s)", from, to) }}
	labelled := &check.Model[door]{Init: []door{"closed"}, Actions: []check.Action[door]{opens},
		Properties: []check.Property[door]{check.Invariant("stays closed", is("closed"))}}
	bounded := *m
	bounded.Bounds = []check.Bound[door]{{Name: "locked", At: is("locked")}}
	for _, tt := range []struct {
		name     string
		model    *check.Model[door]
		property string
		want     []string
		says     []string // none: it passes
	}{
		{"whatever the actions", m, "never locks", nil, nil},
		{"the actions", m, "never locks", []string{"Lock"}, nil},
		{"of a lasso", m, "opens again", []string{"Lock", checktest.ForEver, check.Stutter}, nil},
		{"by their labels", labelled, "stays closed", []string{"Move(closed, open)"}, nil},
		{"not by the name of the action", labelled, "stays closed", []string{"Move"}, []string{"- Move\n+ Move(closed, open)\n"}},
		{"other actions", m, "opens again", []string{"Open", "Lock", checktest.ForEver, "Open"}, []string{
			"\"opens again\" is violated by other actions than wanted (- want, + got):\n- Open\n  Lock\n  for ever:\n- Open\n+ stutter\n",
			"the trace is\n  0  (initial)                closed\n  1  Lock                     locked\n---  for ever:\n  2  stutter                  locked\n",
			"-run '^TestViolates$/^other_actions$'",
		}},
		{"the cycle is not said", m, "opens again", []string{"Lock", check.Stutter}, []string{"+ for ever:\n"}},
		{"it holds", m, "never burns", nil, []string{`property "never burns" holds in all of 3 states, want it violated`}},
		{"it holds vacuously", m, "cools down", nil, []string{`property "cools down" holds vacuously, want it violated`}},
		{"it is open", &bounded, "never burns", nil, []string{`"never burns" is incomplete, want it violated: a bound of the model was reached: locked, in 1 states`}},
		{"no state", m, "can burn", nil, nil},
		{"no state, by no actions", m, "can burn", []string{"Burn"}, []string{"shown by no actions"}},
		{"a misspelt property", m, "never burn", nil, []string{`no property "never burn"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := record(t, func(t testing.TB) { checktest.Violates(t, tt.model, tt.property, tt.want...) })
			require.Equal(t, tt.says != nil, r.failed, r.said.String())
			requireSaid(t, r, tt.says...)
		})
	}
	require.Len(t, checktest.Violates(t, m, "never locks").Stem, 2)
	require.Len(t, m.Properties, 5)
}

func TestGolden(t *testing.T) {
	t.Chdir(t.TempDir())
	trace := checktest.Violates(t, doors(opensAgain), "opens again")
	other := checktest.Violates(t, doors(check.Invariant("never opens", isNot("open"))), "never opens")
	const file = "doors/locked.trace"
	golden := func(trace *check.Trace[door]) *recorder {
		return record(t, func(t testing.TB) { checktest.Golden(t, trace, file) })
	}

	r := golden(trace)
	require.True(t, r.failed)
	requireSaid(t, r, filepath.Join("testdata", file)+" does not exist, the trace is\n  0  (initial)", "go test ", " -checktest.update")

	withFlag(t, "checktest.update", func() { requireSaid(t, golden(trace)) })
	const want = "  0  (initial)                closed\n  1  Lock                     locked\n---  for ever:\n  2  stutter                  locked\n"
	path := filepath.Join("testdata", file)
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, want, string(got))
	requireSaid(t, golden(trace))

	r = golden(other)
	require.True(t, r.failed)
	requireSaid(t, r, "has another trace (- file, + got):\n    0  (initial)                closed\n"+
		"-   1  Lock                     locked\n- ---  for ever:\n-   2  stutter                  locked\n+   1  Open                     open\n", "-run '^TestGolden$' -checktest.update")

	// As a checkout may have it.
	require.NoError(t, os.WriteFile(path, []byte("  0  (initial)                closed\r\n  1  Open                     open\r\n"), 0o666))
	requireSaid(t, golden(other))

	r = golden(nil)
	require.True(t, r.ended)
	requireSaid(t, r, "no trace to compare with "+file)
}
