package suite

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/reconverge/reconverge/impl/sim"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "search again for schedules that violate claims, and save the shortest")

// TestMain makes schedules longer than rapid's state machines are by default, and
// draws fewer of them, the same each time: to look for faults nobody knows of is a
// search of its own, with -rapid.seed=0 -rapid.checks=1000.
//
// All goroutines of a bubble but one wait, most of the time: a second processor is
// woken for nothing. Two such searches, with seeds of their own, use two. And the
// little that a cluster keeps makes garbage collections many.
func TestMain(m *testing.M) {
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(400)
	for name, value := range map[string]string{"steps": "60", "checks": "20", "seed": "1"} {
		_ = flag.Set("rapid."+name, value)
	}
	os.Exit(m.Run())
}

// TestScenarios draws schedules. One that violates a claim is saved, and taken first
// the next time.
func TestScenarios(t *testing.T) {
	for _, s := range Scenarios() {
		t.Run(s.Name, func(t *testing.T) {
			saved := filepath.Join("testdata", "violated", s.Name+".yaml")
			if d, err := sim.Load(saved); err == nil {
				require.NoError(t, again(d, true), "%s, which can be removed when the fault is mended", saved)
			}
			rapid.Check(t, func(rt *rapid.T) {
				done, err := s.explore(rt, s.NewConfig(), s.claims())
				if v := violation(err); v != nil {
					require.NoError(t, sim.Save(saved, s.document(nil, done, v)))
				}
				if err != nil {
					rt.Fatalf("%v\nafter\n%s", err, done)
				}
			})
		})
	}
}

// When nothing goes wrong nothing is violated.
func TestBoot(t *testing.T) {
	for _, s := range Scenarios() {
		require.NoError(t, s.open(s.NewConfig(), s.claims(), func(r *run) error { return r.recover() }), s.Name)
	}
}

// Each planted bug is noticed by its claim in one of the first schedules that are
// drawn, and less than half of its steps are needed, on average. Run it with -v for
// the table.
func TestMutations(t *testing.T) {
	if os.Getenv("RECONVERGE_FULL") == "" && !*update {
		t.Skip("searches for every planted bug: RECONVERGE_FULL=1")
	}
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "MUTATION\tSCENARIO\tNOTICED BY\tSCHEDULES\tSTEPS\tNEEDED")
	var drawn, needed, shares float64
	for _, m := range Mutations() {
		t.Run(m.Name, func(t *testing.T) {
			schedules, done := m.search(t)
			if *update {
				s, err := ScenarioByName(m.Scenario)
				require.NoError(t, err)
				judged, err := s.claim(m.Property)
				require.NoError(t, err)
				config, err := s.WithMutations(m.Name)
				require.NoError(t, err)
				steps := s.reduce(config, judged, done.Schedule)
				_, err = s.replay(config, judged, steps)
				v := violation(err)
				require.NotNil(t, v, "%v", err)
				require.NoError(t, sim.Save(filepath.Join("testdata", "mutations", m.Name+".yaml"), s.document([]string{m.Name}, steps, v)))
			}
			before, after := float64(len(done.Schedule)), float64(len(saved(t, m.Name).Schedule))
			drawn, needed, shares = drawn+before, needed+after, shares+after/before
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%.0f\t%.0f\n", m.Name, m.Scenario, m.Property, schedules, before, after)
		})
	}
	require.NoError(t, w.Flush())
	mean := shares / float64(len(Mutations()))
	t.Logf("\n%s%.0f steps that were drawn, %.0f that are needed: %.2f of a schedule on average", table.String(), drawn, needed, mean)
	require.Less(t, mean, 0.5)
}

// checks is how many schedules rapid draws by default.
const checks = 100

// search returns how many schedules were drawn until the claim was violated, and the
// one that did it. The schedules are the same each time.
func (m Mutation) search(t *testing.T) (schedules int, found sim.Document) {
	s, err := ScenarioByName(m.Scenario)
	require.NoError(t, err)
	judged, err := s.claim(m.Property)
	require.NoError(t, err)
	var failed error
	drawn := rapid.Custom(func(rt *rapid.T) sim.Schedule {
		config, err := s.WithMutations(m.Name)
		require.NoError(t, err)
		var done sim.Schedule
		done, failed = s.explore(rt, config, judged)
		return done
	})
	for seed := range checks {
		done := drawn.Example(seed)
		if failed == nil {
			continue
		}
		v := violation(failed)
		require.NotNil(t, v, "%v", failed)
		return seed + 1, s.document([]string{m.Name}, done, v)
	}
	t.Fatalf("%s is not noticed by %s in %d schedules of scenario %s", m.Name, m.Property, checks, m.Scenario)
	return 0, found
}

// The shortest schedules that were found violate the claim, and do not without the
// planted bug.
func TestSavedSchedules(t *testing.T) {
	files, err := documents(filepath.Join("testdata", "mutations"))
	require.NoError(t, err)
	require.Len(t, files, len(Mutations()), "go test -run TestMutations -update ./impl/suite")
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			d, err := sim.Load(file)
			require.NoError(t, err)
			v := violation(again(d, true))
			require.NotNil(t, v, "%v", err)
			require.Equal(t, d.Property, v.Claim.ID)
			require.Equal(t, d.Message, v.Err.Error())
			require.NoError(t, again(d, false), "without %s", d.Mutations)
		})
	}
}
