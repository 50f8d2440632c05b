// Package storetest says what a store.Store promises, as tests that every
// implementation must pass.
package storetest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/impl/apiserver/store"
)

// Run tests the stores that open returns, each of them empty, and closed with t.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	for _, tt := range []struct {
		name string
		test func(t *testing.T, s store.Store)
	}{
		{"writes", testWrites},
		{"values", testValues},
		{"reads of the past", testPast},
		{"pages", testPages},
		{"prefixes", testPrefixes},
		{"watch", testWatch},
		{"watch from the future", testWatchFuture},
		{"watch that waits", testWatchWaits},
		{"watch that ends", testWatchEnds},
		{"compaction", testCompaction},
		{"compaction of deleted keys", testCompactDeleted},
		{"clients at once", testClients},
		{"like the naive model", testModel},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.test(t, open(t)) })
	}
}

// patience bounds what must happen at once and otherwise never would.
const patience = 30 * time.Second

// patient is a context that fails the test in place of waiting for ever.
func patient(t interface{ Cleanup(func()) }) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// fill makes writes: "+/a 1" creates, "=/a 2" updates and "-/a" deletes a key.
func fill(t testing.TB, s store.Store, writes ...string) {
	t.Helper()
	ctx := patient(t)
	for _, write := range writes {
		key, value, _ := strings.Cut(write[1:], " ")
		var err error
		if write[0] == '+' {
			_, err = s.Create(ctx, key, []byte(value))
		} else {
			var e store.Entry
			e, _, err = s.Get(ctx, key, 0)
			require.NoError(t, err, write)
			if write[0] == '=' {
				_, err = s.Update(ctx, key, e.Revision, []byte(value))
			} else {
				_, err = s.Delete(ctx, key, e.Revision)
			}
		}
		require.NoError(t, err, write)
	}
}

// entries reads "key value revision".
func entries(lines ...string) []store.Entry {
	var all []store.Entry
	for _, line := range lines {
		var e store.Entry
		var value string
		if _, err := fmt.Sscan(line, &e.Key, &value, &e.Revision); err != nil {
			panic(err)
		}
		e.Value = []byte(value)
		all = append(all, e)
	}
	return all
}

func requireRevision(t testing.TB, s store.Store, want int64) {
	t.Helper()
	got, err := s.Revision(patient(t))
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func requireEntry(t testing.TB, s store.Store, want store.Entry, revision int64) {
	t.Helper()
	e, rev, err := s.Get(patient(t), want.Key, 0)
	require.NoError(t, err)
	require.Equal(t, want, e)
	require.Equal(t, revision, rev)
}

func watch(t testing.TB, s store.Store, prefix string, after int64) store.Watcher {
	t.Helper()
	w, err := s.Watch(patient(t), prefix, after)
	require.NoError(t, err)
	t.Cleanup(w.Close)
	return w
}

func next(t testing.TB, w store.Watcher) store.Event {
	t.Helper()
	e, err := w.Next(patient(t))
	require.NoError(t, err)
	return e
}
