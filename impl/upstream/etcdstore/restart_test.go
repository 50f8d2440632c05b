package etcdstore_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/impl/apiserver/store"
	"github.com/reconverge/reconverge/impl/upstream/etcdstore"
	"github.com/reconverge/reconverge/impl/upstream/etcdtest"
)

// patience bounds what must happen at once and otherwise never would.
const patience = time.Minute

// etcd is killed twice in the middle of concurrent writers. What it acknowledged is
// in its history, each write at its revision, and a watch that was open all the
// time has seen this history and nothing else.
func TestRestart(t *testing.T) {
	const writers, writes, restarts = 4, 300, 2
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	server := etcdtest.Start(t)
	s := etcdstore.New(server.Client())
	open, err := s.Watch(ctx, "/", 1)
	require.NoError(t, err)
	defer open.Close()

	acknowledged := make(chan store.Event)
	working, stop := context.WithCancel(ctx)
	var group sync.WaitGroup
	for n := range writers {
		group.Go(func() { write(working, etcdstore.New(server.Client()), n, acknowledged) })
	}
	want := map[int64]store.Event{}
	for len(want) < writes {
		select {
		case e := <-acknowledged:
			require.NotContains(t, want, e.Revision)
			want[e.Revision] = e
			if len(want)%(writes/(restarts+1)) == 0 && len(want) < writes {
				server.Restart()
			}
		case <-ctx.Done():
			require.FailNow(t, "the writers are stuck")
		}
	}
	stop()
	group.Wait()

	newest, err := s.Revision(ctx)
	require.NoError(t, err)
	fresh, err := s.Watch(ctx, "/", 1)
	require.NoError(t, err)
	defer fresh.Close()
	for rev := int64(2); rev <= newest; rev++ {
		e, err := fresh.Next(ctx)
		require.NoError(t, err)
		require.Equal(t, rev, e.Revision)
		seen, err := open.Next(ctx)
		require.NoError(t, err)
		require.Equal(t, e, seen)
		if w, ok := want[rev]; ok {
			require.Equal(t, w.Key+" "+string(w.Value), e.Key+" "+string(e.Value))
			delete(want, rev)
		}
	}
	require.Empty(t, want, "acknowledged and lost")
}

// write updates a key of its own until ctx ends, and reports the writes that were
// acknowledged.
func write(ctx context.Context, s store.Store, n int, acknowledged chan<- store.Event) {
	key := fmt.Sprint("/", n)
	for i := 0; ctx.Err() == nil; i++ {
		// A read is tried again until etcd is back, so this is also the wait for it.
		e, _, err := s.Get(ctx, key, 0)
		value := []byte(fmt.Sprint(i))
		var rev int64
		if errors.Is(err, store.ErrNotFound) {
			rev, err = s.Create(ctx, key, value)
		} else if err == nil {
			rev, err = s.Update(ctx, key, e.Revision, value)
		}
		if err != nil {
			continue // it may have been written
		}
		select {
		case acknowledged <- store.Event{Key: key, Value: value, Revision: rev}:
		case <-ctx.Done():
		}
	}
}

// A watch that has no events still learns how far it is, so bookmarks go on.
func TestProgress(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s := etcdstore.New(etcdtest.Start(t).Client())
	w, err := s.Watch(ctx, "/pods/", 1)
	require.NoError(t, err)
	defer w.Close()
	rev, err := s.Create(ctx, "/nodes/a", nil)
	require.NoError(t, err)
	waiting, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error)
	go func() {
		_, err := w.Next(waiting)
		ended <- err
	}()
	for w.Progress() < rev {
		require.NoError(t, ctx.Err())
	}
	stop()
	require.ErrorIs(t, <-ended, context.Canceled)
}
