// Package nodelifecycle is the node lifecycle controller of Kubernetes 1.37, which
// finds out which nodes are lost and taints them, and by an option the node
// controller of 1.9, which also evicts their pods itself.
//
// Upstream: pkg/controller/nodelifecycle; v1.9.2 pkg/controller/node.
//
// Omits: labels of nodes (reconcileNodeLabels), the cloud provider, metrics.
package nodelifecycle

import (
	"context"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	coordinationlisters "k8s.io/client-go/listers/coordination/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"

	"github.com/reconverge/reconverge/impl/controller"
)

// A Controller judges nodes. What it remembers is not stored.
type Controller struct {
	client  kubernetes.Interface
	options Options
	events  *controller.Recorder

	nodes      corelisters.NodeLister
	pods       corelisters.PodLister
	podIndexer cache.Indexer
	leases     coordinationlisters.LeaseLister // nil in 1.9
	leaseStore cache.Store                     // nil in 1.9

	health *Health
	remark sync.Map // nodes by name whose pods were not all marked

	// Of the goroutine of the monitor pass.
	known   map[string]*corev1.Node // nodes of earlier passes
	zones   map[string]zoneState
	awaited string // revision of a lease up to which the cache has to come; empty: none

	queuesMu sync.Mutex // never held over a request
	queues   map[string]*rateQueue
	queued   chan struct{} // has an element when a queue may have a node to evict

	nodeQueue workqueue.TypedInterface[string]
	podQueue  workqueue.TypedRateLimitingInterface[types.NamespacedName]
}

// New registers a controller with the informers of the process.
func New(p *controller.Process, o Options) (*Controller, error) {
	client, err := p.Client("nodelifecycle")
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
		events:     controller.NewRecorder(client, "node-controller"),
		nodes:      nodes.Lister(),
		pods:       pods.Lister(),
		podIndexer: pods.Informer().GetIndexer(),
		health:     o.KeepOldProbeTimes,
		known:      map[string]*corev1.Node{},
		zones:      map[string]zoneState{},
		queues:     map[string]*rateQueue{},
		queued:     make(chan struct{}, 1),
		nodeQueue:  workqueue.NewTyped[string](),
		podQueue: workqueue.NewTypedRateLimitingQueue(
			workqueue.DefaultTypedControllerRateLimiter[types.NamespacedName]()),
	}
	if c.health == nil {
		c.health = NewHealth()
	}
	if o.V1_9 {
		return c, nil
	}
	leases := p.Informers.Coordination().V1().Leases()
	c.leases, c.leaseStore = leases.Lister(), leases.Informer().GetStore()
	if _, err := pods.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(obj any) { c.podChanged(nil, asPod(obj)) },
		UpdateFunc: func(old, obj any) { c.podChanged(asPod(old), asPod(obj)) },
	}); err != nil {
		return nil, err
	}
	if _, err := nodes.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(obj any) { c.queueNode(obj) },
		UpdateFunc: func(_, obj any) { c.queueNode(obj) },
		DeleteFunc: func(obj any) { c.forgetNode(obj) },
	}); err != nil {
		return nil, err
	}
	return c, nil
}

func asPod(obj any) *corev1.Pod {
	pod, _ := obj.(*corev1.Pod)
	return pod
}

func (c *Controller) queueNode(obj any) {
	if node, ok := obj.(*corev1.Node); ok {
		c.nodeQueue.Add(node.Name)
	}
}

func (c *Controller) forgetNode(obj any) {
	if name, err := cache.DeletionHandlingMetaNamespaceKeyFunc(obj); err == nil {
		c.remark.Delete(name)
	}
}

// Start judges nodes until ctx ends. The informers of the process must have synced.
// A controller is started once.
func (c *Controller) Start(ctx context.Context) error {
	var running sync.WaitGroup
	running.Go(func() { c.events.Run(ctx) })
	running.Go(func() { c.evictQueued(ctx, time.Now().Add(c.options.Phase)) })
	running.Go(func() {
		if controller.Sleep(ctx, c.options.Phase) {
			wait.UntilWithContext(ctx, c.monitor, c.options.MonitorPeriod)
		}
	})
	running.Go(func() {
		for c.nextNode(ctx) {
		}
	})
	running.Go(func() {
		for c.nextPod(ctx) {
		}
	})
	<-ctx.Done()
	c.nodeQueue.ShutDown()
	c.podQueue.ShutDown()
	running.Wait()
	return nil
}

// nextNode gives a node the NoSchedule taints that fit what the cache says of it.
// A failure is forgotten: the next change of the node has to make it good.
//
// Abstracts: node_lifecycle_controller.go:doNodeProcessingPassWorker (L4).
func (c *Controller) nextNode(ctx context.Context) bool {
	name, shutdown := c.nodeQueue.Get()
	if shutdown {
		return false
	}
	defer c.nodeQueue.Done(name)
	node, err := c.nodes.Get(name)
	if apierrors.IsNotFound(err) {
		return true
	}
	if err == nil {
		missing, surplus := noScheduleDiff(node)
		err = c.swapTaints(ctx, node, missing, surplus)
	}
	if err != nil {
		utilruntime.HandleErrorWithContext(ctx, err, "NoSchedule taints of a node are not written", "node", name)
	}
	return true
}
