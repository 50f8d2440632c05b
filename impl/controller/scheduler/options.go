// Package scheduler binds pods to nodes. It is a process of its own, with its
// own caches.
//
// One goroutine takes pods from a queue, picks a node for each by a cache, and
// assumes the pod there; a goroutine for each decision writes the binding. The
// cache, the queue and the choice are plain data without goroutines or clocks.
//
// Abstracts: k8s.io/kubernetes pkg/scheduler.
// Omits: preemption, volumes, extenders, scheduling frameworks, events.
package scheduler

import "time"

// Options vary a scheduler. The zero value is v1.37.
type Options struct {
	// SchedulerName is of the pods that it schedules; empty: default-scheduler.
	SchedulerName string

	// RequireReady looks at the Ready condition of nodes, not only at taints (1.9).
	RequireReady bool
	// AssumedPodTTL ends an assumption this long after its binding was written, if
	// no event confirms it (1.9: 30 s); zero: never.
	AssumedPodTTL time.Duration

	// BindWithoutUID writes bindings that name a pod, whichever has the name by
	// then. It is bind.noUID (B29), and how v1.9 does it.
	BindWithoutUID bool
	// ForgetPodsOnNodeDelete is sched.forgetPodsOnNodeDelete (B28): the pods of a
	// Node that is deleted take no room if it comes back.
	ForgetPodsOnNodeDelete bool
	// IgnoreUIDChange is handler.ignoreUIDChange (B57): an update whose two UIDs
	// differ is taken for a change of one pod.
	IgnoreUIDChange bool
}

// V1_9 is the scheduler of Kubernetes 1.9.
func V1_9() Options {
	return Options{RequireReady: true, AssumedPodTTL: 30 * time.Second, BindWithoutUID: true}
}
