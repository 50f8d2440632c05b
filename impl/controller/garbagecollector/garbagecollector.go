// Package garbagecollector is the garbage collector of owners: it deletes what
// only names owners that are gone, and lets owners that are deleted with
// propagation foreground or orphan go once their dependents are.
//
// The graph of owners and dependents is the caches themselves, with an index from
// an owner's UID to its dependents. What the caches show is only a reason to look:
// before anything is written the object and its owners are read live.
package garbagecollector

import (
	"context"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/workqueue"

	"github.com/reconverge/reconverge/impl/controller"
)

// Component is the user agent of the collector's own requests.
const Component = "garbagecollector"

// discoveryRetry is the pause after the kinds of the server could not be read.
const discoveryRetry = time.Second

// Options configure the collector. The zero value is as it should be.
type Options struct {
	// Resources are those that are watched, such as pods; nil: all but events. In a
	// cluster that is known to have no others it saves many requests.
	Resources []string
	// DeletingIsGone is gc.deletingIsGone: an owner that lets its dependents go is
	// taken for one that is gone.
	DeletingIsGone bool
}

// A Controller is the garbage collector of one process.
//
// Upstream: pkg/controller/garbagecollector/garbagecollector.go:GarbageCollector.
// Omits: kinds that the server gets to know after the start; the search for cycles of
// owners that are all deleted in the foreground (attemptToDeleteItem: such a cycle stays);
// collecting before every cache has synced; events; several workers.
type Controller struct {
	options   Options
	process   *controller.Process
	metadata  metadata.Interface
	discovery discovery.DiscoveryInterface
	queue     workqueue.TypedRateLimitingInterface[item]
	absent    *absentOwners

	// kinds and monitors are made once by discover and monitor, before a worker or a handler runs.
	kinds    kinds
	monitors map[schema.GroupVersionResource]*monitor
}

// An item is one object to look at, which another one of its name is not.
type item struct {
	resource  schema.GroupVersionResource
	namespace string
	name      string
	uid       types.UID
}

// New returns the garbage collector of p. Which kinds there are it asks the server at
// the start, and adds informers to those of p then.
func New(p *controller.Process, o Options) (*Controller, error) {
	config := rest.AddUserAgent(rest.CopyConfig(p.Config), Component)
	meta, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	disco, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, err
	}
	return &Controller{options: o, process: p, metadata: meta, discovery: disco, absent: newAbsentOwners()}, nil
}

// Start collects until ctx ends.
func (c *Controller) Start(ctx context.Context) error {
	c.queue = workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[item]())
	defer c.queue.ShutDown()
	if c.kinds = c.discover(ctx); c.kinds == nil {
		return nil // ctx has ended
	}
	custom := metadatainformer.NewSharedInformerFactory(c.metadata, 0)
	defer custom.Shutdown()
	synced, err := c.monitor(custom)
	if err != nil {
		return err
	}
	c.process.Informers.StartWithContext(ctx)
	custom.Start(ctx.Done())
	if !synced(ctx) {
		return nil
	}

	var worker sync.WaitGroup
	worker.Go(func() {
		for c.next(ctx) {
		}
	})
	<-ctx.Done()
	c.queue.ShutDown()
	worker.Wait()
	return nil
}

// next looks at the next item of the queue. It reports whether there may be another.
func (c *Controller) next(ctx context.Context) bool {
	it, quit := c.queue.Get()
	if quit {
		return false
	}
	defer c.queue.Done(it)
	again, err := c.sync(ctx, it)
	switch {
	case err != nil:
		if !apierrors.IsConflict(err) && ctx.Err() == nil {
			utilruntime.HandleErrorWithContext(ctx, err, "collecting", "resource", it.resource, "namespace", it.namespace, "name", it.name)
		}
		c.queue.AddRateLimited(it)
	case again:
		c.queue.AddRateLimited(it)
	default:
		c.queue.Forget(it)
	}
	return true
}

// sync does what the caches give reason to do about one object. It asks to be called
// again while they do not show an owner that there is.
//
// Upstream: garbagecollector.go:attemptToDeleteItem, attemptToOrphanWorker.
func (c *Controller) sync(ctx context.Context, it item) (again bool, err error) {
	object := c.cached(it)
	switch {
	case object == nil:
		return false, nil
	case waitsForOrphans(object):
		return false, c.orphan(ctx, it)
	case waitsForDependents(object):
		return false, c.finishForeground(ctx, it)
	case object.GetDeletionTimestamp() != nil || !c.suspect(it, object.GetOwnerReferences()):
		return false, nil // it is on its way, or all its owners are there
	}
	return c.collect(ctx, it)
}

// suspect reports whether, by the caches, some owner in refs is gone, or waits for its dependents to go.
func (c *Controller) suspect(it item, refs []metav1.OwnerReference) bool {
	for _, ref := range refs {
		owner := c.cachedOwner(it.namespace, ref)
		if owner == nil || c.waits(owner) {
			return true
		}
	}
	return false
}

// waits reports whether owner wants its dependents to be deleted before it is.
func (c *Controller) waits(owner metav1.Object) bool {
	return waitsForDependents(owner) || c.options.DeletingIsGone && waitsForOrphans(owner)
}

func waitsForDependents(o metav1.Object) bool { return deleting(o, metav1.FinalizerDeleteDependents) }
func waitsForOrphans(o metav1.Object) bool    { return deleting(o, metav1.FinalizerOrphanDependents) }
