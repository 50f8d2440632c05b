package scheduler

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

var t0 = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func newPod(name string, change ...func(*v1.Pod)) *v1.Pod {
	p := &v1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, UID: types.UID(name)},
		Spec: v1.PodSpec{
			SchedulerName: v1.DefaultSchedulerName,
			Containers:    []v1.Container{{Name: "main", Image: "web"}},
		},
	}
	for _, f := range change {
		f(p)
	}
	return p
}

// popped takes a pod from the queue and names it, or says when there will be one.
func popped(q *queue, now time.Time) (name string, in time.Duration) {
	w, next := q.pop(now)
	if w != nil {
		return w.pod.Name, 0
	}
	if next.IsZero() {
		return "", 0
	}
	return "", next.Sub(now)
}

func TestQueueOrder(t *testing.T) {
	q := newQueue()
	high := int32(10)
	q.set(newPod("z"))
	q.set(newPod("a"))
	q.set(newPod("important", func(p *v1.Pod) { p.Spec.Priority = &high }))
	q.set(newPod("gated", func(p *v1.Pod) { p.Spec.SchedulingGates = []v1.PodSchedulingGate{{Name: "wait"}} }))
	for _, want := range []string{"important", "z", "a", ""} {
		name, _ := popped(q, t0)
		require.Equal(t, want, name)
	}
}

func TestQueueBackoff(t *testing.T) {
	q := newQueue()
	q.set(newPod("a"))
	var waits []time.Duration
	now := t0
	for range 6 {
		name, _ := popped(q, now)
		require.Equal(t, "a", name)
		q.retry("a", now, false)
		_, in := popped(q, now)
		waits = append(waits, in)
		now = now.Add(in)
	}
	require.Equal(t, []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 10 * time.Second, 10 * time.Second}, waits)
}

func TestQueueUnschedulable(t *testing.T) {
	fail := func(between func(*queue)) *queue {
		q := newQueue()
		q.set(newPod("a"))
		popped(q, t0)
		between(q)
		q.retry("a", t0, true)
		return q
	}
	wait := func(q *queue) time.Duration {
		_, in := popped(q, t0)
		return in
	}
	nothing := func(*queue) {}
	require.Equal(t, flushAfter, wait(fail(nothing)))
	require.Equal(t, initialBackoff, wait(fail((*queue).move)), "an event while it was tried counts")

	q := fail(nothing)
	q.move()
	require.Equal(t, initialBackoff, wait(q))

	q = fail(nothing)
	q.set(newPod("a", func(p *v1.Pod) { p.Generation++ }))
	require.Equal(t, initialBackoff, wait(q), "a changed pod may fit")

	q = fail(func(q *queue) { q.remove("a") })
	require.Zero(t, wait(q), "a pod that left while it was tried does not come back")
	require.Empty(t, q.pods)
}
