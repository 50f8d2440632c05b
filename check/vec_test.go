package check

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestVecKeepsWhatWasPushed(t *testing.T) {
	var v, w vec[int]
	n := 5*chunkMax + 7
	for i := range n {
		v.push(i)
	}
	w.extend(3)
	w.extend(0)
	w.extend(n - 3)
	for i := range n {
		*w.at(i) = i
	}
	for i := range n {
		if *v.at(i) != i || *w.at(i) != i {
			t.Fatalf("at(%d) = %d and %d", i, *v.at(i), *w.at(i))
		}
	}
	require.Equal(t, n, v.len())
	require.Equal(t, n, w.len())
	require.GreaterOrEqual(t, v.bytes(), int64(8*n))
	require.LessOrEqual(t, v.bytes(), int64(8*(n+2*chunkMax)))
}

func TestVecStartsSmall(t *testing.T) {
	var v vec[uint64]
	require.Zero(t, v.bytes())
	v.push(1)
	require.EqualValues(t, 8*chunkMin, v.bytes())
}

func TestVecPlacesAreConsecutive(t *testing.T) {
	wantChunk, wantOff := 0, 0
	size := func(chunk int) int { return min(chunkMin<<min(chunk, 20), chunkMax) }
	for i := range 3 * chunkMax {
		chunk, off := place(i)
		if chunk != wantChunk || off != wantOff {
			t.Fatalf("place(%d) = %d, %d; want %d, %d", i, chunk, off, wantChunk, wantOff)
		}
		if wantOff++; wantOff == size(wantChunk) {
			wantChunk, wantOff = wantChunk+1, 0
		}
	}
}

func TestVecExtendIsZero(t *testing.T) {
	var v vec[int]
	v.extend(0)
	require.Zero(t, v.len())
	v.extend(2 * chunkMin)
	for i := range v.len() {
		require.Zero(t, *v.at(i))
	}
	v.push(1)
	require.Equal(t, 1, *v.at(2 * chunkMin))
}
