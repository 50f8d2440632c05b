package linearizability

import (
	"fmt"
	"maps"

	"k8s.io/apimachinery/pkg/watch"
)

// A Guarantee is something that every watch promises. They are those of etcd's own
// robustness suite (tests/robustness/validate/watch.go), for the API's watches.
type Guarantee string

const (
	// Ordered: revisions never go back.
	Ordered Guarantee = "ordered"
	// Unique: no event comes twice.
	Unique Guarantee = "unique"
	// Atomic: all events of a revision come before any of a later one.
	Atomic Guarantee = "atomic"
	// Reliable: no event is missing between two that came.
	Reliable Guarantee = "reliable"
	// Resumable: the first event is the first after the revision asked for.
	Resumable Guarantee = "resumable"
	// Bookmarked: all events up to a bookmark's revision came before it.
	Bookmarked Guarantee = "bookmarked"
	// Faithful: each event shows what its write did.
	Faithful Guarantee = "faithful"
	// Snapshot: initial events, and lists, are the state at their revision.
	Snapshot Guarantee = "snapshot"
)

// A Violation is a guarantee that a stream or a list does not keep.
type Violation struct {
	Guarantee Guarantee
	Detail    string
}

func (v *Violation) Error() string {
	return fmt.Sprintf("linearizability: not %s: %s", v.Guarantee, v.Detail)
}

func violated(g Guarantee, format string, args ...any) error {
	return &Violation{g, fmt.Sprintf(format, args...)}
}

// Truth is every event of a kind in the order of revisions, from the storage itself.
type Truth []Event

// after returns the events after a revision.
func (t Truth) after(revision int64) Truth {
	for len(t) > 0 && t[0].Revision <= revision {
		t = t[1:]
	}
	return t
}

// state is what there was at a revision.
func (t Truth) state(revision int64) map[string]Object {
	objects := map[string]Object{}
	for _, e := range t {
		switch {
		case e.Revision > revision:
			return objects
		case e.Type == watch.Deleted:
			delete(objects, e.Key)
		default:
			objects[e.Key] = e.Object
		}
	}
	return objects
}

// Listing compares a list with the state at its revision.
func (t Truth) Listing(l Listing) error {
	if want := t.state(l.Revision); !maps.Equal(want, l.Objects) {
		return violated(Snapshot, "a list at %d is\n%v\nnot\n%v", l.Revision, l.Objects, want)
	}
	return nil
}

// Stream compares a watch with what was written, and returns the first guarantee
// that it breaks.
func (t Truth) Stream(s Stream) error {
	events, from := s.Events, s.From
	if s.Initial {
		var err error
		if events, from, err = t.initial(s); err != nil {
			return err
		}
	}
	if err := sequence(events, from); err != nil {
		return err
	}
	return t.follow(events, from)
}

// initial checks the initial events. It returns what follows them, and the revision
// of the state that they show.
func (t Truth) initial(s Stream) ([]Event, int64, error) {
	seen := map[string]Object{}
	for i, e := range s.Events {
		if e.Type == watch.Bookmark {
			if want := t.state(e.Revision); !maps.Equal(want, seen) {
				return nil, 0, violated(Snapshot, "the initial events up to %v are\n%v\nnot\n%v", e, seen, want)
			}
			return s.Events[i+1:], e.Revision, nil
		}
		if _, twice := seen[e.Key]; twice || e.Type != watch.Added {
			return nil, 0, violated(Snapshot, "initial event %v", e)
		}
		seen[e.Key] = e.Object
	}
	return nil, s.From, nil // it broke off before it said how far it is
}

// sequence checks what a stream shows by itself: it goes forward, one event at a time.
func sequence(events []Event, from int64) error {
	seen := map[Event]bool{}
	var last, mark Event
	for _, e := range events {
		switch {
		case e.Type == watch.Bookmark && e.Revision < from:
			return violated(Bookmarked, "%v came to a watch after %d", e, from)
		case e.Type != watch.Bookmark && seen[e]:
			return violated(Unique, "%v came twice", e)
		case e.Type != watch.Bookmark && e.Revision <= mark.Revision:
			return violated(Bookmarked, "%v came after %v", e, mark)
		case e.Revision < last.Revision:
			return violated(Ordered, "%v came after %v", e, last)
		case e.Revision < mark.Revision:
			return violated(Ordered, "%v came after %v", e, mark)
		case e.Type != watch.Bookmark && e.Revision <= from:
			return violated(Resumable, "%v came to a watch after %d", e, from)
		}
		if e.Type == watch.Bookmark {
			mark = e
			continue
		}
		seen[e], last = true, e
	}
	return nil
}

// follow compares the events with the writes after from, one by one.
func (t Truth) follow(events []Event, from int64) error {
	rest := t.after(from)
	last := Event{Object: Object{Revision: from}} // nothing yet
	for _, e := range events {
		if e.Type == watch.Bookmark {
			if len(rest) > 0 && rest[0].Revision <= e.Revision {
				return violated(Bookmarked, "%v came before %v", e, rest[0])
			}
			continue
		}
		switch {
		case len(rest) == 0 || e.Revision < rest[0].Revision:
			return violated(Faithful, "%v was never written", e)
		case e.Revision > rest[0].Revision && last.Type == "":
			return violated(Resumable, "a watch after %d begins with %v, not with %v", from, e, rest[0])
		case e.Revision > rest[0].Revision && rest[0].Revision == last.Revision:
			return violated(Atomic, "%v came before %v", e, rest[0])
		case e.Revision > rest[0].Revision:
			return violated(Reliable, "%v came next to %v, without %v", e, last, rest[0])
		}
		n := indexOf(rest, e)
		if n < 0 {
			return violated(Faithful, "%v came for %v", e, rest[0])
		}
		last = e
		rest = without(rest, n)
	}
	return nil
}

// indexOf finds e among the events of the first revision, whose order is free.
func indexOf(t Truth, e Event) int {
	for i, want := range t {
		if want.Revision != t[0].Revision {
			break
		}
		if want == e {
			return i
		}
	}
	return -1
}

// without returns t without the event n of its first revision.
func without(t Truth, n int) Truth {
	if n == 0 {
		return t[1:]
	}
	return append(append(Truth{}, t[:n]...), t[n+1:]...)
}
