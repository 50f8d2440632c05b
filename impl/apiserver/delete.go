package apiserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/reconverge/reconverge/impl/apiserver/store"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/utils/ptr"
)

func (c *call) prepareDelete() (action, error) {
	o, err := c.deleteOptions()
	if err != nil {
		return nil, err
	}
	if c.Name == "" {
		return c.prepareDeleteCollection(o)
	}
	c.Verb = "delete"
	return func(ctx context.Context, _ Verdict) (answer, error) {
		v, removed, err := c.delete(ctx, o)
		if err != nil {
			return answer{}, err
		}
		if removed && !c.r.returnsDeleted {
			return c.done(http.StatusOK, &metav1.StatusDetails{
				Name: c.Name, Group: c.r.Group, Kind: c.r.Plural, UID: v.obj.GetUID(),
			})
		}
		return c.succeeded(http.StatusOK, v)
	}, nil
}

// deleteOptions are in the body, or else in the query.
func (c *call) deleteOptions() (*metav1.DeleteOptions, error) {
	o := &metav1.DeleteOptions{}
	if len(c.body) > 0 {
		if err := c.decodeOptions(o); err != nil {
			return nil, err
		}
	} else if err := decodeParameters(c.query, o); err != nil {
		return nil, err
	}
	if len(o.DryRun) > 0 {
		return nil, errDryRun
	}
	return o, invalidOptions("DeleteOptions", metav1validation.ValidateDeleteOptions(o))
}

// decodeOptions reads a body that holds DeleteOptions, which every group version has.
func (c *call) decodeOptions(o *metav1.DeleteOptions) error {
	got, err := decodeAny(c.http.Header.Get("Content-Type"), c.body, o, false)
	if err != nil {
		return err
	}
	if got.Kind != "" && got.Kind != "DeleteOptions" {
		return apierrors.NewBadRequest(fmt.Sprintf("decoded object cannot be converted to DeleteOptions: %s", got))
	}
	return nil
}

var (
	errDeleteNow      = errors.New("apiserver: nothing to write before the removal")
	errAlreadyDeleted = errors.New("apiserver: deletion is going on already")
)

// delete follows apiserver/pkg/registry/generic/registry/store.go:Delete. The
// object may stay, or leave with a second write, between which and the first others
// may act.
func (c *call) delete(ctx context.Context, o *metav1.DeleteOptions) (v *version, removed bool, err error) {
	pre := metav1.Preconditions{}
	if o.Preconditions != nil {
		pre = *o.Preconditions
	}
	var marked, stays bool
	var seen *version
	v, err = c.modify(ctx, c.r, c.Namespace, c.Name, func(was *version) (object, error) {
		if err := c.meets(was.obj, pre); err != nil {
			return nil, err
		}
		next := was.obj.DeepCopyObject().(object)
		seen = was
		marked, stays, err = c.mark(next, o)
		return next, err
	})
	switch {
	case errors.Is(err, errAlreadyDeleted):
		return seen, false, nil
	case err != nil && !errors.Is(err, errDeleteNow):
		return nil, false, err
	case stays:
		return v, false, nil
	}
	if marked {
		if err := c.askPart(ctx, PartRemove); err != nil {
			return nil, false, err
		}
		if pre.ResourceVersion != nil {
			pre.ResourceVersion = ptr.To(v.obj.GetResourceVersion())
		}
		if c.RemoveWithUID {
			pre.UID = ptr.To(v.obj.GetUID())
		}
	}
	gone, err := c.removeIf(ctx, pre)
	if marked && apierrors.IsNotFound(err) {
		return v, true, nil // another one has won
	}
	return gone, true, err
}

// removeIf deletes whatever has the name now, under the caller's preconditions.
func (c *call) removeIf(ctx context.Context, pre metav1.Preconditions) (*version, error) {
	for {
		was, err := c.live(ctx, c.r, c.Namespace, c.Name)
		if err != nil {
			return nil, err
		}
		if err := c.meets(was.obj, pre); err != nil {
			return nil, err
		}
		gone, err := c.remove(ctx, was, was.obj)
		if errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrNotFound) {
			continue
		}
		return gone, err
	}
}

func (c *call) meets(o object, pre metav1.Preconditions) error {
	if pre.UID != nil && *pre.UID != o.GetUID() {
		return apierrors.NewConflict(c.r.gr, o.GetName(), fmt.Errorf(
			"the UID in the precondition (%s) does not match the UID in record (%s). The object might have been deleted and then recreated", *pre.UID, o.GetUID()))
	}
	if pre.ResourceVersion != nil && *pre.ResourceVersion != o.GetResourceVersion() && !c.NoConflict {
		return apierrors.NewConflict(c.r.gr, o.GetName(), fmt.Errorf(
			"the ResourceVersion in the precondition (%s) does not match the ResourceVersion in record (%s). The object might have been modified", *pre.ResourceVersion, o.GetResourceVersion()))
	}
	return nil
}

// mark is the first write of a DELETE, on a copy of the object: it sets or shortens
// the deletion, and adds the finalizers that the options ask for. It says whether
// it marked a deletion without grace, and whether the object stays after it
// (store.go:updateForGracefulDeletionAndFinalizers, rest/delete.go:BeforeDelete).
func (c *call) mark(o object, options *metav1.DeleteOptions) (marked, stays bool, err error) {
	grace, graceful, err := c.gracefully(o, options)
	if err != nil {
		return false, true, err
	}
	finalizers := c.finalizersFor(o, options)
	o.SetFinalizers(finalizers)
	if !graceful {
		if len(finalizers) > 0 {
			markNow(o)
			return false, true, nil
		}
		return false, false, errDeleteNow
	}
	stays = grace > 0 || len(finalizers) > 0
	return !stays, stays, nil
}

// gracefully begins or shortens the deletion of an object of a graceful kind. It is
// false for one that has no grace to lose.
func (c *call) gracefully(o object, options *metav1.DeleteOptions) (grace int64, graceful bool, err error) {
	if !c.r.graceful {
		return 0, false, nil
	}
	asked := options.GracePeriodSeconds
	if asked != nil && *asked < 0 {
		asked = ptr.To[int64](1)
	}
	if o.GetDeletionTimestamp() != nil {
		left := ptr.Deref(o.GetDeletionGracePeriodSeconds(), 0)
		if left < 0 {
			left = 1
		}
		switch {
		case left > 0 && c.DeleteExtends:
			grace = c.r.grace(o, asked)
			setDeletion(o, metav1.NewTime(now().Add(time.Duration(grace)*time.Second)), grace)
			return grace, true, nil
		case left == 0:
			return 0, false, nil
		case asked == nil || *asked >= left:
			return 0, false, errAlreadyDeleted
		}
		at := metav1.NewTime(o.GetDeletionTimestamp().Add(time.Duration(*asked-left) * time.Second))
		if present := now(); at.Before(&present) {
			at = present
		}
		setDeletion(o, at, *asked)
		return *asked, true, nil
	}
	grace = c.r.grace(o, asked)
	setDeletion(o, metav1.NewTime(now().Add(time.Duration(grace)*time.Second)), grace)
	nextGeneration(o)
	return grace, true, nil
}

func setDeletion(o object, at metav1.Time, grace int64) {
	o.SetDeletionTimestamp(&at)
	o.SetDeletionGracePeriodSeconds(&grace)
}

// markNow begins the deletion of an object that only its finalizers keep
// (store.go:markAsDeleting).
func markNow(o object) {
	at := o.GetDeletionTimestamp()
	if at == nil {
		nextGeneration(o)
	}
	if present := now(); at == nil || at.After(present.Time) {
		at = &present
	}
	setDeletion(o, *at, 0)
}

func nextGeneration(o object) {
	if o.GetGeneration() > 0 {
		o.SetGeneration(o.GetGeneration() + 1)
	}
}

// grace is the effective grace of the first DELETE of a pod
// (pkg/registry/core/pod/strategy.go:CheckGracefulDelete).
func (r *resource) grace(o object, asked *int64) int64 {
	pod := o.(*corev1.Pod)
	period := ptr.Deref(pod.Spec.TerminationGracePeriodSeconds, 0)
	if asked != nil {
		period = *asked
	}
	if pod.Spec.NodeName == "" || pod.Status.Phase == corev1.PodFailed || pod.Status.Phase == corev1.PodSucceeded {
		period = 0
	}
	if period < 0 {
		period = 1
	}
	return period
}

// finalizersFor returns the finalizers of an object whose deletion has these
// options (store.go:deletionFinalizersForGarbageCollection): at most one of orphan
// and foregroundDeletion, by the options or else as it was.
func (c *call) finalizersFor(o object, options *metav1.DeleteOptions) []string {
	old := o.GetFinalizers()
	if c.r.uncollected {
		return old
	}
	//lint:ignore SA1019 old clients send it, and it is heeded
	orphan := options.OrphanDependents
	var want string
	switch {
	case orphan != nil:
		if *orphan {
			want = metav1.FinalizerOrphanDependents
		}
	case options.PropagationPolicy != nil:
		switch *options.PropagationPolicy {
		case metav1.DeletePropagationOrphan:
			want = metav1.FinalizerOrphanDependents
		case metav1.DeletePropagationForeground:
			want = metav1.FinalizerDeleteDependents
		}
	default:
		return old
	}
	isOurs := func(f string) bool {
		return f == metav1.FinalizerOrphanDependents || f == metav1.FinalizerDeleteDependents
	}
	next := slices.DeleteFunc(slices.Clone(old), isOurs)
	if want != "" {
		next = append(next, want)
	}
	if len(next) == len(old) && (want == "" || slices.Contains(old, want)) {
		return old
	}
	return next
}

// prepareDeleteCollection deletes what a list finds, one after the other. Each is
// asked of the gate.
func (c *call) prepareDeleteCollection(o *metav1.DeleteOptions) (action, error) {
	c.Verb = "deletecollection"
	list, err := c.listOptions()
	if err != nil {
		return nil, err
	}
	p, err := c.page(list)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, verdict Verdict) (answer, error) {
		if _, err := c.snapshot(ctx, verdict, &p); err != nil {
			return answer{}, err
		}
		found, _, _, err := c.collect(ctx, p)
		if err != nil {
			return answer{}, err
		}
		for _, v := range found {
			one := *c
			one.Namespace, one.Name = v.obj.GetNamespace(), v.obj.GetName()
			if err := one.askPart(ctx, PartDelete); err != nil {
				return answer{}, err
			}
			if _, _, err := one.delete(ctx, o); err != nil && !apierrors.IsNotFound(err) {
				return answer{}, err
			}
		}
		return c.listed(metav1.ListMeta{}, found)
	}, nil
}

// askPart asks the gate for a later part of a request. Fail is a server that stops
// between the parts.
func (c *call) askPart(ctx context.Context, p Part) error {
	part := *c
	part.Part = p
	verdict := part.ask(ctx)
	if err := ctx.Err(); err != nil {
		return err
	}
	var status *apierrors.StatusError
	switch {
	case verdict.Outcome != Fail:
		return nil
	case errors.As(verdict.Err, &status):
		return status
	case verdict.Err != nil:
		return connectionError{verdict.Err}
	}
	return connectionError{reset()}
}
