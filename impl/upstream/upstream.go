// Package upstream puts Kubernetes' own control plane in the place of this tree's:
// the controllers and the scheduler of k8s.io/kubernetes, unmodified, as processes of
// impl/sim, under the same schedules and judged by the same claims. The kubelets and
// the API server are those of this tree.
//
// It is a module of its own, so that nobody else has to download a control plane.
package upstream

import (
	ours "github.com/reconverge/reconverge/impl/controller/manager"
	ourscheduler "github.com/reconverge/reconverge/impl/controller/scheduler"

	"k8s.io/client-go/rest"

	"github.com/reconverge/reconverge/impl/controller"
	"github.com/reconverge/reconverge/impl/suite"
	"github.com/reconverge/reconverge/impl/upstream/manager"
	"github.com/reconverge/reconverge/impl/upstream/scheduler"
)

// Configure makes Kubernetes' own controller manager and scheduler those of c's
// clusters, with the times of c.
func Configure(c *suite.Config) {
	c.Server.Kinds = append(c.Server.Kinds, scheduler.Kinds()...)
	c.NewManager = func(config *rest.Config, o ours.Options) (controller.Runnable, error) {
		return manager.New(config, Options(o))
	}
	c.NewScheduler = func(config *rest.Config, _ ourscheduler.Options) (controller.Runnable, error) {
		return scheduler.New(config)
	}
}

// Options are o as far as flags of kube-controller-manager can say it: which
// controllers run, and the times.
func Options(o ours.Options) manager.Options {
	return manager.Options{
		Controllers:            o.Controllers,
		NodeMonitorPeriod:      o.NodeLifecycle.MonitorPeriod,
		NodeMonitorGracePeriod: o.NodeLifecycle.MonitorGrace,
		NodeStartupGracePeriod: o.NodeLifecycle.StartupGrace,
		NodeEvictionRate:       o.NodeLifecycle.EvictionRate,
		SecondaryEvictionRate:  o.NodeLifecycle.SecondaryEvictionRate,
		GCPeriod:               o.PodGC.Period,
		GCQuarantine:           o.PodGC.Quarantine,
		Collected:              o.GarbageCollector.Resources,
	}
}
