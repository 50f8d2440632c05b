package check_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
)

func mustRun[S comparable](t testing.TB, m *check.Model[S], o check.Options) *check.Report[S] {
	t.Helper()
	r, err := check.Run(context.Background(), m, o)
	require.NoError(t, err)
	return r
}

func text[S comparable](t *check.Trace[S]) string {
	if t == nil {
		return ""
	}
	var b strings.Builder
	_, _ = t.WriteTo(&b)
	return b.String()
}

// states returns the states of a trace, cycle included.
func states[S comparable](t *check.Trace[S]) (all []S) {
	for _, steps := range [][]check.Step[S]{t.Stem, t.Cycle} {
		for _, step := range steps {
			all = append(all, step.State)
		}
	}
	return all
}

// actions returns the actions of a trace, the initial state left out.
func actions[S comparable](t *check.Trace[S]) (all []string) {
	for _, steps := range [][]check.Step[S]{t.Stem[1:], t.Cycle} {
		for _, step := range steps {
			all = append(all, step.Action)
		}
	}
	return all
}

// sameAtAnyWorkerCount requires that a run is the same, but for its duration,
// on one to three workers, and returns the report.
func sameAtAnyWorkerCount[S comparable](t testing.TB, m *check.Model[S], o check.Options) *check.Report[S] {
	t.Helper()
	var first *check.Report[S]
	for workers := 1; workers <= 3; workers++ {
		o.Workers = workers
		r := mustRun(t, m, o)
		if first == nil {
			first = r
			continue
		}
		requireSameReport(t, first, r)
	}
	return first
}

func requireSameReport[S comparable](t require.TestingT, want, got *check.Report[S]) {
	for i := range want.Results {
		w, g := want.Results[i], got.Results[i]
		require.Equal(t, text(w.Trace), text(g.Trace), "trace of %s with %d workers", w.Property, got.Options.Workers)
		w.Trace, g.Trace = nil, nil
		require.Equal(t, w, g, "with %d workers", got.Options.Workers)
	}
	require.Equal(t, want.Actions, got.Actions)
	require.Equal(t, want.Bounds, got.Bounds)
	w, g := want.Stats, got.Stats
	w.Elapsed, w.Workers = g.Elapsed, g.Workers
	require.Equal(t, w, g)
}
