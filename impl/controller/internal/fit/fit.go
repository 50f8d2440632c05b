// Package fit is what the scheduler and the kubelet both ask of a node before a
// pod may run there.
package fit

import (
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	resourcehelper "k8s.io/component-helpers/resource"
	corev1 "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/klog/v2"
)

// counted are the resources that are looked at, in the order in which a lack of
// them is reported.
//
// Omits: ephemeral storage and extended resources.
var counted = []v1.ResourceName{v1.ResourcePods, v1.ResourceCPU, v1.ResourceMemory}

// Lacking is the first resource of which node has too little for pod beside the
// pods in others; empty if it has room. A node that does not say how many pods
// it takes is taken to have no room, as upstream does.
//
// Abstracts: scheduler/framework/plugins/noderesources/fit.go:fitsRequest.
func Lacking(pod *v1.Pod, node *v1.Node, others []*v1.Pod) v1.ResourceName {
	want := requests(pod)
	taken := make([]resource.Quantity, len(counted))
	for _, other := range others {
		for i, q := range requests(other) {
			taken[i].Add(q)
		}
	}
	for i, name := range counted {
		if want[i].IsZero() {
			continue
		}
		taken[i].Add(want[i])
		if has := node.Status.Allocatable[name]; taken[i].Cmp(has) > 0 {
			return name
		}
	}
	return ""
}

// requests are what pod asks for of each resource in counted.
func requests(pod *v1.Pod) []resource.Quantity {
	list := resourcehelper.PodRequests(pod, resourcehelper.PodResourcesOptions{})
	list[v1.ResourcePods] = *resource.NewQuantity(1, resource.DecimalSI)
	out := make([]resource.Quantity, len(counted))
	for i, name := range counted {
		out[i] = list[name]
	}
	return out
}

// Tolerates reports whether pod tolerates the taints of node that have one of
// the given effects, and a taint that it does not.
func Tolerates(pod *v1.Pod, node *v1.Node, effects ...v1.TaintEffect) (v1.Taint, bool) {
	taint, untolerated := corev1.FindMatchingUntoleratedTaint(klog.Logger{}, node.Spec.Taints, pod.Spec.Tolerations, func(t *v1.Taint) bool {
		for _, effect := range effects {
			if t.Effect == effect {
				return true
			}
		}
		return false
	}, false)
	return taint, !untolerated
}

// ToleratesUnschedulable reports whether pod may be put on a node that is
// cordoned: DaemonSet pods may.
func ToleratesUnschedulable(pod *v1.Pod) bool {
	return corev1.TolerationsTolerateTaint(klog.Logger{}, pod.Spec.Tolerations, &v1.Taint{
		Key: v1.TaintNodeUnschedulable, Effect: v1.TaintEffectNoSchedule,
	}, false)
}

// Selects reports whether the node selector and the required node affinity of
// pod select node. One that cannot be parsed selects nothing.
func Selects(pod *v1.Pod, node *v1.Node) bool {
	ok, err := nodeaffinity.GetRequiredNodeAffinity(pod).Match(node)
	return ok && err == nil
}
