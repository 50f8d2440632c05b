package upstream_test

import (
	"flag"
	"os"
	"testing"

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
