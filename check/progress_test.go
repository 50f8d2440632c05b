package check

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRemaining(t *testing.T) {
	for _, test := range []struct {
		name   string
		levels []uint64
		want   time.Duration
	}{
		{"levels grow", []uint64{1, 10, 100, 1000, 10_000}, 0},
		{"too early to tell", []uint64{1, 10, 8, 4}, 0},
		{"as wide as before", []uint64{100, 80, 40, 40}, 0},
		// 50 of the last level are left, and 50/2 + 50/4 + ... = 50 to come.
		{"halved each time", []uint64{1, 400, 200, 100, 50}, time.Second},
	} {
		s := Stats{Levels: test.levels, Rate: 100}
		for _, width := range test.levels[:len(test.levels)-1] {
			s.Explored += width
		}
		require.Equal(t, test.want, s.remaining(), test.name)
	}
	require.Zero(t, (&Stats{Levels: []uint64{8, 4, 2, 1}}).remaining(), "a rate is not known")
}
