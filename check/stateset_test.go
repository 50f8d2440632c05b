package check

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A stateSet is compared with a map, its order with the levels it is made of.
func TestStateSetIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var levels []levelEnd
		var end levelEnd
		for range rapid.IntRange(1, 4).Draw(t, "levels") {
			for part := range 3 {
				end[part] += rapid.Uint32Range(0, 150).Draw(t, "states")
			}
			levels = append(levels, end)
		}
		last := levels[len(levels)-1]
		for part := range 3 { // the search may have ended within the last levels
			last[part] -= rapid.Uint32Range(0, last[part]).Draw(t, "unknown")
		}
		ss := newStateSet(newIndexing(levels, last))
		var order []stateID // level by level, in each by partition
		var lo levelEnd
		for _, hi := range levels {
			for part := range partitions {
				for i := lo[part]; i < min(hi[part], last[part]); i++ {
					order = append(order, makeID(part, int(i)))
				}
			}
			lo = hi
		}
		want := map[stateID]bool{}
		for k, id := range order {
			if rapid.IntRange(0, 9).Draw(t, "member") == 0 || k%97 == 0 {
				ss.add(id)
				want[id] = true
			}
		}
		for k, id := range order {
			if k%5 == 0 {
				ss.remove(id)
				delete(want, id)
			}
			require.Equal(t, want[id], ss.has(id))
		}
		for part := range partitions {
			require.False(t, ss.has(makeID(part, int(last[part]))), "beyond the end")
		}
		require.Equal(t, len(want), ss.len())

		var wantForward, wantBackward, forward, backward []stateID
		for k := range order {
			if id := order[k]; want[id] {
				wantForward = append(wantForward, id)
			}
			if id := order[len(order)-1-k]; want[id] {
				wantBackward = append(wantBackward, id)
			}
		}
		ss.each(func(id stateID) { forward = append(forward, id) })
		ss.eachBackward(func(id stateID) { backward = append(backward, id) })
		require.Equal(t, wantForward, forward)
		require.Equal(t, wantBackward, backward)
		ss.each(ss.remove)
		require.Zero(t, ss.len())
	})
}

func TestActionSet(t *testing.T) {
	var a, b actionSet
	require.True(t, a.empty())
	for _, i := range []int{255, 64, 7} {
		a.add(i)
		require.True(t, a.has(i))
		require.Equal(t, i, a.first())
	}
	b.add(64)
	b.add(100)
	require.True(t, a.intersects(&b))
	both, either, only := a.and(b), a.or(b), a.minus(b)
	require.True(t, both.has(64) && !both.has(7) && !both.has(100))
	require.True(t, either.has(64) && either.has(7) && either.has(100) && either.has(255))
	require.True(t, only.has(7) && only.has(255) && !only.has(64) && !only.has(100))
	require.False(t, only.intersects(&b))
	require.PanicsWithValue(t, "check: first of an empty set", func() { new(actionSet).first() })
}
