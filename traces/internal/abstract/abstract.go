// Package abstract says what objects of the API are to the model: for who holds a
// running cluster against it, and for who drives one by it. Names are for the caller:
// which node, which owner, whose pod.
package abstract

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/reconverge/reconverge/impl/controller"
	"github.com/reconverge/reconverge/model"
)

// Pod is a stored pod, without what has a name.
func Pod(pod *corev1.Pod) model.PodObservation {
	o := model.PodObservation{
		Object: model.Stored, Phase: phase(pod), Ready: controller.IsReady(pod), Lost: pod.Status.Reason == "NodeLost",
	}
	if pod.DeletionTimestamp != nil {
		o.Deletion = model.Graceful
		if ptr.Deref(pod.DeletionGracePeriodSeconds, 0) == 0 {
			o.Deletion = model.Immediate
		}
	}
	return o
}

func phase(pod *corev1.Pod) model.Phase {
	switch {
	case controller.IsTerminal(pod):
		return model.Terminal
	case pod.Status.Phase == corev1.PodRunning:
		return model.Running
	}
	return model.Pending
}

// Node is a stored Node. One that says nothing of being ready is Unknown, as to the
// node lifecycle controller.
func Node(node *corev1.Node) model.NodeView {
	v := model.NodeView{Object: true, Ready: model.Unknown, Unschedulable: node.Spec.Unschedulable}
	for _, c := range node.Status.Conditions {
		if c.Type == corev1.NodeReady {
			v.Ready = conditions[c.Status]
		}
	}
	for _, t := range node.Spec.Taints {
		v.Taints |= taints[corev1.Taint{Key: t.Key, Effect: t.Effect}]
	}
	return v
}

var conditions = map[corev1.ConditionStatus]model.Condition{
	corev1.ConditionTrue: model.True, corev1.ConditionFalse: model.False, corev1.ConditionUnknown: model.Unknown,
}

var taints = map[corev1.Taint]model.Taints{
	{Key: corev1.TaintNodeNotReady, Effect: corev1.TaintEffectNoSchedule}:      model.NoScheduleNotReady,
	{Key: corev1.TaintNodeUnreachable, Effect: corev1.TaintEffectNoSchedule}:   model.NoScheduleUnreachable,
	{Key: corev1.TaintNodeUnschedulable, Effect: corev1.TaintEffectNoSchedule}: model.NoScheduleUnschedulable,
	{Key: corev1.TaintNodeNotReady, Effect: corev1.TaintEffectNoExecute}:       model.NoExecuteNotReady,
	{Key: corev1.TaintNodeUnreachable, Effect: corev1.TaintEffectNoExecute}:    model.NoExecuteUnreachable,
	{Key: corev1.TaintNodeOutOfService, Effect: corev1.TaintEffectNoSchedule}:  model.OutOfServiceTaint,
	{Key: corev1.TaintNodeOutOfService, Effect: corev1.TaintEffectNoExecute}:   model.OutOfServiceTaint,
}

// ReplicaSet is a stored ReplicaSet, without its UID and status.
func ReplicaSet(set *appsv1.ReplicaSet) model.ReplicaSet {
	o := model.ReplicaSet{Replicas: uint8(ptr.Deref(set.Spec.Replicas, 1))}
	if set.DeletionTimestamp != nil {
		switch {
		case slices.Contains(set.Finalizers, metav1.FinalizerOrphanDependents):
			o.Finalizer = model.Orphan
		case slices.Contains(set.Finalizers, metav1.FinalizerDeleteDependents):
			o.Finalizer = model.Foreground
		}
	}
	return o
}
