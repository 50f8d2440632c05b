package replicaset

import (
	"slices"
	"time"

	apps "k8s.io/api/apps/v1"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/reconverge/reconverge/impl/controller"
)

// Status computes the status from the pods that were listed, before any was created
// or deleted; failure is the error of that.
//
// Abstracts: replica_set_utils.go:calculateStatus.
func (o Options) Status(rs *apps.ReplicaSet, counted, terminating []*v1.Pod, failure error, now time.Time) apps.ReplicaSetStatus {
	status := *rs.Status.DeepCopy()
	status.Replicas = int32(len(counted))
	status.FullyLabeledReplicas, status.ReadyReplicas, status.AvailableReplicas = 0, 0, 0
	template := labels.SelectorFromSet(rs.Spec.Template.Labels)
	for _, pod := range counted {
		if template.Matches(labels.Set(pod.Labels)) {
			status.FullyLabeledReplicas++
		}
		if controller.IsReady(pod) {
			status.ReadyReplicas++
		}
		if controller.IsAvailable(pod, rs.Spec.MinReadySeconds, now) {
			status.AvailableReplicas++
		}
	}
	status.TerminatingReplicas = nil
	if !o.V1_9 {
		n := int32(len(terminating))
		status.TerminatingReplicas = &n
	}
	status.Conditions = failureCondition(status.Conditions, len(counted) < int(replicas(rs)), failure, now)
	return status
}

// failureCondition adds the condition ReplicaFailure on the first failure, and takes
// it off after a sync without one.
func failureCondition(conditions []apps.ReplicaSetCondition, creating bool, failure error, now time.Time) []apps.ReplicaSetCondition {
	is := func(c apps.ReplicaSetCondition) bool { return c.Type == apps.ReplicaSetReplicaFailure }
	switch {
	case failure == nil:
		return slices.DeleteFunc(conditions, is)
	case slices.ContainsFunc(conditions, is):
		return conditions
	}
	reason := "FailedDelete"
	if creating {
		reason = "FailedCreate"
	}
	return append(conditions, apps.ReplicaSetCondition{
		Type:               apps.ReplicaSetReplicaFailure,
		Status:             v1.ConditionTrue,
		LastTransitionTime: metav1.Time{Time: now},
		Reason:             reason,
		Message:            failure.Error(),
	})
}

// upToDate reports whether a ReplicaSet has a status already, for its spec as it is.
//
// Abstracts: the first lines of replica_set_utils.go:updateReplicaSetStatus.
func upToDate(rs *apps.ReplicaSet, status apps.ReplicaSetStatus) bool {
	return rs.Generation == rs.Status.ObservedGeneration && equality.Semantic.DeepEqual(rs.Status, status)
}

// Recheck returns after how long a ReplicaSet is to be looked at again because a pod
// that is ready will have become available; 0: not for that reason (R8). rs has the
// status that was just written.
//
// Abstracts: the end of replica_set.go:syncReplicaSet, FindMinNextPodAvailabilityCheck.
func (o Options) Recheck(rs *apps.ReplicaSet, counted []*v1.Pod, now time.Time) time.Duration {
	least := time.Duration(rs.Spec.MinReadySeconds) * time.Second
	if least == 0 || rs.Status.ReadyReplicas == rs.Status.AvailableReplicas {
		return 0
	}
	if o.V1_9 {
		if rs.Status.ReadyReplicas != replicas(rs) {
			return 0
		}
		return least
	}
	for _, pod := range counted {
		if in := controller.AvailableIn(pod, rs.Spec.MinReadySeconds, now); in > 0 {
			least = min(least, in)
		}
	}
	return least
}
