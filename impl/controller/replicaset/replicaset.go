package replicaset

import (
	"context"
	"sync"

	apps "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	appslisters "k8s.io/client-go/listers/apps/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/reconverge/reconverge/impl/controller"
)

// Component is the user agent of the controller's requests.
const Component = "replicaset"

// bySibling is an index of ReplicaSets by the UID of their controller.
const bySibling = "replicaset-controller"

var kind = apps.SchemeGroupVersion.WithKind("ReplicaSet")

// A Controller is the ReplicaSet controller of one process.
//
// Upstream: pkg/controller/replicaset/replica_set.go:ReplicaSetController.
type Controller struct {
	options     Options
	client      kubernetes.Interface
	replicaSets appslisters.ReplicaSetLister
	pods        corelisters.PodLister
	siblings    cache.Indexer
	podIndex    cache.Indexer
	synced      []cache.DoneChecker

	queue        controller.Queue
	expectations *Expectations
	writes       *Writes
	recorder     *controller.Recorder
}

// New returns the ReplicaSet controller of p, with its handlers and indexes on the
// informers of p.
func New(p *controller.Process, o Options) (*Controller, error) {
	client, err := p.Client(Component)
	if err != nil {
		return nil, err
	}
	replicaSets, pods := p.Informers.Apps().V1().ReplicaSets(), p.Informers.Core().V1().Pods()
	c := &Controller{
		options:      o,
		client:       client,
		replicaSets:  replicaSets.Lister(),
		pods:         pods.Lister(),
		siblings:     replicaSets.Informer().GetIndexer(),
		podIndex:     pods.Informer().GetIndexer(),
		queue:        controller.NewQueue(Component),
		expectations: NewExpectations(o),
		writes:       NewWrites(pods.Informer().GetStore(), replicaSets.Informer().GetStore()),
	}
	c.recorder = controller.NewRecorder(client, "replicaset-controller")
	if err := controller.AddIndex(pods.Informer(), controller.PodsByController, controller.IndexByController); err != nil {
		return nil, err
	}
	if err := controller.AddIndex(replicaSets.Informer(), bySibling, indexBySibling); err != nil {
		return nil, err
	}
	ofReplicaSets, err := replicaSets.Informer().AddEventHandler(c.replicaSetHandler())
	if err != nil {
		return nil, err
	}
	ofPods, err := pods.Informer().AddEventHandler(c.podHandler())
	if err != nil {
		return nil, err
	}
	c.synced = []cache.DoneChecker{ofReplicaSets.HasSyncedChecker(), ofPods.HasSyncedChecker()}
	return c, nil
}

func indexBySibling(obj any) ([]string, error) {
	rs, ok := obj.(*apps.ReplicaSet)
	if !ok {
		return nil, nil
	}
	if ref := metav1.GetControllerOfNoCopy(rs); ref != nil {
		return []string{string(ref.UID)}, nil
	}
	return nil, nil
}

// Start keeps ReplicaSets at their size until ctx ends.
func (c *Controller) Start(ctx context.Context) error {
	defer c.queue.ShutDown()
	var recorder sync.WaitGroup
	defer recorder.Wait()
	recorder.Go(func() { c.recorder.Run(ctx) })
	if cache.WaitFor(ctx, "", c.synced...) {
		controller.Work(ctx, c.queue, c.sync)
	}
	return nil
}
