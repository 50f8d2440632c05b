package check

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The least gap is the one between neighbours in the sorted list of all words.
func TestLeastGap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hashes := rapid.SliceOfDistinct(rapid.Custom(func(t *rapid.T) uint64 {
			// Few different low bits: many hashes in one partition; ends of tables.
			high := rapid.SampledFrom([]uint64{0, 1 << 63, 0xffff << 48, 0xfffffff << 36}).Draw(t, "high")
			return high ^ rapid.Uint64Range(0, 1<<12).Draw(t, "low")<<rapid.SampledFrom([]int{0, 3, 20, 44}).Draw(t, "shift")
		}), func(h uint64) uint64 { return h }).Draw(t, "hashes")
		s := &search[uint64, uint64]{layout: newLayout(&hasher[uint64]{}, Fingerprint, false)}
		for p := range s.parts {
			s.parts[p].layout = &s.layout
		}
		for _, h := range hashes {
			s.parts[partitionOf(h)].insert(&h, h, 0, 0)
		}
		s.stats.Distinct = uint64(len(hashes))
		if rapid.Bool().Draw(t, "many ranges") {
			s.stats.Distinct = max(2, s.stats.Distinct) << 14
		}
		slices.Sort(hashes)
		want := uint64(math.MaxUint64)
		for i := 1; i < len(hashes); i++ {
			want = min(want, hashes[i]-hashes[i-1])
		}
		if len(hashes) > 1 {
			require.Equal(t, want, s.leastGap())
		}
	})
}

func TestOmissionIsReported(t *testing.T) {
	m := &Model[int]{Init: []int{0}, Actions: []Action[int]{{Name: "Add", Next: func(dst []int, s int) []int {
		return append(dst, (s+1)%1000, (s+7)%1000)
	}}}, Properties: []Property[int]{Invariant("p", func(int) bool { return true })}}
	r, err := Run(context.Background(), m, Options{Visited: Fingerprint})
	require.NoError(t, err)
	require.NoError(t, r.Err())
	require.InEpsilon(t, 1000.0*1001/math.Pow(2, 64), r.Stats.Omission.Calculated, 1e-9)
	// 1,000 numbers of 64 bits are about 2^64/10^6 apart where they are nearest.
	require.Less(t, r.Stats.Omission.Observed, 1e-10)
	require.Greater(t, r.Stats.Omission.Observed, 1e-18)
	require.Contains(t, r.Assumptions[0], "fingerprints of 64 bits")

	r, err = Run(context.Background(), m, Options{})
	require.NoError(t, err)
	require.Zero(t, r.Stats.Omission)
	require.Empty(t, r.Assumptions)
}

// What two states with one fingerprint do to a run, and that a trace is found
// all the same if one is reported.
func TestFingerprintForgetsAndRetraces(t *testing.T) {
	type state struct{ Depth, Way, Fill int }
	m := &Model[state]{
		Init: []state{{Way: 1}, {Way: 2}, {Way: 2}},
		Actions: []Action[state]{
			{Name: "Stay", Next: func(dst []state, s state) []state { return append(dst, s) }},
			{Name: "Deepen", Next: func(dst []state, s state) []state {
				if s.Depth == 40 {
					return dst
				}
				for way := range 300 { // more than one byte can tell apart
					dst = append(dst, state{s.Depth + 1, way / 3, 0})
				}
				return dst
			}},
		},
		Properties: []Property[state]{Invariant("p", func(s state) bool { return s != state{40, 99, 0} })},
	}
	for workers := 1; workers <= 3; workers++ {
		r, err := Run(context.Background(), m, Options{Visited: Fingerprint, Workers: workers})
		require.NoError(t, err)
		require.Equal(t, Violated, r.Verdict())
		require.Len(t, r.Results[0].Trace.Stem, 41)
	}
}
