package replay

import (
	"fmt"
	"strings"
	"time"

	"github.com/reconverge/reconverge/impl/apiserver"
	"github.com/reconverge/reconverge/impl/sim"
)

// A want is what has to be released for a step of a trace, and when it is done.
type want struct {
	what  string // in words: "a create of pods by kcm/replicaset"
	match func(sim.Waiting) bool
	verb  sim.Verb                // "": release
	once  bool                    // one that matches is all
	past  func(sim.Waiting) int64 // the revision at which a list is answered; 0: now
	done  func() bool             // nil: when one that matches has been released
	limit time.Duration           // how long the implementation is given, in virtual time
}

// moment is how much time passes between two looks at what is pending.
const moment = 50 * time.Millisecond

// mostSteps bounds what is released for one step of a trace.
const mostSteps = 4000

// pursue releases what is wanted, and what nobody sees, and lets time pass, until
// the want is done. An error is a divergence, or errOver.
func (d *driver) pursue(w want) error {
	began, released := d.Elapsed(), 0
	d.world.refused = ""
	for steps := 0; ; steps++ {
		if w.done != nil && w.done() || w.done == nil && released > 0 {
			return d.flush()
		}
		if steps > mostSteps {
			return diverges("%d steps did not end the wait for %s", mostSteps, w.what)
		}
		waiting := d.Waiting()
		if next, ok := w.next(waiting); ok && !(w.once && released > 0) {
			if w.verb != "" {
				next = next.With(w.verb)
			}
			if err := d.take(next); err != nil {
				return err
			}
			released++
			continue
		}
		if next, ok := find(waiting, d.free); ok {
			if err := d.take(next); err != nil {
				return err
			}
			continue
		}
		left := w.limit - (d.Elapsed() - began)
		if left <= 0 {
			return d.givenUp(w, released, waiting)
		}
		if err := d.take(sim.Step{Verb: sim.Advance, Target: min(left, moment).String()}); err != nil {
			return err
		}
	}
}

func find(waiting []sim.Waiting, match func(sim.Waiting) bool) (sim.Step, bool) {
	if match == nil {
		return sim.Step{}, false
	}
	for _, w := range waiting {
		if match(w) {
			return w.Release, true
		}
	}
	return sim.Step{}, false
}

// flush releases what nobody sees. No time passes.
func (d *driver) flush() error {
	for range mostSteps {
		next, ok := find(d.Waiting(), d.free)
		if !ok {
			return nil
		}
		if err := d.take(next); err != nil {
			return err
		}
	}
	return diverges("%d steps followed one another without time passing", mostSteps)
}

// givenUp says what came in place of what was wanted.
func (d *driver) givenUp(w want, released int, waiting []sim.Waiting) error {
	why := fmt.Sprintf("there was no %s within %s", w.what, w.limit)
	if released > 0 {
		why = fmt.Sprintf("%s did not do it", w.what)
	}
	if d.world.refused != "" {
		why += ": " + d.world.refused
	} else if w.done != nil && released > 0 {
		if differences := d.differences(&d.state); len(differences) > 0 {
			why += ": " + differences[0]
		}
	}
	held := d.held(waiting)
	if len(held) > 0 {
		why += ", while " + listed(held) + " waited, which the trace does not let pass"
	}
	return &divergence{reason: why, held: held}
}

// held are the requests that wait and that a former manager has not sent.
func (d *driver) held(waiting []sim.Waiting) (held []*apiserver.Request) {
	for _, w := range waiting {
		lazy := w.Request != nil && w.Request.Resource.Resource == "replicasets" && w.Request.Subresource == "status"
		if !w.Late && w.Request != nil && !lazy {
			held = append(held, w.Request)
		}
	}
	return held
}

// listed names requests, on part of a line.
func listed(requests []*apiserver.Request) string {
	const most = 3
	var names []string
	for _, r := range requests {
		names = append(names, fmt.Sprintf("%q", strings.TrimSpace(clientOf(r.Client)+" "+string(kindOf(r))+" "+r.Name)))
	}
	if len(names) > most {
		names = append(names[:most], fmt.Sprintf("%d more", len(names)-most))
	}
	return strings.Join(names, ", ")
}

// next is the step that the want takes next, if there is one.
func (w *want) next(waiting []sim.Waiting) (sim.Step, bool) {
	if w.past != nil {
		for _, x := range waiting {
			if !w.match(x) {
				continue
			}
			if at := w.past(x); at > 0 {
				return sim.Step{Verb: sim.Stale, Target: fmt.Sprintf("%s @%d", x.Release.Target, at)}, true
			}
		}
	}
	return find(waiting, w.match)
}
