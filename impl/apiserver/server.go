// Package apiserver serves a subset of the Kubernetes API in one process: the
// verbs, preconditions and watches that controllers rely on, with real errors. It
// is an http.Handler, and the transport under a client-go configuration that
// needs no socket. A Gate holds each request and each watch event until somebody
// decides what becomes of it.
//
// Nothing in it runs by itself: it has no goroutines and no timers, only what a
// request or the reader of a watch does. All that may block blocks on a channel,
// without a lock, so that in a testing/synctest bubble a held call is durably
// blocked.
package apiserver

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/reconverge/reconverge/impl/apiserver/store"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
)

// Options configure a Server. The zero value is a server of the built-in kinds in
// memory, without a gate.
type Options struct {
	Store store.Store // nil: a new one in memory, which forgets nothing
	Gate  Gate        // nil: everything passes
	// Scheme has the Go types of all kinds, and their defaults if somebody has
	// registered any; nil: that of client-go, which has none.
	Scheme *runtime.Scheme
	Kinds  []Kind // beside the built-in ones
	// Bookmarks is how often a quiet watch that allows bookmarks gets one; 0: never.
	Bookmarks time.Duration
	// WatchTimeouts ends watches after their timeoutSeconds. client-go draws that at
	// random, so a schedule can only be repeated without it.
	WatchTimeouts bool
	// UntaintedNodes lets pods onto a new Node at once, as before the admission plugin
	// that taints it (TaintNodesByCondition, 1.12).
	UntaintedNodes bool

	// DeleteExtends is the mutation api.deleteExtends (B49): a second DELETE gives a
	// pod its grace back.
	DeleteExtends bool
	// NoConflict is the mutation api.noConflict: a write with an old resourceVersion
	// is accepted.
	NoConflict bool
	// BindNoUID is the mutation bind.noUID (B29): a binding carries the name of a pod,
	// and its UID is ignored.
	BindNoUID bool
	// CacheDivergent is the mutation cache.divergent (B54): Verdict.At counts for every
	// list and watch with initial events, and what is served claims to be current.
	CacheDivergent bool
	// RemoveWithUID is the repair api.removeWithUID: the second write of a DELETE
	// removes the object that the first has marked, and none that took its name.
	RemoveWithUID bool
}

// A Server keeps objects of the Kinds it knows. Its methods may be called from any
// goroutine.
type Server struct {
	Options
	resources map[schema.GroupVersionResource]*resource
	versions  versions
	remote    transport // who comes over net/http

	mu      sync.Mutex // never held while anything blocks
	names   map[string]uint64
	epoch   int64 // the store's revision when the first UID was made; 0: none yet
	uids    uint64
	watches uint64
}

// New returns a server. It fails if a kind is not in the scheme.
func New(o Options) (*Server, error) {
	if o.Store == nil {
		o.Store = new(store.Memory)
	}
	if o.Scheme == nil {
		o.Scheme = scheme.Scheme
	}
	s := &Server{
		Options:   o,
		resources: make(map[schema.GroupVersionResource]*resource),
		names:     make(map[string]uint64),
	}
	s.remote.server = s
	var errs []error
	kinds := append(slices.DeleteFunc(builtinKinds(), func(k Kind) bool {
		return !o.Scheme.Recognizes(k.GroupVersionKind) // the scheme of somebody who needs fewer
	}), o.Kinds...)
	for _, k := range kinds {
		r, err := newResource(o.Scheme, k)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if r.gvr == corev1.SchemeGroupVersion.WithResource("nodes") && o.UntaintedNodes {
			r.onCreate = defaultNode
		}
		if s.resources[r.gvr] != nil {
			errs = append(errs, fmt.Errorf("apiserver: resource %s is there already", r.gvr))
		}
		s.resources[r.gvr] = r
	}
	return s, errors.Join(errs...)
}

// Config returns the configuration of a client of the server. The actor is the
// process that the client belongs to: see Client. What it reads through a cache
// (resourceVersion=0) never goes back; another Config of the same actor may be
// served older state, as by another API server after a restart.
func (s *Server) Config(actor string) *rest.Config {
	return &rest.Config{
		Host:      "http://apiserver.invalid",
		QPS:       -1,
		Transport: &transport{server: s, actor: actor},
	}
}

// ServeHTTP serves clients over the network. They are all the actor "remote".
func (s *Server) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	s.remote.serve(w, req)
}
