package replicaset_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	apps "k8s.io/api/apps/v1"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/kubernetes"

	"github.com/reconverge/reconverge/impl/apiserver"
	"github.com/reconverge/reconverge/impl/controller"
	"github.com/reconverge/reconverge/impl/controller/manager"
	"github.com/reconverge/reconverge/impl/controller/replicaset"
)

func TestMain(m *testing.M) {
	utilruntime.ErrorHandlers = nil // retries are what is tested; the second handler would sleep in a bubble
	m.Run()
}

// A world is an API server, a controller manager with the ReplicaSet controller, and
// a user. Nobody binds or runs pods. Time is virtual.
type world struct {
	*testing.T
	gate *gate
	user kubernetes.Interface
}

// in plays a story in a world.
func in(t *testing.T, o replicaset.Options, story func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t, gate: newGate()}
		server, err := apiserver.New(apiserver.Options{Gate: w.gate})
		require.NoError(t, err)
		w.user = kubernetes.NewForConfigOrDie(server.Config("user"))
		kcm, err := manager.New(server.Config("kcm"), manager.Options{Controllers: []string{"replicaset"}, ReplicaSet: o})
		require.NoError(t, err)

		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- kcm.Start(ctx) }()
		synctest.Wait()
		story(w)
		cancel()
		require.NoError(t, <-ended)
	})
}

// create stores a ReplicaSet of so many replicas, and lets the controller do what it
// can without waiting for time to pass.
func (w *world) create(replicas int32) *apps.ReplicaSet {
	w.Helper()
	rs := newReplicaSet(replicas)
	rs.UID = ""
	return w.store(rs)
}

func (w *world) store(rs *apps.ReplicaSet) *apps.ReplicaSet {
	w.Helper()
	made, err := w.user.AppsV1().ReplicaSets("default").Create(w.Context(), rs, metav1.CreateOptions{})
	require.NoError(w, err)
	synctest.Wait()
	return made
}

// scale asks for another number of pods.
func (w *world) scale(replicas int32) {
	w.Helper()
	w.change(func(rs *apps.ReplicaSet) { *rs.Spec.Replicas = replicas })
}

// touch changes something of the ReplicaSet that does not matter: it is looked at.
func (w *world) touch() {
	w.Helper()
	w.change(func(rs *apps.ReplicaSet) { rs.Annotations = map[string]string{"touched": time.Now().String()} })
}

func (w *world) change(change func(*apps.ReplicaSet)) {
	w.Helper()
	rs := w.replicaSet()
	change(rs)
	_, err := w.user.AppsV1().ReplicaSets("default").Update(w.Context(), rs, metav1.UpdateOptions{})
	require.NoError(w, err)
	synctest.Wait()
}

func (w *world) replicaSet() *apps.ReplicaSet {
	w.Helper()
	rs, err := w.user.AppsV1().ReplicaSets("default").Get(w.Context(), "web", metav1.GetOptions{})
	require.NoError(w, err)
	return rs
}

// remove deletes the ReplicaSet and lets its pods be: nobody collects them here.
func (w *world) remove() {
	w.Helper()
	require.NoError(w, w.user.AppsV1().ReplicaSets("default").Delete(w.Context(), "web", metav1.DeleteOptions{}))
	synctest.Wait()
}

// pods returns the pods in the store, and active those of them that are.
func (w *world) pods() []*v1.Pod {
	w.Helper()
	list, err := w.user.CoreV1().Pods("default").List(w.Context(), metav1.ListOptions{})
	require.NoError(w, err)
	var pods []*v1.Pod
	for i := range list.Items {
		pods = append(pods, &list.Items[i])
	}
	return pods
}

func (w *world) active() []*v1.Pod {
	w.Helper()
	return slices.DeleteFunc(w.pods(), func(p *v1.Pod) bool { return !controller.IsActive(p) })
}

// createPod stores a pod, and lets the controller's cache hear of it.
func (w *world) createPod(pod *v1.Pod) *v1.Pod {
	w.Helper()
	made, err := w.user.CoreV1().Pods("default").Create(w.Context(), pod, metav1.CreateOptions{})
	require.NoError(w, err)
	synctest.Wait()
	return made
}

// bind gives a pod a node, so that a delete leaves it terminating.
func (w *world) bind(pod *v1.Pod) {
	w.Helper()
	binding := &v1.Binding{ObjectMeta: metav1.ObjectMeta{Name: pod.Name}, Target: v1.ObjectReference{Kind: "Node", Name: "node-a"}}
	require.NoError(w, w.user.CoreV1().Pods("default").Bind(w.Context(), binding, metav1.CreateOptions{}))
	synctest.Wait()
}

// ready makes a pod run, and its condition Ready true.
func (w *world) ready(pod *v1.Pod) {
	w.Helper()
	p, err := w.user.CoreV1().Pods("default").Get(w.Context(), pod.Name, metav1.GetOptions{})
	require.NoError(w, err)
	p.Status.Phase = v1.PodRunning
	ready(v1.ConditionTrue, time.Now())(p)
	_, err = w.user.CoreV1().Pods("default").UpdateStatus(w.Context(), p, metav1.UpdateOptions{})
	require.NoError(w, err)
	synctest.Wait()
}

func (w *world) deletePod(pod *v1.Pod) {
	w.Helper()
	require.NoError(w, w.user.CoreV1().Pods("default").Delete(w.Context(), pod.Name, metav1.DeleteOptions{}))
	synctest.Wait()
}

// patch changes a pod by a merge patch.
func (w *world) patch(pod *v1.Pod, patch string) {
	w.Helper()
	_, err := w.user.CoreV1().Pods("default").Patch(w.Context(), pod.Name, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
	require.NoError(w, err)
	synctest.Wait()
}

// wait lets time pass.
func (w *world) wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// A gate holds back and refuses requests and events of the controller manager by
// their kind, such as "create pods", "update replicasets/status" or "event pods", and
// counts them.
type gate struct {
	lock    sync.Mutex
	held    map[string]chan struct{}
	answers map[string]func(n int) apiserver.Verdict
	counts  map[string]int
}

func newGate() *gate {
	return &gate{held: map[string]chan struct{}{}, answers: map[string]func(int) apiserver.Verdict{}, counts: map[string]int{}}
}

// hold keeps all of a kind, until step lets one pass or release all.
func (g *gate) hold(what string) {
	g.lock.Lock()
	defer g.lock.Unlock()
	g.held[what] = make(chan struct{})
}

func (g *gate) step(what string) {
	g.lock.Lock()
	held := g.held[what]
	g.lock.Unlock()
	held <- struct{}{}
	synctest.Wait()
}

// lets is step, if one waits.
func (g *gate) lets(what string) {
	g.lock.Lock()
	held := g.held[what]
	g.lock.Unlock()
	select {
	case held <- struct{}{}:
	default:
	}
	synctest.Wait()
}

func (g *gate) release(what string) {
	g.lock.Lock()
	close(g.held[what])
	delete(g.held, what)
	g.lock.Unlock()
	synctest.Wait()
}

// answer decides about the n-th of a kind, counted from 1 and now on.
func (g *gate) answer(what string, verdict func(n int) apiserver.Verdict) {
	g.lock.Lock()
	defer g.lock.Unlock()
	g.answers[what], g.counts[what] = verdict, 0
}

// count returns how many of a kind have passed, or were refused, since it was last
// asked or answer was called.
func (g *gate) count(what string) int {
	g.lock.Lock()
	defer g.lock.Unlock()
	n := g.counts[what]
	g.counts[what] = 0
	return n
}

func (g *gate) pass(ctx context.Context, client apiserver.Client, what string) apiserver.Verdict {
	if client.Actor != "kcm" {
		return apiserver.Verdict{}
	}
	g.lock.Lock()
	held := g.held[what]
	g.lock.Unlock()
	if held != nil {
		select {
		case <-held:
		case <-ctx.Done():
			return apiserver.Verdict{Outcome: apiserver.Fail, Err: ctx.Err()}
		}
	}
	g.lock.Lock()
	defer g.lock.Unlock()
	g.counts[what]++
	if answer := g.answers[what]; answer != nil {
		return answer(g.counts[what])
	}
	return apiserver.Verdict{}
}

func (g *gate) Request(ctx context.Context, r *apiserver.Request) apiserver.Verdict {
	what := r.Verb + " " + r.Resource.Resource
	if r.Subresource != "" {
		what += "/" + r.Subresource
	}
	if r.Part != "" {
		what += " " + string(r.Part)
	}
	return g.pass(ctx, r.Client, what)
}

func (g *gate) Answer(context.Context, *apiserver.Request) apiserver.Verdict {
	return apiserver.Verdict{}
}

func (g *gate) Event(ctx context.Context, e *apiserver.Event) apiserver.Verdict {
	return g.pass(ctx, e.Client, "event "+e.Resource.Resource)
}
