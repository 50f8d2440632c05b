package replicaset

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	apps "k8s.io/api/apps/v1"
	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/reconverge/reconverge/impl/controller"
)

// create sends one create, without a name: the server draws one. In a namespace that
// is being deleted no create will ever do, so that is no failure.
//
// Abstracts: controller_utils.go:RealPodControl.createPods.
func (c *Controller) create(ctx context.Context, rs *apps.ReplicaSet, key string) error {
	pod, err := c.client.CoreV1().Pods(rs.Namespace).Create(ctx, newPod(rs), metav1.CreateOptions{})
	if apierrors.HasStatusCause(err, v1.NamespaceTerminatingCause) {
		return nil
	}
	if err != nil {
		c.event(rs, v1.EventTypeWarning, "FailedCreate", "Error creating: %v", err)
		return err
	}
	c.writes.Pod(key, rs.UID, pod.ResourceVersion)
	c.event(rs, v1.EventTypeNormal, "SuccessfulCreate", "Created pod: %v", pod.Name)
	return nil
}

// newPod is the template with an owner and no name yet.
//
// Abstracts: controller_utils.go:GetPodFromTemplate.
func newPod(rs *apps.ReplicaSet) *v1.Pod {
	template := rs.Spec.Template.DeepCopy()
	prefix := rs.Name + "-"
	if len(validation.NameIsDNSSubdomain(prefix, true)) != 0 {
		prefix = rs.Name
	}
	return &v1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			GenerateName:    prefix,
			Labels:          maps.Clone(template.Labels),
			Annotations:     template.Annotations,
			Finalizers:      template.Finalizers,
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(rs, kind)},
		},
		Spec: template.Spec,
	}
}

// delete deletes a pod by name alone. A delete that fails is not expected any more;
// that the pod is gone is no error.
//
// Abstracts: controller_utils.go:RealPodControl.DeletePod, and its caller in
// replica_set.go:manageReplicas.
func (c *Controller) delete(ctx context.Context, rs *apps.ReplicaSet, key string, pod *v1.Pod) error {
	err := c.client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{})
	if err == nil {
		c.event(rs, v1.EventTypeNormal, "SuccessfulDelete", "Deleted pod: %v", pod.Name)
		return nil
	}
	c.expectations.Deleted(key, controller.PodKey(pod))
	if apierrors.IsNotFound(err) {
		return nil
	}
	c.event(rs, v1.EventTypeWarning, "FailedDelete", "Error deleting: %v", err)
	return fmt.Errorf("deleting pod %s: %w", pod.Name, err)
}

// adopt makes the ReplicaSet the controller of a pod, if the pod still has its UID and
// no other controller.
//
// Abstracts: controller_ref_manager.go:AdoptPod, ownerRefControllerPatch.
func (c *Controller) adopt(ctx context.Context, rs *apps.ReplicaSet, key string, pod *v1.Pod) error {
	adopted, err := c.patch(ctx, pod, metav1.NewControllerRef(rs, kind))
	if err == nil {
		c.writes.Pod(key, rs.UID, adopted.ResourceVersion)
	}
	return err
}

// release takes the ReplicaSet off a pod. That the pod is gone, or has another UID, is
// no error.
//
// Abstracts: controller_ref_manager.go:ReleasePod,
// GenerateDeleteOwnerRefStrategicMergeBytes.
func (c *Controller) release(ctx context.Context, rs *apps.ReplicaSet, pod *v1.Pod) error {
	_, err := c.patch(ctx, pod, map[string]string{"$patch": "delete", "uid": string(rs.UID)})
	if apierrors.IsNotFound(err) || apierrors.IsInvalid(err) {
		return nil
	}
	return err
}

// patch merges one owner reference into a pod; the UID in it makes it fail for another
// pod of the name.
func (c *Controller) patch(ctx context.Context, pod *v1.Pod, ownerReference any) (*v1.Pod, error) {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"uid":             pod.UID,
		"ownerReferences": []any{ownerReference},
	}})
	if err != nil {
		return nil, err
	}
	return c.client.CoreV1().Pods(pod.Namespace).Patch(ctx, pod.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{})
}

// writeStatus writes a status on the ReplicaSet that was in the cache. If that fails it
// reads the ReplicaSet live, and writes the same numbers on what it finds.
//
// Abstracts: replica_set_utils.go:updateReplicaSetStatus.
func (c *Controller) writeStatus(ctx context.Context, rs *apps.ReplicaSet, status apps.ReplicaSetStatus) (*apps.ReplicaSet, error) {
	if upToDate(rs, status) {
		return rs, nil
	}
	status.ObservedGeneration = rs.Generation // which these numbers are about
	client := c.client.AppsV1().ReplicaSets(rs.Namespace)
	write := func(rs *apps.ReplicaSet) (*apps.ReplicaSet, error) {
		rs.Status = status
		return client.UpdateStatus(ctx, rs, metav1.UpdateOptions{})
	}
	updated, err := write(rs.DeepCopy())
	if err == nil {
		return updated, nil
	}
	live, err := client.Get(ctx, rs.Name, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	return write(live)
}

func (c *Controller) event(rs *apps.ReplicaSet, eventType, reason, format string, args ...any) {
	if c.options.Events {
		c.recorder.ReplicaSet(rs, eventType, reason, format, args...)
	}
}

// slowStart makes n calls in batches of 1, 2, 4 and so on, each batch in parallel. A
// batch with a failure is the last. It returns how many calls succeeded.
//
// Abstracts: replica_set.go:slowStartBatch.
func slowStart(n int, call func() error) (succeeded int, err error) {
	for batch := min(n, 1); batch > 0; batch = min(2*batch, n-succeeded) {
		failed, err := inParallel(batch, func(int) error { return call() })
		succeeded += batch - failed
		if err != nil {
			return succeeded, err
		}
	}
	return succeeded, nil
}

// inParallel makes n calls at once and waits for all. Of several errors it returns the
// first by its text, since which of the calls was first is not for certain.
func inParallel(n int, call func(i int) error) (failed int, err error) {
	failures := make([]error, n)
	var calls sync.WaitGroup
	for i := range n {
		calls.Go(func() { failures[i] = call(i) })
	}
	calls.Wait()
	failures = slices.DeleteFunc(failures, func(err error) bool { return err == nil })
	if len(failures) == 0 {
		return 0, nil
	}
	return len(failures), slices.MinFunc(failures, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
}
