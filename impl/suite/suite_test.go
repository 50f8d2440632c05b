package suite

import (
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestMain makes schedules longer than rapid's state machines are by default.
func TestMain(m *testing.M) {
	_ = flag.Set("rapid.steps", "60")
	os.Exit(m.Run())
}

func TestScenarios(t *testing.T) {
	for _, s := range Scenarios() {
		t.Run(s.Name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				done, err := s.explore(rt, s.NewConfig(), s.claims())
				if err != nil {
					rt.Fatalf("%v\nafter\n%s", err, done)
				}
			})
		})
	}
}

func TestBoot(t *testing.T) {
	for _, s := range Scenarios() {
		require.NoError(t, s.open(s.NewConfig(), s.claims(), func(r *run) error { return r.recover() }), s.Name)
	}
}

// A found is a schedule that rapid has drawn, and what it shows.
type found struct {
	steps int
	err   error
}

func TestMutations(t *testing.T) {
	for _, m := range Mutations() {
		t.Run(m.Name, func(t *testing.T) {
			s, err := ScenarioByName(m.Scenario)
			require.NoError(t, err)
			judged, err := s.claim(m.Property)
			require.NoError(t, err)
			schedules := rapid.Custom(func(rt *rapid.T) any {
				config, err := s.WithMutations(m.Name)
				require.NoError(t, err)
				done, err := s.explore(rt, config, judged)
				return found{len(done), err}
			})
			for seed := range 100 {
				f := schedules.Example(seed).(found)
				if f.err != nil {
					require.True(t, isViolation(f.err), "%v", f.err)
					t.Logf("%s %s found by schedule %d, after %d steps: %v", m.Name, m.Property, seed+1, f.steps, f.err)
					return
				}
			}
			t.Errorf("%s: %s does not notice in 100 schedules", m.Name, m.Property)
		})
	}
}
