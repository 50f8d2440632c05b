package process

import (
	"cmp"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/informers/apps"
	"k8s.io/client-go/informers/coordination"
	"k8s.io/client-go/informers/core"
	"k8s.io/client-go/informers/internalinterfaces"
	"k8s.io/client-go/informers/policy"
	"k8s.io/client-go/informers/resource"
	"k8s.io/client-go/informers/scheduling"
	"k8s.io/client-go/informers/storage"
	"k8s.io/client-go/tools/cache"
)

// Informers are a factory whose listers and indexers list in the order of names.
// A cache is a map, so what ranges over a lister goes in another order each time:
// controllers of Kubernetes do, and are right to. They take informers as interfaces.
type Informers struct {
	informers.SharedInformerFactory
}

// InformerFor implements internalinterfaces.SharedInformerFactory: every typed
// informer and lister of the groups below is made of what this returns.
func (f Informers) InformerFor(obj runtime.Object, newFunc internalinterfaces.NewInformerFunc) cache.SharedIndexInformer {
	return informer{f.SharedInformerFactory.InformerFor(obj, newFunc)}
}

// The groups that the controllers and the scheduler use.

// Apps implements informers.SharedInformerFactory.
func (f Informers) Apps() apps.Interface { return apps.New(f, metav1.NamespaceAll, nil) }

// Coordination implements informers.SharedInformerFactory.
func (f Informers) Coordination() coordination.Interface {
	return coordination.New(f, metav1.NamespaceAll, nil)
}

// Core implements informers.SharedInformerFactory.
func (f Informers) Core() core.Interface { return core.New(f, metav1.NamespaceAll, nil) }

// Policy implements informers.SharedInformerFactory.
func (f Informers) Policy() policy.Interface { return policy.New(f, metav1.NamespaceAll, nil) }

// Resource implements informers.SharedInformerFactory.
func (f Informers) Resource() resource.Interface { return resource.New(f, metav1.NamespaceAll, nil) }

// Scheduling implements informers.SharedInformerFactory.
func (f Informers) Scheduling() scheduling.Interface {
	return scheduling.New(f, metav1.NamespaceAll, nil)
}

// Storage implements informers.SharedInformerFactory.
func (f Informers) Storage() storage.Interface { return storage.New(f, metav1.NamespaceAll, nil) }

// ForResource implements informers.SharedInformerFactory.
func (f Informers) ForResource(r schema.GroupVersionResource) (informers.GenericInformer, error) {
	g, err := f.SharedInformerFactory.ForResource(r)
	if err != nil {
		return nil, err
	}
	return generic{g, r.GroupResource()}, nil
}

type generic struct {
	informers.GenericInformer
	resource schema.GroupResource
}

func (g generic) Informer() cache.SharedIndexInformer { return informer{g.GenericInformer.Informer()} }

func (g generic) Lister() cache.GenericLister {
	return cache.NewGenericLister(g.Informer().GetIndexer(), g.resource)
}

type informer struct{ cache.SharedIndexInformer }

func (i informer) GetIndexer() cache.Indexer { return indexer{i.SharedIndexInformer.GetIndexer()} }

func (i informer) GetStore() cache.Store { return i.GetIndexer() }

// An indexer sorts what it lists.
type indexer struct{ cache.Indexer }

func (i indexer) List() []any { return byName(i.Indexer.List()) }

func (i indexer) ListKeys() []string { return sorted(i.Indexer.ListKeys()) }

func (i indexer) ListIndexFuncValues(index string) []string {
	return sorted(i.Indexer.ListIndexFuncValues(index))
}

func (i indexer) Index(index string, obj any) ([]any, error) {
	objs, err := i.Indexer.Index(index, obj)
	return byName(objs), err
}

func (i indexer) ByIndex(index, value string) ([]any, error) {
	objs, err := i.Indexer.ByIndex(index, value)
	return byName(objs), err
}

func (i indexer) IndexKeys(index, value string) ([]string, error) {
	keys, err := i.Indexer.IndexKeys(index, value)
	return sorted(keys), err
}

// byName sorts objects, which a cache hands out in a slice of the caller's own.
func byName(objs []any) []any {
	slices.SortFunc(objs, func(a, b any) int { return cmp.Compare(key(a), key(b)) })
	return objs
}

func key(obj any) string {
	o, ok := obj.(metav1.Object)
	if !ok {
		return ""
	}
	return o.GetNamespace() + "/" + o.GetName()
}

func sorted(names []string) []string {
	slices.Sort(names)
	return names
}
