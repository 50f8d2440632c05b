package upstream_test

import (
	"flag"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/reconverge/reconverge/impl/suite"
	"github.com/reconverge/reconverge/impl/upstream"
)

// TestMain draws few schedules, the same each time: to look for faults nobody knows
// of is a search of its own, with -rapid.seed=0 -rapid.checks=1000.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{"steps": "60", "checks": "5", "seed": "1"} {
		_ = flag.Set("rapid."+name, value)
	}
	os.Exit(m.Run())
}

// config is that of a scenario on Kubernetes' own controllers.
func config(s suite.Scenario) *suite.Config {
	c := s.NewConfig()
	upstream.Configure(c)
	return c
}

// scenarios are those of the suite that are about Kubernetes 1.37.
func scenarios() []suite.Scenario {
	return slices.DeleteFunc(suite.Scenarios(), func(s suite.Scenario) bool { return s.V1_9 })
}

// The claims that this tree's controllers are judged by hold of Kubernetes' own.
func TestScenarios(t *testing.T) {
	for _, s := range scenarios() {
		t.Run(s.Name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				if done, err := s.Explore(rt, config(s)); err != nil {
					rt.Fatalf("%v\nafter\n%s", err, done)
				}
			})
		})
	}
}
