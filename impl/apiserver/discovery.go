package apiserver

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	discovery "k8s.io/api/apidiscovery/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apimachineryversion "k8s.io/apimachinery/pkg/version"
)

// discover answers what is not about objects. It is the same at all times, and no
// gate is asked.
func (s *Server) discover(req *http.Request, parts []string) answer {
	if req.Method != http.MethodGet {
		return *pageNotFound()
	}
	switch parts[0] {
	case "healthz", "livez", "readyz":
		return answer{code: http.StatusOK, media: "text/plain; charset=utf-8", body: []byte("ok")}
	case "version":
		return document(apimachineryversion.Info{Major: "1", Minor: "37", GitVersion: "v1.37.2", Platform: "reconverge"})
	case "api", "apis":
		return s.discoverGroups(req, parts)
	}
	return *pageNotFound()
}

// discoverGroups serves /api, /api/v1, /apis, /apis/GROUP and /apis/GROUP/VERSION.
func (s *Server) discoverGroups(req *http.Request, parts []string) answer {
	core := parts[0] == "api"
	if len(parts) == 1 && strings.Contains(req.Header.Get("Accept"), "as=APIGroupDiscoveryList") {
		return s.aggregated(core)
	}
	switch {
	case len(parts) == 1 && core:
		return document(&metav1.APIVersions{TypeMeta: metav1.TypeMeta{Kind: "APIVersions"}, Versions: []string{"v1"}})
	case len(parts) == 1:
		list := &metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"}}
		for _, g := range s.groups() {
			if g != "" {
				list.Groups = append(list.Groups, s.group(g))
			}
		}
		return document(list)
	case core:
		return s.resourceList(schema.GroupVersion{Version: parts[1]})
	case len(parts) == 2 && slices.Contains(s.groups(), parts[1]):
		g := s.group(parts[1])
		g.TypeMeta = metav1.TypeMeta{Kind: "APIGroup", APIVersion: "v1"}
		return document(&g)
	case len(parts) == 3:
		return s.resourceList(schema.GroupVersion{Group: parts[1], Version: parts[2]})
	}
	return *pageNotFound()
}

func document(o any) answer {
	body, err := json.Marshal(o)
	if err != nil {
		return answer{code: http.StatusInternalServerError, media: "text/plain", body: []byte(err.Error())}
	}
	return answer{code: http.StatusOK, media: runtime.ContentTypeJSON, body: body}
}

// groups are the names of all groups, sorted; the core group is empty.
func (s *Server) groups() []string {
	var names []string
	for gvr := range s.resources {
		names = append(names, gvr.Group)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (s *Server) versionsOf(group string) []string {
	var names []string
	for gvr := range s.resources {
		if gvr.Group == group {
			names = append(names, gvr.Version)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (s *Server) group(name string) metav1.APIGroup {
	g := metav1.APIGroup{Name: name}
	for _, v := range s.versionsOf(name) {
		g.Versions = append(g.Versions, metav1.GroupVersionForDiscovery{GroupVersion: name + "/" + v, Version: v})
	}
	g.PreferredVersion = g.Versions[0]
	return g
}

var (
	objectVerbs = []string{"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}
	statusVerbs = []string{"get", "patch", "update"}
)

// A subresource is one that discovery names beside its resource.
type subresource struct {
	name  string
	kind  schema.GroupVersionKind
	verbs []string
}

func (r *resource) subresources() []subresource {
	var subs []subresource
	if r.graceful {
		subs = append(subs,
			subresource{"binding", schema.GroupVersionKind{Version: "v1", Kind: "Binding"}, []string{"create"}},
			subresource{"eviction", schema.GroupVersionKind{Group: "policy", Version: "v1", Kind: "Eviction"}, []string{"create"}})
	}
	if r.Status {
		subs = append(subs, subresource{"status", r.GroupVersionKind, statusVerbs})
	}
	return subs
}

func (s *Server) resourceList(gv schema.GroupVersion) answer {
	rs := s.sortedResources(gv)
	if len(rs) == 0 {
		return *pageNotFound()
	}
	list := &metav1.APIResourceList{TypeMeta: metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}, GroupVersion: gv.String()}
	for _, r := range rs {
		list.APIResources = append(list.APIResources, metav1.APIResource{
			Name: r.Plural, SingularName: strings.ToLower(r.Kind.Kind), Namespaced: r.Namespaced,
			Kind: r.Kind.Kind, Verbs: objectVerbs, ShortNames: r.ShortNames,
		})
		for _, sub := range r.subresources() {
			list.APIResources = append(list.APIResources, metav1.APIResource{
				Name: r.Plural + "/" + sub.name, Namespaced: r.Namespaced, Verbs: sub.verbs,
				Group: sub.kind.Group, Version: sub.kind.Version, Kind: sub.kind.Kind,
			})
		}
	}
	return document(list)
}

// aggregated is everything in one document, the core group apart from the others.
func (s *Server) aggregated(core bool) answer {
	list := &discovery.APIGroupDiscoveryList{
		TypeMeta: metav1.TypeMeta{Kind: "APIGroupDiscoveryList", APIVersion: discovery.SchemeGroupVersion.String()},
	}
	for _, name := range s.groups() {
		if (name == "") != core {
			continue
		}
		g := discovery.APIGroupDiscovery{ObjectMeta: metav1.ObjectMeta{Name: name}}
		for _, v := range s.versionsOf(name) {
			av := discovery.APIVersionDiscovery{Version: v, Freshness: discovery.DiscoveryFreshnessCurrent}
			for _, r := range s.sortedResources(schema.GroupVersion{Group: name, Version: v}) {
				av.Resources = append(av.Resources, r.discovered())
			}
			g.Versions = append(g.Versions, av)
		}
		list.Items = append(list.Items, g)
	}
	a := document(list)
	a.media = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
	return a
}

func (r *resource) discovered() discovery.APIResourceDiscovery {
	kind := func(k schema.GroupVersionKind) *metav1.GroupVersionKind {
		return &metav1.GroupVersionKind{Group: k.Group, Version: k.Version, Kind: k.Kind}
	}
	d := discovery.APIResourceDiscovery{
		Resource: r.Plural, ResponseKind: kind(r.GroupVersionKind), Scope: discovery.ScopeCluster,
		SingularResource: strings.ToLower(r.Kind.Kind), Verbs: objectVerbs, ShortNames: r.ShortNames,
	}
	if r.Namespaced {
		d.Scope = discovery.ScopeNamespace
	}
	for _, sub := range r.subresources() {
		d.Subresources = append(d.Subresources, discovery.APISubresourceDiscovery{
			Subresource: sub.name, ResponseKind: kind(sub.kind), Verbs: sub.verbs,
		})
	}
	return d
}
