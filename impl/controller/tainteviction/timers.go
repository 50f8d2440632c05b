package tainteviction

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// A target is what a timer is for: whatever pod has the name, or, with
// Options.KeyByUID, the pod with the UID alone.
type target struct {
	types.NamespacedName
	UID types.UID // empty: any
}

// timers hold the evictions to come and those under way, one for a target.
//
// Abstracts: pkg/controller/tainteviction/timed_workers.go:TimedWorkerQueue.
type timers struct {
	evict func(ctx context.Context, w *work)

	mu      sync.Mutex
	work    map[target]*work
	stopped bool
	running sync.WaitGroup
}

// work is one eviction.
type work struct {
	target    target
	started   time.Time   // from when the toleration counts
	timer     *time.Timer // nil: it was begun at once
	cancelled atomic.Bool
}

func newTimers(evict func(context.Context, *work)) *timers {
	return &timers{evict: evict, work: map[target]*work{}}
}

// add begins an eviction after a delay from started, which is now. It does nothing
// while the target has one, even one whose delay is over (#107543).
func (t *timers) add(ctx context.Context, g target, started time.Time, delay time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.work[g] != nil || t.stopped {
		return
	}
	w := &work{target: g, started: started}
	t.work[g] = w
	if delay > 0 {
		w.timer = time.AfterFunc(delay, func() { t.fire(ctx, w) })
		return
	}
	t.running.Go(func() { t.run(ctx, w) })
}

// fire runs in a goroutine of its own when the delay is over.
func (t *timers) fire(ctx context.Context, w *work) {
	t.mu.Lock()
	if t.stopped || w.cancelled.Load() {
		t.mu.Unlock()
		return
	}
	t.running.Add(1) // before stop can wait
	t.mu.Unlock()
	defer t.running.Done()
	t.run(ctx, w)
}

// run carries an eviction out, and then forgets what timer the target has, which
// is another one if this was cancelled meanwhile: that one fires, but can be
// cancelled no more.
func (t *timers) run(ctx context.Context, w *work) {
	t.evict(ctx, w)
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.work, w.target)
}

// cancel forgets an eviction. One that is under way goes on. It reports whether
// there was one that had to wait.
func (t *timers) cancel(g target) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	w := t.work[g]
	if w == nil {
		return false
	}
	delete(t.work, g)
	w.stop()
	return w.timer != nil
}

// started returns from when the eviction of a target counts, if it was not begun
// at once.
func (t *timers) started(g target) (time.Time, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if w := t.work[g]; w != nil && w.timer != nil {
		return w.started, true
	}
	return time.Time{}, false
}

// stop cancels all evictions, and waits for those under way.
func (t *timers) stop() {
	t.mu.Lock()
	t.stopped = true
	for _, w := range t.work {
		w.stop()
	}
	clear(t.work)
	t.mu.Unlock()
	t.running.Wait()
}

func (w *work) stop() {
	w.cancelled.Store(true)
	if w.timer != nil {
		w.timer.Stop()
	}
}
