package model

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDesiredHealthy(t *testing.T) {
	for _, c := range []struct {
		d              Disruption
		replicas, want int
	}{
		{Disruption{Limit: MinAvailable, Value: 2}, 5, 2},
		{Disruption{Limit: MinAvailable, Value: 2}, 1, 2}, // more than there are
		{Disruption{Limit: MinAvailable, Value: 50, Percent: true}, 5, 3},
		{Disruption{Limit: MinAvailable, Value: 0, Percent: true}, 5, 0},
		{Disruption{Limit: MaxUnavailable, Value: 2}, 5, 3},
		{Disruption{Limit: MaxUnavailable, Value: 2}, 1, 0},
		{Disruption{Limit: MaxUnavailable, Value: 50, Percent: true}, 5, 2}, // 3 may be unavailable
		{Disruption{Limit: MaxUnavailable, Value: 1, Percent: true}, 5, 4},
	} {
		require.Equal(t, c.want, c.d.desiredHealthy(c.replicas), "%+v of %d", c.d, c.replicas)
	}
}
