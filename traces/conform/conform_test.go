package conform

import (
	"errors"
	"flag"
	"os"
	"testing"

	"github.com/reconverge/reconverge/impl/suite"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestMain has schedules of 60 steps drawn, the same each time, as those of impl/suite.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{"steps": "60", "checks": "20", "seed": "1"} {
		_ = flag.Set("rapid."+name, value)
	}
	os.Exit(m.Run())
}

// What our controllers do is a behaviour of the model.
func TestOurControllersConform(t *testing.T) {
	for _, s := range suite.Scenarios() {
		if _, err := Scenarios(s); err != nil {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			var sum Summary
			rapid.Check(t, func(rt *rapid.T) {
				if err := sum.Run(rt, s, s.NewConfig(), Table()); err != nil {
					rt.Fatal(err)
				}
			})
			t.Log(sum)
			require.Greater(t, sum.Checked, sum.Schedules/4, "most runs leave what the model speaks of")
		})
	}
}

// A planted bug is no behaviour of the model without it.
func TestPlantedBugsDiverge(t *testing.T) {
	for mutation, scenario := range map[string]string{
		"kubelet.noTerminalReadyFix": "pod-deletion",
	} {
		t.Run(mutation, func(t *testing.T) {
			s, err := suite.ScenarioByName(scenario)
			require.NoError(t, err)
			config, err := s.WithMutations(mutation)
			require.NoError(t, err)
			requireDivergence(t, s, config, Table())
		})
	}
}

// requireDivergence draws schedules until one diverges.
func requireDivergence(t *testing.T, s suite.Scenario, config *suite.Config, table []Row) *Divergence {
	var found error
	drawn := rapid.Custom(func(rt *rapid.T) struct{} {
		var sum Summary
		found = sum.Run(rt, s, config, table)
		return struct{}{}
	})
	for seed := range 50 {
		drawn.Example(seed)
		var d *Divergence
		if errors.As(found, &d) {
			t.Logf("schedule %d: %v", seed+1, d)
			return d
		}
	}
	t.Fatalf("no divergence in 50 schedules of %s: %v", s.Name, found)
	return nil
}
