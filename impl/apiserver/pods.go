package apiserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// setCondition sets one condition of a pod, and the time of its last change
// (pkg/api/v1/pod/util.go:UpdatePodCondition).
func setCondition(status *corev1.PodStatus, c corev1.PodCondition) {
	c.LastTransitionTime = now()
	for i, old := range status.Conditions {
		if old.Type == c.Type {
			if old.Status == c.Status {
				c.LastTransitionTime = old.LastTransitionTime
			}
			status.Conditions[i] = c
			return
		}
	}
	status.Conditions = append(status.Conditions, c)
}

func condition(status *corev1.PodStatus, t corev1.PodConditionType) corev1.ConditionStatus {
	for _, c := range status.Conditions {
		if c.Type == t {
			return c.Status
		}
	}
	return corev1.ConditionUnknown
}

func (c *call) prepareBinding() (action, error) {
	c.Verb = "create"
	var b corev1.Binding
	if err := decodeBody(c.http.Header.Get("Content-Type"), c.body, &b, corev1.SchemeGroupVersion.WithKind("Binding"), false); err != nil {
		return nil, err
	}
	if err := c.sameNamespace(&b); err != nil {
		return nil, err
	}
	if b.Name != "" && b.Name != c.Name {
		return nil, apierrors.NewBadRequest("name in URL does not match name in Binding object")
	}
	if kind := b.Target.Kind; kind != "" && kind != "Node" {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("target.kind: Unsupported value: %q: supported values: \"Node\", \"<empty>\"", kind))
	}
	if b.Target.Name == "" {
		return nil, apierrors.NewBadRequest("target.name: Required value")
	}
	return func(ctx context.Context, _ Verdict) (answer, error) {
		if err := c.bind(ctx, &b); err != nil {
			return answer{}, err
		}
		return c.done(http.StatusCreated, nil)
	}, nil
}

// bind follows pkg/registry/core/pod/storage/storage.go:setPodNodeAndMetadata.
// Nobody asks whether the node exists.
func (c *call) bind(ctx context.Context, b *corev1.Binding) error {
	_, err := c.modify(ctx, c.r, c.Namespace, c.Name, func(was *version) (object, error) {
		pod := was.obj.DeepCopyObject().(*corev1.Pod)
		if err := c.bindable(pod, b); err != nil {
			return nil, apierrors.NewConflict(schema.GroupResource{Resource: "pods/binding"}, c.Name, err)
		}
		pod.Spec.NodeName = b.Target.Name
		pod.Status.NominatedNodeName = ""
		for k, v := range b.Annotations {
			pod.Annotations = withLabel(pod.Annotations, k, v)
		}
		for k, v := range b.Labels {
			pod.Labels = withLabel(pod.Labels, k, v)
		}
		setCondition(&pod.Status, corev1.PodCondition{Type: corev1.PodScheduled, Status: corev1.ConditionTrue})
		return pod, nil
	})
	return err
}

func (c *call) bindable(pod *corev1.Pod, b *corev1.Binding) error {
	switch {
	case b.UID != "" && b.UID != pod.UID && !c.BindNoUID:
		return wrongUID(b.UID, pod.UID)
	case b.ResourceVersion != "" && b.ResourceVersion != pod.ResourceVersion && !c.NoConflict:
		return errors.New(optimisticLock)
	case pod.DeletionTimestamp != nil:
		return fmt.Errorf("pod %s is being deleted, cannot be assigned to a host", pod.Name)
	case pod.Spec.NodeName != "":
		return fmt.Errorf("pod %v is already assigned to node %q", pod.Name, pod.Spec.NodeName)
	case len(pod.Spec.SchedulingGates) != 0:
		return fmt.Errorf("pod %v has non-empty .spec.schedulingGates", pod.Name)
	}
	return nil
}
