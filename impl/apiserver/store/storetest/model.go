package storetest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/reconverge/reconverge/impl/apiserver/store"
)

// testModel draws sequences of calls and compares each answer with that of a list
// of all writes. One store serves all sequences, each in a folder of its own.
func testModel(t *testing.T, s store.Store) {
	folders, compacted := 0, int64(1)
	rapid.Check(t, func(t *rapid.T) {
		folders++
		now, err := s.Revision(context.Background())
		require.NoError(t, err)
		m := &naive{ctx: patient(t), s: s, folder: fmt.Sprintf("/%d/", folders), base: now, compacted: compacted, watchers: map[int]*naiveWatch{}}
		defer func() {
			compacted = m.compacted
			for _, w := range m.watchers {
				w.Close()
			}
		}()
		t.Repeat(rapid.StateMachineActions(m))
	})
}

// naive is the model: what was written since the revision base.
type naive struct {
	ctx             context.Context
	s               store.Store
	folder          string
	base, compacted int64
	log             []store.Event
	watchers        map[int]*naiveWatch
	opened          int
}

// A naiveWatch is a watcher with the revision up to which its events were seen.
type naiveWatch struct {
	store.Watcher
	prefix string
	seen   int64
}

func (m *naive) now() int64 { return m.base + int64(len(m.log)) }

// at returns what key was at revision, and whether there was anything.
func (m *naive) at(key string, revision int64) (e store.Entry, ok bool) {
	for _, w := range m.log {
		if w.Key == key && w.Revision <= revision {
			e, ok = store.Entry{Key: key, Value: w.Value, Revision: w.Revision}, w.Value != nil
		}
	}
	if !ok {
		return store.Entry{}, false
	}
	return e, true
}

// pending returns the next event that w must yield, if it is written.
func (m *naive) pending(w *naiveWatch) (store.Event, bool) {
	for _, e := range m.log {
		if e.Revision > w.seen && strings.HasPrefix(e.Key, w.prefix) {
			return e, true
		}
	}
	return store.Event{}, false
}

var suffixes = []string{"p/a", "p/b", "p/c", "p-", "q/a", "q/b"}

func (m *naive) key(t *rapid.T) string { return m.folder + rapid.SampledFrom(suffixes).Draw(t, "key") }

func (m *naive) prefix(t *rapid.T) string {
	return m.folder + rapid.SampledFrom([]string{"", "p", "p/", "p/b", "q/", "r/"}).Draw(t, "prefix")
}

func (m *naive) value(t *rapid.T) []byte {
	return rapid.SliceOfN(rapid.Byte(), 0, 3).Draw(t, "value")
}

// revision draws one that was, or nearly.
func (m *naive) revision(t *rapid.T) int64 {
	return rapid.Int64Range(max(m.base-1, 1), m.now()+2).Draw(t, "revision")
}

// unreadable is the error of a read at a revision, if any.
func (m *naive) unreadable(at int64) error {
	switch {
	case at < m.compacted:
		return store.ErrCompacted
	case at > m.now():
		return store.ErrFuture
	}
	return nil
}

func (m *naive) wrote(t *rapid.T, key string, value []byte, rev int64, err error) {
	require.NoError(t, err)
	require.Equal(t, m.now()+1, rev)
	before, _ := m.at(key, m.now())
	m.log = append(m.log, store.Event{Key: key, Value: value, Previous: before.Value, Revision: rev})
}

func (m *naive) Create(t *rapid.T) {
	key, value := m.key(t), m.value(t)
	rev, err := m.s.Create(m.ctx, key, value)
	if _, ok := m.at(key, m.now()); ok {
		require.ErrorIs(t, err, store.ErrExists)
		return
	}
	m.wrote(t, key, value, rev, err)
}

// guarded draws the guard of an update or a deletion: mostly the right one.
func (m *naive) guarded(t *rapid.T) (key string, want int64, refusal error) {
	key = m.key(t)
	e, ok := m.at(key, m.now())
	want = e.Revision
	if rapid.IntRange(0, 3).Draw(t, "wrong") == 0 {
		want = m.revision(t)
	}
	switch {
	case !ok:
		return key, want, store.ErrNotFound
	case want != e.Revision:
		return key, want, store.ErrConflict
	}
	return key, want, nil
}

func (m *naive) Update(t *rapid.T) {
	key, want, refusal := m.guarded(t)
	value := m.value(t)
	rev, err := m.s.Update(m.ctx, key, want, value)
	if refusal != nil {
		require.ErrorIs(t, err, refusal)
		return
	}
	m.wrote(t, key, value, rev, err)
}

func (m *naive) Delete(t *rapid.T) {
	key, want, refusal := m.guarded(t)
	rev, err := m.s.Delete(m.ctx, key, want)
	if refusal != nil {
		require.ErrorIs(t, err, refusal)
		return
	}
	m.wrote(t, key, nil, rev, err)
}

func (m *naive) Get(t *rapid.T) {
	key, at := m.key(t), m.now()
	asked := int64(0)
	if rapid.Bool().Draw(t, "past") {
		at = m.revision(t)
		asked = at
	}
	e, rev, err := m.s.Get(m.ctx, key, asked)
	if refusal := m.unreadable(at); refusal != nil {
		require.ErrorIs(t, err, refusal)
		return
	}
	want, ok := m.at(key, at)
	if ok {
		require.NoError(t, err)
	} else {
		require.ErrorIs(t, err, store.ErrNotFound)
	}
	require.Equal(t, want, e)
	require.Equal(t, at, rev)
}

func (m *naive) List(t *rapid.T) {
	prefix := m.prefix(t)
	o := store.ListOptions{Limit: rapid.IntRange(0, 3).Draw(t, "limit")}
	if rapid.Bool().Draw(t, "continue") {
		o.After = m.key(t)
	}
	at := m.now()
	if rapid.Bool().Draw(t, "past") {
		at = m.revision(t)
		o.At = at
	}
	l, err := m.s.List(m.ctx, prefix, o)
	if refusal := m.unreadable(at); refusal != nil {
		require.ErrorIs(t, err, refusal)
		return
	}
	require.NoError(t, err)
	want := store.Listing{Revision: at}
	for _, suffix := range []string{"p-", "p/a", "p/b", "p/c", "q/a", "q/b"} {
		e, ok := m.at(m.folder+suffix, at)
		switch {
		case !ok || !strings.HasPrefix(e.Key, prefix) || e.Key <= o.After:
		case o.Limit > 0 && len(want.Entries) == o.Limit:
			want.Remaining++
		default:
			want.Entries = append(want.Entries, e)
		}
	}
	require.Equal(t, want, l)
}

func (m *naive) Watch(t *rapid.T) {
	prefix, after := m.prefix(t), m.revision(t)
	w, err := m.s.Watch(m.ctx, prefix, after)
	if after < m.compacted {
		require.ErrorIs(t, err, store.ErrCompacted)
		return
	}
	require.NoError(t, err)
	m.opened++
	m.watchers[m.opened] = &naiveWatch{Watcher: w, prefix: prefix, seen: after}
}

// watcher draws an open one.
func (m *naive) watcher(t *rapid.T) (int, *naiveWatch) {
	if len(m.watchers) == 0 {
		t.Skip("no watch")
	}
	var open []int
	for n := 1; n <= m.opened; n++ {
		if m.watchers[n] != nil {
			open = append(open, n)
		}
	}
	n := rapid.SampledFrom(open).Draw(t, "watch")
	return n, m.watchers[n]
}

func (m *naive) Next(t *rapid.T) {
	n, w := m.watcher(t)
	want, ok := m.pending(w)
	if !ok {
		ctx, cancel := context.WithCancel(m.ctx)
		cancel()
		_, err := w.Next(ctx)
		require.ErrorIs(t, err, context.Canceled)
		return
	}
	progress := w.Progress()
	e, err := w.Next(m.ctx)
	if progress < m.compacted && err != nil {
		require.ErrorIs(t, err, store.ErrCompacted)
		w.Close()
		delete(m.watchers, n)
		return
	}
	require.NoError(t, err)
	require.Equal(t, want, e)
	w.seen = e.Revision
}

func (m *naive) Close(t *rapid.T) {
	n, w := m.watcher(t)
	w.Close()
	_, err := w.Next(m.ctx)
	require.ErrorIs(t, err, store.ErrClosed)
	delete(m.watchers, n)
}

func (m *naive) Compact(t *rapid.T) {
	at := m.revision(t)
	err := m.s.Compact(m.ctx, at)
	if at > m.now() {
		require.ErrorIs(t, err, store.ErrFuture)
		return
	}
	require.NoError(t, err)
	m.compacted = max(m.compacted, at)
}

func (m *naive) Revision(t *rapid.T) {
	rev, err := m.s.Revision(m.ctx)
	require.NoError(t, err)
	require.Equal(t, m.now(), rev)
}

// Check compares the progress of every watcher with what it has seen.
func (m *naive) Check(t *rapid.T) {
	for n, w := range m.watchers {
		progress := w.Progress()
		require.GreaterOrEqual(t, progress, w.seen, "watch %d", n)
		if e, ok := m.pending(w); ok {
			require.Less(t, progress, e.Revision, "watch %d promises an event that it has not shown", n)
		}
	}
}
