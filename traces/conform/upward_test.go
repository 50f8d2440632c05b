package conform

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reconverge/reconverge/impl/sim"
	"github.com/stretchr/testify/require"
)

// upward are the saved schedules that are traces of the model, by their planted bug. The
// others leave what the model speaks of, run in 1.9, or violate what is judged in the
// end, which no finite behaviour of the model shows.
var upward = []string{
	"adopt.terminatingToo", "gc.deletingIsGone", "kubelet.deleteNoUID", "kubelet.noTerminalReadyFix", "nlc.noLimiter",
	"pdb.noDisruptedPods", "podgc.noLiveCheck", "rs.ignoreOwnDeletion", "rs.noExpectations",
}

// What violates a property in the cluster violates it in the model, step by step, with
// the same bug planted.
func TestSchedulesAreTracesOfTheModel(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "impl", "suite", "testdata", "mutations", "*.yaml"))
	require.NoError(t, err)
	var found []string
	for _, file := range files {
		d, err := sim.Load(file)
		require.NoError(t, err)
		trace, err := Upward(context.Background(), d)
		if err != nil {
			require.ErrorAs(t, err, new(*NotExpressibleError), file)
			continue
		}
		found = append(found, strings.TrimSuffix(filepath.Base(file), ".yaml"))
		require.Equal(t, d.Property, trace.Property)
		require.Equal(t, d.Mutations, trace.Scenario.Mutations)
		again, err := Upward(context.Background(), d)
		require.NoError(t, err)
		require.Equal(t, trace, again, "the same schedule is another trace")
	}
	require.Equal(t, upward, found)
}

// A schedule that does not violate its property is none.
func TestAScheduleThatShowsNothing(t *testing.T) {
	d, err := sim.Load(filepath.Join("..", "..", "impl", "suite", "testdata", "mutations", "rs.noExpectations.yaml"))
	require.NoError(t, err)
	d.Mutations = nil
	_, err = Upward(context.Background(), d)
	require.ErrorContains(t, err, "does not violate P-OVER2")
	d.Property = "P-NONE"
	_, err = Upward(context.Background(), d)
	require.Error(t, err)
	require.Less(t, len(err.Error()), 300)
}
