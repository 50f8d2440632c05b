package disruption

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/reconverge/reconverge/impl/controller"
)

// StaleTimeout is how old a DisruptionTarget has to be that no deletion has followed
// before it is taken back.
//
// Upstream: disruption.go:stalePodDisruptionTimeout.
const StaleTimeout = 2 * time.Minute

// resetTarget sets the DisruptionTarget of a pod to False if it is stale.
//
// Reads: the cached pod.
// Writes: a PUT of the status with the resourceVersion.
// Upstream: disruption.go:syncStalePodDisruption.
func (c *Controller) resetTarget(ctx context.Context, key string) error {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return err
	}
	pod, err := c.pods.Pods(namespace).Get(name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	now := time.Now()
	targeted, left := staleIn(pod, now)
	if !targeted {
		return nil
	}
	if left > 0 {
		c.stale.AddAfter(key, left)
		return nil
	}
	next := pod.DeepCopy()
	*controller.PodCondition(next, corev1.DisruptionTarget) = corev1.PodCondition{
		Type:               corev1.DisruptionTarget,
		Status:             corev1.ConditionFalse,
		LastTransitionTime: metav1.NewTime(now),
	}
	_, err = c.client.CoreV1().Pods(namespace).UpdateStatus(ctx, next, metav1.UpdateOptions{})
	return err
}

// staleIn reports whether pod is marked as one that is about to be deleted and is not,
// and after how long that will be stale.
//
// Upstream: disruption.go:nonTerminatingPodHasStaleDisruptionCondition.
func staleIn(pod *corev1.Pod, now time.Time) (targeted bool, left time.Duration) {
	condition := controller.PodCondition(pod, corev1.DisruptionTarget)
	switch {
	case condition == nil || condition.Status != corev1.ConditionTrue || pod.DeletionTimestamp != nil,
		condition.Reason == corev1.PodReasonTerminationByKubelet, // which may take any time
		controller.IsTerminal(pod):
		return false, 0
	}
	return true, max(0, condition.LastTransitionTime.Add(StaleTimeout).Sub(now))
}
