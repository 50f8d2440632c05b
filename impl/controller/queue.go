package controller

import (
	"context"
	"sync"

	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/util/workqueue"
)

// A Queue holds the keys of objects that are to be looked at again.
type Queue = workqueue.TypedRateLimitingInterface[string]

// NewQueue returns a queue with the back-off of all of Kubernetes' controllers: 5 ms
// doubled for each failure of a key, at most 1000 s, and 10 a second after 100.
func NewQueue(name string) Queue {
	return workqueue.NewTypedRateLimitingQueueWithConfig(
		workqueue.DefaultTypedControllerRateLimiter[string](),
		workqueue.TypedRateLimitingQueueConfig[string]{Name: name},
	)
}

// Work calls reconcile for each key of the queue, one at a time, until ctx ends; then it
// shuts the queue down and waits for the last call. A key that fails comes
// back later.
//
// Abstracts: the Run, worker and processNextWorkItem of every upstream controller.
func Work(ctx context.Context, queue Queue, reconcile func(ctx context.Context, key string) error) {
	var worker sync.WaitGroup
	worker.Go(func() {
		for workOne(ctx, queue, reconcile) {
		}
	})
	<-ctx.Done()
	queue.ShutDown()
	worker.Wait()
}

func workOne(ctx context.Context, queue Queue, reconcile func(ctx context.Context, key string) error) bool {
	key, shutdown := queue.Get()
	if shutdown {
		return false
	}
	defer queue.Done(key)
	err := reconcile(ctx, key)
	switch {
	case err == nil:
		queue.Forget(key)
	case ctx.Err() == nil:
		utilruntime.HandleErrorWithContext(ctx, err, "Sync failed", "key", key)
		queue.AddRateLimited(key)
	}
	return true
}
