package minimise_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/impl/sim"
	"github.com/reconverge/reconverge/impl/suite"
	"github.com/reconverge/reconverge/traces/minimise"
)

// saved reads the schedule that shows a planted bug.
func saved(t *testing.T, mutation string) sim.Document {
	d, err := sim.Load(filepath.Join("..", "..", "impl", "suite", "testdata", "mutations", mutation+".yaml"))
	require.NoError(t, err)
	return d
}

// noisy puts steps around those of a schedule that have nothing to do with it.
func noisy(s sim.Schedule) sim.Schedule {
	before := sim.Schedule{
		{Verb: sim.User, Target: "label replicasets default/web touched=1"},
		{Verb: sim.Crash, Target: "scheduler"},
		{Verb: sim.Cut, Target: "kcm watch nodes"},
		{Verb: sim.Settle, Target: "1s"},
	}
	return append(append(before, s...), sim.Step{Verb: sim.Settle, Target: "1s"})
}

func TestSchedules(t *testing.T) {
	d := saved(t, "adopt.terminatingToo")
	shortest := len(d.Schedule)
	d.Schedule = noisy(d.Schedule)
	d.Mutations = append(d.Mutations, "kubelet.noHousekeeping")
	small, report, err := minimise.Schedule(t.Context(), d)
	require.NoError(t, err)
	t.Logf("%s, in %d tries", report.Size(), report.Tries)
	require.True(t, report.Complete())
	require.LessOrEqual(t, len(small.Schedule), shortest)
	require.Equal(t, d.Property, small.Property)
	require.Equal(t, []string{"adopt.terminatingToo"}, small.Mutations)
	require.Equal(t, minimise.Measure{Name: "planted bugs", From: 2, To: 1}, sizes(report)["planted bugs"])

	again, report, err := minimise.Schedule(t.Context(), small)
	require.NoError(t, err)
	require.False(t, report.Smaller(), "%s", report.Size())
	require.Equal(t, small, again)
}

// The steps are enough in a smaller cluster, and the document says which it is. With
// one replica less the budget would allow no eviction, with the bug or without it.
func TestSmallerClusters(t *testing.T) {
	d := saved(t, "pdb.controllerDown")
	small, report, err := minimise.Schedule(t.Context(), d)
	require.NoError(t, err)
	require.Equal(t, "faults 1, replicas 3, nodes 3 -> 2, planted bugs 1, steps 1", report.Size())
	require.Equal(t, "2", small.Options["nodes"])
	c, err := suite.NewCase(small)
	require.NoError(t, err)
	_, violated, err := c.Take(t.Context(), small.Schedule)
	require.NoError(t, err)
	require.NotNil(t, violated)
}

func TestSchedulesAreRefused(t *testing.T) {
	d := saved(t, "rs.noExpectations")
	d.Mutations = nil
	_, _, err := minimise.Schedule(t.Context(), d)
	require.ErrorContains(t, err, "the schedule does not violate P-OVER2")
	d.Options = nil
	_, _, err = minimise.Schedule(t.Context(), d)
	require.ErrorContains(t, err, `unknown scenario ""`)

	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(os.ErrDeadlineExceeded)
	_, _, err = minimise.Schedule(ctx, saved(t, "rs.noExpectations"))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
}
