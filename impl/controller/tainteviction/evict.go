package tainteviction

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"

	"github.com/reconverge/reconverge/impl/controller"
)

// evict deletes the pod of a timer that has fired (T6). After the last try it
// gives the eviction up, and nothing sets the timer again before the taints of the
// node or the tolerations of the pod change (#140639).
//
// Abstracts: taint_eviction.go:deletePodHandler.
func (c *Controller) evict(ctx context.Context, w *work) {
	g := w.target
	c.events.Pod(g.Namespace, g.Name, corev1.EventTypeNormal, "TaintManagerEviction", "Marking for deletion Pod %s", g.NamespacedName)
	var err error
	for range c.options.Tries {
		if err = c.tryEvict(ctx, g); err == nil || !controller.Sleep(ctx, c.options.Retry) {
			return
		}
	}
	for c.options.RetryForever && !apierrors.IsNotFound(err) && !w.cancelled.Load() {
		if !controller.Sleep(ctx, patientRetry) {
			return
		}
		if err = c.tryEvict(ctx, g); err == nil {
			return
		}
	}
	utilruntime.HandleErrorWithContext(ctx, err, "Eviction is given up", "pod", g.NamespacedName)
}

// tryEvict reads the pod by its name, live, says in its status why it goes, and
// deletes it by its name.
//
// Abstracts: taint_eviction.go:addConditionAndDeletePod.
func (c *Controller) tryEvict(ctx context.Context, g target) error {
	pods := c.client.CoreV1().Pods(g.Namespace)
	pod, err := pods.Get(ctx, g.Name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if g.UID != "" && g.UID != pod.UID {
		return apierrors.NewNotFound(corev1.Resource("pods"), fmt.Sprintf("%s with UID %s", g.Name, g.UID))
	}
	status := pod.Status.DeepCopy()
	changed := controller.SetPodCondition(status, corev1.PodCondition{
		Type:               corev1.DisruptionTarget,
		ObservedGeneration: pod.Generation,
		Status:             corev1.ConditionTrue,
		Reason:             "DeletionByTaintManager",
		Message:            "Taint manager: deleting due to NoExecute taint",
	})
	if changed {
		if _, err := controller.PatchPodStatus(ctx, c.client, pod, *status); err != nil {
			return err
		}
	}
	var options metav1.DeleteOptions
	if c.options.DeleteWithUID {
		options.Preconditions = metav1.NewUIDPreconditions(string(pod.UID))
	}
	return pods.Delete(ctx, g.Name, options)
}
