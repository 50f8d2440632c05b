package replicaset

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	apps "k8s.io/api/apps/v1"
	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/tools/cache"

	"github.com/reconverge/reconverge/impl/controller"
)

// sync brings one ReplicaSet nearer to its size. It is never called for the same key
// twice at once.
//
// Abstracts: replica_set.go:syncReplicaSet.
func (c *Controller) sync(ctx context.Context, key string) error {
	if c.options.gated() {
		if err := c.writes.Visible(key); err != nil {
			return err
		}
	}
	rs, err := c.load(key)
	if apierrors.IsNotFound(err) {
		c.forget(key, "")
		return nil
	}
	if err != nil {
		return err
	}
	selector, err := metav1.LabelSelectorAsSelector(rs.Spec.Selector)
	if err != nil {
		utilruntime.HandleErrorWithContext(ctx, err, "ReplicaSet with a bad selector", "key", key)
		return nil // it would be as bad the next time
	}
	satisfied, pods, err := c.look(ctx, rs, key)
	if err != nil {
		return err
	}
	claims := c.options.Claims(rs, selector, pods)
	counted, err := c.claim(ctx, rs, key, claims)
	if err != nil {
		return err
	}
	failure := c.manage(ctx, rs, key, counted, satisfied)
	return c.report(ctx, rs, key, counted, claims.Terminating, failure)
}

func (c *Controller) load(key string) (*apps.ReplicaSet, error) {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return nil, err
	}
	return c.replicaSets.ReplicaSets(namespace).Get(name)
}

// forget drops the memory of a ReplicaSet that is gone; an empty uid: of any that had
// the name.
func (c *Controller) forget(key string, uid types.UID) {
	c.writes.Forget(key, uid)
	c.expectations.Forget(key)
}

// look asks whether all creates and deletes have been seen (R3), and only then lists
// the pods (R4). Handlers lag behind the cache: what they have counted, the list has.
func (c *Controller) look(ctx context.Context, rs *apps.ReplicaSet, key string) (satisfied bool, pods []*v1.Pod, err error) {
	if !c.options.ListBeforeGate {
		satisfied = c.expectations.Satisfied(key)
		pods, err = c.list(rs)
		return satisfied, pods, err
	}
	if pods, err = c.list(rs); err != nil {
		return false, nil, err
	}
	_, err = c.client.AppsV1().ReplicaSets(rs.Namespace).Get(ctx, rs.Name, metav1.GetOptions{})
	return c.expectations.Satisfied(key), pods, err
}

// list returns the pods of the ReplicaSet and all orphans of its namespace, from the
// cache.
//
// Abstracts: controller_utils.go:FilterPodsByOwner.
func (c *Controller) list(rs *apps.ReplicaSet) ([]*v1.Pod, error) {
	owned, err := controller.Indexed[*v1.Pod](c.podIndex, controller.PodsByController,
		controller.ControllerKey(rs.Namespace, metav1.NewControllerRef(rs, kind)))
	if err != nil {
		return nil, err
	}
	orphans, err := controller.Indexed[*v1.Pod](c.podIndex, controller.PodsByController, controller.ControllerKey(rs.Namespace, nil))
	return append(owned, orphans...), err
}

// claim releases and adopts pods, one after the other, and returns those that count.
// If a request fails the sync ends.
//
// Abstracts: controller_ref_manager.go:ClaimPods.
func (c *Controller) claim(ctx context.Context, rs *apps.ReplicaSet, key string, claims Claims) ([]*v1.Pod, error) {
	var failures []error
	for _, pod := range claims.Release {
		failures = append(failures, c.release(ctx, rs, pod))
	}
	counted := append([]*v1.Pod(nil), claims.Owned...)
	if c.options.CountTerminating {
		counted = append(counted, claims.Terminating...)
	}
	mayAdopt := sync.OnceValue(func() error { return c.recheckOwner(ctx, rs) })
	for _, pod := range claims.Adopt {
		if err := mayAdopt(); err != nil {
			failures = append(failures, fmt.Errorf("cannot adopt %s: %w", controller.PodKey(pod), err))
			continue
		}
		err := c.adopt(ctx, rs, key, pod)
		if apierrors.IsNotFound(err) {
			continue // gone by now
		}
		failures = append(failures, err)
		if err == nil && controller.IsActive(pod) {
			counted = append(counted, pod)
		}
	}
	return controller.Sorted(counted), errors.Join(failures...)
}

// recheckOwner reads the ReplicaSet live before the first adoption of a sync: the
// cache may show one that is gone, or that lets its pods go.
//
// Abstracts: controller_utils.go:RecheckDeletionTimestamp, replica_set.go:claimPods.
func (c *Controller) recheckOwner(ctx context.Context, rs *apps.ReplicaSet) error {
	if c.options.NoLiveRecheck {
		return nil
	}
	live, err := c.client.AppsV1().ReplicaSets(rs.Namespace).Get(ctx, rs.Name, metav1.GetOptions{})
	switch {
	case err != nil:
		return err
	case live.UID != rs.UID:
		return fmt.Errorf("ReplicaSet %s/%s has UID %s, not %s", rs.Namespace, rs.Name, live.UID, rs.UID)
	case live.DeletionTimestamp != nil:
		return fmt.Errorf("ReplicaSet %s/%s is being deleted", rs.Namespace, rs.Name)
	}
	return nil
}

// manage decides how many pods to create, or which to delete, and does so (R6). What
// is expected is set before the first request is sent.
//
// Abstracts: replica_set.go:manageReplicas.
func (c *Controller) manage(ctx context.Context, rs *apps.ReplicaSet, key string, counted []*v1.Pod, satisfied bool) error {
	related := func() []*v1.Pod { return c.related(ctx, rs) }
	d := c.options.Decide(rs, counted, satisfied, related, time.Now())
	switch {
	case d.Create > 0:
		c.expectations.Expect(key, d.Create, nil)
		succeeded, err := slowStart(d.Create, func() error { return c.create(ctx, rs, key) })
		for range d.Create - succeeded {
			c.expectations.Created(key) // failed, or not tried
		}
		return err
	case len(d.Delete) > 0:
		names := make([]string, len(d.Delete))
		for i, pod := range d.Delete {
			names[i] = controller.PodKey(pod)
		}
		c.expectations.Expect(key, 0, names)
		_, err := inParallel(len(d.Delete), func(i int) error { return c.delete(ctx, rs, key, d.Delete[i]) })
		return err
	}
	return nil
}

// related returns the pods that match the selectors of all ReplicaSets with the same
// controller as rs, such as those of one Deployment.
//
// Abstracts: replica_set.go:getIndirectlyRelatedPods.
func (c *Controller) related(ctx context.Context, rs *apps.ReplicaSet) []*v1.Pod {
	ref := metav1.GetControllerOfNoCopy(rs)
	if ref == nil {
		return nil
	}
	siblings, err := controller.Indexed[*apps.ReplicaSet](c.siblings, bySibling, string(ref.UID))
	if err != nil {
		utilruntime.HandleErrorWithContext(ctx, err, "Listing ReplicaSets of one controller", "controller", ref.Name)
		return nil
	}
	var related []*v1.Pod
	seen := map[types.UID]bool{}
	for _, sibling := range siblings {
		selector, err := metav1.LabelSelectorAsSelector(sibling.Spec.Selector)
		if err != nil {
			continue // it matches nothing
		}
		for _, pod := range c.matching(sibling.Namespace, selector) {
			if !seen[pod.UID] {
				seen[pod.UID] = true
				related = append(related, pod)
			}
		}
	}
	return related
}

func (c *Controller) matching(namespace string, selector labels.Selector) []*v1.Pod {
	pods, err := c.pods.Pods(namespace).List(selector)
	if err != nil {
		return nil // a cache has no errors
	}
	return pods
}

// report writes the status, if it is another, and looks ahead (R7, R8). A failure of
// R6 is returned in the end, so that the key comes back.
func (c *Controller) report(ctx context.Context, rs *apps.ReplicaSet, key string, counted, terminating []*v1.Pod, failure error) error {
	now := time.Now()
	status := c.options.Status(rs, counted, terminating, failure, now)
	updated, err := c.writeStatus(ctx, rs, status)
	if err != nil {
		return err
	}
	c.writes.ReplicaSet(key, rs.UID, updated.ResourceVersion)
	if failure != nil {
		return failure
	}
	if after := c.options.Recheck(updated, counted, now); after > 0 {
		c.queue.AddAfter(key, after)
	}
	return nil
}
