package sim

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reconverge/reconverge/impl/apiserver"
)

// A NotPendingError says that a step names a request, an event or a watch that is
// not there. Its message lists what is.
type NotPendingError struct {
	Step    Step
	Pending []Step // that the verb could be used with, the nearest names first
}

func (e *NotPendingError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "sim: step %q names nothing that is pending", e.Step)
	if len(e.Pending) == 0 {
		b.WriteString("; nothing is")
	}
	for i, s := range e.Pending {
		if i == 10 {
			fmt.Fprintf(&b, "\n\t... and %d more", len(e.Pending)-i)
			break
		}
		b.WriteString("\n\t" + s.String())
	}
	return b.String()
}

// Pending returns a Release of each request, answer and event that waits, in the
// order of names. Those of silently partitioned processes are not there.
func (c *Cluster) Pending() []Step {
	pending := c.pending()
	steps := make([]Step, len(pending))
	for i, p := range pending {
		steps[i] = Step{Release, p.label()}
	}
	return steps
}

// pending is what can take place: nothing comes through a silent partition.
func (c *Cluster) pending() []waiting {
	return slices.DeleteFunc(c.gate.list(), func(p waiting) bool {
		return p.call != nil && p.call.run.is(silent) && (p.event != nil || p.answer)
	})
}

// Watches are the names of the watches that processes have open, sorted: the
// targets of Cut, Stall and Unstall.
func (c *Cluster) Watches() []string {
	var names []string
	for _, w := range c.openWatches() {
		names = append(names, w.label)
	}
	return names
}

// Do takes one step and returns when everything that follows from it waits for
// other steps, or for time. An error says that the step cannot be taken, and that
// nothing has happened. If the API server refuses what a User step asks for, the
// error is its Status (see k8s.io/apimachinery/pkg/api/errors), and that has happened.
func (c *Cluster) Do(s Step) error {
	c.settled()
	act, err := c.plan(s)
	if err != nil {
		return err
	}
	return act()
}

// plan checks that a step can be taken and returns what takes it.
func (c *Cluster) plan(s Step) (func() error, error) {
	switch s.Verb {
	case Release, Fail, Lose, Keep, Stale, Expire:
		return c.planVerdict(s)
	case Cut, Stall, Unstall:
		return c.planWatch(s)
	case Start, Crash, Restart, Partition, Heal:
		return c.planProcess(s)
	case Advance, Settle:
		d, err := s.duration()
		if err != nil {
			return nil, err
		}
		return func() error {
			if s.Verb == Advance {
				c.advance(s, d)
			} else {
				c.Settle(d)
			}
			return nil
		}, nil
	case User:
		a, err := parseUserAction(s.Target)
		if err != nil {
			return nil, err
		}
		if a, err = c.resolved(a); err != nil {
			return nil, fmt.Errorf("sim: step %q: %w", s, err)
		}
		return func() error { return c.userStep(s, a) }, nil
	}
	return nil, fmt.Errorf("sim: unknown verb %q", s.Verb)
}

// record notes a step that is about to be taken.
func (c *Cluster) record(e *Taken) {
	c.taken = append(c.taken, e.Step)
	c.emit(e)
}

func (c *Cluster) planVerdict(s Step) (func() error, error) {
	name, revision, err := s.revision()
	if err != nil {
		return nil, err
	}
	pending := c.pending()
	i := slices.IndexFunc(pending, func(p waiting) bool { return p.label() == name })
	if i < 0 {
		return nil, notPending(s, labels(pending))
	}
	p := pending[i]
	v, err := p.meaning(s.Verb)
	if err != nil {
		return nil, fmt.Errorf("sim: step %q: %w", s, err)
	}
	if s.Verb == Stale {
		v.At = revision
	}
	return func() error { c.decide(s, p, v); return nil }, nil
}

// decide takes the step s, which gives p its verdict.
func (c *Cluster) decide(s Step, p waiting, v apiserver.Verdict) {
	c.record(p.taken(c.now(), s, false))
	if s.Verb != Release {
		c.reseed()
	}
	c.gate.decide(p.pending, v)
	c.quiesce()
}

// meaning is what a verb means for p.
func (p *pending) meaning(v Verb) (apiserver.Verdict, error) {
	request := p.event == nil && !p.answer
	switch {
	case v == Release:
		return apiserver.Verdict{}, nil
	case v == Fail && !p.answer:
		return apiserver.Verdict{Outcome: apiserver.Fail}, nil
	case v == Lose && p.event == nil:
		return apiserver.Verdict{Outcome: apiserver.Lose}, nil
	case v == Keep && request:
		return apiserver.Verdict{Hold: true}, nil
	case v == Stale && request && (p.request.Stale || p.request.Divergent):
		return apiserver.Verdict{}, nil
	case v == Expire && (p.event != nil || request && (p.request.Verb == "list" || p.request.Verb == "watch")):
		return apiserver.Verdict{Outcome: apiserver.Expire}, nil
	}
	kind := "an event"
	if p.answer {
		kind = "an answer"
	} else if request {
		kind = "such a request"
	}
	return apiserver.Verdict{}, fmt.Errorf("%s has no %q", kind, v)
}

// A labelledWatch is an open watch with the name by which it is told from others.
type labelledWatch struct {
	*openWatch
	label string
}

func (c *Cluster) openWatches() []labelledWatch {
	var open []*openWatch
	for _, r := range c.allRuns {
		open = append(open, r.openWatches()...)
	}
	slices.SortStableFunc(open, compareWatches)
	out := make([]labelledWatch, len(open))
	same := 0
	for i, w := range open {
		if same++; i == 0 || w.name != open[i-1].name {
			same = 1
		}
		out[i] = labelledWatch{w, numbered(w.name, same)}
	}
	return out
}

func (c *Cluster) planWatch(s Step) (func() error, error) {
	if s.Verb != Cut {
		if p := c.pendingRequest(s.Target); p != nil {
			return func() error {
				c.record(&Taken{At: c.now(), Step: s})
				p.stalled = s.Verb == Stall
				return nil
			}, nil
		}
	}
	open := c.openWatches()
	i := slices.IndexFunc(open, func(w labelledWatch) bool { return w.label == s.Target })
	if i < 0 {
		return nil, notPending(s, c.Watches())
	}
	w := open[i]
	return func() error {
		c.record(&Taken{At: c.now(), Step: s})
		switch s.Verb {
		case Stall, Unstall:
			w.stalled.Store(s.Verb == Stall)
		case Cut:
			c.reseed()
			w.breakOff()
		}
		c.quiesce()
		return nil
	}, nil
}

func (c *Cluster) planProcess(s Step) (func() error, error) {
	name, silently := strings.CutSuffix(s.Target, " silent")
	a, err := c.actor(name)
	if err != nil {
		return nil, fmt.Errorf("sim: step %q: %w", s, err)
	}
	if err := c.mayChange(s.Verb, a); err != nil {
		return nil, fmt.Errorf("sim: step %q: %w", s, err)
	}
	return func() error {
		c.record(&Taken{At: c.now(), Step: s})
		c.reseed()
		var err error
		switch s.Verb {
		case Crash:
			c.crash(a)
		case Restart:
			if a.current != nil {
				c.crash(a)
				c.quiesce()
			}
			err = c.start(a)
		case Start:
			err = c.start(a)
		case Partition:
			how := refused
			if silently {
				how = silent
			}
			c.partition(a, how)
		case Heal:
			c.heal(a)
		}
		c.quiesce()
		return err
	}, nil
}

// mayChange says why a process cannot be started, crashed, or cut off now.
func (c *Cluster) mayChange(v Verb, a *actor) error {
	switch {
	case v == Start && a.current != nil:
		return errors.New("it runs already")
	case v == Crash && a.current == nil:
		return errors.New("it does not run")
	case v == Partition && a.link != linked:
		return errors.New("it is partitioned already")
	case v == Heal && a.link == linked:
		return errors.New("it is not partitioned")
	}
	return nil
}

func labels(ws []waiting) []string {
	out := make([]string, len(ws))
	for i, w := range ws {
		out[i] = w.label()
	}
	return out
}

// notPending sorts the names by how much of their words they share with the step's.
func notPending(s Step, names []string) error {
	wanted := strings.Fields(s.Target)
	shared := func(name string) int {
		n := 0
		for _, w := range strings.Fields(name) {
			if slices.Contains(wanted, w) {
				n++
			}
		}
		return n
	}
	slices.SortStableFunc(names, func(a, b string) int { return shared(b) - shared(a) })
	steps := make([]Step, len(names))
	for i, name := range names {
		steps[i] = Step{s.Verb, name}
	}
	return &NotPendingError{s, steps}
}

// pendingRequest returns what waits under a name, if it is no event.
func (c *Cluster) pendingRequest(label string) *pending {
	for _, p := range c.pending() {
		if p.label() == label && p.event == nil {
			return p.pending
		}
	}
	return nil
}

// Advance lets time pass, for d or until something becomes pending, and returns how
// much has.
func (c *Cluster) Advance(d time.Duration) time.Duration {
	c.quiesce()
	return c.advance(Step{Advance, d.String()}, d)
}

func (c *Cluster) advance(s Step, d time.Duration) time.Duration {
	c.record(&Taken{At: c.now(), Step: s})
	before := c.now()
	c.pass(d)
	return c.now() - before
}

// pass lets time pass until something becomes pending.
func (c *Cluster) pass(d time.Duration) {
	select {
	case <-c.gate.arrived: // of what is pending already
	default:
	}
	c.reseed()
	timer := time.NewTimer(d)
	defer timer.Stop()
	for before := c.gate.lastArrival(); c.gate.lastArrival() == before; {
		select {
		case <-timer.C:
			c.quiesce()
			return
		case <-c.gate.arrived:
			c.quiesce()
		}
	}
}
