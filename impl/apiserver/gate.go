package apiserver

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
)

// A Gate decides when each request and each watch event of each client takes
// effect, and whether it does. Its methods are called in a goroutine of their own
// for each request and each watch, may block, and end when ctx does. A server
// without a gate lets everything pass at once.
type Gate interface {
	// Request is asked before a request has any effect. A watch is a request too;
	// its initial events are part of its answer. A request of several writes is asked
	// for again before each of the later ones, with Part set; of those Outcomes only
	// Fail counts: the server stops there, and what was written stays.
	Request(ctx context.Context, r *Request) Verdict
	// Answer is asked after a request took effect and before its client hears of
	// it, if the Verdict had Hold. Lose is the only other Outcome that counts here.
	Answer(ctx context.Context, r *Request) Verdict
	// Event is asked before an event is handed to a watch. The events of one watch
	// are asked for one after the other.
	Event(ctx context.Context, e *Event) Verdict
}

// A Client is who asks: a process of the cluster, and the part of it that speaks.
type Client struct {
	Actor     string // the process, such as kcm, scheduler or kubelet-node-a
	Component string // from the user agent (rest.AddUserAgent), or empty
}

// A Request is one call of a client.
type Request struct {
	Client      Client
	Verb        string // get, list, watch, create, update, patch, delete or deletecollection
	Resource    schema.GroupVersionResource
	Subresource string
	Namespace   string // empty: the resource has none, or all of them
	Name        string // empty: of the whole collection; for a create, of the new object
	Generate    string // the generateName of a create
	Part        Part   // empty: the request as such, up to and with its first write
	Stale       bool   // the client accepts old state (resourceVersion=0)
	Divergent   bool   // it does not, and a Verdict.At counts all the same (Options.CacheDivergent)
}

// A Part is one of the later writes of a request.
type Part string

const (
	// PartRemove is the second write of a DELETE that leaves no grace: it removes what
	// the first one has marked, or whatever has the name by then.
	PartRemove Part = "remove"
	// PartCondition sets DisruptionTarget on a pod whose eviction has been granted.
	PartCondition Part = "condition"
	// PartDelete is the DELETE of an evicted pod, or of one object of a collection.
	PartDelete Part = "delete"
)

// An Event is what a watch is about to deliver.
type Event struct {
	Client          Client
	Watch           uint64 // the watch, numbered from 1 in the order in which they began
	Resource        schema.GroupVersionResource
	Type            watch.EventType // BOOKMARK included
	Namespace       string
	Name            string
	ResourceVersion int64
}

// An Outcome is what becomes of a request or an event.
type Outcome uint8

const (
	// Pass lets it through.
	Pass Outcome = iota
	// Fail keeps it from having any effect: the client gets Verdict.Err, or a refused
	// connection. Of an event: the watch breaks off before it.
	Fail
	// Lose applies the request and drops the answer: the connection breaks.
	Lose
	// Expire answers 410 Gone: to a list or a watch at its beginning, or in place of
	// an event, after which the watch ends.
	Expire
)

// A Verdict is the answer of a Gate.
type Verdict struct {
	Outcome Outcome
	Err     error // with Fail: an *errors.StatusError becomes a response; anything else an error of the connection
	Hold    bool  // with Pass: ask Answer before the client hears of it
	// At is the revision at which a Request that has Stale set is served; 0: now. The
	// server refuses one older than this client has been served, by the rules of a watch cache.
	At int64
}
