package check_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/internal/classic"
)

// safety drops the claims that need the graph of all steps to be kept.
func safety[S comparable](m *check.Model[S]) *check.Model[S] {
	c := *m
	c.Properties = nil
	for _, p := range m.Properties {
		if !p.Kind().Liveness() {
			c.Properties = append(c.Properties, p)
		}
	}
	return &c
}

func benchmark[S comparable](b *testing.B, m *check.Model[S], o check.Options) {
	b.ReportAllocs()
	var stats check.Stats
	states := uint64(0)
	for b.Loop() {
		r, err := check.Run(context.Background(), m, o)
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

func BenchmarkTwoPhaseCommit7(b *testing.B) {
	for workers := 1; workers <= 2; workers++ {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			benchmark(b, classic.TwoPhaseCommit(7), check.Options{Workers: workers})
		})
	}
}

func BenchmarkTwoPhaseCommit7Symmetry(b *testing.B) {
	benchmark(b, classic.TwoPhaseCommit(7), check.Options{Workers: 1, Symmetry: true})
}

func BenchmarkPetersonFilter5(b *testing.B) {
	for workers := 1; workers <= 2; workers++ {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			benchmark(b, safety(classic.PetersonFilter(5)), check.Options{Workers: workers})
		})
	}
}

func BenchmarkPetersonFilterLiveness(b *testing.B) {
	for processes := 4; processes <= 5; processes++ {
		b.Run(fmt.Sprintf("processes=%d", processes), func(b *testing.B) {
			benchmark(b, classic.PetersonFilter(processes), check.Options{Workers: 1})
		})
	}
}
