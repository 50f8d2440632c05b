package manager_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	apps "k8s.io/api/apps/v1"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/klog/v2"

	"github.com/reconverge/reconverge/impl/apiserver"
	"github.com/reconverge/reconverge/impl/controller/manager"
)

func TestMain(m *testing.M) {
	utilruntime.ErrorHandlers = nil // what fails is what is tested; the second handler would sleep in a bubble
	klog.SetLogger(klog.Logger{})   // no lines of elections that fail
	m.Run()
}

// gate decides about requests by a function. nil: all pass. While it lags, no watch of
// pods delivers anything.
type gate struct {
	lock    sync.Mutex
	request func(r *apiserver.Request) apiserver.Verdict
	lagging bool
}

func (g *gate) set(request func(r *apiserver.Request) apiserver.Verdict) {
	g.lock.Lock()
	defer g.lock.Unlock()
	g.request = request
}

func (g *gate) Request(_ context.Context, r *apiserver.Request) apiserver.Verdict {
	g.lock.Lock()
	defer g.lock.Unlock()
	if g.request == nil {
		return apiserver.Verdict{}
	}
	return g.request(r)
}

func (*gate) Answer(context.Context, *apiserver.Request) apiserver.Verdict {
	return apiserver.Verdict{}
}

func (g *gate) lag() {
	g.lock.Lock()
	defer g.lock.Unlock()
	g.lagging = true
}

func (g *gate) Event(ctx context.Context, e *apiserver.Event) apiserver.Verdict {
	g.lock.Lock()
	lagging := g.lagging
	g.lock.Unlock()
	if lagging && e.Resource.Resource == "pods" {
		<-ctx.Done()
	}
	return apiserver.Verdict{}
}

// A world is an API server and a user.
type world struct {
	*testing.T
	gate   *gate
	server *apiserver.Server
	user   kubernetes.Interface
}

func in(t *testing.T, story func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		g := new(gate)
		server, err := apiserver.New(apiserver.Options{Gate: g})
		require.NoError(t, err)
		story(&world{T: t, gate: g, server: server, user: kubernetes.NewForConfigOrDie(server.Config("user"))})
	})
}

// start runs a manager as an actor of its own; crash ends it and returns its error.
func (w *world) start(actor string, o manager.Options) (crash func() error) {
	w.Helper()
	m, err := manager.New(w.server.Config(actor), o)
	require.NoError(w, err)
	ctx, cancel := context.WithCancel(w.Context())
	ended := make(chan error, 1)
	go func() { ended <- m.Start(ctx) }()
	w.Cleanup(cancel)
	synctest.Wait()
	return func() error {
		cancel()
		return <-ended
	}
}

func (w *world) createReplicaSet(replicas int32) {
	w.Helper()
	web := map[string]string{"app": "web"}
	_, err := w.user.AppsV1().ReplicaSets("default").Create(w.Context(), &apps.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: apps.ReplicaSetSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: web},
			Template: v1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: web},
				Spec:       v1.PodSpec{Containers: []v1.Container{{Name: "main", Image: "pause"}}},
			},
		},
	}, metav1.CreateOptions{})
	require.NoError(w, err)
	synctest.Wait()
}

func (w *world) podCount() int {
	w.Helper()
	pods, err := w.user.CoreV1().Pods("default").List(w.Context(), metav1.ListOptions{})
	require.NoError(w, err)
	return len(pods.Items)
}

func (w *world) holder() string {
	w.Helper()
	lease, err := w.user.CoordinationV1().Leases("kube-system").Get(w.Context(), "kube-controller-manager", metav1.GetOptions{})
	require.NoError(w, err)
	return *lease.Spec.HolderIdentity
}

func (w *world) wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func only(o manager.Options, names ...string) manager.Options {
	o.Controllers = names
	return o
}

// All controllers share one cache of each kind, and all end with the process: a
// goroutine that stayed would keep the bubble from ending.
func TestAllControllersRunAndEndTogether(t *testing.T) {
	for name, o := range map[string]manager.Options{"1.37": {}, "1.9": manager.V1_9()} {
		t.Run(name, func(t *testing.T) {
			in(t, func(w *world) {
				watches := map[string]int{}
				w.gate.set(func(r *apiserver.Request) apiserver.Verdict {
					if r.Verb == "watch" && r.Client.Component == "shared-informers" {
						watches[r.Resource.Resource]++
					}
					return apiserver.Verdict{}
				})
				crash := w.start("kcm", o)
				w.createReplicaSet(3)
				require.Equal(t, 3, w.podCount())
				w.wait(time.Minute)
				require.NoError(t, crash())
				require.Equal(t, 1, watches["pods"])
				require.Equal(t, 1, watches["replicasets"])
			})
		})
	}
}

func TestAnUnknownControllerIsRefused(t *testing.T) {
	in(t, func(w *world) {
		_, err := manager.New(w.server.Config("kcm"), only(manager.Options{}, "replicasets"))
		require.ErrorContains(t, err, `manager: there is no controller "replicasets", only ["replicaset"`)
	})
}

// reflector.kcmFirstListStale (B31): the second process begins with what the first had
// before it created its pod.
func TestAFirstListMayBeAsOldAsThePredecessorsCache(t *testing.T) {
	for name, c := range map[string]struct {
		options manager.Options
		want    int
	}{
		"consistent": {manager.Options{}, 1},
		"stale":      {manager.Options{FirstListStale: true}, 2},
		"1.9":        {manager.V1_9(), 2},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(w *world) {
				crash := w.start("kcm", only(c.options, "replicaset"))
				w.createReplicaSet(1)
				require.Equal(t, 1, w.podCount())
				require.NoError(t, crash())

				w.gate.set(func(r *apiserver.Request) apiserver.Verdict {
					if r.Stale {
						return apiserver.Verdict{At: 2} // the first write of all: the ReplicaSet
					}
					return apiserver.Verdict{}
				})
				w.gate.lag()
				crash = w.start("kcm", only(c.options, "replicaset"))
				require.Equal(t, c.want, w.podCount())
				require.NoError(t, crash())
			})
		})
	}
}

func elected(identity string) manager.Options {
	return only(manager.Options{Election: &manager.Election{Identity: identity}}, "replicaset")
}

// A standby takes over when the lease has not changed for 15 s, and not before.
func TestAStandbyTakesOver(t *testing.T) {
	in(t, func(w *world) {
		crash := w.start("kcm-a", elected("a"))
		w.wait(time.Second)
		crashB := w.start("kcm-b", elected("b"))
		require.Equal(t, "a", w.holder())
		w.wait(time.Hour)
		require.Equal(t, "a", w.holder())

		require.NoError(t, crash())
		w.createReplicaSet(2)
		w.wait(12 * time.Second)
		require.Equal(t, "a", w.holder(), "the lease is not given back")
		require.Zero(t, w.podCount())
		w.wait(6 * time.Second)
		require.Equal(t, "b", w.holder())
		require.Equal(t, 2, w.podCount())
		require.NoError(t, crashB())
	})
}

// A leader that cannot renew its lease ends after 10 s, before another leads.
func TestALeaderThatCannotRenewEnds(t *testing.T) {
	in(t, func(w *world) {
		crash := w.start("kcm-a", elected("a"))
		crashB := w.start("kcm-b", elected("b"))
		w.gate.set(func(r *apiserver.Request) apiserver.Verdict {
			if r.Client.Actor == "kcm-a" {
				return apiserver.Verdict{Outcome: apiserver.Fail}
			}
			return apiserver.Verdict{}
		})
		w.wait(13 * time.Second)
		require.ErrorContains(t, crash(), "a no longer leads")
		w.wait(6 * time.Second)
		require.Equal(t, "b", w.holder())
		require.NoError(t, crashB())
	})
}

// Two processes that call themselves the same both lead (B48).
func TestTwoOfOneIdentityBothLead(t *testing.T) {
	in(t, func(w *world) {
		crash := w.start("kcm-a", elected("same"))
		crashB := w.start("kcm-b", elected("same"))
		w.wait(time.Minute)
		w.gate.lag() // neither sees what the other does
		creators := map[string]bool{}
		w.gate.set(func(r *apiserver.Request) apiserver.Verdict {
			if r.Verb == "create" && r.Resource.Resource == "pods" {
				creators[r.Client.Actor] = true
			}
			return apiserver.Verdict{}
		})
		w.createReplicaSet(1)
		require.Equal(t, map[string]bool{"kcm-a": true, "kcm-b": true}, creators)
		require.NoError(t, crash())
		require.NoError(t, crashB())
	})
}
