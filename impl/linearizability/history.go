// Package linearizability checks histories of concurrent clients of an API server:
// each object is a register with compare-and-swap, judged by porcupine, and each
// watch is compared with the writes that were made.
package linearizability

import (
	"fmt"
	"math"
	"sync"
	"time"
)

// A Verb is what a client asks for.
type Verb string

// The verbs of a register.
const (
	Get    Verb = "get"
	Create Verb = "create"
	Update Verb = "update"
	Patch  Verb = "patch"
	Delete Verb = "delete"
)

// An Outcome is what the client of an operation learned.
type Outcome string

// Outcomes. An operation of which a client does not know the outcome may have
// taken effect, or may yet.
const (
	OK       Outcome = "ok"
	NotFound Outcome = "not found"
	Exists   Outcome = "already exists"
	Conflict Outcome = "conflict"
	Unknown  Outcome = "unknown"
)

// An Object is what a client sees of a register.
type Object struct {
	UID      string
	Value    string
	Revision int64
}

// An Operation is one call of one client, on one register.
type Operation struct {
	Client  int
	Verb    Verb
	Key     string
	Value   string // that is written
	IfUID   string // preconditions of a write; empty and 0: none
	IfRev   int64
	Outcome Outcome
	Result  Object // with OK, unless the verb is Delete

	Call, Return time.Duration // since the history began
}

func (o Operation) String() string {
	s := string(o.Verb) + " " + o.Key
	if o.Value != "" {
		s += "=" + o.Value
	}
	if o.IfUID != "" {
		s += " if uid " + o.IfUID
	}
	if o.IfRev != 0 {
		s += fmt.Sprint(" if revision ", o.IfRev)
	}
	s += ": " + string(o.Outcome)
	if o.Result != (Object{}) {
		s += fmt.Sprintf(" %s at %d, uid %s", o.Result.Value, o.Result.Revision, o.Result.UID)
	}
	return s
}

// A Listing is one call that read all registers at once.
type Listing struct {
	Client       int
	Revision     int64
	Objects      map[string]Object
	Call, Return time.Duration
}

// forever is when an operation returns of which the outcome stays unknown.
const forever = time.Duration(math.MaxInt64)

// A History is what clients recorded. Its methods may be called from any
// goroutine; its fields are read when the clients are done.
type History struct {
	Operations []Operation
	Listings   []Listing

	mu      sync.Mutex
	began   time.Time
	clients int
}

// NewHistory returns an empty history that begins now.
func NewHistory() *History { return &History{began: time.Now()} }

func (h *History) now() time.Duration { return time.Since(h.began) }

// client returns the number of a new client.
func (h *History) client() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clients++
	return h.clients - 1
}

// record notes an operation that returns now. A read without an answer says nothing.
func (h *History) record(o Operation) {
	o.Return = h.now()
	if o.Outcome == Unknown {
		if o.Verb == Get {
			return
		}
		o.Return = forever
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.Operations = append(h.Operations, o)
}

func (h *History) recordListing(l Listing) {
	l.Return = h.now()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.Listings = append(h.Listings, l)
}
