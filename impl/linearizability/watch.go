package linearizability

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/utils/ptr"
)

// An Event is what a watch shows of one write, or a bookmark, which has a revision
// only. The object of a deletion is its last state at the deletion's revision.
type Event struct {
	Type watch.EventType
	Key  string
	Object
}

func (e Event) String() string {
	if e.Type == watch.Bookmark {
		return fmt.Sprint("BOOKMARK at ", e.Revision)
	}
	return fmt.Sprintf("%s %s=%s at %d, uid %s", e.Type, e.Key, e.Value, e.Revision, e.UID)
}

// A Stream is what one watch showed from its beginning to its end.
type Stream struct {
	From    int64 // the revision after which events were asked for; 0: initial events
	Initial bool  // the events up to the first bookmark are the state at its revision
	Events  []Event
}

// A WatchClient watches registers in a series of streams, each of which goes on
// where the one before broke off.
type WatchClient struct {
	API typedcorev1.ConfigMapInterface
	// Length is how many events a stream lives.
	Length int
	// Initial begins the series with the state, as an informer does.
	Initial bool
	// Streams is what was seen. It is read when Run has returned.
	Streams []Stream
}

// Run watches the events after the revision from until one is of the key last, or
// ctx ends, which is an error.
func (w *WatchClient) Run(ctx context.Context, from int64, last string) error {
	known := !w.Initial // whether from is the revision of a state that was seen
	for done := false; !done; {
		if err := ctx.Err(); err != nil {
			return err
		}
		s := Stream{From: from, Initial: !known}
		if s.Initial {
			s.From = 0
		}
		var err error
		if done, err = w.stream(ctx, &s, last); err != nil {
			return err
		}
		w.Streams = append(w.Streams, s)
		if n := len(s.Events); n > 0 && (known || s.listed()) {
			known, from = true, s.Events[n-1].Revision
		}
	}
	return nil
}

// listed says whether the initial events came to their end.
func (s *Stream) listed() bool {
	return slices.ContainsFunc(s.Events, func(e Event) bool { return e.Type == watch.Bookmark })
}

// stream records one watch, and says whether it has seen the key last. That it ends
// early is no error.
func (w *WatchClient) stream(ctx context.Context, s *Stream, last string) (done bool, err error) {
	o := metav1.ListOptions{ResourceVersion: fmt.Sprint(s.From), AllowWatchBookmarks: true}
	if s.Initial {
		o.ResourceVersion, o.SendInitialEvents, o.ResourceVersionMatch = "", ptr.To(true), metav1.ResourceVersionMatchNotOlderThan
	}
	source, err := w.API.Watch(ctx, o)
	if result, err := outcome(err); result != OK {
		return false, err
	}
	defer source.Stop()
	seen := false
	for len(s.Events) < w.Length || s.Initial && !s.listed() {
		raw, ok := <-source.ResultChan()
		if !ok {
			return false, nil
		}
		if raw.Type == watch.Error && apierrors.IsInternalError(apierrors.FromObject(raw.Object)) {
			return false, nil
		}
		e, err := eventOf(raw)
		if err != nil {
			return false, err
		}
		s.Events = append(s.Events, e)
		seen = seen || e.Key == last
		if seen && (!s.Initial || s.listed()) {
			return true, nil
		}
	}
	return false, nil
}

func eventOf(raw watch.Event) (Event, error) {
	m, ok := raw.Object.(*corev1.ConfigMap)
	if !ok {
		return Event{}, fmt.Errorf("linearizability: the watch says: %w", apierrors.FromObject(raw.Object))
	}
	o, err := objectOf(m)
	return Event{Type: raw.Type, Key: m.Name, Object: o}, err
}
