package controllertest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/reconverge/reconverge/impl/apiserver"
)

// manager is the actor whose requests are recorded and may be held.
const manager = "kcm"

// A Gate records the writes of the controller manager, and does to its requests and
// events what rules say.
type Gate struct {
	start time.Time

	mu     sync.Mutex
	writes []string
	rules  []*rule
}

// A rule is about requests, their answers or watch events.
type rule struct {
	request func(*apiserver.Request) bool
	answer  func(*apiserver.Request) bool
	event   func(*apiserver.Event) bool
	release chan struct{} // nil: it fails at once, an event as 410 Gone
	err     error
}

// Writes are the writes of the controller manager since the last call, but for
// events, each as "seconds component verb resource/subresource name", when they
// took effect. The second write of a delete at once is not among them.
func (g *Gate) Writes() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	writes := g.writes
	g.writes = nil
	return writes
}

// Hold holds the requests that match back until release is called.
func (g *Gate) Hold(match func(*apiserver.Request) bool) (release func()) {
	return g.add(&rule{request: match, release: make(chan struct{})})
}

// HoldEvents holds the watch events that match back until release is called. Those
// after them, of the same watch, wait too.
func (g *Gate) HoldEvents(match func(*apiserver.Event) bool) (release func()) {
	return g.add(&rule{event: match, release: make(chan struct{})})
}

// HoldAnswers holds the answers to the requests that match back, which take effect,
// until release is called.
func (g *Gate) HoldAnswers(match func(*apiserver.Request) bool) (release func()) {
	return g.add(&rule{answer: match, release: make(chan struct{})})
}

// Expire ends the watches whose next event matches, so that they list again, until
// stop is called.
func (g *Gate) Expire(match func(*apiserver.Event) bool) (stop func()) {
	return g.add(&rule{event: match})
}

// Fail refuses the requests that match until stop is called.
func (g *Gate) Fail(err error, match func(*apiserver.Request) bool) (stop func()) {
	return g.add(&rule{request: match, err: err})
}

func (g *Gate) add(r *rule) (remove func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.rules = append(g.rules, r)
	return sync.OnceFunc(func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		r.request, r.answer, r.event = nil, nil, nil
		if r.release != nil {
			close(r.release)
		}
	})
}

// Is matches requests by verb, resource, subresource and name: "patch nodes n1",
// "update pods/status p1". A name that is left out is any.
func Is(want string) func(*apiserver.Request) bool {
	return func(r *apiserver.Request) bool {
		whole := describe(r)
		return whole == want || strings.HasPrefix(whole, want+" ")
	}
}

// Of matches the events of a resource.
func Of(resource string) func(*apiserver.Event) bool {
	return func(e *apiserver.Event) bool { return e.Resource.Resource == resource }
}

func describe(r *apiserver.Request) string {
	resource := r.Resource.Resource
	if r.Subresource != "" {
		resource += "/" + r.Subresource
	}
	verb := r.Verb
	if r.Part == apiserver.PartRemove {
		verb = "remove"
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s %s", verb, resource, r.Name))
}

// Request implements [apiserver.Gate].
func (g *Gate) Request(ctx context.Context, r *apiserver.Request) apiserver.Verdict {
	if r.Client.Actor != manager {
		return apiserver.Verdict{}
	}
	if held := g.find(func(x *rule) bool { return x.request != nil && x.request(r) }); held != nil {
		if held.release == nil {
			return apiserver.Verdict{Outcome: apiserver.Fail, Err: held.err}
		}
		if !wait(ctx, held.release) {
			return apiserver.Verdict{Outcome: apiserver.Fail, Err: ctx.Err()}
		}
	}
	switch r.Verb {
	case "create", "update", "patch", "delete":
		if r.Resource.Resource != "events" && r.Part != apiserver.PartRemove {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.writes = append(g.writes, fmt.Sprintf("%ds %s %s", int(time.Since(g.start).Seconds()), r.Client.Component, describe(r)))
		}
	}
	return apiserver.Verdict{Hold: true}
}

// Answer implements [apiserver.Gate].
func (g *Gate) Answer(ctx context.Context, r *apiserver.Request) apiserver.Verdict {
	if held := g.find(func(x *rule) bool { return x.answer != nil && x.answer(r) }); held != nil {
		wait(ctx, held.release)
	}
	return apiserver.Verdict{}
}

// Event implements [apiserver.Gate].
func (g *Gate) Event(ctx context.Context, e *apiserver.Event) apiserver.Verdict {
	if e.Client.Actor == manager {
		if held := g.find(func(x *rule) bool { return x.event != nil && x.event(e) }); held != nil {
			if held.release == nil {
				return apiserver.Verdict{Outcome: apiserver.Expire}
			}
			wait(ctx, held.release)
		}
	}
	return apiserver.Verdict{}
}

func (g *Gate) find(match func(*rule) bool) *rule {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, r := range g.rules {
		if match(r) {
			return r
		}
	}
	return nil
}

func wait(ctx context.Context, release <-chan struct{}) bool {
	select {
	case <-release:
		return true
	case <-ctx.Done():
		return false
	}
}
