package scheduler

import (
	"cmp"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	corev1 "k8s.io/component-helpers/scheduling/corev1"
)

const (
	initialBackoff = time.Second
	maxBackoff     = 10 * time.Second
	// flushAfter is how long a pod stays unschedulable without an event.
	flushAfter = 5 * time.Minute
)

// A queue holds the pods that wait for a node. One that has failed waits for its
// back-off to end; one for which there was no node waits for an event as well,
// though not for ever. It is not safe for concurrent use.
//
// Abstracts: scheduler/backend/queue/scheduling_queue.go: activeQ, backoffQ and
// unschedulablePods, here one map and what each pod waits for.
// Omits: queueing hints: every event moves every pod.
type queue struct {
	pods     map[types.UID]*waiting
	inFlight map[types.UID]*waiting // popped, and not yet done
	added    int                    // pods ever added
	moves    int                    // events ever that may have made room
}

// A waiting is a pod without a node.
type waiting struct {
	pod           *v1.Pod
	order         int // of arrival
	attempts      int
	poppedAt      int       // queue.moves when it was last popped
	failed        time.Time // the last attempt; zero: none yet
	unschedulable bool      // waits for an event, not only for its back-off
}

func newQueue() *queue {
	return &queue{pods: map[types.UID]*waiting{}, inFlight: map[types.UID]*waiting{}}
}

// set takes up a pod that is new or has changed. A change of what it asks for
// may make it schedulable.
func (q *queue) set(p *v1.Pod) {
	if len(p.Spec.SchedulingGates) > 0 {
		return
	}
	if w, ok := q.inFlight[p.UID]; ok {
		w.pod = p
		return
	}
	w, ok := q.pods[p.UID]
	if !ok {
		q.added++
		q.pods[p.UID] = &waiting{pod: p, order: q.added}
		return
	}
	if w.pod.Generation != p.Generation {
		w.unschedulable = false
	}
	w.pod = p
}

// remove drops a pod that is gone or has a node.
func (q *queue) remove(uid types.UID) {
	delete(q.pods, uid)
	delete(q.inFlight, uid)
}

// move lets all pods try again once their back-off has ended (S6).
func (q *queue) move() {
	q.moves++
	for _, w := range q.pods {
		w.unschedulable = false
	}
}

// pop takes the next pod that may be tried (S1), or returns nil and when there
// will be one; zero if only an event can tell.
func (q *queue) pop(now time.Time) (w *waiting, next time.Time) {
	for _, candidate := range q.pods {
		switch at := candidate.due(); {
		case !at.After(now):
			if w == nil || before(candidate, w) {
				w = candidate
			}
		case next.IsZero() || at.Before(next):
			next = at
		}
	}
	if w == nil {
		return nil, next
	}
	delete(q.pods, w.pod.UID)
	w.attempts++
	w.poppedAt = q.moves
	q.inFlight[w.pod.UID] = w
	return w, time.Time{}
}

// done ends the attempt for a pod that needs no other.
func (q *queue) done(uid types.UID) { delete(q.inFlight, uid) }

// retry puts a pod back whose attempt has failed (S5), unless it has left while
// it was tried. If there was no node for it, it waits for an event after the
// attempt began.
func (q *queue) retry(uid types.UID, now time.Time, unschedulable bool) {
	w, ok := q.inFlight[uid]
	if !ok {
		return
	}
	delete(q.inFlight, uid)
	w.failed = now
	w.unschedulable = unschedulable && q.moves == w.poppedAt
	q.pods[uid] = w
}

// due is when a pod may be tried again.
func (w *waiting) due() time.Time {
	switch {
	case w.failed.IsZero():
		return w.failed
	case w.unschedulable:
		return w.failed.Add(flushAfter)
	}
	backoff := initialBackoff
	for range w.attempts - 1 {
		backoff = min(2*backoff, maxBackoff)
	}
	return w.failed.Add(backoff)
}

// before orders pods by priority, then by how long they wait.
func before(a, b *waiting) bool {
	return cmp.Or(
		cmp.Compare(corev1.PodPriority(b.pod), corev1.PodPriority(a.pod)),
		a.failed.Compare(b.failed),
		cmp.Compare(a.order, b.order),
	) < 0
}
