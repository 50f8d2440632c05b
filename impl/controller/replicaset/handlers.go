package replicaset

import (
	"time"

	apps "k8s.io/api/apps/v1"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/reconverge/reconverge/impl/controller"
)

// replicaSetHandler has every change of a ReplicaSet looked at, and its memory
// forgotten when it goes.
//
// Abstracts: replica_set.go:addRS, updateRS, deleteRS.
func (c *Controller) replicaSetHandler() cache.ResourceEventHandler {
	return cache.ResourceEventHandlerFuncs{
		AddFunc: func(obj any) {
			if rs, ok := obj.(*apps.ReplicaSet); ok {
				c.enqueue(rs)
			}
		},
		UpdateFunc: func(before, after any) {
			old, _ := before.(*apps.ReplicaSet)
			rs, ok := after.(*apps.ReplicaSet)
			if !ok {
				return
			}
			if old != nil && old.UID != rs.UID { // a relist has missed that it was gone
				c.replicaSetGone(old)
			}
			c.enqueue(rs)
		},
		DeleteFunc: func(obj any) {
			if rs, ok := controller.Deleted[*apps.ReplicaSet](obj); ok {
				c.replicaSetGone(rs)
			}
		},
	}
}

func (c *Controller) replicaSetGone(rs *apps.ReplicaSet) {
	c.forget(replicaSetKey(rs), rs.UID)
	c.enqueue(rs)
}

// podHandler lowers expectations by what it sees of pods, and has the ReplicaSets
// that care looked at.
//
// Abstracts: replica_set.go:addPod, updatePod, deletePod.
func (c *Controller) podHandler() cache.ResourceEventHandler {
	return cache.ResourceEventHandlerFuncs{
		AddFunc: func(obj any) {
			if pod, ok := obj.(*v1.Pod); ok {
				c.podAdded(pod)
			}
		},
		UpdateFunc: func(before, after any) {
			old, ok1 := before.(*v1.Pod)
			pod, ok2 := after.(*v1.Pod)
			if ok1 && ok2 && old.ResourceVersion != pod.ResourceVersion { // else: a resync
				c.podUpdated(old, pod)
			}
		},
		DeleteFunc: func(obj any) {
			if pod, ok := controller.Deleted[*v1.Pod](obj); ok {
				c.podDeleted(pod)
			}
		},
	}
}

// podAdded is told of a pod that is new to the cache. One that turns up terminating is
// a deletion, not a creation.
func (c *Controller) podAdded(pod *v1.Pod) {
	if pod.DeletionTimestamp != nil {
		c.podDeleted(pod)
		return
	}
	if ref := metav1.GetControllerOfNoCopy(pod); ref != nil {
		if rs, ok := c.resolve(pod.Namespace, ref); ok {
			c.expectations.Created(replicaSetKey(rs))
			c.enqueue(rs)
		}
		return
	}
	c.enqueueMatching(pod)
}

func (c *Controller) podUpdated(old, pod *v1.Pod) {
	if pod.DeletionTimestamp != nil {
		if !c.options.UnnamedDeletes || old.DeletionTimestamp == nil {
			c.podDeleted(pod)
		}
		return
	}
	before, after := metav1.GetControllerOfNoCopy(old), metav1.GetControllerOfNoCopy(pod)
	moved := !equality.Semantic.DeepEqual(before, after)
	if moved {
		if rs, ok := c.resolve(old.Namespace, before); ok {
			c.enqueue(rs)
		}
	}
	if after != nil {
		if rs, ok := c.resolve(pod.Namespace, after); ok {
			c.enqueue(rs)
			if least := rs.Spec.MinReadySeconds; least > 0 && !controller.IsReady(old) && controller.IsReady(pod) {
				c.queue.AddAfter(replicaSetKey(rs), time.Duration(least)*time.Second)
			}
		}
		return
	}
	if moved || !equality.Semantic.DeepEqual(old.Labels, pod.Labels) {
		c.enqueueMatching(pod)
	}
}

// podDeleted is told of a pod when it is marked and when it is removed, and of every
// change in between: expectations know which they have counted.
func (c *Controller) podDeleted(pod *v1.Pod) {
	if rs, ok := c.resolve(pod.Namespace, metav1.GetControllerOfNoCopy(pod)); ok {
		c.expectations.Deleted(replicaSetKey(rs), controller.PodKey(pod))
		c.enqueue(rs)
	}
}

func (c *Controller) resolve(namespace string, ref *metav1.OwnerReference) (*apps.ReplicaSet, bool) {
	return controller.Resolve(ref, kind.Kind, c.replicaSets.ReplicaSets(namespace).Get)
}

// enqueueMatching has all ReplicaSets looked at that may adopt an orphan.
func (c *Controller) enqueueMatching(pod *v1.Pod) {
	matching, err := c.replicaSets.GetPodReplicaSets(pod)
	if err != nil {
		return // none
	}
	for _, rs := range controller.Sorted(matching) {
		c.enqueue(rs)
	}
}

func (c *Controller) enqueue(rs *apps.ReplicaSet) { c.queue.Add(replicaSetKey(rs)) }

func replicaSetKey(rs *apps.ReplicaSet) string { return rs.Namespace + "/" + rs.Name }
