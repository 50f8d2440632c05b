package storetest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/impl/apiserver/store"
)

func testWrites(t *testing.T, s store.Store) {
	ctx := t.Context()
	requireRevision(t, s, 1)
	_, rev, err := s.Get(ctx, "/a", 0)
	require.ErrorIs(t, err, store.ErrNotFound)
	require.EqualValues(t, 1, rev, "an absence has a revision too")

	created, err := s.Create(ctx, "/a", []byte("1"))
	require.NoError(t, err)
	require.EqualValues(t, 2, created)
	_, err = s.Create(ctx, "/a", []byte("2"))
	require.ErrorIs(t, err, store.ErrExists)
	requireRevision(t, s, 2)
	requireEntry(t, s, store.Entry{Key: "/a", Value: []byte("1"), Revision: 2}, 2)

	other, err := s.Create(ctx, "/b", []byte("1"))
	require.NoError(t, err)
	require.EqualValues(t, 3, other, "one revision for all keys")
	requireEntry(t, s, store.Entry{Key: "/a", Value: []byte("1"), Revision: 2}, 3)

	_, err = s.Update(ctx, "/a", 3, []byte("2"))
	require.ErrorIs(t, err, store.ErrConflict, "the store's revision is not the key's")
	_, err = s.Update(ctx, "/c", 3, []byte("2"))
	require.ErrorIs(t, err, store.ErrNotFound)
	updated, err := s.Update(ctx, "/a", 2, []byte("1"))
	require.NoError(t, err)
	require.EqualValues(t, 4, updated, "a write of the same value is a write")

	_, err = s.Delete(ctx, "/a", 2)
	require.ErrorIs(t, err, store.ErrConflict)
	_, err = s.Delete(ctx, "/c", 2)
	require.ErrorIs(t, err, store.ErrNotFound)
	deleted, err := s.Delete(ctx, "/a", 4)
	require.NoError(t, err)
	require.EqualValues(t, 5, deleted, "a removal has a revision of its own")
	_, rev, err = s.Get(ctx, "/a", 0)
	require.ErrorIs(t, err, store.ErrNotFound)
	require.EqualValues(t, 5, rev)
	_, err = s.Update(ctx, "/a", 4, []byte("2"))
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = s.Delete(ctx, "/a", 4)
	require.ErrorIs(t, err, store.ErrNotFound)
	requireRevision(t, s, 5)

	again, err := s.Create(ctx, "/a", []byte("3"))
	require.NoError(t, err)
	require.EqualValues(t, 6, again)
	_, err = s.Update(ctx, "/a", 4, []byte("4"))
	require.ErrorIs(t, err, store.ErrConflict, "the key's earlier life")
	requireEntry(t, s, store.Entry{Key: "/a", Value: []byte("3"), Revision: 6}, 6)
}

func testValues(t *testing.T, s store.Store) {
	ctx := t.Context()
	w := watch(t, s, "/", 1)
	var previous []byte
	for i, value := range [][]byte{{}, []byte("\x00k8s\x00\xff"), make([]byte, 100_000)} {
		key := fmt.Sprint("/", i)
		rev, err := s.Create(ctx, key, value)
		require.NoError(t, err)
		e, _, err := s.Get(ctx, key, 0)
		require.NoError(t, err)
		require.Equal(t, store.Entry{Key: key, Value: value, Revision: rev}, e)
		require.Equal(t, store.Event{Key: key, Value: value, Revision: rev}, next(t, w))

		updated, err := s.Update(ctx, key, rev, previous)
		require.NoError(t, err)
		want := append([]byte{}, previous...) // nil is stored as an empty value
		require.Equal(t, store.Event{Key: key, Value: want, Previous: value, Revision: updated}, next(t, w))
		previous = value
	}
}

func testPast(t *testing.T, s store.Store) {
	ctx := t.Context()
	fill(t, s, "+/a 1", "+/b 1", "=/a 2", "-/b", "+/b 2", "-/a") // revisions 2 to 7
	for _, tt := range []struct {
		at   int64
		want []store.Entry
	}{
		{1, nil},
		{2, entries("/a 1 2")},
		{3, entries("/a 1 2", "/b 1 3")},
		{4, entries("/a 2 4", "/b 1 3")},
		{5, entries("/a 2 4")},
		{6, entries("/a 2 4", "/b 2 6")},
		{7, entries("/b 2 6")},
		{0, entries("/b 2 6")},
	} {
		want := tt.at
		if want == 0 {
			want = 7
		}
		l, err := s.List(ctx, "/", store.ListOptions{At: tt.at})
		require.NoError(t, err)
		require.Equal(t, store.Listing{Entries: tt.want, Revision: want}, l, "list at %d", tt.at)
		found := map[string]store.Entry{}
		for _, e := range tt.want {
			found[e.Key] = e
		}
		for _, key := range []string{"/a", "/b", "/c"} {
			e, rev, err := s.Get(ctx, key, tt.at)
			if _, ok := found[key]; ok {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, store.ErrNotFound)
			}
			require.Equal(t, found[key], e, "%s at %d", key, tt.at)
			require.Equal(t, want, rev)
		}
	}
	_, _, err := s.Get(ctx, "/a", 8)
	require.ErrorIs(t, err, store.ErrFuture)
	_, err = s.List(ctx, "/", store.ListOptions{At: 8})
	require.ErrorIs(t, err, store.ErrFuture)
}

// A listing in pages at one revision is the listing at once, whatever is written meanwhile.
func testPages(t *testing.T, s store.Store) {
	ctx := t.Context()
	fill(t, s, "+/a 1", "+/b 1", "+/c 1", "+/d 1", "+/e 1", "+/f 1", "-/c")
	first, err := s.List(ctx, "/", store.ListOptions{Limit: 2})
	require.NoError(t, err)
	require.Equal(t, store.Listing{Entries: entries("/a 1 2", "/b 1 3"), Revision: 8, Remaining: 3}, first)

	fill(t, s, "-/d", "+/c 1", "=/e 2")
	second, err := s.List(ctx, "/", store.ListOptions{At: first.Revision, After: "/b", Limit: 2})
	require.NoError(t, err)
	require.Equal(t, store.Listing{Entries: entries("/d 1 5", "/e 1 6"), Revision: 8, Remaining: 1}, second)
	third, err := s.List(ctx, "/", store.ListOptions{At: first.Revision, After: "/e", Limit: 2})
	require.NoError(t, err)
	require.Equal(t, store.Listing{Entries: entries("/f 1 7"), Revision: 8}, third)

	exact, err := s.List(ctx, "/", store.ListOptions{Limit: 5})
	require.NoError(t, err)
	require.Equal(t, store.Listing{Entries: entries("/a 1 2", "/b 1 3", "/c 1 10", "/e 2 11", "/f 1 7"), Revision: 11}, exact)
	none, err := s.List(ctx, "/", store.ListOptions{After: "/f"})
	require.NoError(t, err)
	require.Equal(t, store.Listing{Revision: 11}, none)
}

// Prefixes are strings, not folders: it is for the caller to end them with a slash.
func testPrefixes(t *testing.T, s store.Store) {
	ctx := t.Context()
	keys := []string{"/p", "/p-q", "/p/a", "/p/a/b", "/p/b", "/p0", "/q/a", "/\xff/a"}
	all := watch(t, s, "/", 1)
	watchers := map[string]store.Watcher{}
	want := map[string][]string{
		"/p":     {"/p", "/p-q", "/p/a", "/p/a/b", "/p/b", "/p0"},
		"/p/":    {"/p/a", "/p/a/b", "/p/b"},
		"/p/a":   {"/p/a", "/p/a/b"},
		"/q/":    {"/q/a"},
		"/\xff":  {"/\xff/a"},
		"/none/": nil,
	}
	for prefix := range want {
		watchers[prefix] = watch(t, s, prefix, 1)
	}
	for _, key := range keys {
		_, err := s.Create(ctx, key, []byte(key))
		require.NoError(t, err)
		require.Equal(t, key, next(t, all).Key)
	}
	for prefix, keys := range want {
		l, err := s.List(ctx, prefix, store.ListOptions{})
		require.NoError(t, err)
		var listed []string
		for _, e := range l.Entries {
			listed = append(listed, e.Key)
		}
		require.Equal(t, keys, listed, "list of %q", prefix)
		for _, key := range keys {
			require.Equal(t, key, next(t, watchers[prefix]).Key, "watch of %q", prefix)
		}
	}
	l, err := s.List(ctx, "/p/", store.ListOptions{After: "/q"})
	require.NoError(t, err)
	require.Empty(t, l.Entries, "after all of the prefix")
	l, err = s.List(ctx, "/p/", store.ListOptions{After: "/a"})
	require.NoError(t, err)
	require.Len(t, l.Entries, 3, "before all of the prefix")
}
