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
		var p partition[uint16]
		spread := rapid.SampledFrom([]uint64{0, 1, 1 << 32, 1 << 57, 1 << 63, 0x9e3779b97f4a7c15}).Draw(t, "spread")
		hash := func(k uint16) uint64 { return uint64(k) * spread }
		want := map[uint16]int{}
		for _, k := range rapid.SliceOf(rapid.Uint16Range(0, 500)).Draw(t, "keys") {
			_ = p.touch(hash(k))
			local, isNew := p.insert(&k, hash(k))
			known, ok := want[k]
			require.Equal(t, !ok, isNew)
			if !ok {
				known = len(want)
				want[k] = known
			}
			require.Equal(t, known, local)
		}
		require.Equal(t, len(want), p.log.len())
		for k, local := range want {
			require.Equal(t, k, *p.log.at(local))
		}
	})
}

func TestPartitionGrows(t *testing.T) {
	var p partition[uint64]
	h, err := newHasher[uint64]()
	require.NoError(t, err)
	const n = 200_000
	for round := range 2 {
		for k := range uint64(n) {
			local, isNew := p.insert(&k, h.hash(&k))
			require.Equal(t, round == 0, isNew)
			require.Equal(t, int(k), local)
		}
	}
	require.Equal(t, n, p.log.len())
	require.Less(t, n, len(p.table))
	require.GreaterOrEqual(t, 4*n, len(p.table))
	require.InDelta(t, 8*n+8*len(p.table), p.bytes(), 8*chunkMax)
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
