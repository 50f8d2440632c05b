package etcdstore

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/metadata"

	"github.com/reconverge/reconverge/impl/apiserver/store"
)

// A watcher turns the answers of an etcd watch into events. Only Progress and
// Close may be called at the same time as Next.
type watcher struct {
	client   *clientv3.Client
	ctx      context.Context // of the stream; ends with Close
	cancel   context.CancelFunc
	answers  clientv3.WatchChan
	events   []*clientv3.Event // of the last answer, not returned yet
	err      error             // that ended the watch
	progress atomic.Int64
	asking   atomic.Bool // a request for progress is under way
}

// Watch implements store.Store. While etcd is away the watcher waits; when it is
// back, the client goes on after the last event it has seen.
//
// Abstracts: apiserver/pkg/storage/etcd3/watcher.go:startWatching.
// Omits: WithRequireLeader, which ends the watches of a member without a leader;
// here such a watch only waits.
func (s *Store) Watch(ctx context.Context, prefix string, after int64) (store.Watcher, error) {
	// What may be watched from is what can be read. etcd would begin one revision
	// earlier, at events whose previous value is forgotten.
	if after <= 0 {
		return nil, store.ErrCompacted
	}
	_, err := s.client.Get(ctx, anyKey, clientv3.WithRev(after), clientv3.WithCountOnly())
	if err = translate(err); err != nil && !errors.Is(err, store.ErrFuture) {
		return nil, err
	}

	w := &watcher{client: s.client}
	// Each watch has a stream of its own, as in Kubernetes, since the client keeps a
	// stream for each set of metadata. A progress report is of a whole stream: it also
	// goes to a watch that was opened while it was under way and has seen nothing yet
	// (v3.7.1; see github.com/etcd-io/etcd/issues/20242).
	stream := metadata.Pairs("watch", strconv.FormatInt(s.watches.Add(1), 10))
	w.ctx, w.cancel = context.WithCancel(metadata.NewOutgoingContext(context.Background(), stream))
	w.progress.Store(after)
	opening := context.AfterFunc(ctx, w.cancel)
	w.answers = s.client.Watch(w.ctx, prefix, clientv3.WithPrefix(), clientv3.WithRev(after+1), clientv3.WithPrevKV(), clientv3.WithProgressNotify())
	if !opening() {
		return nil, ctx.Err()
	}
	return w, nil
}

// Next implements store.Watcher.
func (w *watcher) Next(ctx context.Context) (store.Event, error) {
	for {
		switch {
		case ctx.Err() != nil:
			return store.Event{}, ctx.Err()
		case w.ctx.Err() != nil:
			return store.Event{}, store.ErrClosed
		case w.err != nil:
			return store.Event{}, w.err
		case len(w.events) > 0:
			return w.take()
		}
		select {
		case a, ok := <-w.answers:
			w.receive(a, ok)
		case <-ctx.Done():
		case <-w.ctx.Done():
		}
	}
}

// receive notes what an answer brings: events, progress, or the end.
func (w *watcher) receive(a clientv3.WatchResponse, ok bool) {
	switch {
	case !ok:
		w.err = errors.New("etcdstore: the watch ended: the client was closed")
	case a.Err() != nil:
		w.err = translate(a.Err())
	case a.IsProgressNotify():
		w.advance(a.Header.Revision)
	}
	w.events = a.Events
}

func (w *watcher) take() (store.Event, error) {
	e := w.events[0]
	w.events = w.events[1:]
	if !e.IsCreate() && e.PrevKv == nil {
		w.err = store.ErrCompacted
		return store.Event{}, w.err
	}
	event := store.Event{Key: string(e.Kv.Key), Revision: e.Kv.ModRevision}
	if e.Type == clientv3.EventTypePut {
		event.Value = present(e.Kv.Value)
	}
	if e.PrevKv != nil {
		event.Previous = present(e.PrevKv.Value)
	}
	w.advance(event.Revision)
	return event, nil
}

// advance raises the progress. Only Next does.
func (w *watcher) advance(revision int64) { w.progress.Store(max(w.progress.Load(), revision)) }

// Progress implements store.Watcher. Between events it is as new as what etcd has
// told, so each call also asks for news, which Next will find.
func (w *watcher) Progress() int64 {
	if w.ctx.Err() == nil && w.asking.CompareAndSwap(false, true) {
		go w.ask()
	}
	return w.progress.Load()
}

// ask makes etcd report the progress of the watch once it has nothing to catch up with.
func (w *watcher) ask() {
	defer w.asking.Store(false)
	ctx, cancel := context.WithTimeout(w.ctx, askTimeout)
	defer cancel()
	_ = w.client.RequestProgress(ctx) // without it, the progress known stays true
}

const askTimeout = 5 * time.Second

// Close implements store.Watcher.
func (w *watcher) Close() { w.cancel() }
