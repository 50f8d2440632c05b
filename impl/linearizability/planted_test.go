package linearizability_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/impl/apiserver"
	"github.com/reconverge/reconverge/impl/apiserver/store"
	. "github.com/reconverge/reconverge/impl/linearizability"
)

// Each bug is planted under the server, as a storage that goes wrong now and then,
// or in it, as an option. The workload must show it, and the check name it.
func TestPlantedBugs(t *testing.T) {
	for _, tt := range []struct {
		name    string
		options func(m *store.Memory) apiserver.Options
		broken  Guarantee // empty: the history is not linearizable
	}{
		{"a lost update", under(func(m *store.Memory) store.Store { return &forgetful{Store: m} }), ""},
		{"an update of any revision", func(*store.Memory) apiserver.Options { return apiserver.Options{NoConflict: true} }, ""},
		{"a stale read", under(func(m *store.Memory) store.Store { return &stale{Store: m} }), ""},
		{"a stale list", under(func(m *store.Memory) store.Store { return &staleList{Store: m} }), ""},
		{"a torn list", under(func(m *store.Memory) store.Store { return &torn{m} }), Snapshot},
		{"a skipped event", watching(skip), Reliable},
		{"a reordered event", watching(reorder), Ordered},
		{"a duplicate event", watching(duplicate), Unique},
		{"a dishonest bookmark", under(func(m *store.Memory) store.Store { return &watched{Store: m, ahead: 3} }), Bookmarked},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := &store.Memory{}
			r, truth := record(t, tt.options(m), m)
			err := r.Check(truth, patience)
			if tt.broken == "" {
				var failure *Failure
				require.ErrorAs(t, err, &failure)
				return
			}
			var v *Violation
			require.ErrorAs(t, err, &v)
			require.Equal(t, tt.broken, v.Guarantee, "%v", v)
		})
	}
}

func under(plant func(*store.Memory) store.Store) func(*store.Memory) apiserver.Options {
	return func(m *store.Memory) apiserver.Options { return apiserver.Options{Store: plant(m)} }
}

// A counter says when it is time for a bug: every so many calls.
type counter struct{ n atomic.Int64 }

func (c *counter) every(n int64) bool { return c.n.Add(1)%n == 0 }

// forgetful acknowledges updates with a revision of their own, and keeps the old value.
type forgetful struct {
	store.Store
	counter
}

func (s *forgetful) Update(ctx context.Context, key string, want int64, value []byte) (int64, error) {
	if s.every(50) {
		return s.Create(ctx, fmt.Sprint("/lost/", s.n.Load()), value)
	}
	return s.Store.Update(ctx, key, want, value)
}

// stale reads what was a few revisions ago.
type stale struct {
	store.Store
	counter
}

func (s *stale) Get(ctx context.Context, key string, at int64) (store.Entry, int64, error) {
	if now, err := s.Revision(ctx); err == nil && at == 0 && now > 10 && s.every(50) {
		at = now - 5
	}
	return s.Store.Get(ctx, key, at)
}

// staleList says that the newest revision is older than it is.
type staleList struct {
	store.Store
	counter
}

func (s *staleList) Revision(ctx context.Context) (int64, error) {
	now, err := s.Store.Revision(ctx)
	if now > 20 && s.every(3) {
		now -= 10
	}
	return now, err
}

// torn lists show their first object as it is a few writes later. For each object
// that is a read like others, but together they never were.
type torn struct{ store.Store }

func (s *torn) List(ctx context.Context, prefix string, o store.ListOptions) (store.Listing, error) {
	l, err := s.Store.List(ctx, prefix, o)
	if err != nil || len(l.Entries) == 0 {
		return l, err
	}
	for range 1000 {
		e, now, err := s.Get(ctx, l.Entries[0].Key, 0)
		if err == nil && now > l.Revision && e.Revision > l.Revision {
			l.Entries[0] = e
			break
		}
		runtime.Gosched()
	}
	return l, nil
}

// watched gives its watchers a bug, and lets their progress run ahead.
type watched struct {
	store.Store
	bug   func(w *watchedStream, ctx context.Context) (store.Event, error)
	ahead int64
}

type watchedStream struct {
	store.Watcher
	of    *watched
	event int // that is next
	kept  *store.Event
}

func watching(bug func(*watchedStream, context.Context) (store.Event, error)) func(*store.Memory) apiserver.Options {
	return under(func(m *store.Memory) store.Store { return &watched{Store: m, bug: bug} })
}

func (s *watched) Watch(ctx context.Context, prefix string, after int64) (store.Watcher, error) {
	w, err := s.Store.Watch(ctx, prefix, after)
	if err != nil {
		return nil, err
	}
	return &watchedStream{Watcher: w, of: s}, nil
}

// Next has the bug once in each stream.
func (w *watchedStream) Next(ctx context.Context) (store.Event, error) {
	if e := w.kept; e != nil {
		w.kept = nil
		return *e, nil
	}
	if w.event++; w.event == 4 && w.of.bug != nil {
		return w.of.bug(w, ctx)
	}
	return w.Watcher.Next(ctx)
}

func (w *watchedStream) Progress() int64 { return w.Watcher.Progress() + w.of.ahead }

// ends says that no event comes after this one: a workload writes its last key once.
func ends(e store.Event) bool { return !strings.Contains(e.Key, "/key-") }

func skip(w *watchedStream, ctx context.Context) (store.Event, error) {
	if e, err := w.Watcher.Next(ctx); err != nil || ends(e) {
		return e, err
	}
	return w.Watcher.Next(ctx)
}

func reorder(w *watchedStream, ctx context.Context) (store.Event, error) {
	first, err := w.Watcher.Next(ctx)
	if err != nil || ends(first) {
		return first, err
	}
	second, err := w.Watcher.Next(ctx)
	w.kept = &first
	return second, err
}

func duplicate(w *watchedStream, ctx context.Context) (store.Event, error) {
	e, err := w.Watcher.Next(ctx)
	if err == nil {
		w.kept = &e
	}
	return e, err
}

// Answers that are lost leave operations of which nobody knows the outcome.
func TestLostAnswers(t *testing.T) {
	r, truth := record(t, apiserver.Options{Gate: &loser{}}, &store.Memory{})
	unknown := 0
	for _, o := range r.History.Operations {
		if o.Outcome == Unknown {
			unknown++
		}
	}
	require.Greater(t, unknown, 20)
	r.Require(t, truth, patience)
}

// loser drops every twentieth answer to a write. client-go would wait for a second
// and repeat a read.
type loser struct{ counter }

func (g *loser) Request(_ context.Context, r *apiserver.Request) (v apiserver.Verdict) {
	switch r.Verb {
	case "get", "list", "watch":
		return v
	}
	if g.every(20) {
		v.Outcome = apiserver.Lose
	}
	return v
}

func (*loser) Answer(context.Context, *apiserver.Request) (v apiserver.Verdict) { return v }
func (*loser) Event(context.Context, *apiserver.Event) (v apiserver.Verdict)    { return v }

func BenchmarkCheck(b *testing.B) {
	r := big(b)
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, r.History.Check(patience))
	}
	b.ReportMetric(float64(len(r.History.Operations)), "operations")
}

// big is a history of 10,000 operations of 32 clients on 100 keys.
func big(t testing.TB) *Recording {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s, err := apiserver.New(apiserver.Options{Gate: &loser{}})
	require.NoError(t, err)
	r, err := Workload{API: apiOf(s), Clients: 32, Keys: 100, Operations: 10_000, Seed: 1}.Run(ctx)
	require.NoError(t, err)
	return r
}
