// Package process is what the processes of Kubernetes' own code share. The code is
// that of k8s.io/kubernetes, as it is; what it needs to run as a process of a
// simulated cluster, and to do the same under the same schedule, is given to it from
// outside: caches that list in the order of names, and a connection that keeps events to
// itself.
package process

import (
	"context"
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

	base *controller.Process
}

// New returns a process that speaks through config.
func New(config *rest.Config) (*Process, error) {
	config = rest.CopyConfig(config)
	config.Wrap(withoutEvents)
	base, err := controller.NewProcess(config)
	if err != nil {
		return nil, err
	}
	return &Process{Informers: Informers{base.Informers}, base: base}, nil
}

// Config is the process's connection.
func (p *Process) Config() *rest.Config { return p.base.Config }

// Client returns the client of one controller, which the API server can tell from
// the others of the process by its user agent.
func (p *Process) Client(component string) (kubernetes.Interface, error) {
	return p.base.Client(component)
}

// Run fills the caches, calls the loops, each in a goroutine, and returns when ctx
// has ended and the loops have.
func (p *Process) Run(ctx context.Context, loops ...func(context.Context)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer p.Informers.Shutdown() // waits for the informers, which end with ctx
	defer cancel()
	p.Informers.StartWithContext(ctx)
	p.Informers.WaitForCacheSyncWithContext(ctx)
	// The handlers hear of what is in the caches at the same instant, and before or
	// after a loop asks whether they have.
	time.Sleep(time.Millisecond)

	var running sync.WaitGroup
	for _, loop := range loops {
		running.Go(func() {
			defer utilruntime.HandleCrashWithContext(ctx)
			loop(ctx)
		})
	}
	running.Wait()
	return nil
}
