package model_test

import (
	"errors"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
)

// quickStates is how many states a scenario may have to be explored by default.
const quickStates = 25_000

// All that is claimed of the named scenarios holds, and each has as many states
// as the catalogue says.
func TestScenarios(t *testing.T) {
	long(t)
	exploreNamed(t, func(n model.NamedScenario) bool {
		return !n.Deep && (n.States <= quickStates || os.Getenv("RECONVERGE_FULL") != "")
	})
}

// The same of those that take minutes.
func TestDeepScenarios(t *testing.T) {
	if os.Getenv("RECONVERGE_FULL") == "" {
		t.Skip("takes minutes: set RECONVERGE_FULL=1")
	}
	exploreNamed(t, func(n model.NamedScenario) bool { return n.Deep })
}

func exploreNamed(t *testing.T, chosen func(model.NamedScenario) bool) {
	for _, n := range model.Scenarios() {
		if !chosen(n) {
			continue
		}
		t.Run(n.Name, func(t *testing.T) {
			r := run(t, build(t, n.Scenario), check.Options{Symmetry: true, Continue: true})
			t.Logf("%d states, %d steps, %v", r.Stats.Distinct, r.Stats.Generated, r.Stats.Elapsed)
			require.Equal(t, n.States, r.Stats.Distinct)
			for _, res := range r.Results {
				// A bound on pods that the scenario itself sets cuts it.
				cut := n.Scenario.Pods > 0 && errors.Is(res.Reason, check.ErrBound)
				require.True(t, res.Verdict == check.Holds || cut, "%s: %v %v", res.Property, res.Verdict, res.Reason)
			}
		})
	}
}
