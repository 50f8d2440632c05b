package check

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestBitsetIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 300).Draw(t, "n")
		b, want := newBitset(n), map[int]bool{}
		if rapid.Bool().Draw(t, "full") {
			b.fill(n)
			for i := range n {
				want[i] = true
			}
		}
		for _, i := range rapid.SliceOf(rapid.IntRange(0, n-1)).Draw(t, "members") {
			if want[i] {
				b.remove(i)
				delete(want, i)
			} else {
				b.add(i)
				want[i] = true
			}
		}
		require.Equal(t, len(want), b.len())
		up, down := 0, 0
		for i := range n {
			require.Equal(t, want[i], b.has(i))
		}
		for i := b.next(0); i >= 0; i = b.next(i + 1) {
			require.True(t, want[i])
			up++
		}
		for i := b.prev(n - 1); i >= 0; i = b.prev(i - 1) {
			require.True(t, want[i])
			down++
		}
		require.Equal(t, []int{len(want), len(want)}, []int{up, down})
	})
}

func TestActionSet(t *testing.T) {
	var a, b actionSet
	require.True(t, a.empty())
	for _, i := range []int{255, 64, 7} {
		a.add(i)
		require.True(t, a.has(i))
	}
	b.add(64)
	b.add(100)
	require.True(t, a.intersects(&b))
	both, either, only := a.and(b), a.or(b), a.minus(b)
	require.True(t, both.has(64) && !both.has(7) && !both.has(100))
	require.True(t, either.has(64) && either.has(7) && either.has(100) && either.has(255))
	require.True(t, only.has(7) && only.has(255) && !only.has(64) && !only.has(100))
	require.False(t, only.intersects(&b))
}
