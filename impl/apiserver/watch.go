package apiserver

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/reconverge/reconverge/impl/apiserver/store"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/utils/ptr"
)

// A stream is one watch. It has no goroutine of its own: its reader looks for the
// next event, asks the gate for it, and gets it.
type stream struct {
	call   *call
	sel    selection
	number uint64
	marks  bool            // bookmarks are wanted
	ctx    context.Context // of the request
	cancel context.CancelFunc

	pending []byte // frames that are ready
	ended   bool   // nothing follows pending
	events  store.Watcher
}

// watchOptions are the parameters of a watch.
type watchOptions struct {
	selection
	from    int64 // events after it; 0: initial events
	atLeast int64 // of the state that initial events show
	initial bool
	mark    bool // the end of the initial events
	marks   bool
	timeout time.Duration
}

func (c *call) watchOptions(list *internalversion.ListOptions) (o watchOptions, err error) {
	if o.selection, err = c.selection(list); err != nil {
		return o, err
	}
	rv, err := c.resourceVersion()
	if err != nil {
		return o, err
	}
	o.marks = list.AllowWatchBookmarks
	o.initial = ptr.Deref(list.SendInitialEvents, rv == 0)
	o.mark = o.initial && o.marks && list.SendInitialEvents != nil
	if o.initial {
		o.atLeast = rv
	} else {
		o.from = rv
	}
	if c.WatchTimeouts {
		o.timeout = time.Duration(ptr.Deref(list.TimeoutSeconds, 0)) * time.Second
	}
	return o, nil
}

func (c *call) prepareWatch(list *internalversion.ListOptions) (action, error) {
	c.Verb = "watch"
	o, err := c.watchOptions(list)
	if err != nil {
		return nil, err
	}
	c.Stale = c.query.Get("resourceVersion") == "0"
	return func(ctx context.Context, verdict Verdict) (answer, error) {
		s := c.newStream(ctx, o)
		if err := s.begin(verdict, o); err != nil {
			if ctx.Err() != nil {
				return answer{}, err
			}
			s.fail(err) // after the parameters are read a watch fails with an event only
		}
		return s.answer(), nil
	}, nil
}

func (c *call) newStream(ctx context.Context, o watchOptions) *stream {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.watches++
	s := &stream{call: c, sel: o.selection, number: c.watches, marks: o.marks, ctx: ctx, cancel: func() {}}
	if o.timeout > 0 {
		s.ctx, s.cancel = context.WithTimeout(ctx, o.timeout)
	}
	return s
}

func (s *stream) answer() answer {
	media := s.call.format.mediaType()
	if s.call.format.protobuf() {
		media += ";stream=watch"
	}
	return answer{code: http.StatusOK, media: media, stream: s}
}

// expiredWatch is a watch that begins with 410 Gone.
func (c *call) expiredWatch(ctx context.Context) answer {
	s := c.newStream(ctx, watchOptions{})
	from, _ := c.resourceVersion()
	s.fail(tooOld(from))
	return s.answer()
}

// begin makes the initial events and opens the store's watch.
func (s *stream) begin(verdict Verdict, o watchOptions) error {
	c := s.call
	from := o.from
	if o.initial || from == 0 {
		p := page{selection: o.selection, atLeast: o.atLeast}
		claimed, err := c.snapshot(s.ctx, verdict, &p)
		if err != nil {
			return err
		}
		from = claimed
		if o.initial {
			if err := s.initial(p, claimed, o.mark); err != nil {
				return err
			}
		}
	}
	var err error
	s.events, err = c.Store.Watch(s.ctx, o.prefix, from)
	if errors.Is(err, store.ErrCompacted) {
		return tooOld(from)
	}
	c.t.raise(c.Resource, from)
	return err
}

func (s *stream) initial(p page, claimed int64, mark bool) error {
	found, _, _, err := s.call.collect(s.ctx, p)
	if err != nil {
		return err
	}
	for _, v := range found {
		if err := s.push(watch.Added, v); err != nil {
			return err
		}
	}
	if mark {
		return s.push(watch.Bookmark, s.call.r.bookmark(claimed, true))
	}
	return nil
}

// bookmark is an object that has only a revision.
func (r *resource) bookmark(revision int64, initialEnd bool) *version {
	o := r.empty()
	o.SetResourceVersion(strconv.FormatInt(revision, 10))
	if initialEnd {
		o.SetAnnotations(map[string]string{metav1.InitialEventsAnnotationKey: "true"})
	}
	return &version{r: r, obj: o, revision: revision}
}

// push appends the frame of an event to what is ready.
func (s *stream) push(t watch.EventType, v *version) error {
	f := s.call.format
	raw, err := v.encoded(f)
	if err != nil {
		return err
	}
	if f.protobuf() {
		raw = envelope(v.kindIn(f), raw)
	}
	s.pending = appendFrame(s.pending, f, t, raw)
	return nil
}

// appendFrame adds a watch event: in JSON a document, in protobuf a message after
// its length (apimachinery/pkg/runtime/serializer/protobuf:LengthDelimitedFramer).
func appendFrame(b []byte, f format, t watch.EventType, raw []byte) []byte {
	if !f.protobuf() {
		b = append(b, `{"type":"`...)
		b = append(b, t...)
		b = append(b, `","object":`...)
		b = append(b, raw...)
		return append(b, '}', '\n')
	}
	start := len(b)
	b = append(b, 0, 0, 0, 0)
	b = appendField(b, 1, string(t))
	b = append(b, 2<<3|2)
	b = binary.AppendUvarint(b, uint64(1+uvarintLen(len(raw))+len(raw)))
	b = appendField(b, 1, raw)
	binary.BigEndian.PutUint32(b[start:], uint32(len(b)-start-4))
	return b
}

func uvarintLen(n int) int {
	size := 1
	for ; n >= 0x80; n >>= 7 {
		size++
	}
	return size
}

// fail ends the stream with an ERROR event.
func (s *stream) fail(err error) {
	f := s.call.format
	if f.metadata() {
		f -= metadataJSON
	}
	raw, encodeErr := encode(statusOf(err), f)
	if encodeErr == nil {
		s.pending = appendFrame(s.pending, f, watch.Error, raw)
	}
	s.ended = true
}

// Read implements io.Reader for the body of a response.
func (s *stream) Read(p []byte) (int, error) {
	if len(s.pending) == 0 {
		frame, err := s.next()
		if err != nil {
			return 0, err
		}
		s.pending = frame
	}
	n := copy(p, s.pending)
	s.pending = s.pending[n:]
	return n, nil
}

// Close ends the watch, and whoever waits in Read.
func (s *stream) Close() error {
	s.cancel()
	if s.events != nil {
		s.events.Close()
	}
	return nil
}

// next waits for the next frames. io.EOF is the regular end.
func (s *stream) next() ([]byte, error) {
	for len(s.pending) == 0 && !s.ended {
		if err := s.advance(); err != nil {
			s.ended = true
			if s.ctx.Err() != nil {
				return nil, io.EOF
			}
			var broken connectionError
			if errors.As(err, &broken) {
				return nil, broken.error
			}
			s.fail(err)
		}
	}
	if len(s.pending) == 0 {
		return nil, io.EOF
	}
	frame := s.pending
	s.pending = nil
	return frame, nil
}

// advance takes one event of the store.
func (s *stream) advance() error {
	c := s.call
	e, err := s.wait()
	if err != nil {
		if errors.Is(err, store.ErrCompacted) {
			return tooOld(s.events.Progress())
		}
		return err
	}
	if e.Revision == 0 { // a quiet interval
		return s.deliver(watch.Bookmark, c.r.bookmark(s.events.Progress(), false))
	}
	t, err := c.transitionOf(c.r, e)
	if err != nil {
		return err
	}
	was, is := s.sel.matches(t.before), s.sel.matches(t.after)
	switch {
	case is && was:
		return s.deliver(watch.Modified, t.after)
	case is:
		return s.deliver(watch.Added, t.after)
	case was:
		return s.deliver(watch.Deleted, t.ended(e.Revision))
	}
	return nil
}

// wait returns the next event, or an event without a revision when it is time for a
// bookmark.
func (s *stream) wait() (store.Event, error) {
	if s.call.Bookmarks == 0 || !s.marks {
		return s.events.Next(s.ctx)
	}
	quiet, cancel := context.WithTimeout(s.ctx, s.call.Bookmarks)
	defer cancel()
	e, err := s.events.Next(quiet)
	if err != nil && s.ctx.Err() == nil && quiet.Err() != nil {
		return store.Event{}, nil
	}
	return e, err
}

// deliver asks the gate for an event and makes its frame.
func (s *stream) deliver(t watch.EventType, v *version) error {
	c := s.call
	if c.Gate != nil {
		verdict := c.Gate.Event(s.ctx, &Event{
			Client: c.Client, Watch: s.number, Resource: c.Resource, Type: t,
			Namespace: v.obj.GetNamespace(), Name: v.obj.GetName(), ResourceVersion: v.revision,
		})
		switch {
		case s.ctx.Err() != nil:
			return s.ctx.Err()
		case verdict.Outcome == Expire:
			return tooOld(v.revision)
		case verdict.Outcome == Fail || verdict.Outcome == Lose:
			return connectionError{io.ErrUnexpectedEOF}
		}
	}
	c.t.raise(c.Resource, v.revision)
	return s.push(t, v)
}

// transitionOf returns what an event of the store did to its object.
func (s *Server) transitionOf(r *resource, e store.Event) (*transition, error) {
	if t := s.versions.get(e.Revision, e.Key); t != nil && (t.before != nil || e.Previous == nil) {
		return t, nil
	}
	t := &transition{}
	var err error
	if e.Value != nil {
		if t.after, err = s.decodeVersion(r, e.Key, e.Value, e.Revision); err != nil {
			return nil, err
		}
	}
	if e.Previous != nil {
		if t.before, err = s.decodeVersion(r, e.Key, e.Previous, e.Revision); err != nil {
			return nil, err
		}
	}
	s.versions.put(e.Revision, t)
	return t, nil
}
