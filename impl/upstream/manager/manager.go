// Package manager is Kubernetes' own kube-controller-manager: the controllers of
// k8s.io/kubernetes, unmodified, in one process, on one cache of each kind. It is the
// counterpart of impl/controller/manager, and takes the same times.
package manager

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/kubernetes/pkg/controller/nodelifecycle"
	"k8s.io/kubernetes/pkg/controller/podgc"
	"k8s.io/kubernetes/pkg/controller/replicaset"
	"k8s.io/kubernetes/pkg/controller/tainteviction"

	"github.com/reconverge/reconverge/impl/controller"
	"github.com/reconverge/reconverge/impl/upstream/internal/process"
)

// Options are those flags of kube-controller-manager that matter here, and the times
// of pod GC, which has none. The zero value is Kubernetes' own defaults, with one
// worker for each queue where that can be chosen: several act in any order.
type Options struct {
	// Controllers are the names of those that run. nil: all, see Names.
	Controllers []string

	NodeMonitorPeriod      time.Duration // 0: 5 s
	NodeMonitorGracePeriod time.Duration // 0: 50 s
	NodeStartupGracePeriod time.Duration // 0: 60 s
	NodeEvictionRate       float32       // nodes tainted a second, of a zone that is well; 0: 0.1
	SecondaryEvictionRate  float32       // of a zone of more than LargeZone nodes that is not; 0: 0.01
	LargeZone              int32         // 0: 50
	UnhealthyZone          float32       // share of nodes that are not ready from which on a zone is not well; 0: 0.55

	TerminatedPods int           // that are kept; 0: 12,500
	GCPeriod       time.Duration // of pod GC; 0: 20 s
	// GCQuarantine is how long a Node has to be gone before its pods are; 0: 40 s. One
	// millisecond is added: it is a multiple of the period, and whether it ends before
	// pod GC looks or after it would be open. On a machine it ends after.
	GCQuarantine time.Duration

	// Collected are the resources that the garbage collector watches, such as pods; nil:
	// all but events. The others are its ignored resources, which the configuration of
	// kube-controller-manager names.
	Collected []string
}

// A constructor makes one controller, and returns its loop.
type constructor struct {
	name string
	new  func(context.Context, *process.Process, kubernetes.Interface, Options) (func(context.Context), error)
}

// constructors follow cmd/kube-controller-manager/app/{apps,core,policy}.go.
var constructors = []constructor{
	{"replicaset", newReplicaSet},
	{"nodelifecycle", newNodeLifecycle},
	{"tainteviction", newTaintEviction},
	{"podgc", newPodGC},
	{"garbagecollector", newGarbageCollector},
	{"disruption", newDisruption},
}

// Names are the controllers that there are.
func Names() []string {
	var names []string
	for _, c := range constructors {
		names = append(names, c.name)
	}
	return names
}

func newReplicaSet(ctx context.Context, p *process.Process, client kubernetes.Interface, _ Options) (func(context.Context), error) {
	c := replicaset.NewReplicaSetController(ctx, p.Informers.Apps().V1().ReplicaSets(), p.Informers.Core().V1().Pods(), client, replicaset.BurstReplicas)
	return func(ctx context.Context) { c.Run(ctx, 1) }, nil
}

func newNodeLifecycle(ctx context.Context, p *process.Process, _ kubernetes.Interface, o Options) (func(context.Context), error) {
	var t tainting
	client, err := p.Client("nodelifecycle", t.over)
	if err != nil {
		return nil, err
	}
	c, err := nodelifecycle.NewNodeLifecycleController(ctx,
		p.Informers.Coordination().V1().Leases(),
		p.Informers.Core().V1().Pods(),
		t.nodes(p.Informers.Core().V1().Nodes()),
		p.Informers.Apps().V1().DaemonSets(),
		client,
		cmp.Or(o.NodeMonitorPeriod, 5*time.Second),
		cmp.Or(o.NodeStartupGracePeriod, time.Minute),
		cmp.Or(o.NodeMonitorGracePeriod, 50*time.Second),
		cmp.Or(o.NodeEvictionRate, 0.1),
		cmp.Or(o.SecondaryEvictionRate, 0.01),
		cmp.Or(o.LargeZone, 50),
		cmp.Or(o.UnhealthyZone, 0.55),
	)
	if err != nil {
		return nil, err
	}
	return c.Run, nil
}

func newTaintEviction(ctx context.Context, p *process.Process, client kubernetes.Interface, _ Options) (func(context.Context), error) {
	c, err := tainteviction.New(ctx, client, p.Informers.Core().V1().Pods(), p.Informers.Core().V1().Nodes(), "taint-eviction-controller")
	if err != nil {
		return nil, err
	}
	return c.Run, nil
}

func newPodGC(ctx context.Context, p *process.Process, client kubernetes.Interface, o Options) (func(context.Context), error) {
	c := podgc.NewPodGCInternal(ctx, client, p.Informers.Core().V1().Pods(), p.Informers.Core().V1().Nodes(),
		cmp.Or(o.TerminatedPods, 12_500),
		cmp.Or(o.GCPeriod, 20*time.Second),
		cmp.Or(o.GCQuarantine, 40*time.Second)+time.Millisecond,
	)
	return c.Run, nil
}

// A manager is one process.
type manager struct {
	process *process.Process
	options Options
	chosen  []constructor
}

// New returns a controller manager that speaks through config. It can be started
// once: a restart is another.
func New(config *rest.Config, o Options) (controller.Runnable, error) {
	p, err := process.New(config)
	if err != nil {
		return nil, err
	}
	m := &manager{process: p, options: o}
	for _, name := range o.Controllers {
		if names := Names(); !slices.Contains(names, name) {
			return nil, fmt.Errorf("manager: there is no controller %q, only %q", name, names)
		}
	}
	for _, c := range constructors {
		if o.Controllers == nil || slices.Contains(o.Controllers, c.name) {
			m.chosen = append(m.chosen, c)
		}
	}
	return m, nil
}

// Start runs the controllers until ctx ends.
func (m *manager) Start(ctx context.Context) error {
	var loops []func(context.Context)
	for _, c := range m.chosen {
		client, err := m.process.Client(c.name)
		if err != nil {
			return err
		}
		loop, err := c.new(ctx, m.process, client, m.options)
		if err != nil {
			return fmt.Errorf("manager: %s: %w", c.name, err)
		}
		loops = append(loops, loop)
	}
	m.process.Run(ctx, loops...)
	return nil
}
