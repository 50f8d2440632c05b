package manager

import (
	"context"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/scale"
	"k8s.io/controller-manager/pkg/informerfactory"
	"k8s.io/kubernetes/pkg/controller/disruption"
	"k8s.io/kubernetes/pkg/controller/garbagecollector"

	"github.com/reconverge/reconverge/impl/upstream/internal/process"
)

// The garbage collector takes the dependents of an owner out of a map. As many workers
// as upstream has ask for all of them at once, and the requests are put in an order
// where they wait; one worker would ask in the map's.
const collectorWorkers = 20

const collectorPeriod = 30 * time.Second // of looking for new kinds

func newGarbageCollector(ctx context.Context, p *process.Process, client kubernetes.Interface, o Options) (func(context.Context), error) {
	objects, err := metadata.NewForConfig(rest.AddUserAgent(rest.CopyConfig(p.Config()), "garbagecollector"))
	if err != nil {
		return nil, err
	}
	kinds := client.Discovery()
	ignored, err := ignoredResources(ctx, kinds, o.Collected)
	if err != nil {
		return nil, err
	}
	// The graph may start informers as soon as it has its handlers: all other handlers
	// are there. It would wait for a channel with a mutex held, and time would stop.
	started := make(chan struct{})
	close(started)
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(kinds))
	others := metadatainformer.NewSharedInformerFactory(objects, 0) // of kinds without Go types
	graph := garbagecollector.NewDependencyGraphBuilder(ctx, objects, mapper, ignored, informerfactory.NewInformerFactory(p.Informers, others), started)
	c, err := garbagecollector.NewComposedGarbageCollector(ctx, client, objects, mapper, graph)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) {
		defer others.Shutdown()
		syncing := make(chan struct{})
		go func() {
			defer close(syncing)
			c.Sync(ctx, kinds, collectorPeriod)
		}()
		c.Run(ctx, collectorWorkers, collectorPeriod)
		<-syncing
	}, nil
}

// ignoredResources are those that the server has and that are not to be watched.
func ignoredResources(ctx context.Context, kinds discovery.DiscoveryInterface, watched []string) (map[schema.GroupResource]struct{}, error) {
	ignored := garbagecollector.DefaultIgnoredResources()
	if watched == nil {
		return ignored, nil
	}
	all, err := garbagecollector.GetDeletableResources(ctx, discovery.ToServerResourcesInterfaceWithContext(kinds))
	if err != nil {
		return nil, err
	}
	ignored = map[schema.GroupResource]struct{}{}
	for r := range all {
		if !slices.Contains(watched, r.Resource) {
			ignored[r.GroupResource()] = struct{}{}
		}
	}
	return ignored, nil
}

func newDisruption(ctx context.Context, p *process.Process, client kubernetes.Interface, _ Options) (func(context.Context), error) {
	kinds := client.Discovery()
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(kinds))
	scales, err := scale.NewForConfig(p.Config(), mapper, dynamic.LegacyAPIPathResolverFunc, scale.NewDiscoveryScaleKindResolver(kinds))
	if err != nil {
		return nil, err
	}
	c := disruption.NewDisruptionController(ctx,
		p.Informers.Core().V1().Pods(),
		p.Informers.Policy().V1().PodDisruptionBudgets(),
		p.Informers.Core().V1().ReplicationControllers(),
		p.Informers.Apps().V1().ReplicaSets(),
		p.Informers.Apps().V1().Deployments(),
		p.Informers.Apps().V1().StatefulSets(),
		client, mapper, scales, kinds,
	)
	return func(ctx context.Context) { c.Run(ctx, 1) }, nil
}
