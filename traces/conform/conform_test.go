package conform

import (
	"flag"
	"os"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/reconverge/reconverge/impl/suite"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestMain has schedules of 60 steps drawn, the same each time, as those of impl/suite;
// with RECONVERGE_FULL more of them. All goroutines of a cluster but one wait, most of
// the time: one processor is enough.
func TestMain(m *testing.M) {
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(400)
	checks := "3"
	if os.Getenv("RECONVERGE_FULL") != "" {
		checks = "20"
	}
	for name, value := range map[string]string{"steps": "60", "checks": checks, "seed": "1"} {
		_ = flag.Set("rapid."+name, value)
	}
	os.Exit(m.Run())
}

// What our controllers do is a behaviour of the model.
func TestOurControllersConform(t *testing.T) {
	began := time.Now()
	var all Summary
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
			all.Add(sum)
			require.GreaterOrEqual(t, 3*sum.Checked, sum.Schedules, "most runs leave what the model speaks of")
		})
	}
	t.Logf("all: %v, %.0f steps a second", all, float64(all.Steps)/time.Since(began).Seconds())
}
