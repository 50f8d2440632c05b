package replicaset

import (
	apps "k8s.io/api/apps/v1"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/reconverge/reconverge/impl/controller"
)

// Claims are the pods of a sync's list, by what becomes of them (R5). Each keeps the
// order of the list.
type Claims struct {
	Owned       []*v1.Pod // active, and its own already
	Adopt       []*v1.Pod // orphans that match the selector
	Release     []*v1.Pod // its own, but no longer matching
	Terminating []*v1.Pod // its own and being deleted: counted in the status only
}

// Claims sorts out the pods of the ReplicaSet and the orphans of its namespace. A pod
// that has ended is left as it is, and so is one of another controller.
//
// A ReplicaSet that is being deleted keeps its pods, adopts and releases none.
//
// Abstracts: controller_ref_manager.go:ClaimObject; FilterActivePods,
// FilterTerminatingPods and FilterClaimedPods of controller_utils.go.
func (o Options) Claims(rs *apps.ReplicaSet, selector labels.Selector, pods []*v1.Pod) Claims {
	var c Claims
	deleting := rs.DeletionTimestamp != nil
	for _, pod := range pods {
		if controller.IsTerminal(pod) {
			continue
		}
		ref := metav1.GetControllerOfNoCopy(pod)
		matches := selector.Matches(labels.Set(pod.Labels))
		active := controller.IsActive(pod)
		switch {
		case ref == nil:
			if matches && !deleting && (active || o.AdoptTerminating) {
				c.Adopt = append(c.Adopt, pod)
			}
		case ref.UID != rs.UID:
		case !matches:
			if active && !deleting {
				c.Release = append(c.Release, pod)
			}
		case active:
			c.Owned = append(c.Owned, pod)
		default:
			c.Terminating = append(c.Terminating, pod)
		}
	}
	return c
}
