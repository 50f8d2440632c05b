package replicaset

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/sets"
)

// ExpectationsTimeout is how long a create or a delete is waited for. Then the
// controller takes it that the event was missed.
//
// Upstream: pkg/controller/controller_utils.go:ExpectationsTimeout.
const ExpectationsTimeout = 5 * time.Minute

// Expectations remember, for each ReplicaSet, the creates and deletes that were sent
// and that the watch of pods has not shown. All methods may be called at once, by a
// worker and by handlers.
//
// Abstracts: pkg/controller/controller_utils.go:UIDTrackingControllerExpectations.
type Expectations struct {
	options Options
	lock    sync.Mutex
	of      map[string]*expectation // by namespace/name of the ReplicaSet
}

// An expectation is what is left to be seen of the last sync that created or deleted.
type expectation struct {
	adds, dels int
	names      sets.Set[string] // of the pods that dels counts: namespace/name
	since      time.Time
}

// NewExpectations returns the memory of a controller that has just started.
func NewExpectations(o Options) *Expectations {
	return &Expectations{options: o, of: map[string]*expectation{}}
}

// Expect replaces what was expected of a ReplicaSet, before the requests are sent:
// so many creates, or the deletes of these pods.
//
// Abstracts: ExpectCreations, ExpectDeletions.
func (e *Expectations) Expect(key string, creates int, deletes []string) {
	e.lock.Lock()
	defer e.lock.Unlock()
	e.of[key] = &expectation{adds: creates, dels: len(deletes), names: sets.New(deletes...), since: time.Now()}
}

// Created takes off a create that was seen, or that has failed.
//
// Abstracts: CreationObserved.
func (e *Expectations) Created(key string) {
	e.lock.Lock()
	defer e.lock.Unlock()
	if x := e.of[key]; x != nil {
		x.adds--
	}
}

// Deleted takes off the delete of a pod that was seen, or that has failed, the first
// time that it is told of it.
//
// Abstracts: DeletionObserved.
func (e *Expectations) Deleted(key, pod string) {
	e.lock.Lock()
	defer e.lock.Unlock()
	x := e.of[key]
	switch {
	case x == nil:
	case e.options.UnnamedDeletes:
		x.dels--
	case x.names.Has(pod):
		x.names.Delete(pod)
		x.dels--
	}
}

// Satisfied reports whether all has been seen, or waited for long enough.
//
// Abstracts: SatisfiedExpectations.
func (e *Expectations) Satisfied(key string) bool {
	if e.options.NoExpectations {
		return true
	}
	e.lock.Lock()
	defer e.lock.Unlock()
	x := e.of[key]
	if x == nil || x.adds <= 0 && x.dels <= 0 {
		return true
	}
	return !e.options.NoExpiry && time.Since(x.since) > ExpectationsTimeout
}

// Forget drops what is expected of a ReplicaSet that is gone.
//
// Abstracts: DeleteExpectations.
func (e *Expectations) Forget(key string) {
	if e.options.KeepExpectations {
		return
	}
	e.lock.Lock()
	defer e.lock.Unlock()
	delete(e.of, key)
}
