package replicaset

import (
	"time"

	apps "k8s.io/api/apps/v1"
	v1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

// A Decision is what one sync does about the number of pods (R6): it creates, or it
// deletes, or neither.
type Decision struct {
	Create int
	Delete []*v1.Pod // the first to go first
}

// Decide compares the pods that count with the number that is wanted. satisfied is
// the answer to R3. related is asked, only if some of the pods are to be deleted, for
// the pods of all ReplicaSets that have the same controller.
//
// Abstracts: replica_set.go:manageReplicas up to its requests, getPodsToDelete.
func (o Options) Decide(rs *apps.ReplicaSet, counted []*v1.Pod, satisfied bool, related func() []*v1.Pod, now time.Time) Decision {
	if !satisfied || rs.DeletionTimestamp != nil && !o.IgnoreOwnDeletion {
		return Decision{}
	}
	surplus := len(counted) - int(replicas(rs))
	n := min(max(surplus, -surplus), o.burst())
	switch {
	case surplus < 0:
		return Decision{Create: n}
	case surplus == 0:
		return Decision{}
	case n == len(counted):
		return Decision{Delete: counted} // all are to go, in whatever order
	}
	r := ranking{v1_9: o.V1_9, now: now}
	if !o.V1_9 {
		r.onNode = activeOnNode(related())
	}
	return Decision{Delete: r.sorted(counted)[:n]}
}

// replicas is how many pods are wanted: 1 unless the ReplicaSet says.
func replicas(rs *apps.ReplicaSet) int32 { return ptr.Deref(rs.Spec.Replicas, 1) }
