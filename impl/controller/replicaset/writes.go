package replicaset

import (
	"fmt"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
)

// Writes remember, for each ReplicaSet, the newest resourceVersions that this process
// got back from its own writes for it. A sync that began on caches older than these
// would not see what the last one did.
//
// A delete answers with no resourceVersion, and a pod that was released has no
// controller to remember it for: neither is here.
//
// Abstracts: pkg/controller/util/consistency/consistency.go:RealConsistencyStore.
type Writes struct {
	pods, replicaSets store
	lock              sync.Mutex
	of                map[string]*written // by namespace/name of the ReplicaSet
}

// A store is an informer's cache.
type store interface{ LastStoreSyncResourceVersion() string }

// written is what was written for one ReplicaSet; "" is older than anything.
type written struct {
	uid              types.UID
	pods, replicaSet string
}

// NewWrites returns the memory of a controller that has just started, which reads
// these caches.
func NewWrites(pods, replicaSets store) *Writes {
	return &Writes{pods: pods, replicaSets: replicaSets, of: map[string]*written{}}
}

// Pod remembers the resourceVersion of a pod that was written for a ReplicaSet.
func (w *Writes) Pod(key string, uid types.UID, rv string) {
	w.lock.Lock()
	defer w.lock.Unlock()
	x := w.record(key, uid)
	x.pods = newer(x.pods, rv)
}

// ReplicaSet remembers the resourceVersion of the ReplicaSet itself, when its status
// was written.
func (w *Writes) ReplicaSet(key string, uid types.UID, rv string) {
	w.lock.Lock()
	defer w.lock.Unlock()
	x := w.record(key, uid)
	x.replicaSet = newer(x.replicaSet, rv)
}

func (w *Writes) record(key string, uid types.UID) *written {
	if x := w.of[key]; x != nil && x.uid == uid {
		return x
	}
	x := &written{uid: uid}
	w.of[key] = x
	return x
}

// Visible returns an error unless the caches show all that was written for a
// ReplicaSet. What they show once need not be remembered. A cache that does not know
// its resourceVersion (the feature AtomicFIFO of client-go is off) is not waited for.
//
// Abstracts: EnsureReady.
func (w *Writes) Visible(key string) error {
	w.lock.Lock()
	defer w.lock.Unlock()
	x := w.of[key]
	if x == nil {
		return nil
	}
	if seen := w.pods.LastStoreSyncResourceVersion(); seen != "" && newer(seen, x.pods) != seen {
		return fmt.Errorf("own write of a pod at %s is not in the cache, which is at %s", x.pods, seen)
	}
	if seen := w.replicaSets.LastStoreSyncResourceVersion(); seen != "" && newer(seen, x.replicaSet) != seen {
		return fmt.Errorf("own write of the ReplicaSet at %s is not in the cache, which is at %s", x.replicaSet, seen)
	}
	delete(w.of, key)
	return nil
}

// Forget drops what was written for a ReplicaSet that is gone. An empty uid stands
// for any.
//
// Abstracts: Clear.
func (w *Writes) Forget(key string, uid types.UID) {
	w.lock.Lock()
	defer w.lock.Unlock()
	if x := w.of[key]; x != nil && (uid == "" || x.uid == uid) {
		delete(w.of, key)
	}
}

// newer returns the newer of two resourceVersions, and a if they cannot be compared:
// versions that are no numbers must not block a ReplicaSet for ever.
func newer(a, b string) string {
	if a == "" || b == "" {
		return max(a, b)
	}
	if order, err := resourceversion.CompareResourceVersion(a, b); err != nil || order >= 0 {
		return a
	}
	return b
}
