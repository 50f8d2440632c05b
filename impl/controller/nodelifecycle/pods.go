package nodelifecycle

import (
	"context"
	"errors"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"

	"github.com/reconverge/reconverge/impl/controller"
)

// markNotReady writes Ready=False for those pods of a node that say otherwise, on the
// copies that are given. One that fails does not keep the others from it.
//
// Abstracts: util/node/controller_utils.go:MarkPodsNotReady; (9) MarkAllPodsNotReady.
func (c *Controller) markNotReady(ctx context.Context, pods []*corev1.Pod) error {
	var errs []error
	for _, pod := range pods {
		pod := pod.DeepCopy()
		ready := controller.PodCondition(pod, corev1.PodReady)
		if ready == nil || ready.Status == corev1.ConditionFalse {
			continue
		}
		marked := *ready
		marked.Status = corev1.ConditionFalse
		controller.SetPodCondition(&pod.Status, marked)
		_, err := c.client.CoreV1().Pods(pod.Namespace).UpdateStatus(ctx, pod, metav1.UpdateOptions{})
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			errs = append(errs, err)
		}
		c.events.Pod(pod.Namespace, pod.Name, corev1.EventTypeWarning, "NodeNotReady", "Node is not ready")
	}
	return errors.Join(errs...)
}

// livePods lists the pods of a node, live and by namespace and name.
func (c *Controller) livePods(ctx context.Context, node string) ([]*corev1.Pod, error) {
	list, err := c.client.CoreV1().Pods(metav1.NamespaceAll).List(ctx, metav1.ListOptions{
		FieldSelector: fields.OneTermEqualSelector("spec.nodeName", node).String(),
	})
	if err != nil {
		return nil, err
	}
	pods := make([]*corev1.Pod, len(list.Items))
	for i := range list.Items {
		pods[i] = &list.Items[i]
	}
	return controller.Sorted(pods), nil
}

// podChanged queues a pod that turns up on a node.
//
// Abstracts: node_lifecycle_controller.go:podUpdated.
func (c *Controller) podChanged(old, pod *corev1.Pod) {
	if pod != nil && pod.Spec.NodeName != "" && (old == nil || old.Spec.NodeName != pod.Spec.NodeName) {
		c.podQueue.Add(types.NamespacedName{Namespace: pod.Namespace, Name: pod.Name})
	}
}

// nextPod marks a pod that turned up on a node which is known not to be ready. A
// node of which nothing is known yet is passed over: after a restart the pods come
// before the first monitor pass. As upstream, the time to the next try only grows.
//
// Abstracts: node_lifecycle_controller.go:processPod (L8).
func (c *Controller) nextPod(ctx context.Context) bool {
	key, shutdown := c.podQueue.Get()
	if shutdown {
		return false
	}
	defer c.podQueue.Done(key)
	pod, err := c.pods.Pods(key.Namespace).Get(key.Name)
	if apierrors.IsNotFound(err) {
		return true
	}
	if err == nil {
		err = c.markIfNotReady(ctx, pod)
	}
	if err != nil {
		c.podQueue.AddRateLimited(key)
	}
	return true
}

func (c *Controller) markIfNotReady(ctx context.Context, pod *corev1.Pod) error {
	h, known := c.health.get(pod.Spec.NodeName)
	if !known {
		return nil
	}
	if _, err := c.nodes.Get(pod.Spec.NodeName); err != nil {
		return err
	}
	if ready := condition(h.status, corev1.NodeReady); ready == nil || ready.Status == corev1.ConditionTrue {
		return nil
	}
	return c.markNotReady(ctx, []*corev1.Pod{pod})
}

// markPodsOf writes Ready=False for the pods of a node that a pass found not ready,
// if it was ready before or an earlier try failed. What fails is tried again by the
// next pass of this process; in 1.9 it is forgotten (#48681).
//
// Abstracts: monitorNodeHealth (L8); (9) monitorNodeStatus (N5).
func (c *Controller) markPodsOf(ctx context.Context, v verdict, pods []*corev1.Pod) {
	turned := v.current.Status != corev1.ConditionTrue && v.observed.Status == corev1.ConditionTrue
	if turned {
		c.events.Node(v.node, corev1.EventTypeNormal, "NodeNotReady", "Node %s status is now: NodeNotReady", v.node.Name)
	}
	_, again := c.remark.Load(v.node.Name)
	again = again && v.observed.Status != corev1.ConditionTrue
	always := c.options.MarkLevelTriggered && v.current.Status != corev1.ConditionTrue
	if turned || again || always {
		if err := c.markNotReady(ctx, pods); err != nil {
			utilruntime.HandleErrorWithContext(ctx, err, "Not all pods of a node are marked not ready", "node", v.node.Name)
			c.remark.Store(v.node.Name, true)
			return
		}
	}
	c.remark.Delete(v.node.Name)
}

// markPodsOnce is markPodsOf of 1.9: it lists the pods live.
func (c *Controller) markPodsOnce(ctx context.Context, v verdict) {
	turned := v.current.Status != corev1.ConditionTrue && v.observed.Status == corev1.ConditionTrue
	if turned {
		c.events.Node(v.node, corev1.EventTypeNormal, "NodeNotReady", "Node %s status is now: NodeNotReady", v.node.Name)
	}
	if !turned && !(c.options.MarkLevelTriggered && v.current.Status != corev1.ConditionTrue) {
		return
	}
	pods, err := c.livePods(ctx, v.node.Name)
	if err == nil {
		err = c.markNotReady(ctx, pods)
	}
	if err != nil {
		utilruntime.HandleErrorWithContext(ctx, err, "Not all pods of a node are marked not ready", "node", v.node.Name)
	}
}
