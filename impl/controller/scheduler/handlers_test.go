package scheduler

import (
	"testing"

	"github.com/stretchr/testify/require"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"
)

// newCore is a scheduler without an API.
func newCore(o Options) *Scheduler {
	o.SchedulerName = v1.DefaultSchedulerName
	return &Scheduler{o: o, cache: newCache(), queue: newQueue(), wake: make(chan struct{}, 1)}
}

func uid(uid types.UID) func(*v1.Pod) {
	return func(p *v1.Pod) { p.UID, p.ResourceVersion = uid, "rv-"+string(uid) }
}

func TestEventsMovePods(t *testing.T) {
	events := map[string]struct {
		event func(*Scheduler)
		moves bool
	}{
		"node":             {func(s *Scheduler) { s.setNode(nil, newNode("m")) }, true},
		"heartbeat":        {func(s *Scheduler) { s.setNode(newNode("n"), newNode("n")) }, false},
		"untainted":        {func(s *Scheduler) { s.setNode(newNode("n", taint("k", v1.TaintEffectNoSchedule)), newNode("n")) }, true},
		"node deleted":     {func(s *Scheduler) { s.removeNode("n") }, false},
		"bound pod":        {func(s *Scheduler) { s.setPod(newPod("b", bound("n"))) }, false},
		"bound pod gone":   {func(s *Scheduler) { s.removePod(newPod("c", bound("n"))) }, true},
		"waiting pod gone": {func(s *Scheduler) { s.removePod(newPod("d")) }, false},
	}
	for name, test := range events {
		t.Run(name, func(t *testing.T) {
			s := newCore(Options{})
			s.setPod(newPod("c", bound("n")))
			before := s.queue.moves
			test.event(s)
			require.Equal(t, test.moves, s.queue.moves > before)
		})
	}
}

func TestSkipped(t *testing.T) {
	s := newCore(Options{})
	s.setNode(nil, newNode("n"))
	s.setPod(newPod("terminating", func(p *v1.Pod) { p.DeletionTimestamp = &p.CreationTimestamp }))
	s.setPod(newPod("other", func(p *v1.Pod) { p.Spec.SchedulerName = "mine" }))
	s.setPod(newPod("a"))
	d, _ := s.scheduleOne(t0)
	require.Equal(t, "a", d.pod.Name)
	s.setPod(newPod("a", uid("a"))) // an update before its binding is seen
	d, _ = s.scheduleOne(t0)
	require.Nil(t, d)
}

func TestTombstone(t *testing.T) {
	s := newCore(Options{})
	s.setPod(newPod("a"))
	s.cache.assume(newPod("b"), "n")
	// What the cache last knew of b is from before its binding.
	for _, name := range []string{"a", "b"} {
		s.podHandler().OnDelete(cache.DeletedFinalStateUnknown{Obj: newPod(name)})
	}
	require.Empty(t, s.queue.pods)
	require.Empty(t, s.cache.pods)
	s.setNode(nil, newNode("n"))
	s.nodeHandler().OnDelete(cache.DeletedFinalStateUnknown{Obj: newNode("n")})
	require.Empty(t, s.cache.nodes)
}

// A relist shows a deleted pod and its namesake as one update (B57).
func TestUIDChange(t *testing.T) {
	t.Run("bound", func(t *testing.T) {
		for _, ignore := range []bool{false, true} {
			s := newCore(Options{IgnoreUIDChange: ignore})
			before, after := newPod("web-0", uid("1"), bound("n1")), newPod("web-0", uid("2"), bound("n2"))
			s.setPod(before)
			s.updatePod(before, after)
			require.Equal(t, ignore, len(s.cache.podsOn("n1")) == 1, "it takes room where the old pod did")
			require.Equal(t, !ignore, len(s.cache.podsOn("n2")) == 1)
		}
	})
	t.Run("waiting", func(t *testing.T) {
		for _, ignore := range []bool{false, true} {
			s := newCore(Options{IgnoreUIDChange: ignore})
			before, after := newPod("web-0", uid("1")), newPod("web-0", uid("2"))
			s.setPod(before)
			s.updatePod(before, after)
			w, _ := s.queue.pop(t0)
			require.Equal(t, ignore, w.pod.UID == "1", "it binds a pod that is gone")
		}
	})
}
