package kubelet

import (
	"cmp"
	"slices"
	"sync"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/reconverge/reconverge/impl/controller/internal/fit"
)

const housekeepingPeriod = 2 * time.Second

// pods is what a kubelet is to run, and how far it is with that. It is told what
// the API shows and that time has passed, and acts on the machine alone. Its
// methods may be called from any goroutine.
//
// Abstracts: the pod manager, pod workers and housekeeping of pkg/kubelet.
type pods struct {
	o    Options
	node func() *v1.Node // for admission

	mu           sync.Mutex
	workers      map[types.UID]*worker
	arriving     []*v1.Pod // until the first list is complete
	synced       bool
	housekeeping time.Time // of the next round; zero: there is nothing to clean up
}

func newPods(o Options, node func() *v1.Node) *pods {
	return &pods{o: o, node: node, workers: map[types.UID]*worker{}}
}

// set takes up a pod that is new, or changed. The pods of the first list are
// admitted when all are known.
//
// Abstracts: config/config.go:podStorage.merge (ADD, UPDATE, RECONCILE, DELETE).
func (s *pods) set(now time.Time, pod *v1.Pod) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch w := s.workers[pod.UID]; {
	case w != nil:
		w.pod = pod
		w.attend(now, s.o)
		s.refresh(w, now)
	case s.synced:
		s.add(now, pod)
	default:
		s.arriving = append(s.arriving, pod)
	}
}

// remove takes up that a pod has left the API (REMOVE).
func (s *pods) remove(now time.Time, uid types.UID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arriving = slices.DeleteFunc(s.arriving, func(p *v1.Pod) bool { return p.UID == uid })
	w := s.workers[uid]
	if w == nil {
		return
	}
	w.gone = true
	w.attend(now, s.o)
	s.cleanUpAfter(now)
}

// sync says that the first list is complete. Containers that it has no pod for
// are to be ended.
func (s *pods) sync(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.synced = true
	slices.SortFunc(s.arriving, func(a, b *v1.Pod) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name), cmp.Compare(a.UID, b.UID))
	})
	for _, pod := range s.arriving {
		s.add(now, pod)
	}
	s.arriving = nil
	s.cleanUpAfter(now)
}

// add takes a pod that is new to this kubelet, unless there is no place for it (K1).
//
// Abstracts: kubelet.go:HandlePodAdditions, rejectPod.
func (s *pods) add(now time.Time, pod *v1.Pod) {
	w := &worker{pod: pod}
	if !w.ends(s.o) {
		if reason, message := s.refuse(pod); reason != "" {
			w.rejected, w.stage, w.reason, w.message = true, finished, reason, message
		}
	}
	s.workers[pod.UID] = w
	if !w.rejected {
		w.begin(now, s.o)
	}
	s.refresh(w, now)
}

// refuse returns why the node does not take a pod.
//
// Abstracts: kubelet/lifecycle/predicate.go:predicateAdmitHandler.Admit.
// Omits: ports, operating system, what the resource managers ask.
func (s *pods) refuse(pod *v1.Pod) (reason, message string) {
	if s.o.Reject != nil {
		if reason := s.o.Reject(pod); reason != "" {
			return reason, "Pod was rejected"
		}
	}
	var others []*v1.Pod
	for _, w := range s.workers {
		if w.takesRoom() {
			others = append(others, w.pod)
		}
	}
	node := s.node()
	if lack := fit.Lacking(pod, node, others); lack != "" {
		return "OutOf" + string(lack), "Pod was rejected: Node didn't have enough resource: " + string(lack)
	}
	if !fit.Selects(pod, node) {
		return "NodeAffinity", "Pod was rejected: Predicate NodeAffinity failed"
	}
	if taint, ok := fit.Tolerates(pod, node, v1.TaintEffectNoExecute); !ok {
		return "TaintToleration", "Pod was rejected: Predicate TaintToleration failed: " + taint.Key
	}
	return "", ""
}

// evict ends a pod for a reason of the node's own: its phase will be Failed, and
// it stays in the API.
//
// Abstracts: kubelet/eviction/eviction_manager.go:evictPod.
func (s *pods) evict(now time.Time, uid types.UID, message string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.workers[uid]
	if w == nil || !w.couldRun() {
		return false
	}
	w.reason, w.message = "Evicted", message
	w.attend(now, s.o)
	s.refresh(w, now)
	return true
}

// advance does what is due, and returns when something will be; zero if only an
// event can tell.
func (s *pods) advance(now time.Time) (next time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.sorted() {
		for w.step(now, s.o) {
			s.refresh(w, now) // each stage is a status of its own
		}
		s.refresh(w, now)
		next = earlier(next, s.nextOf(w, now))
	}
	if !s.housekeeping.IsZero() && !s.housekeeping.After(now) {
		s.cleanUp(now)
	}
	return earlier(next, s.housekeeping)
}

// nextOf is when a pod needs attention again.
func (s *pods) nextOf(w *worker, now time.Time) time.Time {
	if !s.o.Machine.works() {
		return time.Time{}
	}
	next := w.due
	if b := s.o.Machine.inspect(w.pod.UID); b != nil && b.running {
		if at := b.started.Add(s.o.ReadyDuration); at.After(now) {
			next = earlier(next, at)
		}
	}
	return next
}

// cleanUpAfter makes the next round of housekeeping look.
func (s *pods) cleanUpAfter(now time.Time) {
	if s.housekeeping.IsZero() {
		s.housekeeping = now.Add(housekeepingPeriod)
	}
}

// cleanUp ends containers that have no pod, and forgets pods that are gone and
// have ended (K8). There is another round while some of those have not.
//
// Abstracts: kubelet_pods.go:HandlePodCleanups.
func (s *pods) cleanUp(now time.Time) {
	s.housekeeping = time.Time{}
	if !s.o.Machine.works() {
		s.cleanUpAfter(now)
		return
	}
	for _, w := range s.sorted() {
		switch {
		case !w.gone:
		case w.stage == finished:
			delete(s.workers, w.pod.UID)
			s.o.Machine.remove(w.pod.UID)
		default:
			s.cleanUpAfter(now)
		}
	}
	if s.o.NoHousekeeping {
		return
	}
	for _, pod := range s.o.Machine.Running() {
		if s.workers[pod.UID] == nil {
			s.o.Machine.stop(pod.UID, exitUnknown, now)
			s.o.Machine.remove(pod.UID)
		}
	}
}

// sorted returns the workers by namespace, name and UID.
func (s *pods) sorted() []*worker {
	sorted := make([]*worker, 0, len(s.workers))
	for _, w := range s.workers {
		sorted = append(sorted, w)
	}
	slices.SortFunc(sorted, func(a, b *worker) int { return comparePods(a.ref(), b.ref()) })
	return sorted
}

// earlier is the earlier of two times, of which zero is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
