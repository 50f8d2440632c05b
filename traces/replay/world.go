package replay

import (
	"fmt"
	"strconv"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/reconverge/reconverge/impl/apiserver"
	"github.com/reconverge/reconverge/impl/controller"
	"github.com/reconverge/reconverge/impl/controller/kubelet"
	"github.com/reconverge/reconverge/impl/sim"
)

// A world is what a cluster tells of itself: its store with all that it ever held,
// how far each process has seen that, and which containers run. It observes a run.
type world struct {
	pods     []types.UID // in the order of creation, as the model numbers them
	owners   []types.UID // ReplicaSets, likewise
	revision int64       // of the last write
	history  map[string][]version
	seen     map[view]int64 // revision
	refused  string         // the last write that was answered with an error, and how

	mu         sync.Mutex
	containers map[types.UID]bool // that run
}

// A version is an object as of a revision; nil: it is gone.
type version struct {
	revision int64
	object   runtime.Object
}

// A view is the cache that a client has of a resource.
type view struct{ client, resource string }

func newWorld() *world {
	return &world{history: map[string][]version{}, seen: map[view]int64{}, containers: map[types.UID]bool{}}
}

// Stops implements suite.Observer.
func (w *world) Stops() error { return nil }

// Begin implements suite.Observer.
func (w *world) Begin() {}

// End implements suite.Observer.
func (w *world) End() {}

// ContainersStarted implements kubelet.Observer.
func (w *world) ContainersStarted(_ string, pod kubelet.PodRef) { w.container(pod.UID, true) }

// ContainersStopped implements kubelet.Observer.
func (w *world) ContainersStopped(_ string, pod kubelet.PodRef) { w.container(pod.UID, false) }

func (w *world) container(pod types.UID, runs bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.containers[pod] = runs
}

func (w *world) runs(pod types.UID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.containers[pod]
}

// Record implements sim.Recorder.
func (w *world) Record(e sim.Entry) {
	switch e := e.(type) {
	case *sim.Written:
		w.written(e)
	case *sim.Taken:
		if e.Event != nil && e.Step.Verb == sim.Release && !e.Late {
			w.seen[view{clientOf(e.Event.Client), e.Event.Resource.Resource}] = e.Event.ResourceVersion
		}
	case *sim.Answered:
		w.answered(e)
	case *sim.Process:
		if e.Event == sim.Crashed || e.Event == sim.Started {
			for v := range w.seen {
				if actor, _, _ := strings.Cut(v.client, "/"); actor == e.Actor {
					delete(w.seen, v)
				}
			}
		}
	}
}

func (w *world) written(e *sim.Written) {
	object := e.After
	if object == nil {
		object = e.Before
	}
	m, err := meta.Accessor(object)
	if err != nil || e.Namespace != "" && e.Namespace != metav1.NamespaceDefault {
		return
	}
	w.revision = e.Revision
	key := keyOf(e.Resource.Resource, m)
	w.history[key] = append(w.history[key], version{e.Revision, e.After})
	if e.Type != watch.Added {
		return
	}
	switch e.Resource.Resource {
	case "pods":
		w.pods = append(w.pods, m.GetUID())
	case "replicasets":
		w.owners = append(w.owners, m.GetUID())
	}
}

// keyOf tells pods apart by UID, and everything else by name.
func keyOf(resource string, m metav1.Object) string {
	if resource == "pods" {
		return podKey(m.GetUID())
	}
	return resource + "/" + m.GetName()
}

func podKey(uid types.UID) string { return "pods/" + string(uid) }

func (w *world) answered(e *sim.Answered) {
	if e.Call == nil {
		return
	}
	if e.List != nil && e.Code == 200 {
		if list, err := meta.ListAccessor(e.List); err == nil {
			revision, _ := strconv.ParseInt(list.GetResourceVersion(), 10, 64)
			w.seen[view{clientOf(e.Call.Request.Client), e.Call.Request.Resource.Resource}] = revision
		}
	}
	if e.Code >= 400 {
		w.refused = fmt.Sprintf("the API server answered %d %s to %s", e.Code, e.Reason, e.Call.Name())
	}
}

// clientOf is who keeps a cache: the shared caches are those of their process.
func clientOf(c apiserver.Client) string {
	if c.Component == "" || c.Component == "shared-informers" {
		return c.Actor
	}
	return c.Actor + "/" + c.Component
}

// at returns an object as of a revision; nil: there was none.
func (w *world) at(key string, revision int64) (object runtime.Object) {
	for _, v := range w.history[key] {
		if v.revision <= revision {
			object = v.object
		}
	}
	return object
}

// live returns an object as it is.
func (w *world) live(key string) runtime.Object {
	if h := w.history[key]; len(h) > 0 {
		return h[len(h)-1].object
	}
	return nil
}

// named returns the pod that has a name now.
func (w *world) named(name string) *corev1.Pod {
	for _, uid := range w.pods {
		if pod, _ := w.live(podKey(uid)).(*corev1.Pod); pod != nil && pod.Name == name {
			return pod
		}
	}
	return nil
}

// wasReady reports whether a pod was ever ready, as of its revision.
func (w *world) wasReady(pod *corev1.Pod) bool {
	revision, _ := strconv.ParseInt(pod.ResourceVersion, 10, 64)
	for _, v := range w.history[podKey(pod.UID)] {
		if was, _ := v.object.(*corev1.Pod); was != nil && v.revision <= revision && controller.IsReady(was) {
			return true
		}
	}
	return false
}
