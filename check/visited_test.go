package check

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A partition is compared with a map, with hashes of the tester's choice: most
// of them collide in slot, tag or both.
func TestPartitionIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lay := layout{maxLoad: ratio{48, 64}, growth: ratio{3, 2}}
		lay.words, lay.ids, lay.steps = rapid.Bool().Draw(t, "words"), rapid.Bool().Draw(t, "ids"), rapid.Bool().Draw(t, "steps")
		if rapid.Bool().Draw(t, "dense") {
			lay.maxLoad, lay.growth = ratio{63, 64}, ratio{5, 4}
		}
		p := partition[uint16]{layout: &lay}
		spread := rapid.SampledFrom([]uint64{0, 1, 1 << 32, 1 << 57, 1 << 63, 0x9e3779b97f4a7c15}).Draw(t, "spread")
		hash := func(k uint16) uint64 { return uint64(k) * spread }
		if lay.words { // hashes are different, and of one partition
			spread |= 1
			hash = func(k uint16) uint64 { return uint64(k) * spread * partitions }
		}
		want := map[uint16]int{}
		for _, k := range rapid.SliceOf(rapid.Uint16Range(0, 500)).Draw(t, "keys") {
			_, known := want[k]
			if lay.ids || !lay.words {
				local, found := p.lookup(&k, hash(k))
				require.Equal(t, known, found)
				require.Equal(t, want[k], local)
			}
			_, _ = p.touch(hash(k)), p.touchState(hash(k))
			local, isNew := p.insert(&k, hash(k), stateID(k), uint8(k))
			require.Equal(t, !known, isNew)
			if isNew {
				want[k] = len(want)
			}
			if isNew || lay.ids || !lay.words {
				require.Equal(t, want[k], local)
			}
		}
		require.Equal(t, len(want), p.n)
		for k, local := range want {
			require.Equal(t, k, *p.log.at(local))
			require.Equal(t, stateID(k), *p.from.at(local))
			if lay.steps {
				require.Equal(t, uint8(k), *p.step.at(local))
			}
		}
		p.free()
	})
}

func TestPartitionGrows(t *testing.T) {
	h, err := newHasher[uint64]()
	require.NoError(t, err)
	for _, visited := range []Visited{Exact, Fingerprint} {
		for _, ids := range []bool{false, true} {
			lay := newLayout(h, visited, ids)
			p := partition[uint64]{layout: &lay}
			const n = 800_000
			for round := range 2 {
				for k, added := uint64(0), 0; added < n; k++ {
					hash := h.hash(&k)
					if partitionOf(hash) != 0 {
						continue
					}
					local, isNew := p.insert(&k, hash, 0, 0)
					require.Equal(t, round == 0, isNew)
					if isNew || lay.ids {
						require.Equal(t, added, local)
					}
					added++
				}
			}
			require.Equal(t, n, p.n)
			require.Greater(t, len(p.table.at), mapFrom, "it has outgrown the Go heap")
			load := float64(n) / float64(len(p.table.at))
			require.Greater(t, load, 0.37)
			require.Less(t, load, 0.85)
			p.free()
		}
	}
}

func TestStateID(t *testing.T) {
	for _, part := range []int{0, 1, partitions - 1} {
		for _, local := range []int{0, 1, maxLocal} {
			id := makeID(part, local)
			require.Equal(t, part, id.partition())
			require.Equal(t, local, id.local())
		}
	}
}
