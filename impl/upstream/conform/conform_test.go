// Package conform holds Kubernetes' own controllers against the model.
package conform

import (
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/reconverge/reconverge/impl/suite"
	"github.com/reconverge/reconverge/impl/upstream"
	"github.com/reconverge/reconverge/traces/conform"
)

// TestMain draws few schedules, the same each time. RECONVERGE_FULL draws more.
func TestMain(m *testing.M) {
	checks := "2"
	if os.Getenv("RECONVERGE_FULL") != "" {
		checks = "4"
	}
	for name, value := range map[string]string{"steps": "60", "checks": checks, "seed": "1"} {
		_ = flag.Set("rapid."+name, value)
	}
	os.Exit(m.Run())
}

// What Kubernetes' own controllers do is a behaviour of the model.
func TestKubernetesConforms(t *testing.T) {
	for _, s := range suite.Scenarios() {
		if _, err := conform.Scenarios(s); err != nil {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			var sum conform.Summary
			rapid.Check(t, func(rt *rapid.T) {
				config := s.NewConfig()
				upstream.Configure(config)
				if err := sum.Run(rt, s, config, conform.Table()); err != nil {
					rt.Fatal(err)
				}
			})
			t.Log(sum)
			require.Positive(t, sum.Steps)
		})
	}
}
