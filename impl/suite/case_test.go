package suite

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/reconverge/reconverge/impl/sim"
	"github.com/stretchr/testify/require"
)

func saved(t *testing.T, name string) sim.Document {
	d, err := sim.Load(filepath.Join("testdata", "mutations", name+".yaml"))
	require.NoError(t, err)
	return d
}

func TestACaseIsRefused(t *testing.T) {
	for want, change := range map[string]func(*sim.Document){
		`unknown scenario "elsewhere"`: func(d *sim.Document) { d.Options["scenario"] = "elsewhere" },
		`unknown option "speed"`:       func(d *sim.Document) { d.Options["speed"] = "9" },
		`option nodes is "9"`:          func(d *sim.Document) { d.Options["nodes"] = "9" },
		`option nodes is "0"`:          func(d *sim.Document) { d.Options["nodes"] = "0" },
		`option replicas is "many"`:    func(d *sim.Document) { d.Options["replicas"] = "many" },
		"other manifests":              func(d *sim.Document) { d.Manifests += "---\n" },
		`unknown mutation "rs.asleep"`: func(d *sim.Document) { d.Mutations = []string{"rs.asleep"} },
		"names no property":            func(d *sim.Document) { d.Property = "" },
		"a seed and actors of its own": func(d *sim.Document) { d.Seed = 7 },
		"P-NONE is not claimed":        func(d *sim.Document) { d.Property = "P-NONE" },
		"has other manifests than":     func(d *sim.Document) { d.Options["replicas"] = "1" },
	} {
		d := saved(t, "rs.noExpectations")
		change(&d)
		_, err := NewCase(d)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "\n")
	}
}

// A scenario with less in it than the catalogue's is read back as it is.
func TestASmallerCaseIsReadBack(t *testing.T) {
	d := saved(t, "rs.noExpectations")
	s, err := ScenarioByName("lag")
	require.NoError(t, err)
	s.Replicas, s.Nodes = 1, 1
	c, err := NewCase(d)
	require.NoError(t, err)
	c.Scenario = s
	_, violated, err := c.Take(t.Context(), nil)
	require.NoError(t, err)
	require.Nil(t, violated, "without a step nothing is violated")
	d.Manifests, d.Options = s.manifests(), s.options()
	again, err := NewCase(d)
	require.NoError(t, err)
	require.Equal(t, s.options(), again.Scenario.options())
	require.EqualValues(t, 1, again.Scenario.Replicas)
	require.Equal(t, 1, again.Scenario.Nodes)
}

func TestACaseIsInterrupted(t *testing.T) {
	d := saved(t, "rs.noExpectations")
	c, err := NewCase(d)
	require.NoError(t, err)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(os.ErrDeadlineExceeded)
	_, violated, err := c.Take(ctx, d.Schedule)
	require.Nil(t, violated)
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
}
