package linearizability_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/watch"

	. "github.com/reconverge/reconverge/impl/linearizability"
)

func event(t watch.EventType, key, value string, revision int64) Event {
	e := Event{Type: t, Key: key, Object: Object{Value: value, Revision: revision}}
	if t != watch.Bookmark {
		e.UID = "u-" + key
	}
	return e
}

func TestStream(t *testing.T) {
	a2 := event(watch.Added, "a", "1", 2)
	b4 := event(watch.Added, "b", "1", 4)
	a5 := event(watch.Modified, "a", "2", 5)
	b5 := event(watch.Deleted, "b", "1", 5) // as if one request could write twice
	a8 := event(watch.Deleted, "a", "2", 8)
	truth := Truth{a2, b4, a5, b5, a8}
	mark := func(revision int64) Event { return event(watch.Bookmark, "", "", revision) }
	as := func(t watch.EventType, e Event) Event {
		e.Type = t
		return e
	}
	for _, tt := range []struct {
		name   string
		stream Stream
		broken Guarantee
	}{
		{"everything", Stream{From: 1, Events: []Event{a2, b4, a5, b5, a8}}, ""},
		{"a part", Stream{From: 2, Events: []Event{b4, a5, b5}}, ""},
		{"nothing", Stream{From: 2}, ""},
		{"one revision in another order", Stream{From: 2, Events: []Event{b4, b5, a5, a8}}, ""},
		{"bookmarks", Stream{From: 2, Events: []Event{mark(3), b4, mark(4), a5, b5, mark(7), mark(7), a8, mark(9)}}, ""},
		{"the state", Stream{Initial: true, Events: []Event{as(watch.Added, a2), b4, mark(4), a5, b5}}, ""},
		{"no state", Stream{Initial: true, Events: []Event{mark(8)}}, ""},
		{"a state that breaks off", Stream{Initial: true, Events: []Event{b4}}, ""},

		{"back", Stream{From: 1, Events: []Event{a2, a5, b4}}, Ordered},
		{"a bookmark back", Stream{From: 1, Events: []Event{a2, b4, mark(3)}}, Ordered},
		{"bookmarks back", Stream{From: 5, Events: []Event{mark(7), mark(6)}}, Ordered},
		{"twice", Stream{From: 1, Events: []Event{a2, a2, b4}}, Unique},
		{"twice, later", Stream{From: 1, Events: []Event{a2, b4, a2}}, Unique},
		{"half a revision", Stream{From: 1, Events: []Event{a2, b4, a5, a8}}, Atomic},
		{"a gap", Stream{From: 1, Events: []Event{a2, a5}}, Reliable},
		{"a gap after a bookmark", Stream{From: 1, Events: []Event{a2, mark(3), a5}}, Reliable},
		{"a late beginning", Stream{From: 1, Events: []Event{b4}}, Resumable},
		{"an early beginning", Stream{From: 2, Events: []Event{a2}}, Resumable},
		{"a bookmark before its events", Stream{From: 1, Events: []Event{a2, mark(4), b4}}, Bookmarked},
		{"a bookmark without its events", Stream{From: 1, Events: []Event{a2, mark(4)}}, Bookmarked},
		{"a bookmark of the past", Stream{From: 4, Events: []Event{mark(3)}}, Bookmarked},
		{"another value", Stream{From: 2, Events: []Event{event(watch.Added, "b", "2", 4)}}, Faithful},
		{"another type", Stream{From: 2, Events: []Event{as(watch.Modified, b4)}}, Faithful},
		{"an invention", Stream{From: 4, Events: []Event{a5, b5, event(watch.Added, "c", "1", 7)}}, Faithful},
		{"an invention at the end", Stream{From: 5, Events: []Event{a8, event(watch.Added, "c", "1", 9)}}, Faithful},
		{"a state with a deleted object", Stream{Initial: true, Events: []Event{as(watch.Added, a5), b4, mark(5)}}, Snapshot},
		{"a state without an object", Stream{Initial: true, Events: []Event{b4, mark(4)}}, Snapshot},
		{"a state with an object twice", Stream{Initial: true, Events: []Event{a2, as(watch.Added, a5), mark(5)}}, Snapshot},
		{"a gap after the state", Stream{Initial: true, Events: []Event{a2, b4, mark(4), a8}}, Resumable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := truth.Stream(tt.stream)
			if tt.broken == "" {
				require.NoError(t, err)
				return
			}
			var v *Violation
			require.ErrorAs(t, err, &v)
			require.Equal(t, tt.broken, v.Guarantee, "%v", err)
		})
	}
}

func TestListing(t *testing.T) {
	truth := Truth{event(watch.Added, "a", "1", 2), event(watch.Added, "b", "1", 4)}
	l := Listing{Revision: 3, Objects: map[string]Object{"a": truth[0].Object}}
	require.NoError(t, truth.Listing(l))
	l.Revision = 4
	require.Error(t, truth.Listing(l))
}
