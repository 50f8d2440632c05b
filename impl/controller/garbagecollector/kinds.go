package garbagecollector

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
)

// A kind is what the server says of one kind of objects, in the version that it prefers.
type kind struct {
	resource   schema.GroupVersionResource
	namespaced bool
	watched    bool // it can be listed, watched and deleted, and is worth it
}

// kinds are those of the server. References to owners are matched by group and kind
// alone: a reference may name another version than the one that is watched.
type kinds map[schema.GroupKind]kind

func groupKind(ref metav1.OwnerReference) schema.GroupKind {
	return schema.FromAPIVersionAndKind(ref.APIVersion, ref.Kind).GroupKind()
}

// namespace is where an owner of kind k is that an object of that namespace names.
func (k kind) namespace(ofDependent string) string {
	if k.namespaced {
		return ofDependent
	}
	return ""
}

// watched are the kinds that have a cache, sorted.
func (ks kinds) watched() (all []kind) {
	for _, k := range ks {
		if k.watched {
			all = append(all, k)
		}
	}
	slices.SortFunc(all, func(a, b kind) int { return cmp.Compare(a.resource.String(), b.resource.String()) })
	return all
}

// discover asks the server for its kinds until it answers. It returns nil when ctx ends.
//
// Upstream: garbagecollector.go:GetDeletableResources, with the ignored resources of
// config/v1alpha1 (events). Omits: asking again later.
func (c *Controller) discover(ctx context.Context) kinds {
	for {
		ks, err := c.readKinds()
		if err == nil {
			return ks
		}
		utilruntime.HandleErrorWithContext(ctx, err, "reading the kinds of the server")
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(discoveryRetry):
		}
	}
}

// readKinds asks for one group after the other: client-go's own
// ServerPreferredResources asks for all at once, in no particular order.
func (c *Controller) readKinds() (kinds, error) {
	groups, err := c.discovery.ServerGroups()
	if err != nil {
		return nil, err
	}
	ks := kinds{}
	for _, group := range groups.Groups {
		version := group.PreferredVersion.GroupVersion
		list, err := c.discovery.ServerResourcesForGroupVersion(version)
		if err != nil {
			return nil, err
		}
		gv, err := schema.ParseGroupVersion(version)
		if err != nil {
			return nil, err
		}
		for _, r := range list.APIResources {
			if !strings.Contains(r.Name, "/") {
				ks[gv.WithKind(r.Kind).GroupKind()] = kind{gv.WithResource(r.Name), r.Namespaced, c.worthWatching(r)}
			}
		}
	}
	return ks, nil
}

func (c *Controller) worthWatching(r metav1.APIResource) bool {
	if c.options.Resources != nil && !slices.Contains(c.options.Resources, r.Name) {
		return false
	}
	for _, verb := range []string{"delete", "list", "watch"} {
		if !slices.Contains(r.Verbs, verb) {
			return false
		}
	}
	return r.Kind != "Event"
}
