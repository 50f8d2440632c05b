package sim

import (
	"fmt"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/reconverge/reconverge/impl/apiserver"
)

// resources are the resources that a person can name: those of a scheme in its
// preferred versions, and an API server's own.
type resources struct {
	cluster map[schema.GroupVersionResource]bool   // without namespaces
	byName  map[string]schema.GroupVersionResource // pods, replicasets, widgets.example.com
	byKind  map[schema.GroupVersionKind]schema.GroupVersionResource
}

var builtinResources = sync.OnceValue(func() resources { return resourcesOf(scheme.Scheme, nil) })

func resourcesOf(s *runtime.Scheme, kinds []apiserver.Kind) resources {
	r := resources{
		byName: make(map[string]schema.GroupVersionResource),
		byKind: make(map[schema.GroupVersionKind]schema.GroupVersionResource),
		cluster: map[schema.GroupVersionResource]bool{
			corev1.SchemeGroupVersion.WithResource("nodes"):             true,
			corev1.SchemeGroupVersion.WithResource("namespaces"):        true,
			corev1.SchemeGroupVersion.WithResource("persistentvolumes"): true,
		},
	}
	for _, k := range kinds {
		r.cluster[k.GroupVersion().WithResource(k.Plural)] = !k.Namespaced
		r.add(k.GroupVersionKind, k.GroupVersion().WithResource(k.Plural))
	}
	for _, gv := range s.PrioritizedVersionsAllGroups() {
		for kind := range s.KnownTypes(gv) {
			if strings.HasSuffix(kind, "List") || strings.HasSuffix(kind, "Options") {
				continue
			}
			gvr, _ := meta.UnsafeGuessKindToResource(gv.WithKind(kind))
			r.add(gv.WithKind(kind), gvr)
		}
	}
	return r
}

func (r resources) add(gvk schema.GroupVersionKind, gvr schema.GroupVersionResource) {
	if _, there := r.byKind[gvk]; there {
		return
	}
	r.byKind[gvk] = gvr
	for _, name := range []string{gvr.GroupResource().String(), gvr.Resource} {
		// The core group comes first; Event is in two. A scheme without priorities has
		// versions as they were registered, v1beta1 of leases before v1.
		was, there := r.byName[name]
		newer := was.Group == gvr.Group && version.CompareKubeAwareVersionStrings(gvr.Version, was.Version) > 0
		if !there || newer || gvr.Group == "" && was.Group != "" {
			r.byName[name] = gvr
		}
	}
}

func (r resources) named(name string) (schema.GroupVersionResource, error) {
	if gvr, ok := r.byName[name]; ok {
		return gvr, nil
	}
	return schema.GroupVersionResource{}, fmt.Errorf("there is no resource %q: it is the plural, with a group if two have it", name)
}
