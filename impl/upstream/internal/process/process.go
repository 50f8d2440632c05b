// Package process is what the processes of Kubernetes' own code share. The code is
// that of k8s.io/kubernetes, as it is; what it needs to run as a process of a
// simulated cluster, and to do the same under the same schedule, is given to it from
// outside: caches that list in the order of names, a connection that keeps events to
// itself, and an end of the process where a program would have crashed.
package process

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
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
	wire *wire
}

// New returns a process that speaks through config.
func New(config *rest.Config) (*Process, error) {
	p := &Process{wire: &wire{}}
	config = rest.CopyConfig(config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return p.wire.over(next)
	})
	base, err := controller.NewProcess(config)
	if err != nil {
		return nil, err
	}
	p.base, p.Informers = base, Informers{base.Informers}
	return p, nil
}

// Config is the process's connection.
func (p *Process) Config() *rest.Config { return p.base.Config }

// Client returns the client of one controller, which the API server can tell from
// the others of the process by its user agent.
func (p *Process) Client(component string) (kubernetes.Interface, error) {
	return p.base.Client(component)
}

// A Crashed is why a process ended: a goroutine of it panicked.
type Crashed struct {
	Panic any
	Stack string
}

func (c *Crashed) Error() string { return fmt.Sprintf("panic: %v", c.Panic) }

// Run fills the caches, calls the loops, each in a goroutine, and returns when ctx
// has ended and the loops have. A loop that panics, in itself or in any goroutine
// that is guarded by utilruntime.HandleCrashWithContext, ends the process at once,
// and Run returns a *Crashed.
func (p *Process) Run(ctx context.Context, loops ...func(context.Context)) error {
	catchCrashes()
	ctx, cancel := context.WithCancelCause(ctx)
	ctx = context.WithValue(ctx, crashKey{}, func(c *Crashed) {
		p.wire.die()
		cancel(c)
	})
	defer p.Informers.Shutdown() // waits for the informers, which end with ctx
	defer cancel(nil)
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
	if crashed, ok := context.Cause(ctx).(*Crashed); ok {
		return crashed
	}
	return nil
}

type crashKey struct{}

// catchCrashes makes a panic the end of the simulated process instead of that of the
// test. Apimachinery's guards of goroutines do not panic again, once told so, and call
// handlers, with the context of the goroutine. This is for the whole operating system
// process, and is not undone, since other goroutines may read it.
var catchCrashes = sync.OnceFunc(func() {
	utilruntime.ReallyCrash = false
	utilruntime.PanicHandlers = append(utilruntime.PanicHandlers, func(ctx context.Context, p any) {
		crash, ok := ctx.Value(crashKey{}).(func(*Crashed))
		if !ok {
			panic(p) // of nobody's process
		}
		crash(&Crashed{Panic: p, Stack: string(debug.Stack())})
	})
})
