// Package manager is the kube-controller-manager: its controllers in one process, on
// one cache of each kind.
package manager

import (
	"context"
	"errors"
	"sync"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/reconverge/reconverge/impl/controller"
	"github.com/reconverge/reconverge/impl/controller/replicaset"
)

// Options say which controllers run, and how. The zero value runs all.
type Options struct {
	// Disabled are the components that do not run, such as replicaset.Component.
	Disabled map[string]bool
	// FirstListStale is reflector.kcmFirstListStale (B31, B34): the first list of the
	// process may be as old as its predecessor's cache.
	FirstListStale bool

	ReplicaSet replicaset.Options
}

// A manager is one process.
type manager struct {
	process     *controller.Process
	controllers []controller.Runnable
}

// New returns a controller manager that speaks through config.
func New(config *rest.Config, o Options) (controller.Runnable, error) {
	var wraps []func(kubernetes.Interface) kubernetes.Interface
	if o.FirstListStale {
		wraps = append(wraps, controller.FirstListMayBeStale)
	}
	p, err := controller.NewProcess(config, wraps...)
	if err != nil {
		return nil, err
	}
	m := &manager{process: p}
	for _, c := range []struct {
		component string
		build     func() (controller.Runnable, error)
	}{
		{replicaset.Component, func() (controller.Runnable, error) { return replicaset.New(p, o.ReplicaSet) }},
	} {
		if o.Disabled[c.component] {
			continue
		}
		r, err := c.build()
		if err != nil {
			return nil, err
		}
		m.controllers = append(m.controllers, r)
	}
	return m, nil
}

// Start runs the controllers until ctx ends, or one of them fails.
func (m *manager) Start(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer m.process.Informers.Shutdown() // waits for the informers, which end with ctx
	defer cancel()
	m.process.Informers.StartWithContext(ctx)
	m.process.Informers.WaitForCacheSyncWithContext(ctx)

	failures := make([]error, len(m.controllers))
	var running sync.WaitGroup
	for i, c := range m.controllers {
		running.Go(func() {
			if failures[i] = c.Start(ctx); failures[i] != nil {
				cancel()
			}
		})
	}
	running.Wait()
	return errors.Join(failures...)
}
