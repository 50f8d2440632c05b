package minimise_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/traces"
	"github.com/reconverge/reconverge/traces/minimise"
)

// crowded is the scenario of a mutation with more in it than the bug needs, as far
// as the model has room for it and claims the property of it.
func crowded(m model.Mutation) model.Scenario {
	s := m.Scenario
	s.Mutations, s.Name = []string{m.Name}, "web"
	for _, more := range []func(*model.Scenario){
		func(s *model.Scenario) { s.Replicas++ },
		func(s *model.Scenario) { s.Nodes++ },
		func(s *model.Scenario) { s.Faults[model.PodDelete]++ },
		func(s *model.Scenario) { s.Faults[model.Restart]++ },
		func(s *model.Scenario) { s.Faults[model.NodeCrash]++ },
	} {
		wider := s
		more(&wider)
		if built, err := model.New(wider, m.KilledBy); err == nil && built.WhyUnclaimed(m.KilledBy) == "" {
			s = wider
		}
	}
	return s
}

// wander walks at random through a scenario until the property is violated. It
// returns the first walk that does; nil: none of them.
func wander(t *testing.T, s model.Scenario, property string, seed uint64) *traces.Replayed {
	m, err := model.New(s, property)
	require.NoError(t, err)
	report, err := check.Simulate(t.Context(), m.Model, check.Options{Seed: seed, Walks: 2000, MaxDepth: 200})
	require.NoError(t, err)
	doc := traces.From(s, m, m.Claims[0], report.Results[0])
	if doc == nil {
		return nil
	}
	r, err := traces.Replay(doc)
	require.NoError(t, err)
	return r
}

// happened counts the faults of a behaviour.
func happened(r *traces.Replayed) (n int) {
	for f, budget := range r.Scenario.Faults {
		n += int(budget - r.End().Budget[f])
	}
	return n
}

// ratios collects by how much measures become smaller.
type ratios struct {
	before map[string]int
	after  map[string]int
	shares map[string][]float64 // of each trace
}

func (r *ratios) add(name string, from, to int) {
	if from == 0 {
		return
	}
	if r.shares == nil {
		r.before, r.after, r.shares = map[string]int{}, map[string]int{}, map[string][]float64{}
	}
	r.before[name] += from
	r.after[name] += to
	r.shares[name] = append(r.shares[name], float64(to)/float64(from))
}

// mean is the average share that is left.
func (r *ratios) mean(name string) float64 {
	sum := 0.0
	for _, share := range r.shares[name] {
		sum += share
	}
	return sum / float64(len(r.shares[name]))
}

// quick are mutations whose bugs show after few walks.
var quick = []string{"rs.noExpectations", "bind.noUID", "kubelet.noTerminalReadyFix", "api.deleteExtends", "podgc.statusRejected"}

// Random violations of the properties that planted bugs break, in scenarios with
// more in them than is needed, become less than half as large on average: all of
// them with RECONVERGE_FULL=1, and -v for the table.
func TestRandomViolationsAreHalved(t *testing.T) {
	mutations, seeds := model.Mutations(), uint64(2)
	if os.Getenv("RECONVERGE_FULL") == "" {
		mutations, seeds = slices.DeleteFunc(mutations, func(m model.Mutation) bool { return !slices.Contains(quick, m.Name) }), 1
	}
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "MUTATION\tPROPERTY\tSIZE\tSTATES")
	var r ratios
	n := 0
	for _, m := range mutations {
		for seed := range seeds {
			found := wander(t, crowded(m), m.KilledBy, seed)
			if found == nil {
				continue
			}
			n++
			small, report, err := minimise.Trace(t.Context(), found, minimise.Bounds{MaxStates: 50_000})
			require.NoError(t, err)
			require.Equal(t, m.KilledBy, small.Claim.ID)
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\n", m.Name, m.KilledBy, report.Size(), report.States)
			r.add("faults that happened", happened(found), happened(small))
			objects := minimise.Measure{}
			for _, x := range report.Measures {
				switch x.Name {
				case "steps":
					r.add(x.Name, x.From, x.To)
				case "faults":
					r.add("faults that may happen", x.From, x.To)
				case "replicas", "nodes", "pods of a user":
					objects.From += x.From
					objects.To += x.To
				}
			}
			r.add("objects", objects.From, objects.To)
		}
	}
	require.NoError(t, w.Flush())
	t.Logf("\n%s", table.String())
	for _, name := range slices.Sorted(maps.Keys(r.shares)) {
		t.Logf("%s of %d random violations: %d -> %d in all; %.2f is left on average", name, n, r.before[name], r.after[name], r.mean(name))
	}
	require.GreaterOrEqual(t, n, len(mutations)*int(seeds)/2)
	require.Less(t, r.mean("steps"), 0.5)
	require.Less(t, r.mean("faults that may happen"), 0.5)
}
