// Package manager is the kube-controller-manager: its controllers in one process, on
// one cache of each kind.
package manager

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/reconverge/reconverge/impl/controller"
	"github.com/reconverge/reconverge/impl/controller/disruption"
	"github.com/reconverge/reconverge/impl/controller/garbagecollector"
	"github.com/reconverge/reconverge/impl/controller/nodelifecycle"
	"github.com/reconverge/reconverge/impl/controller/podgc"
	"github.com/reconverge/reconverge/impl/controller/replicaset"
	"github.com/reconverge/reconverge/impl/controller/tainteviction"
)

// Options say which controllers run, and how. The zero value runs all of them as in
// Kubernetes 1.37, without leader election.
type Options struct {
	// Controllers are the names of those that run. nil: all, see Names.
	Controllers []string
	// Election is how the process becomes the one that acts. nil: it acts at once.
	Election *Election
	// FirstListStale is reflector.kcmFirstListStale (B31, B34): the first list of the
	// process may be as old as its predecessor's cache.
	FirstListStale bool

	ReplicaSet       replicaset.Options
	NodeLifecycle    nodelifecycle.Options
	TaintEviction    tainteviction.Options
	PodGC            podgc.Options
	GarbageCollector garbagecollector.Options
	Disruption       disruption.Options
}

// V1_9 returns the options of Kubernetes 1.9: the controllers as they were, no taint
// eviction (off by default there), and a first list from the watch cache.
func V1_9() Options {
	o := Options{FirstListStale: true}
	o.Controllers = slices.DeleteFunc(Names(), func(name string) bool { return name == "tainteviction" })
	o.ReplicaSet.V1_9 = true
	o.NodeLifecycle.V1_9 = true
	o.PodGC.V1_9 = true
	return o
}

// constructors are the controllers, in the order in which they start.
var constructors = []struct {
	name string
	new  func(*controller.Process, Options) (controller.Runnable, error)
}{
	{"replicaset", func(p *controller.Process, o Options) (controller.Runnable, error) {
		return replicaset.New(p, o.ReplicaSet)
	}},
	{"nodelifecycle", func(p *controller.Process, o Options) (controller.Runnable, error) {
		return nodelifecycle.New(p, o.NodeLifecycle)
	}},
	{"tainteviction", func(p *controller.Process, o Options) (controller.Runnable, error) {
		return tainteviction.New(p, o.TaintEviction)
	}},
	{"podgc", func(p *controller.Process, o Options) (controller.Runnable, error) { return podgc.New(p, o.PodGC) }},
	{"garbagecollector", func(p *controller.Process, o Options) (controller.Runnable, error) {
		return garbagecollector.New(p, o.GarbageCollector)
	}},
	{"disruption", func(p *controller.Process, o Options) (controller.Runnable, error) {
		return disruption.New(p, o.Disruption)
	}},
}

// Names are the controllers that there are, in the order in which they start.
func Names() []string {
	var names []string
	for _, c := range constructors {
		names = append(names, c.name)
	}
	return names
}

// A manager is one process.
type manager struct {
	election    *Election
	elector     kubernetes.Interface
	process     *controller.Process
	controllers []controller.Runnable
}

// New returns a controller manager that speaks through config. It can be started
// once: a restart is another.
func New(config *rest.Config, o Options) (controller.Runnable, error) {
	var wraps []func(kubernetes.Interface) kubernetes.Interface
	if o.FirstListStale {
		wraps = append(wraps, controller.FirstListMayBeStale)
	}
	p, err := controller.NewProcess(config, wraps...)
	if err != nil {
		return nil, err
	}
	m := &manager{election: o.Election, process: p}
	if m.elector, err = p.Client("leader-election"); err != nil {
		return nil, err
	}
	if err := m.build(o); err != nil {
		return nil, fmt.Errorf("manager: %w", err)
	}
	return m, nil
}

func (m *manager) build(o Options) error {
	for _, name := range o.Controllers {
		if names := Names(); !slices.Contains(names, name) {
			return fmt.Errorf("there is no controller %q, only %q", name, names)
		}
	}
	for _, c := range constructors {
		if o.Controllers != nil && !slices.Contains(o.Controllers, c.name) {
			continue
		}
		built, err := c.new(m.process, o)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		m.controllers = append(m.controllers, built)
	}
	return nil
}

// Start runs the controllers until ctx ends, or one of them fails, or the process has
// lost its lease; the last two are errors.
func (m *manager) Start(ctx context.Context) error {
	if m.election == nil {
		return m.run(ctx)
	}
	return m.election.lead(ctx, m.elector, m.run)
}

// run fills the caches, and then starts the controllers.
//
// Abstracts: cmd/kube-controller-manager/app/controllermanager.go:Run.
func (m *manager) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer m.process.Informers.Shutdown() // waits for the informers, which end with ctx
	defer cancel()
	m.process.Informers.StartWithContext(ctx)
	m.process.Informers.WaitForCacheSyncWithContext(ctx)

	failures := make([]error, len(m.controllers))
	var running sync.WaitGroup
	for i, c := range m.controllers {
		running.Go(func() {
			defer cancel() // one that returns is not left out: the process ends
			failures[i] = c.Start(ctx)
		})
	}
	running.Wait()
	return errors.Join(failures...)
}
