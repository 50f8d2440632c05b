// Package bubble helps to test processes of a cluster: an API server and whatever
// talks to it, in virtual time.
package bubble

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"

	"github.com/reconverge/reconverge/impl/apiserver"
	"github.com/reconverge/reconverge/impl/controller"
)

// A Cluster is an API server in a bubble, and the processes that were started.
type Cluster struct {
	*Gate
	T      *testing.T
	Ctx    context.Context
	Server *apiserver.Server
	Client kubernetes.Interface // of the actor "user"

	processes sync.WaitGroup
}

// Run runs f in a bubble of its own, with the bubble's own t. The processes that it
// started end with it.
func Run(t *testing.T, f func(t *testing.T, c *Cluster)) {
	// The back-off of errors remembers a time of the real clock, from which it would
	// sleep for years.
	utilruntime.ErrorHandlers = utilruntime.ErrorHandlers[:1]
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(klog.NewContext(t.Context(), klog.Logger{}))
		c := &Cluster{T: t, Gate: &Gate{cut: map[string]bool{}}, Ctx: ctx}
		defer c.processes.Wait()
		defer cancel()
		var err error
		c.Server, err = apiserver.New(apiserver.Options{Gate: c.Gate})
		require.NoError(t, err)
		c.Client, err = kubernetes.NewForConfig(c.Server.Config("user"))
		require.NoError(t, err)
		f(t, c)
	})
}

// Start starts a process, and returns a function that ends it and waits for that.
func (c *Cluster) Start(actor string, process func(*rest.Config) (controller.Runnable, error)) (stop func()) {
	c.T.Helper()
	runnable, err := process(c.Server.Config(actor))
	require.NoError(c.T, err)
	ctx, cancel := context.WithCancel(c.Ctx)
	done := make(chan error, 1)
	c.processes.Go(func() { done <- runnable.Start(ctx) })
	var once sync.Once
	return func() {
		once.Do(func() {
			cancel()
			require.NoError(c.T, <-done)
		})
	}
}

// After lets time pass until everything is quiet again.
func (c *Cluster) After(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// Untaint takes all taints off a Node, as the node lifecycle controller does with
// one that is ready.
func (c *Cluster) Untaint(node string) {
	c.T.Helper()
	_, err := c.Client.CoreV1().Nodes().Patch(c.Ctx, node, types.MergePatchType, []byte(`{"spec":{"taints":null}}`), metav1.PatchOptions{})
	require.NoError(c.T, err)
}

// A Gate lets everything pass except what a test holds up. Its functions are called
// in the goroutines of requests.
type Gate struct {
	mu      sync.Mutex
	cut     map[string]bool // actors whose requests fail
	lags    []lag
	request func(*apiserver.Request) apiserver.Verdict
	event   func(*apiserver.Event) apiserver.Verdict
}

// A lag makes events wait.
type lag struct {
	actor     string
	resources []string // empty: of all
	ended     chan struct{}
}

// OnRequest makes f decide about requests; nil: all pass.
func (g *Gate) OnRequest(f func(*apiserver.Request) apiserver.Verdict) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.request = f
}

// OnEvent makes f decide about events; nil: all pass.
func (g *Gate) OnEvent(f func(*apiserver.Event) apiserver.Verdict) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.event = f
}

// Cut takes an actor off the network: its requests fail, and events wait.
func (g *Gate) Cut(actor string) {
	g.Lag(actor)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.cut[actor] = true
}

// Lag makes the events of an actor wait: those of the given resources, or all.
func (g *Gate) Lag(actor string, resources ...string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lags = append(g.lags, lag{actor, resources, make(chan struct{})})
}

// Heal ends what Cut and Lag have done to an actor.
func (g *Gate) Heal(actor string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.cut, actor)
	g.lags = slices.DeleteFunc(g.lags, func(l lag) bool {
		if l.actor == actor {
			close(l.ended)
		}
		return l.actor == actor
	})
}

// lagOf returns a channel that is closed when an event need wait no longer; nil if
// it need not wait.
func (g *Gate) lagOf(e *apiserver.Event) <-chan struct{} {
	for _, l := range g.lags {
		if l.actor == e.Client.Actor && (len(l.resources) == 0 || slices.Contains(l.resources, e.Resource.Resource)) {
			return l.ended
		}
	}
	return nil
}

// Request is of apiserver.Gate.
func (g *Gate) Request(_ context.Context, r *apiserver.Request) apiserver.Verdict {
	g.mu.Lock()
	f, cut := g.request, g.cut[r.Client.Actor]
	g.mu.Unlock()
	switch {
	case cut:
		return apiserver.Verdict{Outcome: apiserver.Fail}
	case f != nil:
		return f(r)
	}
	return apiserver.Verdict{}
}

// Answer is of apiserver.Gate.
func (g *Gate) Answer(context.Context, *apiserver.Request) apiserver.Verdict {
	return apiserver.Verdict{}
}

// Event is of apiserver.Gate.
func (g *Gate) Event(ctx context.Context, e *apiserver.Event) apiserver.Verdict {
	g.mu.Lock()
	f, ended := g.event, g.lagOf(e)
	g.mu.Unlock()
	if ended != nil {
		select {
		case <-ended:
		case <-ctx.Done():
		}
	}
	if f != nil {
		return f(e)
	}
	return apiserver.Verdict{}
}

// Pod returns a pod that any node will do for.
func Pod(name string, change ...func(*v1.Pod)) *v1.Pod {
	p := &v1.Pod{}
	p.Namespace, p.Name = v1.NamespaceDefault, name
	p.Spec.Containers = []v1.Container{{Name: "main", Image: "web"}}
	for _, f := range change {
		f(p)
	}
	return p
}
