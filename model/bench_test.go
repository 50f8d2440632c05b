package model_test

import (
	"context"
	"testing"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
)

// BenchmarkSearch explores the default scenario with three replicas instead of
// five: everything that is claimed of it, liveness too, up to symmetry.
func BenchmarkSearch(b *testing.B) {
	m, err := model.New(model.Scenario{
		Replicas: 3, Nodes: 2, Lag: 1, Start: model.StartRunning,
		Faults: model.Budget{model.NodeCrash: 1, model.Restart: 1, model.PodDelete: 1},
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	var stats check.Stats
	states := uint64(0)
	for b.Loop() {
		r, err := check.Run(context.Background(), m.Model, check.Options{Symmetry: true})
		if err != nil {
			b.Fatal(err)
		}
		if r.Verdict() != check.Holds {
			b.Fatal(r.Err())
		}
		stats = r.Stats
		states += stats.Distinct
	}
	b.ReportMetric(float64(states)/b.Elapsed().Seconds(), "states/s")
	b.ReportMetric(float64(stats.StoredBytes)/float64(stats.Distinct), "B/state")
}
