package nodelifecycle

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"

	"github.com/reconverge/reconverge/impl/controller"
)

const (
	// evictionPeriod is the time between two eviction passes.
	evictionPeriod = 100 * time.Millisecond
	// evictionRetry is when a node is due again that the cache told too little of.
	evictionRetry = 50 * time.Millisecond
)

// evictQueued runs eviction passes at whole periods from a time on.
//
// Abstracts: doNoExecuteTaintingPass (L6), (9) doEvictionPass (N8), run every 100 ms.
// Omits: passes that find nothing to do. It waits until a queue that gets tokens
// has a node, and then for the time at which the next pass would have been. Passes
// are half a period after those of the monitor, which is a multiple of it.
func (c *Controller) evictQueued(ctx context.Context, from time.Time) {
	from = from.Add(evictionPeriod / 2)
	for {
		if !c.waiting() {
			select {
			case <-ctx.Done():
				return
			case <-c.queued:
			}
			continue
		}
		passes := time.Since(from)/evictionPeriod + 1
		if !controller.Sleep(ctx, time.Until(from.Add(passes*evictionPeriod))) {
			return
		}
		for _, zone := range c.queuesByZone() {
			zone.try(ctx, func(node string) (bool, time.Duration) { return c.evict(ctx, node) })
		}
	}
}

func (c *Controller) wake() {
	select {
	case c.queued <- struct{}{}:
	default:
	}
}

func (c *Controller) waiting() bool { return slices.ContainsFunc(c.queuesByZone(), (*rateQueue).waits) }

func (c *Controller) queuesByZone() (queues []*rateQueue) {
	c.queuesMu.Lock()
	defer c.queuesMu.Unlock()
	for _, zone := range slices.Sorted(maps.Keys(c.queues)) {
		queues = append(queues, c.queues[zone])
	}
	return queues
}

func (c *Controller) evict(ctx context.Context, node string) (done bool, retry time.Duration) {
	if c.options.V1_9 {
		err := c.deletePods(ctx, node)
		if err != nil {
			utilruntime.HandleErrorWithContext(ctx, err, "Not all pods of a node are evicted", "node", node)
		}
		return err == nil, 0
	}
	return c.taintNoExecute(ctx, node)
}

// taintNoExecute gives a node the NoExecute taint of its cached condition and then,
// in another write, takes the other one off. A node that is ready again is let go.
//
// Abstracts: doNoExecuteTaintingPass (L6).
func (c *Controller) taintNoExecute(ctx context.Context, name string) (done bool, retry time.Duration) {
	node, err := c.nodes.Get(name)
	if apierrors.IsNotFound(err) {
		return true, 0
	} else if err != nil {
		return false, evictionRetry
	}
	ready := condition(&node.Status, corev1.NodeReady)
	switch {
	case ready == nil:
		return false, evictionRetry
	case ready.Status == corev1.ConditionTrue:
		return true, 0
	}
	wanted, opposite := noExecuteFor(ready.Status)
	if err := c.swapTaints(ctx, node, []corev1.Taint{wanted}, []corev1.Taint{opposite}); err != nil {
		utilruntime.HandleErrorWithContext(ctx, err, "Node is not tainted", "node", name)
		return false, 0
	}
	return true, 0
}

// queueOverdue queues a node whose condition, as it was before the pass, has lasted
// for the eviction timeout: Unknown since the last sign of life, or False since it
// was first seen. It lets a node that was ready off.
//
// Abstracts: (9) monitorNodeStatus (N3, N4).
func (c *Controller) queueOverdue(v verdict) {
	h, _ := c.health.get(v.node.Name)
	q, now := c.queueOf(v.node), time.Now()
	switch v.observed.Status {
	case corev1.ConditionFalse:
		if now.After(h.turned.Add(c.options.PodEvictionTimeout)) {
			q.add(v.node.Name)
		}
	case corev1.ConditionUnknown:
		if now.After(h.probed.Add(c.options.PodEvictionTimeout)) {
			q.add(v.node.Name)
		}
	case corev1.ConditionTrue:
		if !c.options.NoCancel {
			q.remove(v.node.Name)
		}
	}
}

// nodeLost is the reason of pods on a lost node. Of one that is marked for deletion
// too kubectl says that it is Unknown.
const nodeLost = "NodeLost"

// deletePods deletes the pods of a node, live and by name, with their own grace. A
// pod whose status is in conflict is left for the next try of the whole node.
//
// Abstracts: (9) controller_utils.go:DeletePods (N8).
// Omits: pods are known to be of a DaemonSet by their owner, upstream by all
// selectors of the DaemonSets of their namespace.
func (c *Controller) deletePods(ctx context.Context, node string) error {
	pods, err := c.livePods(ctx, node)
	if err != nil {
		return err
	}
	var conflicts []error
	for _, pod := range pods {
		if err := c.setNodeLost(ctx, pod, node); apierrors.IsConflict(err) {
			conflicts = append(conflicts, err)
			continue
		}
		if pod.DeletionGracePeriodSeconds != nil || ofDaemonSet(pod) {
			continue
		}
		c.events.Pod(pod.Namespace, pod.Name, corev1.EventTypeNormal, "NodeControllerEviction", "Marking for deletion Pod %s from Node %s", pod.Name, node)
		if err := c.client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{}); err != nil {
			return err
		}
	}
	return errors.Join(conflicts...)
}

// setNodeLost writes the reason of a pod.
//
// Abstracts: (9) controller_utils.go:SetPodTerminationReason.
func (c *Controller) setNodeLost(ctx context.Context, pod *corev1.Pod, node string) error {
	if pod.Status.Reason == nodeLost {
		return nil
	}
	pod.Status.Reason = nodeLost
	pod.Status.Message = "Node " + node + " which was running pod " + pod.Name + " is unresponsive"
	_, err := c.client.CoreV1().Pods(pod.Namespace).UpdateStatus(ctx, pod, metav1.UpdateOptions{})
	return err
}

func ofDaemonSet(pod *corev1.Pod) bool {
	owner := metav1.GetControllerOf(pod)
	return owner != nil && owner.Kind == "DaemonSet"
}
