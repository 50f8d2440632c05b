package conform

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/reconverge/reconverge/impl/suite"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Planted bugs of the controllers that are no behaviour of the model without them.
func TestPlantedBugsDiverge(t *testing.T) {
	for _, p := range [][2]string{
		{"kubelet.noTerminalReadyFix", "pod-deletion"},
		{"rs.noExpectations", "lag"},
		{"gc.deletingIsGone", "owner-deletion"},
	} {
		t.Run(p[0], func(t *testing.T) {
			s, err := suite.ScenarioByName(p[1])
			require.NoError(t, err)
			config, err := s.WithMutations(p[0])
			require.NoError(t, err)
			n, d := diverges(t, s, config, Table(), 50)
			require.NotNil(t, d, "%d schedules", n)
			t.Logf("schedule %d: %v", n, d)
		})
	}
}

// Without any one of the rows that are used, what our controllers do is no behaviour
// of the model.
func TestEveryRowIsNeeded(t *testing.T) {
	if os.Getenv("RECONVERGE_FULL") == "" {
		requireNeeded(t, Row{Client: "scheduler", Verb: "create", Resource: "pods/binding"}, "pod-deletion")
		return
	}
	used := map[string]string{} // the row, and a scenario in which it is
	for _, s := range suite.Scenarios() {
		if _, err := Scenarios(s); err != nil {
			continue
		}
		draw(t, s, s.NewConfig(), Table(), 5, func(c *Checker, _ error) bool {
			for i := range c.used {
				if key := Table()[i].String(); used[key] == "" {
					used[key] = s.Name
				}
			}
			return false
		})
	}
	for _, r := range Table() {
		if scenario := used[r.String()]; scenario != "" {
			t.Run(r.String(), func(t *testing.T) { requireNeeded(t, r, scenario) })
		} else {
			t.Logf("no schedule has a %s", r)
		}
	}
}

// requireNeeded drops a row, and draws schedules until one diverges.
func requireNeeded(t *testing.T, row Row, scenario string) {
	s, err := suite.ScenarioByName(scenario)
	require.NoError(t, err)
	table := slices.DeleteFunc(Table(), func(r Row) bool { return r.String() == row.String() })
	require.Len(t, table, len(Table())-1)
	n, d := diverges(t, s, s.NewConfig(), table, 5)
	require.NotNil(t, d, "no divergence in %d schedules", n)
	require.Empty(t, d.Actions)
}

// Which planted bugs diverge in their scenario, and how soon. Not all can: what is left
// undone is a behaviour of the model. Run it with -v for the table.
func TestMutations(t *testing.T) {
	if os.Getenv("RECONVERGE_FULL") == "" {
		t.Skip("draws schedules for every planted bug: RECONVERGE_FULL=1")
	}
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	diverged := 0
	for _, m := range suite.Mutations() {
		s, err := suite.ScenarioByName(m.Scenario)
		require.NoError(t, err)
		if _, err := Scenarios(s); err != nil {
			fmt.Fprintf(w, "%s\t%s\tnot held against the model\n", m.Name, m.Scenario)
			continue
		}
		config, err := s.WithMutations(m.Name)
		require.NoError(t, err)
		n, d := diverges(t, s, config, Table(), 20)
		if d == nil {
			fmt.Fprintf(w, "%s\t%s\tno divergence in %d schedules\n", m.Name, m.Scenario, n)
			continue
		}
		diverged++
		fmt.Fprintf(w, "%s\t%s\t%d\n", m.Name, m.Scenario, n)
	}
	require.NoError(t, w.Flush())
	t.Logf("%d diverge\n%s", diverged, text.String())
	require.GreaterOrEqual(t, diverged, 10)
}

// diverges draws schedules until one diverges, and returns how many were drawn.
func diverges(t *testing.T, s suite.Scenario, config *suite.Config, table []Row, most int) (n int, found *Divergence) {
	n = draw(t, s, config, table, most, func(_ *Checker, err error) bool { return errors.As(err, &found) })
	return n, found
}

// draw draws schedules, the same each time, until stop says so, and returns how many.
func draw(t *testing.T, s suite.Scenario, config *suite.Config, table []Row, most int, stop func(*Checker, error) bool) int {
	var c *Checker
	var failed error
	drawn := rapid.Custom(func(rt *rapid.T) struct{} {
		var err error
		c, err = Check(s, table)
		require.NoError(t, err)
		_, failed = s.Explore(rt, c.observing(config))
		return struct{}{}
	})
	for seed := range most {
		if drawn.Example(seed); stop(c, failed) {
			return seed + 1
		}
	}
	return most
}
