// Package tainteviction is the taint eviction controller of Kubernetes 1.37: it
// deletes pods from nodes with NoExecute taints when they no longer tolerate them.
//
// Upstream: pkg/controller/tainteviction. In v1.9 it was part of the node
// controller, and off.
package tainteviction

import (
	"context"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"

	"github.com/reconverge/reconverge/impl/controller"
)

// A Controller evicts pods from tainted nodes. What it remembers is not stored: a
// new one gives every pod its whole toleration again (#108268).
type Controller struct {
	client  kubernetes.Interface
	options Options
	events  *controller.Recorder

	nodes      corelisters.NodeLister
	pods       corelisters.PodLister
	podIndexer cache.Indexer

	queue   workqueue.TypedInterface[item]
	tainted map[string][]corev1.Taint // the NoExecute taints of nodes; the worker's
	timers  *timers
}

// New registers a controller with the informers of the process.
func New(p *controller.Process, o Options) (*Controller, error) {
	client, err := p.Client("tainteviction")
	if err != nil {
		return nil, err
	}
	pods, nodes := p.Informers.Core().V1().Pods(), p.Informers.Core().V1().Nodes()
	if err := controller.AddIndex(pods.Informer(), controller.PodsByNode, controller.IndexByNode); err != nil {
		return nil, err
	}
	c := &Controller{
		client:     client,
		options:    o.withDefaults(),
		events:     controller.NewRecorder(client, "taint-eviction-controller"),
		nodes:      nodes.Lister(),
		pods:       pods.Lister(),
		podIndexer: pods.Informer().GetIndexer(),
		queue:      workqueue.NewTypedWithConfig(workqueue.TypedQueueConfig[item]{Queue: &nodesFirst{}}),
		tainted:    map[string][]corev1.Taint{},
	}
	c.timers = newTimers(c.evict)
	if _, err := pods.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(obj any) { c.podChanged(nil, as[corev1.Pod](obj)) },
		UpdateFunc: func(old, obj any) { c.podChanged(as[corev1.Pod](old), as[corev1.Pod](obj)) },
		DeleteFunc: func(obj any) { c.podChanged(as[corev1.Pod](obj), nil) },
	}); err != nil {
		return nil, err
	}
	if _, err := nodes.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(obj any) { c.nodeChanged(nil, as[corev1.Node](obj)) },
		UpdateFunc: func(old, obj any) { c.nodeChanged(as[corev1.Node](old), as[corev1.Node](obj)) },
		DeleteFunc: func(obj any) { c.nodeChanged(as[corev1.Node](obj), nil) },
	}); err != nil {
		return nil, err
	}
	return c, nil
}

// Start evicts pods until ctx ends and the evictions under way have been answered.
// The informers of the process must have synced. A controller is started once.
//
// Omits: upstream has eight workers, and those of different nodes run side by side;
// a worker waits for nothing, so one does the same in some order.
func (c *Controller) Start(ctx context.Context) error {
	var running sync.WaitGroup
	running.Go(func() { c.events.Run(ctx) })
	running.Go(func() {
		for c.next(ctx) {
		}
	})
	<-ctx.Done()
	c.queue.ShutDown()
	running.Wait()
	c.timers.stop()
	return nil
}

// podChanged queues a pod that has come, has gone, was bound or tolerates
// something else. A relist may show it as one change from one pod to another of
// the same name; only with KeyByUID is that noticed.
//
// Abstracts: taint_eviction.go:PodUpdated.
func (c *Controller) podChanged(old, pod *corev1.Pod) {
	switch {
	case old != nil && pod != nil && old.Spec.NodeName == pod.Spec.NodeName && c.uid(old) == c.uid(pod) &&
		equality.Semantic.DeepEqual(old.Spec.Tolerations, pod.Spec.Tolerations):
		return
	case old != nil && (pod == nil || c.uid(old) != c.uid(pod)):
		c.queue.Add(podItem(old.Namespace, old.Name, old.Spec.NodeName, c.uid(old)))
	}
	if pod != nil {
		c.queue.Add(podItem(pod.Namespace, pod.Name, pod.Spec.NodeName, c.uid(pod)))
	}
}

// nodeChanged queues a node that has come, has gone, or has other NoExecute taints.
//
// Abstracts: taint_eviction.go:NodeUpdated.
func (c *Controller) nodeChanged(old, node *corev1.Node) {
	switch {
	case node == nil && old != nil:
		c.queue.Add(item{node: old.Name})
	case node != nil && (old == nil || !equality.Semantic.DeepEqual(noExecute(old.Spec.Taints), noExecute(node.Spec.Taints))):
		c.queue.Add(item{node: node.Name})
	}
}

func (c *Controller) next(ctx context.Context) bool {
	i, shutdown := c.queue.Get()
	if shutdown {
		return false
	}
	defer c.queue.Done(i)
	var err error
	if i.isPod() {
		err = c.handlePod(ctx, i)
	} else {
		err = c.handleNode(ctx, i.node)
	}
	if err != nil {
		utilruntime.HandleErrorWithContext(ctx, err, "Cache cannot be read", "node", i.node, "pod", i.pod.NamespacedName)
	}
	return true
}

// handleNode looks at the pods of a node whose taints have changed. Those of a
// node that is gone keep their timers.
//
// Abstracts: taint_eviction.go:handleNodeUpdate.
func (c *Controller) handleNode(ctx context.Context, name string) error {
	node, err := c.nodes.Get(name)
	if apierrors.IsNotFound(err) {
		delete(c.tainted, name)
		return nil
	} else if err != nil {
		return err
	}
	taints := noExecute(node.Spec.Taints)
	if len(taints) == 0 {
		delete(c.tainted, name)
	} else {
		c.tainted[name] = taints
	}
	pods, err := controller.Indexed[*corev1.Pod](c.podIndexer, controller.PodsByNode, name)
	if err != nil {
		return err
	}
	now := time.Now()
	for _, pod := range pods {
		if len(taints) == 0 {
			c.cancel(c.targetOf(pod)) // T1
		} else {
			c.handlePodOnNode(ctx, pod, taints, now)
		}
	}
	return nil
}

// handlePod looks at a pod that has changed. If the cache has another of its name
// by then, on another node, the timer of the name stays.
//
// Abstracts: taint_eviction.go:handlePodUpdate.
func (c *Controller) handlePod(ctx context.Context, i item) error {
	pod, err := c.pods.Pods(i.pod.Namespace).Get(i.pod.Name)
	if apierrors.IsNotFound(err) || err == nil && c.uid(pod) != i.pod.UID {
		c.cancel(i.pod) // T5
		return nil
	} else if err != nil {
		return err
	}
	if pod.Spec.NodeName != i.node {
		return nil
	}
	if taints := c.tainted[i.node]; len(taints) > 0 {
		c.handlePodOnNode(ctx, pod, taints, time.Now())
	}
	return nil
}

// handlePodOnNode sets or cancels the timer of a pod on a tainted node. A timer
// that runs is kept as it is, however short the toleration of a new taint: what it
// would be set to is compared with the time that has gone by, not with its end.
//
// Abstracts: taint_eviction.go:processPodOnNode.
func (c *Controller) handlePodOnNode(ctx context.Context, pod *corev1.Pod, taints []corev1.Taint, now time.Time) {
	g := c.targetOf(pod)
	d, all := tolerance(taints, pod.Spec.Tolerations)
	switch {
	case !all: // T2
		c.cancel(g)
		c.timers.add(ctx, g, now, 0)
	case d == forever: // T4
		if !c.options.CancelOnlyIfNoTaint {
			c.cancel(g)
		}
	default: // T3
		started, has := c.timers.started(g)
		if has && started.Before(now) {
			return
		}
		if has {
			c.cancel(g)
		}
		c.timers.add(ctx, g, now, d)
	}
}

func (c *Controller) cancel(g target) {
	if c.timers.cancel(g) {
		c.events.Pod(g.Namespace, g.Name, corev1.EventTypeNormal, "TaintManagerEviction", "Cancelling deletion of Pod %s", g.NamespacedName)
	}
}

func (c *Controller) targetOf(pod *corev1.Pod) target {
	return podItem(pod.Namespace, pod.Name, "", c.uid(pod)).pod
}

// uid is the part of a pod's UID in what it is known by: nothing, upstream.
func (c *Controller) uid(pod *corev1.Pod) (uid types.UID) {
	if c.options.KeyByUID {
		return pod.UID
	}
	return ""
}

// as returns the object that a handler was called with; nil if it is another.
func as[T any](obj any) *T {
	object, _ := controller.Deleted[*T](obj)
	return object
}
