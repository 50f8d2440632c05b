// Package disruption is the controller of PodDisruptionBudgets: it counts the healthy
// pods that it sees, and writes into the status of a budget how many of them may be
// evicted. It also takes back a DisruptionTarget that no deletion has followed.
package disruption

import (
	"context"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	appslisters "k8s.io/client-go/listers/apps/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	policylisters "k8s.io/client-go/listers/policy/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/reconverge/reconverge/impl/controller"
)

// Component is the user agent of the controller's requests.
const Component = "disruption"

// Options are the hazards of the controller. The zero value is as it should be.
type Options struct {
	// RetryWithOldNumbers is pdb.retryWithOldNumbers (B42): after a conflict the numbers
	// that were computed before it are written over whatever is there.
	RetryWithOldNumbers bool
	// NoDisruptedPods is pdb.noDisruptedPods (B43): an evicted pod is healthy until its
	// deletion is seen.
	NoDisruptedPods bool
	// ControllerDown is pdb.controllerDown (B44): no status is ever computed.
	ControllerDown bool
}

// A Controller is the disruption controller of one process.
//
// Upstream: pkg/controller/disruption/disruption.go:DisruptionController.
// Omits: owners other than ReplicaSets, and a Deployment above one (getPodDeployment,
// getPodStatefulSet, getScaleController); events; the separate queue for rechecks.
type Controller struct {
	options Options
	client  kubernetes.Interface
	pods    corelisters.PodLister
	budgets policylisters.PodDisruptionBudgetLister
	sets    appslisters.ReplicaSetLister
	synced  []cache.DoneChecker

	queue controller.Queue // budgets
	stale controller.Queue // pods with a DisruptionTarget
}

// New returns the disruption controller of p, with its handlers on the informers of p.
func New(p *controller.Process, o Options) (*Controller, error) {
	client, err := p.Client(Component)
	if err != nil {
		return nil, err
	}
	pods, budgets := p.Informers.Core().V1().Pods(), p.Informers.Policy().V1().PodDisruptionBudgets()
	sets := p.Informers.Apps().V1().ReplicaSets()
	c := &Controller{
		options: o,
		client:  client,
		pods:    pods.Lister(),
		budgets: budgets.Lister(),
		sets:    sets.Lister(),
		queue:   controller.NewQueue(Component),
		stale:   controller.NewQueue(Component + "-target"),
	}
	ofPods, err := pods.Informer().AddEventHandler(handler(c.podChanged))
	if err != nil {
		return nil, err
	}
	ofBudgets, err := budgets.Informer().AddEventHandler(handler(c.enqueue))
	if err != nil {
		return nil, err
	}
	c.synced = []cache.DoneChecker{ofPods.HasSyncedChecker(), ofBudgets.HasSyncedChecker(), sets.Informer().HasSyncedChecker()}
	return c, nil
}

// handler calls f with an object that was added, is now like this, or was last seen so.
func handler[T any](f func(T)) cache.ResourceEventHandler {
	call := func(o any) {
		if object, ok := controller.Deleted[T](o); ok {
			f(object)
		}
	}
	return cache.ResourceEventHandlerFuncs{AddFunc: call, UpdateFunc: func(_, o any) { call(o) }, DeleteFunc: call}
}

// Start computes statuses until ctx ends.
func (c *Controller) Start(ctx context.Context) error {
	var workers sync.WaitGroup
	if !c.options.ControllerDown && cache.WaitFor(ctx, "", c.synced...) {
		workers.Go(func() { controller.Work(ctx, c.queue, c.sync) })
		workers.Go(func() { controller.Work(ctx, c.stale, c.resetTarget) })
	}
	<-ctx.Done()
	c.queue.ShutDown()
	c.stale.ShutDown()
	workers.Wait()
	return nil
}

func (c *Controller) enqueue(pdb *policyv1.PodDisruptionBudget) {
	c.queue.Add(cache.MetaObjectToName(pdb).String())
}

// podChanged queues the budgets that a pod counts for, and the pod itself if its
// DisruptionTarget may become stale.
//
// Upstream: disruption.go:addPod, updatePod, deletePod, getPdbForPod. A pod that has
// several budgets, which no pod should, counts for each of them here.
func (c *Controller) podChanged(pod *corev1.Pod) {
	budgets, err := c.budgets.GetPodPodDisruptionBudgets(pod)
	if err == nil { // the error is that there are none
		for _, pdb := range controller.Sorted(budgets) {
			c.enqueue(pdb)
		}
	}
	if targeted, left := staleIn(pod, time.Now()); targeted {
		c.stale.AddAfter(cache.MetaObjectToName(pod).String(), left)
	}
}

// sync computes and writes the status of one budget. If it cannot be computed nothing
// may be evicted. A conflict says only that the cache is old.
//
// Upstream: disruption.go:sync, trySync.
func (c *Controller) sync(ctx context.Context, key string) error {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return err
	}
	pdb, err := c.budgets.PodDisruptionBudgets(namespace).Get(name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	status, recheck, err := c.compute(pdb, time.Now())
	if err == nil {
		err = c.write(ctx, pdb, status)
	}
	if err == nil && recheck > 0 {
		c.queue.AddAfter(key, recheck)
	}
	if err == nil || apierrors.IsConflict(err) {
		return err
	}
	return c.write(ctx, pdb, failSafe(pdb, err))
}

// write puts the status in place of the one that it was computed from, if it is another.
//
// Writes: a PUT of the status with the resourceVersion.
// Upstream: disruption.go:writePdbStatus.
func (c *Controller) write(ctx context.Context, pdb *policyv1.PodDisruptionBudget, status policyv1.PodDisruptionBudgetStatus) error {
	if upToDate(pdb, status) {
		return nil
	}
	client := c.client.PolicyV1().PodDisruptionBudgets(pdb.Namespace)
	next := pdb.DeepCopy()
	next.Status = status
	_, err := client.UpdateStatus(ctx, next, metav1.UpdateOptions{})
	if c.options.RetryWithOldNumbers && apierrors.IsConflict(err) {
		if next, err = client.Get(ctx, pdb.Name, metav1.GetOptions{}); err == nil {
			next.Status = status
			_, err = client.UpdateStatus(ctx, next, metav1.UpdateOptions{})
		}
	}
	return err
}
