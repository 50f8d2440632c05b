package minimise_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/traces"
	"github.com/reconverge/reconverge/traces/minimise"
)

// golden reads one of the golden traces of the model.
func golden(t *testing.T, name string) *traces.Replayed {
	f, err := os.Open(filepath.Join("..", "..", "model", "testdata", name+".json"))
	require.NoError(t, err)
	defer f.Close()
	doc, err := traces.Decode(f)
	require.NoError(t, err)
	r, err := traces.Replay(doc)
	require.NoError(t, err)
	return r
}

var bounds = minimise.Bounds{MaxStates: 50_000}

// sizes are those of a report that something or nothing is said about.
func sizes(r *minimise.Report) map[string]minimise.Measure {
	all := map[string]minimise.Measure{}
	for _, m := range r.Measures {
		all[m.Name] = m
	}
	return all
}

func TestTraces(t *testing.T) {
	for _, tt := range []struct {
		name string // of a golden trace
		want string // size
	}{
		// A fault less makes it longer than a replica less, and comes first.
		{"create-lost", "faults 2 -> 1, replicas 2 -> 1, nodes 1, lag 1, steps 9 -> 6"},
		// A fault that nobody asked for, which the trace does not need.
		{"restart-goes-back-1.9", "faults 2 -> 1, replicas 1, nodes 1, lag 1, past 1, steps 4"},
		// Fewer nodes are worth a step more.
		{"nodes-stall", "faults 3, replicas 1, nodes 2 -> 1, lag 1, steps 13 -> 14"},
		{"room-given-away", "faults 1, replicas 2 -> 1, nodes 2 -> 1, lag 1 -> 0, special settings 1, steps 13 -> 8"},
		// Lassos.
		{"mark-lost-1.9", "faults 2, replicas 1, nodes 2 -> 1, lag 1 -> 0, special settings 1 -> 0, steps 25 -> 8"},
		{"stalls-postpone", "faults 1, kinds of faults without limit 1, replicas 1, nodes 2, steps 16"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := golden(t, tt.name)
			small, report, err := minimise.Trace(t.Context(), r, bounds)
			require.NoError(t, err)
			require.Equal(t, tt.want, report.Size())
			require.Empty(t, report.Undecided)
			require.True(t, report.Complete())
			require.Equal(t, r.Claim.ID, small.Claim.ID)
			_, err = traces.Replay(small.Document())
			require.NoError(t, err)

			again, report, err := minimise.Trace(t.Context(), small, bounds)
			require.NoError(t, err)
			require.False(t, report.Smaller(), "%s", report.Size())
			require.Equal(t, small.Document(), again.Document())
		})
	}
}

// A bug that the trace does not need is taken out, a repair is left.
func TestPlantedBugsAreTakenOut(t *testing.T) {
	doc := golden(t, "create-late").Document()
	doc.Scenario.Mutations = []string{"rs.countTerminating", "kubelet.noHousekeeping", "taint.keyByUID"}
	doc.Scenario.Replicas = 1
	r, err := traces.Replay(doc)
	require.NoError(t, err)
	small, _, err := minimise.Trace(t.Context(), r, bounds)
	require.NoError(t, err)
	require.Equal(t, []string{"taint.keyByUID"}, small.Scenario.Mutations)
}

// With one node, a pod of a node that fails may stay: the property is not claimed, so
// one node is not a smaller scenario of two.
func TestPropertiesStayClaimed(t *testing.T) {
	m, err := model.MutationByName("nc.keepOldProbeTimes")
	require.NoError(t, err)
	m.Scenario.Mutations = []string{m.Name}
	r := wander(t, m.Scenario, m.KilledBy, 0)
	require.NotNil(t, r)
	small, report, err := minimise.Trace(t.Context(), r, bounds)
	require.NoError(t, err)
	require.True(t, report.Smaller())
	require.Equal(t, 2, small.Scenario.Nodes)
	require.Empty(t, small.Model.WhyUnclaimed(m.KilledBy))
}

// Where no search can answer, steps are left out of the trace itself, and what was
// not ruled out is said.
func TestBoundsAreSaid(t *testing.T) {
	m, err := model.MutationByName("rs.noExpectations")
	require.NoError(t, err)
	r := wander(t, crowded(m), m.KilledBy, 1)
	require.NotNil(t, r)
	small, report, err := minimise.Trace(t.Context(), r, minimise.Bounds{MaxStates: 1})
	require.NoError(t, err)
	require.Less(t, small.Trace.Len(), r.Trace.Len())
	require.Less(t, sizes(report)["faults"].To, sizes(report)["faults"].From)
	require.NoError(t, report.Stopped)
	require.False(t, report.Complete())
	require.Contains(t, report.Undecided, "fewer steps")
}

// What was reached when time was up is a trace too: at worst the same.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(os.ErrDeadlineExceeded)
	r := golden(t, "create-lost")
	small, report, err := minimise.Trace(ctx, r, bounds)
	require.NoError(t, err)
	require.Equal(t, r.Document(), small.Document())
	require.ErrorIs(t, report.Stopped, os.ErrDeadlineExceeded)
	require.False(t, report.Complete())
	require.Zero(t, report.Searches)
}
