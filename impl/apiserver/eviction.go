package apiserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"
)

const (
	// evictionRetries bounds how often a lost race is run again
	// (pkg/registry/core/pod/storage/eviction.go:EvictionsRetry). Upstream waits half a
	// second in between; here the other write is over when the race is lost.
	evictionRetries = 20
	// disruptedLimit is the number of evictions of one budget that its controller has
	// not confirmed (eviction.go:MaxDisruptedPodSize).
	disruptedLimit = 2000
)

func (c *call) prepareEviction() (action, error) {
	c.Verb = "create"
	e := &policyv1.Eviction{}
	if err := decodeBody(c.http.Header.Get("Content-Type"), c.body, e, policyv1.SchemeGroupVersion.WithKind("Eviction"), false); err != nil {
		return nil, err
	}
	if err := c.sameNamespace(e); err != nil {
		return nil, err
	}
	if e.Name != c.Name {
		return nil, apierrors.NewBadRequest("name in URL does not match name in Eviction object")
	}
	options := metav1.DeleteOptions{}
	if e.DeleteOptions != nil {
		options = *e.DeleteOptions
	}
	if len(options.DryRun) > 0 {
		return nil, errDryRun
	}
	if err := invalidOptions("DeleteOptions", metav1validation.ValidateDeleteOptions(&options)); err != nil {
		return nil, err
	}
	return func(ctx context.Context, _ Verdict) (answer, error) {
		if err := c.evict(ctx, &options); err != nil {
			return answer{}, err
		}
		return c.done(http.StatusCreated, nil)
	}, nil
}

// evict follows pkg/registry/core/pod/storage/eviction.go:Create, steps E1 to E5 of
// protocol.md 4.8. Its writes are the budget's, the pod's condition, and the DELETE.
func (c *call) evict(ctx context.Context, o *metav1.DeleteOptions) error {
	pod, done, err := c.evictUnbudgeted(ctx, o)
	if done || err != nil {
		return err
	}
	budget, err := c.budgetOf(ctx, pod)
	if err != nil {
		return err
	}
	switch {
	case budget == nil:
		return c.condemn(ctx, o, "")
	case condition(&pod.Status, corev1.PodReady) != corev1.ConditionTrue && sparesUnready(budget):
		err := c.condemn(ctx, withRevision(o, pod), "")
		if apierrors.IsConflict(err) && revisionUnset(o) {
			return tooManyEvictions(budget.Name)
		}
		return err
	}
	if err := c.takeFromBudget(ctx, budget.Name, pod.Name); err != nil {
		return err
	}
	return c.condemn(ctx, o, PartCondition)
}

// evictUnbudgeted evicts a pod whose end disrupts nothing. Otherwise it returns the
// pod.
func (c *call) evictUnbudgeted(ctx context.Context, o *metav1.DeleteOptions) (pod *corev1.Pod, done bool, err error) {
	for range evictionRetries {
		v, err := c.live(ctx, c.r, c.Namespace, c.Name)
		if err != nil {
			return nil, false, err
		}
		pod := v.obj.(*corev1.Pod)
		over := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed || pod.DeletionTimestamp != nil
		if !over && pod.Status.Phase != corev1.PodPending {
			return pod, false, nil
		}
		options := o
		if !over && revisionUnset(o) {
			options = withRevision(o, pod) // it might become healthy before it goes
		}
		if err = c.condemn(ctx, options, ""); !apierrors.IsConflict(err) || !revisionUnset(o) {
			return pod, true, err
		}
	}
	return nil, true, apierrors.NewConflict(c.r.gr, c.Name, errors.New(optimisticLock))
}

func revisionUnset(o *metav1.DeleteOptions) bool {
	return o.Preconditions == nil || ptr.Deref(o.Preconditions.ResourceVersion, "") == ""
}

func withRevision(o *metav1.DeleteOptions, pod *corev1.Pod) *metav1.DeleteOptions {
	o = o.DeepCopy()
	if o.Preconditions == nil {
		o.Preconditions = &metav1.Preconditions{}
	}
	o.Preconditions.ResourceVersion = ptr.To(pod.ResourceVersion)
	return o
}

// condemn sets DisruptionTarget on the pod and deletes it
// (eviction.go:addConditionAndDeletePod). The first of the two writes is asked for
// as part, if it is not the first of the request.
func (c *call) condemn(ctx context.Context, o *metav1.DeleteOptions, part Part) error {
	if part != "" {
		if err := c.askPart(ctx, part); err != nil {
			return err
		}
	}
	v, err := c.modify(ctx, c.r, c.Namespace, c.Name, func(was *version) (object, error) {
		if err := c.meets(was.obj, ptr.Deref(o.Preconditions, metav1.Preconditions{})); err != nil {
			return nil, err
		}
		pod := was.obj.DeepCopyObject().(*corev1.Pod)
		setCondition(&pod.Status, corev1.PodCondition{
			Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue,
			Reason: "EvictionByEvictionAPI", Message: "Eviction API: evicting",
		})
		if finalized(pod, was.obj) {
			return pod, errFinalized
		}
		return pod, nil
	})
	if err != nil {
		return err
	}
	if !revisionUnset(o) {
		o = withRevision(o, v.obj.(*corev1.Pod))
	}
	if err := c.askPart(ctx, PartDelete); err != nil {
		return err
	}
	_, _, err = c.delete(ctx, o)
	return err
}

// budgetOf returns the one budget that covers a pod, or nil.
func (c *call) budgetOf(ctx context.Context, pod *corev1.Pod) (*policyv1.PodDisruptionBudget, error) {
	r := c.resources[policyv1.SchemeGroupVersion.WithResource("poddisruptionbudgets")]
	if r == nil {
		return nil, nil
	}
	of := *c
	of.r = r
	found, _, _, err := of.collect(ctx, page{selection: selection{prefix: r.key(pod.Namespace, ""), all: true}})
	if err != nil {
		return nil, err
	}
	var budget *policyv1.PodDisruptionBudget
	for _, v := range found {
		b := v.obj.(*policyv1.PodDisruptionBudget)
		selector, err := metav1.LabelSelectorAsSelector(b.Spec.Selector)
		if err != nil || !selector.Matches(labels.Set(pod.Labels)) {
			continue // upstream skips a broken selector too
		}
		if budget != nil {
			return nil, statusError(http.StatusInternalServerError, "",
				"This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.")
		}
		budget = b
	}
	return budget, nil
}

// sparesUnready says that a pod that is not Ready does not count for its budget.
func sparesUnready(b *policyv1.PodDisruptionBudget) bool {
	return ptr.Deref(b.Spec.UnhealthyPodEvictionPolicy, policyv1.IfHealthyBudget) == policyv1.AlwaysAllow ||
		b.Status.CurrentHealthy >= b.Status.DesiredHealthy && b.Status.DesiredHealthy > 0
}

// takeFromBudget counts an eviction against the newest state of a budget
// (eviction.go:checkAndDecrement).
func (c *call) takeFromBudget(ctx context.Context, name, pod string) error {
	r := c.resources[policyv1.SchemeGroupVersion.WithResource("poddisruptionbudgets")]
	_, err := c.modify(ctx, r, c.Namespace, name, func(was *version) (object, error) {
		b := was.obj.DeepCopyObject().(*policyv1.PodDisruptionBudget)
		if err := refusal(b); err != nil {
			return nil, err
		}
		b.Status.DisruptionsAllowed--
		if b.Status.DisruptionsAllowed == 0 {
			meta.SetStatusCondition(&b.Status.Conditions, metav1.Condition{
				Type: policyv1.DisruptionAllowedCondition, Reason: policyv1.InsufficientPodsReason,
				Status: metav1.ConditionFalse, ObservedGeneration: b.Status.ObservedGeneration,
			})
		}
		if b.Status.DisruptedPods == nil {
			b.Status.DisruptedPods = make(map[string]metav1.Time)
		}
		b.Status.DisruptedPods[pod] = now()
		return b, nil
	})
	return err
}

// refusal is why a budget allows no eviction, or nil.
func refusal(b *policyv1.PodDisruptionBudget) error {
	switch {
	case b.Status.ObservedGeneration < b.Generation:
		return tooManyEvictions(b.Name)
	case b.Status.DisruptionsAllowed < 0:
		return forbiddenByBudget(b, "pdb disruptions allowed is negative",
			"does not allow evicting pods currently: pdb disruptions allowed is negative")
	case len(b.Status.DisruptedPods) > disruptedLimit:
		return forbiddenByBudget(b, "DisruptedPods map too big - too many evictions not confirmed by PDB controller",
			"does not allow evicting pods currently: too many pending evictions not confirmed by PDB controller")
	case b.Status.DisruptionsAllowed == 0:
		err := apierrors.NewTooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", 0)
		err.ErrStatus.Details.Causes = append(err.ErrStatus.Details.Causes, budgetCause(b.Name, exhausted(b)))
		return err
	}
	return nil
}

func exhausted(b *policyv1.PodDisruptionBudget) string {
	c := meta.FindStatusCondition(b.Status.Conditions, policyv1.DisruptionAllowedCondition)
	because := c != nil && c.Status == metav1.ConditionFalse && c.Message != ""
	switch {
	case because && c.Reason == policyv1.SyncFailedReason:
		return "does not allow evicting pods currently because it failed sync: " + c.Message
	case b.Status.CurrentHealthy <= b.Status.DesiredHealthy:
		return fmt.Sprintf("needs %d healthy pods and has %d currently", b.Status.DesiredHealthy, b.Status.CurrentHealthy)
	case because:
		return fmt.Sprintf("does not allow evicting pods currently (%s): %s", c.Reason, c.Message)
	}
	return "does not allow evicting pods currently"
}

func budgetCause(name, message string) metav1.StatusCause {
	return metav1.StatusCause{Type: policyv1.DisruptionBudgetCause, Message: "The disruption budget " + name + " " + message}
}

func forbiddenByBudget(b *policyv1.PodDisruptionBudget, why, cause string) error {
	err := apierrors.NewForbidden(schema.GroupResource{Group: policyv1.GroupName, Resource: "poddisruptionbudget"}, b.Name, errors.New(why))
	err.ErrStatus.Details.Causes = append(err.ErrStatus.Details.Causes, budgetCause(b.Name, cause))
	return err
}

// tooManyEvictions asks for another try: the budget's status is not of its spec yet,
// or the pod has changed (eviction.go:createTooManyRequestsError).
func tooManyEvictions(name string) error {
	err := apierrors.NewTooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", 10)
	err.ErrStatus.Details.Causes = append(err.ErrStatus.Details.Causes, budgetCause(name, "is still being processed by the server."))
	return err
}
