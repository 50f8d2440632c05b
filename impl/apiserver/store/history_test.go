package store_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/impl/apiserver/store"
)

// A bounded history forgets by itself, and watchers that fall behind are told.
func TestMemoryHistory(t *testing.T) {
	ctx := context.Background()
	m := &store.Memory{History: 10}
	slow, err := m.Watch(ctx, "/", 1)
	require.NoError(t, err)
	rev, err := m.Create(ctx, "/a", []byte("0"))
	require.NoError(t, err)
	for i := range 100 {
		rev, err = m.Update(ctx, "/a", rev, fmt.Append(nil, i))
		require.NoError(t, err)
		for _, back := range []int64{0, min(10, rev-1)} {
			_, _, err = m.Get(ctx, "/a", rev-back)
			require.NotErrorIs(t, err, store.ErrCompacted, "%d revisions back", back)
		}
	}
	_, _, err = m.Get(ctx, "/a", rev-21)
	require.ErrorIs(t, err, store.ErrCompacted)
	_, err = slow.Next(ctx)
	require.ErrorIs(t, err, store.ErrCompacted)
}

// BenchmarkMemory is one update and one event of it, among 100 idle watchers and
// 1,000 keys.
func BenchmarkMemory(b *testing.B) {
	ctx := context.Background()
	m := &store.Memory{History: 1000}
	for i := range 1000 {
		_, err := m.Create(ctx, fmt.Sprint("/pods/", i), nil)
		require.NoError(b, err)
	}
	for i := range 100 {
		_, err := m.Watch(ctx, fmt.Sprint("/idle/", i), 1001)
		require.NoError(b, err)
	}
	w, err := m.Watch(ctx, "/pods/", 1001)
	require.NoError(b, err)
	rev, value := int64(1001), []byte("x")
	b.ReportAllocs()
	for b.Loop() {
		if rev, err = m.Update(ctx, "/pods/999", rev, value); err != nil {
			b.Fatal(err)
		}
		if _, err := w.Next(ctx); err != nil {
			b.Fatal(err)
		}
	}
}
