package store

import (
	"context"
	"slices"
	"strings"
)

// A memoryWatcher reads the log of a Memory. It has no goroutine and no queue.
// Everything but ready is guarded by the store's mutex.
type memoryWatcher struct {
	store  *Memory
	prefix string
	// next is the revision of the first event that Next has not returned, if there
	// is one, otherwise one that has not been written: next-1 is the progress.
	next   int64
	closed bool
	ready  chan struct{} // holds a token when next was written, or closed set
}

// Watch implements Store.
func (m *Memory) Watch(_ context.Context, prefix string, after int64) (Watcher, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if after < first+m.compacted {
		return nil, ErrCompacted
	}
	w := &memoryWatcher{store: m, prefix: prefix, next: after + 1, ready: make(chan struct{}, 1)}
	w.skip()
	m.watchers = append(m.watchers, w)
	return w, nil
}

// written is told of every write. A watcher that waits for e either gets it or has
// seen all there is of it; one that is behind will come to it.
func (w *memoryWatcher) written(e Event) {
	switch {
	case w.next != e.Revision:
	case strings.HasPrefix(e.Key, w.prefix):
		w.wake()
	default:
		w.next++
	}
}

func (w *memoryWatcher) wake() {
	select {
	case w.ready <- struct{}{}:
	default:
	}
}

// skip moves on to the next event of the prefix.
func (w *memoryWatcher) skip() {
	m := w.store
	for w.next <= first+m.written && !strings.HasPrefix(w.event().Key, w.prefix) {
		w.next++
	}
}

// event is the logged event of the revision next.
func (w *memoryWatcher) event() Event { return w.store.log[w.next-first-w.store.compacted-1] }

// Next implements Watcher.
func (w *memoryWatcher) Next(ctx context.Context) (Event, error) {
	for {
		if err := ctx.Err(); err != nil {
			return Event{}, err
		}
		if e, err := w.poll(); err != nil || e.Revision != 0 {
			return e, err
		}
		select {
		case <-w.ready:
		case <-ctx.Done():
		}
	}
}

// poll returns the next event, or the zero Event if it is not written yet.
func (w *memoryWatcher) poll() (Event, error) {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	switch m := w.store; {
	case w.closed:
		return Event{}, ErrClosed
	case w.next > first+m.written:
		return Event{}, nil
	case w.next <= first+m.compacted:
		return Event{}, ErrCompacted
	}
	e := w.event()
	w.next++
	w.skip()
	return e, nil
}

// Progress implements Watcher.
func (w *memoryWatcher) Progress() int64 {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	return w.next - 1
}

// Close implements Watcher.
func (w *memoryWatcher) Close() {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	w.closed = true
	w.wake()
	w.store.watchers = slices.DeleteFunc(w.store.watchers, func(o *memoryWatcher) bool { return o == w })
}
