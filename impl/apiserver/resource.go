package apiserver

import (
	"fmt"
	"reflect"
	"sort"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// A Kind is a kind of objects that a Server keeps. Its Go type is found in the
// server's scheme.
type Kind struct {
	schema.GroupVersionKind
	Plural     string // the resource in paths, such as pods
	ShortNames []string
	Namespaced bool
	Status     bool // has a status subresource: each of the two sides ignores the other's fields
}

func (k Kind) resource() schema.GroupVersionResource {
	return k.GroupVersion().WithResource(k.Plural)
}

// An object is what the server keeps. One that is stored, cached or shared is
// never changed; change works on copies.
type object interface {
	runtime.Object
	metav1.Object
}

// A resource is a Kind with what the server knows about it.
type resource struct {
	Kind
	strategy
	gvr    schema.GroupVersionResource
	gr     schema.GroupResource
	typ    reflect.Type
	prefix string // of its keys in the store
	proto  bool   // has a protobuf encoding
}

func newResource(scheme *runtime.Scheme, k Kind) (*resource, error) {
	obj, err := scheme.New(k.GroupVersionKind)
	if err != nil {
		return nil, fmt.Errorf("apiserver: kind %s: %w", k.GroupVersionKind, err)
	}
	if _, ok := obj.(object); !ok {
		return nil, fmt.Errorf("apiserver: kind %s: %T has no object metadata", k.GroupVersionKind, obj)
	}
	if k.Plural == "" {
		return nil, fmt.Errorf("apiserver: kind %s has no plural", k.GroupVersionKind)
	}
	_, proto := obj.(protobufObject)
	r := &resource{
		Kind: k, gvr: k.resource(), typ: reflect.TypeOf(obj).Elem(), proto: proto,
		strategy: strategyOf(k.GroupVersionKind),
	}
	r.gr = r.gvr.GroupResource()
	r.prefix = "/registry/" + r.gr.String() + "/"
	return r, nil
}

// empty returns a new object without any field but its type.
func (r *resource) empty() object {
	o := reflect.New(r.typ).Interface().(object)
	o.GetObjectKind().SetGroupVersionKind(r.GroupVersionKind)
	return o
}

// key is where the object is in the store. An empty name gives the prefix of a
// namespace's objects, an empty namespace too that of all of them.
func (r *resource) key(namespace, name string) string {
	if namespace == "" {
		return r.prefix + name
	}
	return r.prefix + namespace + "/" + name
}

// fieldsOf are the fields that a field selector may name.
func (r *resource) fieldsOf(o object) fields.Set {
	set := fields.Set{"metadata.name": o.GetName()}
	if r.Namespaced {
		set["metadata.namespace"] = o.GetNamespace()
	}
	if r.selectable != nil {
		r.selectable(o, set)
	}
	return set
}

// qualified is the group and kind for errors of validation.
func (r *resource) qualified() schema.GroupKind { return r.GroupKind() }

// kinds that every server has, beside those of Options. Kinds without a strategy
// of their own are kept as they come.
func builtinKinds() []Kind {
	kind := func(group, version, kind string, status bool, short ...string) Kind {
		return Kind{
			GroupVersionKind: schema.GroupVersionKind{Group: group, Version: version, Kind: kind},
			Plural:           plural(kind), ShortNames: short, Namespaced: true, Status: status,
		}
	}
	cluster := func(k Kind) Kind { k.Namespaced = false; return k }
	return []Kind{
		kind("", "v1", "Pod", true, "po"),
		cluster(kind("", "v1", "Node", true, "no")),
		cluster(kind("", "v1", "Namespace", true, "ns")),
		kind("", "v1", "Event", false, "ev"),
		kind("", "v1", "ConfigMap", false, "cm"),
		kind("", "v1", "Secret", false),
		kind("", "v1", "Service", true, "svc"),
		kind("", "v1", "ServiceAccount", false, "sa"),
		kind("apps", "v1", "ReplicaSet", true, "rs"),
		kind("apps", "v1", "Deployment", true, "deploy"),
		kind("apps", "v1", "StatefulSet", true, "sts"),
		kind("apps", "v1", "DaemonSet", true, "ds"),
		kind("batch", "v1", "Job", true),
		kind("coordination.k8s.io", "v1", "Lease", false),
		kind("discovery.k8s.io", "v1", "EndpointSlice", false),
		kind("events.k8s.io", "v1", "Event", false, "ev"),
		kind("policy", "v1", "PodDisruptionBudget", true, "pdb"),
	}
}

func plural(kind string) string { return strings.ToLower(kind) + "s" }

// sortedResources returns the resources of one group and version by name.
func (s *Server) sortedResources(gv schema.GroupVersion) []*resource {
	var rs []*resource
	for gvr, r := range s.resources {
		if gvr.GroupVersion() == gv {
			rs = append(rs, r)
		}
	}
	sort.Slice(rs, func(i, j int) bool { return rs[i].Plural < rs[j].Plural })
	return rs
}
