package nodelifecycle

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"k8s.io/client-go/util/flowcontrol"
)

// A rateQueue holds the nodes of one zone that are to be evicted, and gives one for
// each token of its limiter. A node that was taken out stays in the set, and does
// not come in again until it is removed.
//
// Abstracts: scheduler/rate_limited_queue.go:RateLimitedTimedQueue, with a burst of
// one.
type rateQueue struct {
	unlimited bool
	wake      func() // there may be something to do

	// busy is held by who uses the limiter, over the whole of an eviction: who stops
	// the evictions waits for the one under way. It is a channel, not a mutex, as a
	// request may take long, and the time of a testing/synctest bubble stands still
	// while a mutex is waited for.
	busy    chan struct{}
	limiter flowcontrol.RateLimiter
	rate    float32 // of the limiter; changed under mu as well

	mu    sync.Mutex // of what is below; never held over a request
	queue []entry
	set   map[string]bool
	added uint64
}

type entry struct {
	node string
	due  time.Time
	seq  uint64 // of two that are due at the same time the earlier goes first
}

func newRateQueue(rate float32, unlimited bool, wake func()) *rateQueue {
	return &rateQueue{
		unlimited: unlimited,
		wake:      wake,
		busy:      make(chan struct{}, 1),
		limiter:   newLimiter(rate),
		rate:      rate,
		set:       map[string]bool{},
	}
}

func newLimiter(rate float32) flowcontrol.RateLimiter {
	if rate <= 0 {
		return flowcontrol.NewFakeNeverRateLimiter()
	}
	return flowcontrol.NewTokenBucketRateLimiter(rate, 1)
}

// add queues a node that is not in the set.
func (q *rateQueue) add(node string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.set[node] {
		return
	}
	q.set[node] = true
	q.insert(entry{node: node, due: time.Now()})
	q.wake()
}

func (q *rateQueue) insert(e entry) {
	q.added++
	e.seq = q.added
	i, _ := slices.BinarySearchFunc(q.queue, e, func(a, b entry) int {
		return cmp.Or(a.due.Compare(b.due), cmp.Compare(a.seq, b.seq))
	})
	q.queue = slices.Insert(q.queue, i, e)
}

// remove takes a node out of the queue and the set.
func (q *rateQueue) remove(node string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.set, node)
	q.dequeue(node)
}

func (q *rateQueue) dequeue(node string) bool {
	i := slices.IndexFunc(q.queue, func(e entry) bool { return e.node == node })
	if i < 0 {
		return false
	}
	q.queue = slices.Delete(q.queue, i, i+1)
	return true
}

// clear takes all nodes out of the queue and the set.
func (q *rateQueue) clear() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.queue = nil
	clear(q.set)
}

func (q *rateQueue) head() (entry, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.queue) == 0 {
		return entry{}, false
	}
	return q.queue[0], true
}

// waits reports whether a node waits and will get a token.
func (q *rateQueue) waits() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.queue) > 0 && q.rate > 0
}

// try evicts nodes as long as there are tokens. One whose eviction failed is due
// again, after that time, with another token. A token is spent on a node that is
// not due, too.
//
// Abstracts: RateLimitedTimedQueue.Try.
func (q *rateQueue) try(ctx context.Context, evict func(node string) (done bool, retry time.Duration)) {
	if !q.acquire(ctx) {
		return
	}
	defer q.release()
	for {
		e, ok := q.head()
		if !ok || ctx.Err() != nil || !q.token() || time.Now().Before(e.due) {
			return
		}
		now := time.Now()
		done, retry := evict(e.node)
		q.mu.Lock()
		if was := q.dequeue(e.node); was && !done {
			q.insert(entry{node: e.node, due: now.Add(retry + 1)})
		}
		q.mu.Unlock()
	}
}

func (q *rateQueue) token() bool {
	return q.unlimited && q.rate > 0 || q.limiter.TryAccept()
}

// setRate gives the queue another limiter, which has a token if the old one has.
//
// Abstracts: RateLimitedTimedQueue.SwapLimiter.
// Omits: upstream asks the limiter for its rate, and one that never gives a token
// says 1: with --node-eviction-rate=1 evictions that were stopped stay so.
func (q *rateQueue) setRate(ctx context.Context, rate float32) {
	if !q.acquire(ctx) {
		return
	}
	defer q.release()
	if q.rate == rate {
		return
	}
	limiter := newLimiter(rate)
	if !q.limiter.TryAccept() {
		limiter.TryAccept()
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.limiter, q.rate = limiter, rate
	q.wake()
}

func (q *rateQueue) acquire(ctx context.Context) bool {
	select {
	case q.busy <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (q *rateQueue) release() { <-q.busy }
