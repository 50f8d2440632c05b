package scheduler

import (
	"context"
	"fmt"
	"sync"
	"time"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/informers"
	coreinformers "k8s.io/client-go/informers/core/v1"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"github.com/reconverge/reconverge/impl/controller"
)

// A Scheduler is one scheduler process.
type Scheduler struct {
	o         Options
	client    kubernetes.Interface
	informers informers.SharedInformerFactory
	pods      corelisters.PodLister
	synced    []cache.InformerSynced
	wake      chan struct{} // holds one token if something has changed

	mu    sync.Mutex // guards what is below; never held during a request
	cache *nodeCache
	queue *queue
}

// New returns a scheduler that has not started.
func New(config *rest.Config, o Options) (*Scheduler, error) {
	if o.SchedulerName == "" {
		o.SchedulerName = v1.DefaultSchedulerName
	}
	process, err := controller.NewProcess(config)
	if err != nil {
		return nil, fmt.Errorf("scheduler: %w", err)
	}
	client, err := process.Client("scheduler")
	if err != nil {
		return nil, fmt.Errorf("scheduler: %w", err)
	}
	s := &Scheduler{
		o:         o,
		client:    client,
		informers: process.Informers,
		wake:      make(chan struct{}, 1),
		cache:     newCache(),
		queue:     newQueue(),
	}
	pods := s.informers.InformerFor(&v1.Pod{}, newPodInformer)
	s.pods = corelisters.NewPodLister(pods.GetIndexer())
	for _, h := range []struct {
		informer cache.SharedIndexInformer
		handler  cache.ResourceEventHandler
	}{
		{pods, s.podHandler()},
		{s.informers.Core().V1().Nodes().Informer(), s.nodeHandler()},
	} {
		registration, err := h.informer.AddEventHandler(h.handler)
		if err != nil {
			return nil, fmt.Errorf("scheduler: %w", err)
		}
		s.synced = append(s.synced, registration.HasSynced)
	}
	return s, nil
}

// newPodInformer leaves out pods that have ended.
//
// Abstracts: scheduler/scheduler.go:newPodInformer.
func newPodInformer(client kubernetes.Interface, resync time.Duration) cache.SharedIndexInformer {
	selector := fields.AndSelectors(
		fields.OneTermNotEqualSelector("status.phase", string(v1.PodSucceeded)),
		fields.OneTermNotEqualSelector("status.phase", string(v1.PodFailed)),
	)
	return coreinformers.NewFilteredPodInformer(client, metav1.NamespaceAll, resync,
		cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc},
		func(o *metav1.ListOptions) { o.FieldSelector = selector.String() })
}

// Start schedules until ctx ends. It begins when the caches have been filled.
func (s *Scheduler) Start(ctx context.Context) error {
	s.informers.StartWithContext(ctx)
	defer s.informers.Shutdown()
	if !cache.WaitForCacheSync(ctx.Done(), s.synced...) {
		return nil // ctx has ended
	}
	var bindings sync.WaitGroup
	defer bindings.Wait()
	for ctx.Err() == nil {
		d, next := s.scheduleOne(time.Now())
		switch {
		case d == nil:
			select {
			case <-ctx.Done():
			case <-s.wake:
			case <-until(next):
			}
		case d.node == "":
			s.fail(ctx, d.pod, v1.PodReasonUnschedulable, d.why)
		default:
			bindings.Go(func() { s.bind(ctx, d.pod, d.node) })
		}
	}
	return nil
}

// A decision is a pod and the node for it, or why there is none.
type decision struct {
	pod  *v1.Pod
	node string
	why  string
}

// scheduleOne decides about the next pod and assumes it on its node (S1-S3). It
// returns nil, and when to look again, if no pod is to be tried now.
//
// Abstracts: schedule_one.go:ScheduleOne, schedulingCycle, skipPodSchedule.
func (s *Scheduler) scheduleOne(now time.Time) (*decision, time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	expiry := s.cache.expire(now)
	for {
		w, next := s.queue.pop(now)
		if w == nil {
			return nil, earlier(next, expiry)
		}
		if w.pod.DeletionTimestamp != nil || s.cache.has(w.pod.UID) {
			s.queue.done(w.pod.UID)
			continue
		}
		node, why := s.cache.decide(w.pod, s.o)
		if node != "" {
			s.cache.assume(w.pod, node)
		}
		return &decision{pod: w.pod, node: node, why: why}, time.Time{}
	}
}

// earlier is the earlier of two times, of which zero is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// bind writes the binding of a pod that is assumed (S4). If that fails, or seems
// to, the pod takes no room again and is tried later.
//
// Abstracts: schedule_one.go:bindingCycle, handleBindingCycleError.
func (s *Scheduler) bind(ctx context.Context, pod *v1.Pod, node string) {
	b := &v1.Binding{
		ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID},
		Target:     v1.ObjectReference{Kind: "Node", Name: node},
	}
	if s.o.BindWithoutUID {
		b.UID = ""
	}
	err := s.client.CoreV1().Pods(pod.Namespace).Bind(ctx, b, metav1.CreateOptions{})
	s.change(func() {
		if err != nil {
			s.cache.forget(pod.UID)
			s.queue.move()
			return
		}
		s.queue.done(pod.UID)
		if s.o.AssumedPodTTL > 0 {
			s.cache.expireAt(pod.UID, time.Now().Add(s.o.AssumedPodTTL))
		}
	})
	if err != nil {
		s.fail(ctx, pod, v1.PodReasonSchedulerError, err.Error())
	}
}

// fail puts a pod back that got no node, and says so in its status (S5). A pod
// that is gone, bound or another one by now needs neither.
//
// Abstracts: schedule_one.go:handleSchedulingFailure.
func (s *Scheduler) fail(ctx context.Context, pod *v1.Pod, reason, message string) {
	if ctx.Err() != nil {
		return
	}
	cached, err := s.pods.Pods(pod.Namespace).Get(pod.Name)
	if err != nil || cached.Spec.NodeName != "" || cached.UID != pod.UID {
		s.change(func() { s.queue.done(pod.UID) })
		return
	}
	s.change(func() { s.queue.retry(pod.UID, time.Now(), reason == v1.PodReasonUnschedulable) })
	if err := s.report(ctx, cached, reason, message); err != nil && !apierrors.IsNotFound(err) {
		utilruntime.HandleErrorWithContext(ctx, err, "cannot say that a pod is not scheduled", "pod", pod.Name)
	}
}

// report sets the condition PodScheduled of a pod to False, unless it says so.
func (s *Scheduler) report(ctx context.Context, pod *v1.Pod, reason, message string) error {
	status := pod.Status.DeepCopy()
	if !controller.SetPodCondition(status, v1.PodCondition{Type: v1.PodScheduled, Status: v1.ConditionFalse, Reason: reason, Message: message}) {
		return nil
	}
	_, err := controller.PatchPodStatus(ctx, s.client, pod, *status)
	return err
}
