package controller

import (
	"cmp"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"
)

// Sorted sorts objects by namespace and name, in place, and returns them. Listers
// and indexers answer in the random order of a map: who acts on each of a list in
// turn sorts it first, so that the same history makes the same requests.
func Sorted[T metav1.Object](objects []T) []T {
	slices.SortFunc(objects, func(a, b T) int {
		return cmp.Or(cmp.Compare(a.GetNamespace(), b.GetNamespace()), cmp.Compare(a.GetName(), b.GetName()))
	})
	return objects
}

// Indexed returns the objects that an index has under the key, sorted. The index
// must have been added to the informer of the indexer, whose objects are all T.
func Indexed[T metav1.Object](indexer cache.Indexer, index, key string) ([]T, error) {
	found, err := indexer.ByIndex(index, key)
	if err != nil {
		return nil, err
	}
	objects := make([]T, 0, len(found))
	for _, o := range found {
		objects = append(objects, o.(T))
	}
	return Sorted(objects), nil
}

// AddIndex adds an index to an informer that has not started, unless another
// controller of the process has. Controllers that share an index share its
// function.
func AddIndex(informer cache.SharedIndexInformer, name string, index cache.IndexFunc) error {
	if _, ok := informer.GetIndexer().GetIndexers()[name]; ok {
		return nil
	}
	return informer.AddIndexers(cache.Indexers{name: index})
}

// Deleted returns the object that a delete handler was called with: the object
// itself, or the last state of it that was known when a relist missed it.
func Deleted[T any](obj any) (T, bool) {
	if tombstone, ok := obj.(cache.DeletedFinalStateUnknown); ok {
		obj = tombstone.Obj
	}
	object, ok := obj.(T)
	return object, ok
}
