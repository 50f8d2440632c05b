package garbagecollector

import (
	"cmp"
	"context"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/tools/cache"
)

// ownerIndex is the index of a cache by the UIDs of owners.
const ownerIndex = "ownerUID"

// A monitor is the cache of one kind.
type monitor struct {
	resource schema.GroupVersionResource
	informer cache.SharedIndexInformer
	indexer  cache.Indexer
}

// monitor watches each kind: in the cache that it shares with the other controllers
// of the process if it is one of Kubernetes' own, and in one of metadata otherwise.
// It returns what waits for the caches, and for the handlers to have seen them.
//
// Upstream: graph_builder.go:syncMonitors, controllerFor.
func (c *Controller) monitor(custom metadatainformer.SharedInformerFactory) (synced func(context.Context) bool, err error) {
	c.monitors = map[schema.GroupVersionResource]*monitor{}
	for _, k := range c.kinds.watched() {
		generic, err := c.process.Informers.ForResource(k.resource)
		if err != nil {
			generic = custom.ForResource(k.resource)
		}
		informer := generic.Informer()
		if err := informer.AddIndexers(cache.Indexers{ownerIndex: ownerUIDs}); err != nil {
			return nil, err
		}
		c.monitors[k.resource] = &monitor{k.resource, informer, informer.GetIndexer()}
	}
	// Only now, since some of these informers run already, and a handler reads all monitors.
	var checkers []cache.DoneChecker
	for _, k := range c.kinds.watched() {
		m := c.monitors[k.resource]
		handler, err := m.informer.AddEventHandler(c.handler(m))
		if err != nil {
			return nil, err
		}
		checkers = append(checkers, handler.HasSyncedChecker())
	}
	return func(ctx context.Context) bool { return cache.WaitFor(ctx, "", checkers...) }, nil
}

func (c *Controller) handler(m *monitor) cache.ResourceEventHandler {
	return cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { c.changed(m, nil, object(o)) },
		UpdateFunc: func(old, o any) { c.changed(m, object(old), object(o)) },
		DeleteFunc: func(o any) { c.removed(m, object(o)) },
	}
}

func ownerUIDs(o any) (uids []string, err error) {
	accessor, err := meta.Accessor(o)
	if err != nil {
		return nil, err
	}
	for _, ref := range accessor.GetOwnerReferences() {
		uids = append(uids, string(ref.UID))
	}
	return uids, nil
}

// object is what an informer hands to a handler, without a tombstone around it.
func object(o any) metav1.Object {
	if tombstone, ok := o.(cache.DeletedFinalStateUnknown); ok {
		o = tombstone.Obj
	}
	accessor, err := meta.Accessor(o)
	if err != nil {
		return nil // no object of an informer is without metadata
	}
	return accessor
}

func (m *monitor) item(o metav1.Object) item {
	return item{m.resource, o.GetNamespace(), o.GetName(), o.GetUID()}
}

// changed queues what may have to be collected now that o is as it is: itself, if
// owners of it are not to be seen; its dependents, if it waits for them; and the owners that wait for it.
//
// Upstream: graph_builder.go:processGraphChanges, processTransitions.
func (c *Controller) changed(m *monitor, old, o metav1.Object) {
	if o == nil {
		return
	}
	if old != nil && old.GetUID() != o.GetUID() {
		c.removed(m, old) // a relist has joined a deletion and a creation
		old = nil
	}
	if c.waits(o) {
		c.enqueueDependents(o.GetUID())
	}
	it := m.item(o)
	if waitsForOrphans(o) || waitsForDependents(o) || c.suspect(it, o.GetOwnerReferences()) {
		c.queue.Add(it)
	}
	if old != nil {
		c.enqueueWaiting(o.GetNamespace(), old.GetOwnerReferences())
	}
}

// removed queues the dependents of an owner that is gone, and the owners that have waited for it.
func (c *Controller) removed(m *monitor, o metav1.Object) {
	if o == nil {
		return
	}
	c.enqueueDependents(o.GetUID())
	c.enqueueWaiting(o.GetNamespace(), o.GetOwnerReferences())
}

func (c *Controller) enqueueDependents(owner types.UID) {
	for _, d := range c.dependents(owner) {
		c.queue.Add(d.item)
	}
}

// enqueueWaiting queues those owners in refs that wait for their dependents to go.
func (c *Controller) enqueueWaiting(namespace string, refs []metav1.OwnerReference) {
	for _, ref := range refs {
		k, known := c.kinds[groupKind(ref)]
		if owner := c.cachedOwner(namespace, ref); known && owner != nil && waitsForDependents(owner) {
			c.queue.Add(item{k.resource, owner.GetNamespace(), owner.GetName(), owner.GetUID()})
		}
	}
}

// A dependent is an object that names an owner.
type dependent struct {
	item
	metav1.Object
}

// dependents are the objects of all caches that name owner, sorted.
func (c *Controller) dependents(owner types.UID) (all []dependent) {
	for _, m := range c.monitors {
		objects, err := m.indexer.ByIndex(ownerIndex, string(owner))
		if err != nil {
			continue // the index is there since monitor
		}
		for _, o := range objects {
			if o := object(o); o != nil {
				all = append(all, dependent{m.item(o), o})
			}
		}
	}
	slices.SortFunc(all, func(a, b dependent) int {
		return cmp.Or(cmp.Compare(a.resource.String(), b.resource.String()),
			cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.name, b.name))
	})
	return all
}

// cached is the object of it in the cache of its kind, or nil if there is none of that UID.
func (c *Controller) cached(it item) metav1.Object {
	m := c.monitors[it.resource]
	if m == nil {
		return nil
	}
	key := cache.NewObjectName(it.namespace, it.name).String()
	found, exists, err := m.indexer.GetByKey(key)
	if err != nil || !exists {
		return nil
	}
	if o := object(found); o != nil && o.GetUID() == it.uid {
		return o
	}
	return nil
}

// cachedOwner is the owner that ref names, of an object of namespace, in the cache of
// its kind. It is nil if the cache shows none of that UID, or the kind has no cache.
func (c *Controller) cachedOwner(namespace string, ref metav1.OwnerReference) metav1.Object {
	k, known := c.kinds[groupKind(ref)]
	if !known {
		return nil
	}
	return c.cached(item{k.resource, k.namespace(namespace), ref.Name, ref.UID})
}
