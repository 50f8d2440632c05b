package claims

import (
	"maps"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// watching is what the processes have seen, and what they have under way.
type watching struct {
	seen     map[string]view      // actor
	rest     map[string]Mark      // actor: when everything last was at rest
	busy     map[client]Mark      // since when parts of processes may have had something under way
	underWay map[client]int       // requests that are not answered
	requests map[uint64]*underWay // all that were sent
}

// A view says for each kind which revision a process has seen. It is not changed
// once it is made.
type view map[string]int64

type client struct{ actor, component string }

// A Mark is a moment, and what a process had seen then.
type Mark struct {
	At       time.Time
	Revision int64 // of the store
	Seen     view
}

type underWay struct {
	decision
	answered bool
	orphaned bool // its process stopped before it was answered
}

// A decision was made by a client at some moment between two others.
type decision struct {
	client
	after, by Mark
}

func newWatching() watching {
	return watching{
		seen:     map[string]view{},
		rest:     map[string]Mark{},
		busy:     map[client]Mark{},
		underWay: map[client]int{},
		requests: map[uint64]*underWay{},
	}
}

func (x *watching) watch(e Event, revision int64) {
	switch {
	case e.Seen != nil:
		next := maps.Clone(x.seen[e.Seen.Actor])
		if next == nil {
			next = view{}
		}
		next[e.Seen.Resource] = e.Seen.Revision
		x.seen[e.Seen.Actor] = next
	case e.Sent != nil:
		x.send(e, revision)
	case e.Answered != nil:
		if r := x.requests[e.Answered.Request]; r != nil && !r.answered {
			r.answered = true
			x.underWay[r.client]--
		}
	case e.Rest:
		for actor, seen := range x.seen {
			x.rest[actor] = Mark{e.At, revision, seen}
		}
		for c := range x.busy {
			if x.underWay[c] == 0 {
				delete(x.busy, c)
			}
		}
	}
}

// send notes when at the earliest what led to a request was decided: when
// its client had last been at rest with nothing under way.
func (x *watching) send(e Event, revision int64) {
	c := client{e.Sent.Actor, e.Sent.Component}
	if _, busy := x.busy[c]; !busy {
		x.busy[c] = x.rest[c.actor]
	}
	x.underWay[c]++
	by := Mark{e.At, revision, x.seen[c.actor]}
	x.requests[e.Sent.ID] = &underWay{decision: decision{c, x.busy[c], by}}
}

// forget drops what a process had seen and under way. What it has sent may still
// come to pass.
func (x *watching) forget(actor string) {
	maps.DeleteFunc(x.seen, func(cache string, _ view) bool { return of(cache, actor) })
	maps.DeleteFunc(x.rest, func(cache string, _ Mark) bool { return of(cache, actor) })
	for _, r := range x.requests {
		if r.actor == actor && !r.answered {
			r.answered, r.orphaned = true, true
		}
	}
	maps.DeleteFunc(x.busy, func(c client, _ Mark) bool { return c.actor == actor })
	maps.DeleteFunc(x.underWay, func(c client, _ int) bool { return c.actor == actor })
}

// of reports whether a cache is that of a process, or of a part of it.
func of(cache, actor string) bool { return cache == actor || strings.HasPrefix(cache, actor+"/") }

// decided returns when the request of a write was decided. It is false if that is not known.
func (s *State) decided(w *Write) (decision, bool) {
	if w.Request == nil || s.requests[w.Request.ID] == nil {
		return decision{}, false
	}
	d := s.requests[w.Request.ID].decision
	return d, d.after.Seen != nil
}

// orphaned reports whether a write comes from a process that has stopped since it
// sent the request, so that no other process can have known of it.
func (s *State) orphaned(w *Write) bool {
	return w.Request != nil && s.requests[w.Request.ID] != nil && s.requests[w.Request.ID].orphaned
}

// possible returns the states of an object that a process can have seen when it
// decided. Each may be nil: there was none. There are none at all if the process
// had not seen any object of the kind.
func (s *State) possible(d decision, resource, key string) []metav1.Object {
	from, had := d.after.Seen[resource]
	if !had {
		return nil
	}
	return s.versions(resource, key, from, d.by.Seen[resource])
}
