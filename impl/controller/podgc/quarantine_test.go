package podgc

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestQuarantine(t *testing.T) {
	q, from := quarantine{}, time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	q.hold("b", from.Add(40*time.Second))
	q.hold("a", from.Add(40*time.Second))
	q.hold("b", from.Add(60*time.Second))
	require.Empty(t, q.release(from.Add(39*time.Second)))
	require.Equal(t, []string{"a", "b"}, q.release(from.Add(40*time.Second)), "the earlier time counts")
	require.Empty(t, q.release(from.Add(time.Hour)))
}
