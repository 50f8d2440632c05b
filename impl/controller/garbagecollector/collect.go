package garbagecollector

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// collect deletes an object if every owner that it names is gone, or waits for it to
// go. If another owner is left, the references to those are taken off it.
//
// Reads: the object and its owners, live.
// Writes: a DELETE with UID and resourceVersion, or a PATCH with the UID.
// Upstream: garbagecollector.go:attemptToDeleteItem.
func (c *Controller) collect(ctx context.Context, it item) (again bool, err error) {
	latest, err := c.get(ctx, it)
	if latest == nil || latest.DeletionTimestamp != nil {
		return false, err
	}
	owners, err := c.classify(ctx, it, latest.OwnerReferences)
	switch {
	case err != nil || len(latest.OwnerReferences) == 0:
		return false, err
	case len(owners.solid) == 0:
		return false, c.delete(ctx, it, latest, c.propagation(it, latest, owners))
	case len(owners.dangling)+len(owners.waiting) > 0:
		return false, c.disown(ctx, it, slices.Concat(owners.dangling, owners.waiting))
	}
	// The caches lag, in either direction. If an owner came and went between two lists
	// its deletion will never be heard of: look again until the caches agree.
	return true, nil
}

// owners are the UIDs that an object names, by what has become of them.
type owners struct {
	solid    []types.UID // it is there, and does not wait
	dangling []types.UID // it is gone
	waiting  []types.UID // it waits for its dependents to go
}

// classify reads each owner live.
//
// Upstream: garbagecollector.go:classifyReferences, isDangling.
func (c *Controller) classify(ctx context.Context, it item, refs []metav1.OwnerReference) (o owners, err error) {
	for _, ref := range refs {
		owner, err := c.owner(ctx, it, ref)
		switch {
		case err != nil:
			return owners{}, err
		case owner == nil:
			o.dangling = append(o.dangling, ref.UID)
		case c.waits(owner):
			o.waiting = append(o.waiting, ref.UID)
		default:
			o.solid = append(o.solid, ref.UID)
		}
	}
	return o, nil
}

// owner reads the owner that ref names, or returns nil if there is none of that UID.
// One that has been absent once is never looked for again: a UID does not come back.
func (c *Controller) owner(ctx context.Context, it item, ref metav1.OwnerReference) (metav1.Object, error) {
	k, known := c.kinds[groupKind(ref)]
	switch {
	case !known:
		return nil, fmt.Errorf("owner %s of %s %s/%s: the server has no such kind", groupKind(ref), it.resource.Resource, it.namespace, it.name)
	case k.namespaced && it.namespace == "":
		return nil, fmt.Errorf("owner %s %s of %s %s, which has no namespace, has one", ref.Kind, ref.Name, it.resource.Resource, it.name)
	}
	owner := item{k.resource, k.namespace(it.namespace), ref.Name, ref.UID}
	if c.absent.has(owner) {
		return nil, nil
	}
	found, err := c.get(ctx, owner)
	if err != nil {
		return nil, err
	}
	if found == nil {
		c.absent.add(owner)
		return nil, nil
	}
	return found, nil
}

// propagation is how an object is to be deleted: so that its own dependents go
// before its owner does, if that waits; else as its finalizers already say.
func (c *Controller) propagation(it item, latest metav1.Object, o owners) metav1.DeletionPropagation {
	switch {
	case len(o.waiting) > 0 && len(c.dependents(it.uid)) > 0, has(latest, metav1.FinalizerDeleteDependents):
		return metav1.DeletePropagationForeground
	case has(latest, metav1.FinalizerOrphanDependents):
		return metav1.DeletePropagationOrphan
	}
	return metav1.DeletePropagationBackground
}

// delete deletes the object as it was read. If it has changed since in anything but its
// owners it is deleted all the same: else a busy object would never be collected.
//
// Upstream: operations.go:deleteObject.
func (c *Controller) delete(ctx context.Context, it item, read *metav1.PartialObjectMetadata, p metav1.DeletionPropagation) error {
	preconditions := &metav1.Preconditions{UID: &read.UID, ResourceVersion: &read.ResourceVersion}
	options := metav1.DeleteOptions{Preconditions: preconditions, PropagationPolicy: &p}
	err := c.resource(it).Delete(ctx, it.name, options)
	if apierrors.IsConflict(err) {
		now, readErr := c.get(ctx, it)
		if readErr != nil || now == nil {
			return readErr
		}
		if !equality.Semantic.DeepEqual(now.OwnerReferences, read.OwnerReferences) {
			return err
		}
		preconditions.ResourceVersion = nil
		err = c.resource(it).Delete(ctx, it.name, options)
	}
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// orphan takes the owner off every dependent that the caches show, and then its
// own finalizer off the owner.
//
// Upstream: garbagecollector.go:attemptToOrphanWorker, orphanDependents.
func (c *Controller) orphan(ctx context.Context, owner item) error {
	for _, d := range c.dependents(owner.uid) {
		if err := c.disown(ctx, d.item, []types.UID{owner.uid}); err != nil {
			return err
		}
	}
	return c.removeFinalizer(ctx, owner, metav1.FinalizerOrphanDependents)
}

// finishForeground takes its finalizer off an owner that waits, if the caches show
// no dependent that holds it up. Otherwise it sees to those.
//
// Upstream: garbagecollector.go:processDeletingDependentsItem.
func (c *Controller) finishForeground(ctx context.Context, owner item) error {
	blocked := false
	for _, d := range c.dependents(owner.uid) {
		if !blocks(d, owner.uid) {
			continue
		}
		blocked = true
		if !waitsForDependents(d) {
			c.queue.Add(d.item)
		}
	}
	if blocked {
		return nil
	}
	return c.removeFinalizer(ctx, owner, metav1.FinalizerDeleteDependents)
}

// blocks reports whether o holds up the deletion of the owner that it names.
func blocks(o metav1.Object, owner types.UID) bool {
	return slices.ContainsFunc(o.GetOwnerReferences(), func(ref metav1.OwnerReference) bool {
		return ref.UID == owner && ref.BlockOwnerDeletion != nil && *ref.BlockOwnerDeletion
	})
}

func deleting(o metav1.Object, finalizer string) bool {
	return o.GetDeletionTimestamp() != nil && has(o, finalizer)
}

func has(o metav1.Object, finalizer string) bool {
	return slices.Contains(o.GetFinalizers(), finalizer)
}
