package checktest_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/check/checktest"
)

func TestHolds(t *testing.T) {
	const passes = false
	for _, tt := range []struct {
		name  string
		model *check.Model[door]
		opts  []checktest.Option
		fails bool
		says  []string // in this order
	}{
		{"all of it", doors(neverBurns, opens), nil, passes, []string{"never taken: Burn"}},
		{"a violated invariant", doors(neverBurns, neverLocks), nil, true, []string{
			"property \"never locks\" is violated:\n  0  (initial)                closed\n  1  Lock                     locked\n",
		}},
		{"all that is violated", doors(neverLocks, opensAgain, neverBurns),
			[]checktest.Option{checktest.Options(check.Options{Continue: true})}, true, []string{
				`"never locks" is violated`,
				"\"opens again\" is violated:\n  0  (initial)                closed\n  1  Lock                     locked\n---  for ever:\n  2  stutter                  locked\n",
			}},
		{"an unreachable state", doors(canBurn), nil, true, []string{`property "can burn" is violated: no reachable state satisfies it`}},
		{"a bound of the run", doors(neverBurns), []checktest.Option{checktest.Options(check.Options{MaxDepth: 1})}, true,
			[]string{`incomplete, the bound on depth was reached: "never burns"`}},
		{"nothing to say", doors(coolsDown), nil, true, []string{`property "cools down" holds vacuously`, `checktest.Vacuous("cools down")`}},
		{"nothing to say, as expected", doors(coolsDown), []checktest.Option{checktest.Vacuous("cools down")}, passes, []string{"never taken: Burn"}},
		{"something to say, unexpectedly", doors(neverBurns), []checktest.Option{checktest.Vacuous("never burns")}, true, []string{
			`property "never burns" is not vacuous`}},
		{"a misspelt expectation", doors(neverBurns), []checktest.Option{checktest.Vacuous("never burn")}, true, []string{
			`no property "never burn"`}},
		{"no claims", doors(), nil, true, []string{"no properties"}},
		{"a model that is none", &check.Model[door]{Properties: []check.Property[door]{neverBurns}}, nil, true, []string{"no initial state"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := record(t, func(t testing.TB) { checktest.Holds(t, tt.model, tt.opts...) })
			require.Equal(t, tt.fails, r.failed, r.said.String())
			requireSaid(t, r, tt.says...)
		})
	}
}

// requireSaid requires that a test said all this, in this order; if nothing,
// that it said nothing.
func requireSaid(t *testing.T, r *recorder, texts ...string) {
	t.Helper()
	rest := r.said.String()
	if len(texts) == 0 {
		require.Empty(t, rest)
	}
	for _, text := range texts {
		require.Contains(t, rest, text)
		rest = after(rest, text)
	}
}

// What was not explored is neither decided nor never taken.
func TestHoldsIncomplete(t *testing.T) {
	is := func(want uint64) func(uint64) bool { return func(n uint64) bool { return n == want } }
	m := endless()
	m.Properties = []check.Property[uint64]{check.Reachable("comes to 2", is(2))}
	requireSaid(t, record(t, func(t testing.TB) { checktest.Holds(t, m) }))

	m.Properties = append(endless().Properties,
		check.Invariant("never 2", func(n uint64) bool { return n != 2 }), check.AlwaysEventually("0 again", is(0)))
	requireSaid(t, record(t, func(t testing.TB) { checktest.Holds(t, m) }),
		`"never 2" is violated`, `incomplete, stopped at the first violation: "stays small", "0 again"`)
}

func TestHoldsReturnsTheReport(t *testing.T) {
	require.EqualValues(t, 3, checktest.Holds(t, doors(neverBurns)).Stats.Distinct)
}

// A panic of the whole test binary would take the other tests with it.
func TestDeadline(t *testing.T) {
	r := &recorder{TB: t}
	r.run(func() { checktest.Holds(hurried{r, 100 * time.Millisecond}, endless()) })
	require.True(t, r.failed)
	requireSaid(t, r, "incomplete, the test's deadline is near", "go test -timeout", `"stays small"`)

	r = &recorder{TB: t}
	r.run(func() { checktest.Violates(hurried{r, 100 * time.Millisecond}, endless(), "stays small") })
	require.True(t, r.ended)
	requireSaid(t, r, `"stays small" is incomplete, want it violated: the test's deadline is near`)

	r = &recorder{TB: t}
	r.run(func() { checktest.Holds(hurried{r, time.Hour}, doors(neverBurns)) })
	require.False(t, r.failed)
}

func TestTraceIsKept(t *testing.T) {
	r := record(t, func(t testing.TB) { checktest.Holds(t, doors(neverLocks)) })
	got, err := os.ReadFile(filepath.Join(r.artifacts, "never-locks.trace"))
	require.NoError(t, err)
	require.Equal(t, "  0  (initial)                closed\n  1  Lock                     locked\n", string(got))
	requireSaid(t, r, "go test github.com/reconverge/reconverge/check/checktest -run '^TestTraceIsKept$' -artifacts")
}
