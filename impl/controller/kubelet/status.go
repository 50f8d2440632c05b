package kubelet

import (
	"context"
	"time"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"github.com/reconverge/reconverge/impl/controller"
)

const (
	statusPeriod = 10 * time.Second
	// statusOffset keeps the tick from the instants of the lease, which is renewed as often.
	statusOffset = 3 * time.Millisecond
)

// A statusManager tells the API what has become of pods (K6), and deletes those
// that have ended (K7). One goroutine runs it, one request after the other.
//
// Abstracts: kubelet/status/status_manager.go.
type statusManager struct {
	o      Options
	pods   *pods
	client kubernetes.Interface
	dirty  chan struct{} // holds one token if a status may have changed

	told map[types.UID]int // the version of each status that the API has
}

// A report is the status of a pod at one moment.
type report struct {
	pod      *v1.Pod // as the kubelet's cache has it
	status   *v1.PodStatus
	version  int
	couldRun bool
	finished bool
}

// reports returns the statuses of all pods that have one, by namespace and name.
func (s *pods) reports() []report {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []report
	for _, w := range s.sorted() {
		if w.status != nil && !w.deleted {
			all = append(all, report{w.pod, w.status, w.version, w.couldRun(), w.stage == finished})
		}
	}
	return all
}

// forget drops the status of a pod: nothing more is to be told of it.
func (s *pods) forget(uid types.UID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w := s.workers[uid]; w != nil {
		w.deleted = true
	}
}

// run syncs what is new at once, and every 10 s looks at all pods.
func (m *statusManager) run(ctx context.Context) {
	tick := time.NewTimer(statusPeriod + m.o.Phase + statusOffset)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-m.dirty:
			m.syncBatch(ctx, false)
		case <-tick.C:
			tick.Reset(statusPeriod)
			m.syncBatch(ctx, true)
		}
	}
}

// wake makes the manager look for statuses that are new.
func (m *statusManager) wake() {
	select {
	case m.dirty <- struct{}{}:
	default:
	}
}

// syncBatch syncs the statuses that have changed. If all is set it also syncs those
// that others have changed, and finishes deletions that have failed.
//
// Abstracts: status_manager.go:syncBatch, needsUpdate, needsReconcile.
func (m *statusManager) syncBatch(ctx context.Context, all bool) {
	reports := m.pods.reports()
	if all {
		m.prune(reports)
	}
	for _, r := range reports {
		if m.told[r.pod.UID] < r.version || all && (m.deletable(r.pod, r) || m.needsReconcile(r)) {
			if err := m.syncPod(ctx, r); err != nil && ctx.Err() == nil {
				utilruntime.HandleErrorWithContext(ctx, err, "cannot sync the status of a pod", "pod", r.pod.Name)
			}
		}
	}
}

// prune forgets what was told of pods that are gone.
func (m *statusManager) prune(reports []report) {
	known := make(map[types.UID]int, len(reports))
	for _, r := range reports {
		if version, ok := m.told[r.pod.UID]; ok {
			known[r.pod.UID] = version
		}
	}
	m.told = known
}

// needsReconcile reports whether the API says something else than it was told, as
// far as the kubelet's cache knows: another component has written over it.
func (m *statusManager) needsReconcile(r report) bool {
	return !m.o.NoReconcileTick && differs(m.merge(&r.pod.Status, r), &r.pod.Status)
}

func (m *statusManager) merge(api *v1.PodStatus, r report) *v1.PodStatus {
	return merge(api, r.status, r.couldRun, !m.o.NoTerminalReadyFix)
}

// syncPod writes one status over the live one. What fails is tried again when
// something else is new, or at the next tick.
func (m *statusManager) syncPod(ctx context.Context, r report) error {
	client := m.client.CoreV1().Pods(r.pod.Namespace)
	live, err := client.Get(ctx, r.pod.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if live.UID != r.pod.UID {
		m.pods.forget(r.pod.UID)
		return nil
	}
	if merged := m.merge(&live.Status, r); differs(merged, &live.Status) {
		if live, err = controller.PatchPodStatus(ctx, m.client, live, *merged); err != nil {
			return err
		}
	}
	m.told[r.pod.UID] = r.version
	if !m.deletable(live, r) {
		return nil
	}
	zero := int64(0)
	options := metav1.DeleteOptions{GracePeriodSeconds: &zero, Preconditions: metav1.NewUIDPreconditions(string(live.UID))}
	if m.o.DeleteNoUID {
		options.Preconditions = nil
	}
	if err := client.Delete(ctx, live.Name, options); err != nil {
		return err
	}
	m.pods.forget(r.pod.UID)
	return nil
}

// deletable reports whether a pod that is to be deleted has nothing left on the
// machine (K7), and says so by its phase.
//
// Abstracts: status_manager.go:canBeDeleted.
func (m *statusManager) deletable(pod *v1.Pod, r report) bool {
	return pod.DeletionTimestamp != nil && r.finished && (isTerminal(pod.Status.Phase) || m.o.DeleteWithoutTerminalPhase)
}

// podHandler feeds the kubelet's pods. A pod that another of its name has taken
// the place of is gone.
func (k *Kubelet) podHandler() cache.ResourceEventHandler {
	set := func(pod *v1.Pod) {
		k.pods.set(time.Now(), pod)
		k.poke()
	}
	remove := func(uid types.UID) {
		k.pods.remove(time.Now(), uid)
		k.poke()
	}
	return cache.ResourceEventHandlerFuncs{
		AddFunc: func(obj any) { set(obj.(*v1.Pod)) },
		UpdateFunc: func(before, after any) {
			if old := before.(*v1.Pod).UID; old != after.(*v1.Pod).UID {
				remove(old)
			}
			set(after.(*v1.Pod))
		},
		DeleteFunc: func(obj any) {
			if pod, ok := controller.Deleted[*v1.Pod](obj); ok {
				remove(pod.UID)
			}
		},
	}
}
