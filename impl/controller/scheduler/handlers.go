package scheduler

import (
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/client-go/tools/cache"

	"github.com/reconverge/reconverge/impl/controller"
)

// Events of pods and nodes (S6). They come from the goroutines of two informers.
//
// Abstracts: scheduler/eventhandlers.go.

func (s *Scheduler) podHandler() cache.ResourceEventHandler {
	return cache.ResourceEventHandlerFuncs{
		AddFunc: func(obj any) { s.setPod(obj.(*v1.Pod)) },
		UpdateFunc: func(before, after any) {
			s.updatePod(before.(*v1.Pod), after.(*v1.Pod))
		},
		DeleteFunc: func(obj any) {
			if p, ok := controller.Deleted[*v1.Pod](obj); ok {
				s.removePod(p)
			}
		},
	}
}

// setPod takes up a pod: one that is bound takes room, one that is not waits.
func (s *Scheduler) setPod(p *v1.Pod) {
	s.change(func() {
		switch {
		case p.Spec.NodeName != "":
			s.queue.remove(p.UID)
			s.cache.setPod(p)
		case s.responsible(p) && !s.cache.has(p.UID):
			s.queue.set(p)
		}
	})
}

// updatePod takes up a change. Two UIDs are two pods: a relist has hidden that
// one was deleted and the other made (B57).
func (s *Scheduler) updatePod(before, after *v1.Pod) {
	switch {
	case before.UID == after.UID:
		if before.ResourceVersion != after.ResourceVersion {
			s.setPod(after)
		}
	case !s.o.IgnoreUIDChange:
		s.removePod(before)
		s.setPod(after)
	case after.Spec.NodeName != "":
		s.change(func() { s.cache.rename(before.UID, after) })
	default:
		s.change(func() {}) // the queue has a pod of this name already
	}
}

// removePod takes out a pod that is gone, or has ended, which the field selector
// of the informer makes look the same. The room that it took is free.
func (s *Scheduler) removePod(p *v1.Pod) {
	s.change(func() {
		s.queue.remove(p.UID)
		if s.cache.has(p.UID) {
			s.cache.removePod(p.UID)
			s.queue.move()
		}
	})
}

func (s *Scheduler) nodeHandler() cache.ResourceEventHandler {
	return cache.ResourceEventHandlerFuncs{
		AddFunc: func(obj any) { s.setNode(nil, obj.(*v1.Node)) },
		UpdateFunc: func(before, after any) {
			s.setNode(before.(*v1.Node), after.(*v1.Node))
		},
		DeleteFunc: func(obj any) {
			if n, ok := controller.Deleted[*v1.Node](obj); ok {
				s.removeNode(n.Name)
			}
		},
	}
}

// setNode takes up a node. Heartbeats make no pod schedulable.
func (s *Scheduler) setNode(before, after *v1.Node) {
	s.change(func() {
		s.cache.setNode(after)
		if before == nil || mattersToPods(before, after) {
			s.queue.move()
		}
	})
}

func (s *Scheduler) removeNode(name string) {
	s.change(func() {
		s.cache.removeNode(name)
		if s.o.ForgetPodsOnNodeDelete {
			s.cache.forgetPodsOn(name)
		}
	})
}

// mattersToPods reports whether a change of a node can make room for a pod.
//
// Abstracts: scheduler/framework/events.go:nodeSchedulingPropertiesChange.
func mattersToPods(before, after *v1.Node) bool {
	return before.UID != after.UID ||
		before.Spec.Unschedulable != after.Spec.Unschedulable ||
		!equality.Semantic.DeepEqual(before.Spec.Taints, after.Spec.Taints) ||
		!equality.Semantic.DeepEqual(before.Labels, after.Labels) ||
		!equality.Semantic.DeepEqual(before.Status.Allocatable, after.Status.Allocatable) ||
		nodeCondition(before) != nodeCondition(after)
}

func (s *Scheduler) responsible(p *v1.Pod) bool {
	return p.Spec.SchedulerName == s.o.SchedulerName
}

// change runs f on the cache and the queue, and wakes the loop.
func (s *Scheduler) change(f func()) {
	s.mu.Lock()
	f()
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// until is a channel that is ready at a time; never if that is zero.
func until(at time.Time) <-chan time.Time {
	if at.IsZero() {
		return nil
	}
	return time.After(time.Until(at))
}
