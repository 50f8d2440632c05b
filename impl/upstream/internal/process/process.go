// Package process is what the processes of Kubernetes' own code share. The code is
// that of k8s.io/kubernetes, as it is; what it needs to run as a process of a
// simulated cluster, and to do the same under the same schedule, is given to it from
// outside: caches that list in the order of names, and a connection that keeps events to
// itself.
package process

import (
	"context"
	"net/http"
	"sync"
	"time"

	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/reconverge/reconverge/impl/controller"
)

// A Process is one process: a connection to the API server, and one cache of each
// kind. It can be run once.
type Process struct {
	// Informers have caches whose lists are in the order of names.
	Informers Informers
	base      *controller.Process
	started   chan struct{} // closed when the informers have been
}

// New returns a process that speaks through config.
func New(config *rest.Config) (*Process, error) {
	config = rest.CopyConfig(config)
	config.Wrap(withoutEvents)
	base, err := controller.NewProcess(config)
	if err != nil {
		return nil, err
	}
	return &Process{Informers: Informers{base.Informers}, base: base, started: make(chan struct{})}, nil
}

// Config is the process's connection.
func (p *Process) Config() *rest.Config { return p.base.Config }

// Client returns the client of one controller, which the API server can tell from
// the others of the process by its user agent. Layers are put over its connection.
func (p *Process) Client(component string, layers ...func(http.RoundTripper) http.RoundTripper) (kubernetes.Interface, error) {
	config := rest.CopyConfig(p.Config())
	for _, layer := range layers {
		config.Wrap(layer)
	}
	return (&controller.Process{Config: config}).Client(component)
}

// Run calls the loops, each in a goroutine, then fills the caches, and returns when
// ctx has ended and the loops have.
//
// Follows cmd/kube-controller-manager/app/controllermanager.go:Run, where informers
// start when all controllers have, and each controller waits for its caches itself. So
// every handler is there before the first list, and what it hears of is a step.
func (p *Process) Run(ctx context.Context, loops ...func(context.Context)) {
	ctx, cancel := context.WithCancel(ctx)
	defer p.Informers.Shutdown() // waits for the informers, which end with ctx
	defer cancel()
	var running sync.WaitGroup
	for _, loop := range loops {
		running.Go(func() {
			defer utilruntime.HandleCrashWithContext(ctx)
			loop(ctx)
		})
	}
	time.Sleep(instant)
	p.Informers.StartWithContext(ctx)
	close(p.started)
	running.Wait()
}

// instant is a time after which all that happens at once has: what goroutines of a
// process do at one instant is in no order.
const instant = time.Millisecond

// Filled returns when the caches are full, and the handlers had time to hear of it.
func (p *Process) Filled(ctx context.Context) {
	select {
	case <-p.started:
	case <-ctx.Done():
		return
	}
	p.Informers.WaitForCacheSyncWithContext(ctx)
	time.Sleep(instant)
}
