package sim

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/reconverge/reconverge/impl/apiserver"
	"k8s.io/apimachinery/pkg/watch"
)

// A gate keeps what the cluster's processes ask of the API server, and what it
// tells them, until a schedule says what becomes of it. It is an apiserver.Gate.
type gate struct {
	start   time.Time
	arrived chan struct{} // holds a token once something became pending

	mu       sync.Mutex // never held while waiting
	free     bool       // everything passes
	closed   bool       // everything fails
	arrivals uint64
	pending  []*pending
	refusals []*refusal
	notes    []note
}

// A refusal is a request that has found no connection and does not know it yet.
type refusal struct {
	name string
	told chan struct{}
}

// A note is something that happened while the cluster's own goroutine waited: an
// entry, or a write that is not decoded yet.
type note struct {
	entry Entry
	write *write
	at    time.Duration
}

// A pending is one request, answer or event that waits.
type pending struct {
	name    string // without a number
	request *apiserver.Request
	event   *apiserver.Event // nil: a request or an answer
	answer  bool
	call    *call // nil: of a client that Cluster.Config did not make
	arrival uint64
	stalled bool // Settle leaves it pending
	verdict chan apiserver.Verdict
}

func newGate(start time.Time, free bool) *gate {
	return &gate{start: start, free: free, arrived: make(chan struct{}, 1)}
}

// Request implements apiserver.Gate.
func (g *gate) Request(ctx context.Context, r *apiserver.Request) apiserver.Verdict {
	if r.Client.Actor == userActor {
		return apiserver.Verdict{}
	}
	c := callOf(ctx)
	if c != nil {
		c.Request = *r
		c.known.Store(true)
		g.note(&Sent{At: time.Since(g.start), Call: &c.Call})
	}
	return g.wait(ctx, &pending{name: requestName(r), request: r, call: c})
}

// Answer implements apiserver.Gate.
func (g *gate) Answer(ctx context.Context, r *apiserver.Request) apiserver.Verdict {
	name := clientName(r.Client) + " answer" + strings.TrimPrefix(requestName(r), clientName(r.Client))
	return g.wait(ctx, &pending{name: name, request: r, answer: true, call: callOf(ctx)})
}

// Event implements apiserver.Gate. Bookmarks pass, unless the watch is stalled:
// they say nothing that another step could depend on.
func (g *gate) Event(ctx context.Context, e *apiserver.Event) apiserver.Verdict {
	c := callOf(ctx)
	if e.Client.Actor == userActor || e.Type == watch.Bookmark && !c.stalled() {
		return apiserver.Verdict{}
	}
	return g.wait(ctx, &pending{name: eventName(e), event: e, call: c})
}

func (g *gate) wait(ctx context.Context, p *pending) apiserver.Verdict {
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		return apiserver.Verdict{Outcome: apiserver.Fail}
	}
	if g.free {
		g.notes = append(g.notes, note{entry: g.passed(p)})
		g.mu.Unlock()
		return apiserver.Verdict{}
	}
	g.arrivals++
	p.arrival = g.arrivals
	p.verdict = make(chan apiserver.Verdict, 1)
	g.pending = append(g.pending, p)
	g.mu.Unlock()
	g.wake()
	select {
	case v := <-p.verdict:
		return v
	case <-ctx.Done():
		g.take(p)
		return apiserver.Verdict{Outcome: apiserver.Fail, Err: ctx.Err()}
	}
}

// wake tells the driver that something has arrived.
func (g *gate) wake() {
	select {
	case g.arrived <- struct{}{}:
	default:
	}
}

// refuse waits for its turn to fail. Requests that fail at one instant do so one
// after the other, since each draws its back-off from the same random numbers.
func (g *gate) refuse(ctx context.Context, name string) {
	g.mu.Lock()
	if g.free || g.closed {
		g.mu.Unlock()
		return
	}
	r := &refusal{name, make(chan struct{})}
	g.refusals = append(g.refusals, r)
	g.mu.Unlock()
	g.wake()
	select {
	case <-r.told:
	case <-ctx.Done():
	}
}

func (g *gate) refuses() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.refusals) > 0
}

// tell lets the first refusal by name be known.
func (g *gate) tell() {
	g.mu.Lock()
	defer g.mu.Unlock()
	slices.SortFunc(g.refusals, func(a, b *refusal) int { return cmp.Compare(a.name, b.name) })
	close(g.refusals[0].told)
	g.refusals = g.refusals[1:]
}

// passed is the entry of something that nobody had to release.
func (g *gate) passed(p *pending) Entry {
	return p.taken(time.Since(g.start), Step{Release, p.name}, true)
}

// note adds an entry to what the cluster will record.
func (g *gate) note(e Entry) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.notes = append(g.notes, note{entry: e})
}

func (g *gate) noteWrite(w write) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.notes = append(g.notes, note{write: &w, at: time.Since(g.start)})
}

// takeNotes returns the notes in the order in which they are recorded. Writes are in
// the order of revisions. What happened at one instant is in an order that does not
// depend on goroutines: processes, writes, answers, new requests; with the gate
// open there is no such order, and it stays as it was.
func (g *gate) takeNotes() []note {
	g.mu.Lock()
	defer g.mu.Unlock()
	notes := g.notes
	g.notes = nil
	if len(notes) < 2 {
		return notes
	}
	var writes []note
	for _, n := range notes {
		if n.write != nil {
			writes = append(writes, n)
		}
	}
	slices.SortFunc(writes, func(a, b note) int { return cmp.Compare(a.write.revision, b.write.revision) })
	for i := range notes {
		if notes[i].write != nil {
			notes[i], writes = writes[0], writes[1:]
		}
	}
	if !g.free {
		slices.SortStableFunc(notes, compareNotes)
	}
	return notes
}

func compareNotes(a, b note) int {
	at := func(n note) (at time.Duration, kind int, name string) {
		switch e := n.entry.(type) {
		case *Process:
			return e.At, 0, e.Actor
		case *Answered:
			return e.At, 2, e.Call.Name()
		case *Sent:
			return e.At, 3, e.Call.Name()
		case *Taken:
			return e.At, 0, ""
		}
		return n.at, 1, ""
	}
	aAt, aKind, aName := at(a)
	bAt, bKind, bName := at(b)
	return cmp.Or(cmp.Compare(aAt, bAt), cmp.Compare(aKind, bKind), cmp.Compare(aName, bName))
}

func (p *pending) taken(at time.Duration, s Step, free bool) *Taken {
	e := &Taken{At: at, Step: s, Free: free, Event: p.event, Answer: p.answer, Late: p.call.late()}
	if p.call != nil {
		e.Call = &p.call.Call
	}
	return e
}

// take removes p, if nobody has yet.
func (g *gate) take(p *pending) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.Index(g.pending, p)
	if i < 0 {
		return false
	}
	g.pending = slices.Delete(g.pending, i, i+1)
	return true
}

// decide takes p and gives its verdict.
func (g *gate) decide(p *pending, v apiserver.Verdict) {
	if g.take(p) {
		p.verdict <- v
	}
}

// A waiting is a pending with the name by which it is told from others.
type waiting struct {
	*pending
	common string // of the label, with those of one name
	number int    // among them, from 1
}

// label is made when it is asked for: hundreds may wait, of which one is taken.
func (w waiting) label() string { return numbered(w.common, w.number) }

// list returns what is pending in the order of names. Those of one name are in an
// order that does not depend on which goroutine came first, as far as they differ:
// older processes first, then by what they send, then by arrival.
func (g *gate) list() []waiting {
	g.mu.Lock()
	out := make([]waiting, len(g.pending))
	for i, p := range g.pending {
		out[i] = waiting{pending: p, common: p.name}
	}
	g.mu.Unlock()
	for i := range out {
		if out[i].call.late() {
			out[i].common += " (late)"
		}
	}
	slices.SortFunc(out, func(a, b waiting) int {
		return cmp.Or(cmp.Compare(a.common, b.common), compareCalls(a.call, b.call), cmp.Compare(a.arrival, b.arrival))
	})
	for i := range out {
		out[i].number = 1
		if i > 0 && out[i].common == out[i-1].common {
			out[i].number += out[i-1].number
		}
	}
	return out
}

func (g *gate) lastArrival() uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.arrivals
}

// setFree opens or closes the gate. What was pending passes when it opens.
func (g *gate) setFree(free bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.free = free
	if !free {
		return
	}
	for _, p := range g.pending {
		g.notes = append(g.notes, note{entry: g.passed(p)})
		p.verdict <- apiserver.Verdict{}
	}
	for _, r := range g.refusals {
		close(r.told)
	}
	g.pending, g.refusals = nil, nil
}

// close fails what is pending, and all that comes.
func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	for _, p := range g.pending {
		p.verdict <- apiserver.Verdict{Outcome: apiserver.Fail}
	}
	for _, r := range g.refusals {
		close(r.told)
	}
	g.pending, g.refusals = nil, nil
}

// userActor is the client of the test itself, and of the steps of a person.
const userActor = "user"

func clientName(c apiserver.Client) string {
	// The caches that the controllers of a process share are the process's own.
	if c.Component == "" || c.Component == "shared-informers" {
		return c.Actor
	}
	return c.Actor + "/" + c.Component
}

func requestName(r *apiserver.Request) string {
	name := r.Name
	if r.Verb == "create" && name == "" {
		name = r.Generate + "*"
	}
	resource := r.Resource.Resource
	if r.Subresource != "" {
		resource += "/" + r.Subresource
	}
	return words(clientName(r.Client), r.Verb, resource, qualified(r.Namespace, name))
}

func eventName(e *apiserver.Event) string {
	return words(clientName(e.Client), "watch", e.Resource.Resource, string(e.Type), qualified(e.Namespace, e.Name))
}

// qualified is namespace/name, without the side that is missing; a whole
// namespace is namespace/.
func qualified(namespace, name string) string {
	if namespace == "" {
		return name
	}
	return namespace + "/" + name
}

func words(ws ...string) string {
	return strings.Join(slices.DeleteFunc(ws, func(w string) bool { return w == "" }), " ")
}
