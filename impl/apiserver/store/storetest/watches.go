package storetest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/impl/apiserver/store"
)

// A watch may begin anywhere in the past and sees all that came after, with the
// values before and after each write.
func testWatch(t *testing.T, s store.Store) {
	fill(t, s, "+/p/a 1", "+/q/a 1", "=/p/a 2", "-/p/a", "+/p/a 3", "=/q/a 2")
	all := []store.Event{
		{Key: "/p/a", Value: []byte("1"), Revision: 2},
		{Key: "/p/a", Value: []byte("2"), Previous: []byte("1"), Revision: 4},
		{Key: "/p/a", Previous: []byte("2"), Revision: 5},
		{Key: "/p/a", Value: []byte("3"), Revision: 6},
		{Key: "/p/a", Value: []byte("4"), Previous: []byte("3"), Revision: 8},
	}
	var watchers []store.Watcher
	for after := int64(1); after <= 7; after++ {
		watchers = append(watchers, watch(t, s, "/p/", after))
	}
	fill(t, s, "=/p/a 4")
	for i, w := range watchers {
		after := int64(i + 1)
		progress := after
		require.GreaterOrEqual(t, w.Progress(), progress)
		for _, want := range all {
			if want.Revision <= after {
				continue
			}
			require.Less(t, w.Progress(), want.Revision, "progress past an event to come")
			require.Equal(t, want, next(t, w), "watch after %d", after)
			require.GreaterOrEqual(t, w.Progress(), want.Revision)
			require.GreaterOrEqual(t, w.Progress(), progress, "progress went back")
			progress = w.Progress()
		}
	}
}

func testWatchFuture(t *testing.T, s store.Store) {
	fill(t, s, "+/a 1")
	w := watch(t, s, "/", 4)
	require.GreaterOrEqual(t, w.Progress(), int64(4), "it wants nothing before")
	fill(t, s, "=/a 2", "=/a 3", "=/a 4")
	require.Equal(t, store.Event{Key: "/a", Value: []byte("4"), Previous: []byte("3"), Revision: 5}, next(t, w))

	_, err := s.Watch(patient(t), "/", 0)
	require.Error(t, err, "a watch must say where it begins")
}

// Watchers that wait are woken by their own prefix, and do not miss what comes
// while they are busy.
func testWatchWaits(t *testing.T, s store.Store) {
	const writes = 50
	p, q := watch(t, s, "/p/", 1), watch(t, s, "/q/", 1)
	type result struct {
		events []store.Event
		err    error
	}
	collect := func(w store.Watcher) <-chan result {
		done := make(chan result, 1)
		go func() {
			var r result
			for len(r.events) < writes && r.err == nil {
				var e store.Event
				e, r.err = w.Next(patient(t))
				r.events = append(r.events, e)
			}
			done <- r
		}()
		return done
	}
	fromP, fromQ := collect(p), collect(q)
	for range writes / 2 {
		fill(t, s, "+/p/a 1", "+/q/a 1", "-/q/a", "+/o/a 1", "-/p/a", "-/o/a")
	}
	for _, r := range []result{<-fromP, <-fromQ} {
		require.NoError(t, r.err)
		for i, e := range r.events {
			require.Equal(t, i%2 == 0, e.Value != nil, "event %d: %+v", i, e)
			require.True(t, i == 0 || e.Revision > r.events[i-1].Revision, "event %d: %+v", i, e)
		}
	}
}

func testWatchEnds(t *testing.T, s store.Store) {
	w := watch(t, s, "/", 1)
	ctx, cancel := context.WithCancel(patient(t))
	ended := make(chan error, 1)
	go func() {
		_, err := w.Next(ctx)
		ended <- err
	}()
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)

	fill(t, s, "+/a 1")
	require.Equal(t, int64(2), next(t, w).Revision, "the end of one call is not that of the watch")

	go func() {
		_, err := w.Next(patient(t))
		ended <- err
	}()
	w.Close()
	require.ErrorIs(t, <-ended, store.ErrClosed)
	fill(t, s, "=/a 2")
	_, err := w.Next(patient(t))
	require.ErrorIs(t, err, store.ErrClosed)
	w.Close() // again, without harm
}

func testCompaction(t *testing.T, s store.Store) {
	ctx := patient(t)
	fill(t, s, "+/a 1", "+/b 1", "=/a 2", "=/a 3", "=/b 2") // revisions 2 to 6
	w := watch(t, s, "/", 4)
	require.NoError(t, s.Compact(ctx, 4))

	for _, at := range []int64{1, 2, 3} {
		_, _, err := s.Get(ctx, "/a", at)
		require.ErrorIs(t, err, store.ErrCompacted, "get at %d", at)
		_, err = s.List(ctx, "/", store.ListOptions{At: at})
		require.ErrorIs(t, err, store.ErrCompacted, "list at %d", at)
		_, err = s.Watch(ctx, "/", at)
		require.ErrorIs(t, err, store.ErrCompacted, "watch after %d", at)
	}
	l, err := s.List(ctx, "/", store.ListOptions{At: 4})
	require.NoError(t, err)
	require.Equal(t, entries("/a 2 4", "/b 1 3"), l.Entries)
	events := []store.Event{
		{Key: "/a", Value: []byte("3"), Previous: []byte("2"), Revision: 5},
		{Key: "/b", Value: []byte("2"), Previous: []byte("1"), Revision: 6},
	}
	late := watch(t, s, "/", 4)
	for _, want := range events {
		require.Equal(t, want, next(t, w))
		require.Equal(t, want, next(t, late))
	}

	require.NoError(t, s.Compact(ctx, 3), "what is forgotten already")
	require.ErrorIs(t, s.Compact(ctx, 7), store.ErrFuture)
	require.NoError(t, s.Compact(ctx, 6))
	requireRevision(t, s, 6)
	requireEntry(t, s, entries("/a 3 5")[0], 6)
	fill(t, s, "-/a", "+/a 4")
	require.Equal(t, store.Event{Key: "/a", Previous: []byte("3"), Revision: 7}, next(t, w))
}

// A deletion is an event like others, until it is forgotten.
func testCompactDeleted(t *testing.T, s store.Store) {
	ctx := patient(t)
	fill(t, s, "+/a 1", "-/a", "+/b 1", "-/b", "+/c 1") // revisions 2 to 6
	require.NoError(t, s.Compact(ctx, 3))
	l, err := s.List(ctx, "/", store.ListOptions{At: 3})
	require.NoError(t, err)
	require.Empty(t, l.Entries)
	w := watch(t, s, "/", 3)
	require.Equal(t, store.Event{Key: "/b", Value: []byte("1"), Revision: 4}, next(t, w))
	require.Equal(t, store.Event{Key: "/b", Previous: []byte("1"), Revision: 5}, next(t, w))

	require.NoError(t, s.Compact(ctx, 5))
	_, err = s.Create(ctx, "/a", []byte("2"))
	require.NoError(t, err)
	_, err = s.Update(ctx, "/b", 4, []byte("2"))
	require.ErrorIs(t, err, store.ErrNotFound)
	requireEntry(t, s, entries("/a 2 7")[0], 7)
}
