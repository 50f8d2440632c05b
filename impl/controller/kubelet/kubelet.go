package kubelet

import (
	"context"
	"fmt"
	"sync"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	coreinformers "k8s.io/client-go/informers/core/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"github.com/reconverge/reconverge/impl/controller"
)

// A Kubelet is the kubelet of one node. What it remembers ends with it; what runs
// on its Machine does not.
type Kubelet struct {
	o      Options
	pods   *pods
	status *statusManager
	lease  *leaseKeeper
	node   *nodeReporter

	podInformer  cache.SharedIndexInformer
	nodeInformer cache.SharedIndexInformer
	podsSynced   cache.InformerSynced
	appeared     chan struct{} // closed when the Node is in the cache
	wake         chan struct{} // holds one token if the pods need attention
}

// New returns a kubelet that has not started.
func New(config *rest.Config, o Options) (*Kubelet, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	process, err := controller.NewProcess(config)
	if err != nil {
		return nil, fmt.Errorf("kubelet: %w", err)
	}
	client, err := process.Client("kubelet")
	if err != nil {
		return nil, fmt.Errorf("kubelet: %w", err)
	}
	k := &Kubelet{o: o, appeared: make(chan struct{}), wake: make(chan struct{}, 1)}
	k.nodeInformer = coreinformers.NewFilteredNodeInformer(client, 0, cache.Indexers{}, func(l *metav1.ListOptions) {
		l.FieldSelector = fields.OneTermEqualSelector(metav1.ObjectNameField, o.NodeName).String()
	})
	podClient := client
	if o.FirstListStale {
		podClient = controller.FirstListMayBeStale(client)
	}
	k.podInformer = coreinformers.NewFilteredPodInformer(podClient, metav1.NamespaceAll, 0, cache.Indexers{}, func(l *metav1.ListOptions) {
		l.FieldSelector = fields.OneTermEqualSelector("spec.nodeName", o.NodeName).String()
	})
	nodes := corelisters.NewNodeLister(k.nodeInformer.GetIndexer())
	k.pods = newPods(o, func() *v1.Node {
		if node, err := nodes.Get(o.NodeName); err == nil {
			return node
		}
		return o.initialNode()
	})
	k.status = &statusManager{o: o, pods: k.pods, client: client, dirty: make(chan struct{}, 1), told: map[types.UID]int{}}
	k.lease = &leaseKeeper{o: o, client: client}
	k.node = &nodeReporter{o: o, client: client.CoreV1().Nodes(), lister: nodes}
	return k, k.addHandlers()
}

func (k *Kubelet) addHandlers() error {
	var once sync.Once
	if _, err := k.nodeInformer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { once.Do(func() { close(k.appeared) }) },
	}); err != nil {
		return fmt.Errorf("kubelet: %w", err)
	}
	registration, err := k.podInformer.AddEventHandler(k.podHandler())
	if err != nil {
		return fmt.Errorf("kubelet: %w", err)
	}
	k.podsSynced = registration.HasSynced
	return nil
}

// Start runs the kubelet until ctx ends. It hears of its pods when it has seen
// its Node; containers that it finds running go on meanwhile.
func (k *Kubelet) Start(ctx context.Context) error {
	k.o.Machine.attach(k.poke)
	defer k.o.Machine.attach(nil)
	var parts sync.WaitGroup
	defer parts.Wait()
	parts.Go(func() { k.nodeInformer.RunWithContext(ctx) })
	parts.Go(func() { k.node.run(ctx) })
	parts.Go(func() { k.status.run(ctx) })
	if !k.o.HeartbeatByStatus {
		parts.Go(func() { k.lease.run(ctx) })
	}
	select {
	case <-ctx.Done():
		return nil
	case <-k.appeared:
	}
	parts.Go(func() { k.podInformer.RunWithContext(ctx) })
	if !cache.WaitForCacheSync(ctx.Done(), k.podsSynced) {
		return nil // ctx has ended
	}
	k.pods.sync(time.Now())
	for ctx.Err() == nil {
		next := k.pods.advance(time.Now())
		k.status.wake()
		k.sleep(ctx, next)
	}
	return nil
}

// sleep waits until a time, or until something happens; for ever if it is zero.
func (k *Kubelet) sleep(ctx context.Context, until time.Time) {
	var alarm <-chan time.Time
	if !until.IsZero() {
		t := time.NewTimer(time.Until(until))
		defer t.Stop()
		alarm = t.C
	}
	select {
	case <-ctx.Done():
	case <-k.wake:
	case <-alarm:
	}
}

// poke makes the kubelet look at its pods.
func (k *Kubelet) poke() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// Evict ends a pod because the node is short of something, and reports whether
// there was one to end. Its phase will be Failed, and it stays in the API.
func (k *Kubelet) Evict(uid types.UID, message string) bool {
	evicted := k.pods.evict(time.Now(), uid, message)
	k.poke()
	return evicted
}
