package conform

import (
	"errors"
	"sync"
	"time"

	"github.com/reconverge/reconverge/impl/sim"
	"github.com/reconverge/reconverge/impl/suite"
	"github.com/reconverge/reconverge/model"
)

// TickEvery is how much virtual time has to pass from one tick of the model to the
// next: less than the grace period of a node, so that one comes in it, and less than
// half of a toleration, so that two come in that.
const TickEvery = 7 * time.Second

// maxStates is how many states of the model may fit at a time.
const maxStates = 20000

var errNotAtRest = errors.New("conform: the cluster is not at rest when the run begins")

// A Checker is told of a run, and compares it with the model, step by step.
type Checker struct {
	Steps int // that were taken and compared

	mu        sync.Mutex // containers start and stop in goroutines of their kubelets
	w         *world
	b         beliefs
	most      int // states that fitted at a time
	table     []Row
	used      map[int]bool // rows of it
	begun     bool
	ended     bool
	err       error
	at        time.Duration
	step      sim.Step
	ticked    time.Duration
	late      map[uint64]bool // calls whose process is no more, or was cut off since
	links     map[string]*link
	last      fits // what was observed before
	decisions map[string]*decision
}

// Check makes a Checker for runs of a scenario.
func Check(s suite.Scenario, table []Row) (*Checker, error) {
	scenarios, err := Scenarios(s)
	if err != nil {
		return nil, err
	}
	return checkerOf(s, scenarios, table, anyClaim)
}

// checkerOf makes a Checker of models of some scenarios, with a property.
func checkerOf(s suite.Scenario, scenarios []model.Scenario, table []Row, property string) (*Checker, error) {
	c := &Checker{table: table, used: map[int]bool{}, late: map[uint64]bool{}, links: map[string]*link{}, decisions: map[string]*decision{}}
	for _, scenario := range scenarios {
		m, err := model.New(scenario, property)
		if err != nil {
			return nil, err
		}
		c.b = append(c.b, newBelief(scenario, m, maxStates))
	}
	c.w = newWorld(c.b[0].m, inSelector)
	if s.Replicas < 0 {
		c.w.withoutOwner()
	}
	return c, nil
}

// anyClaim is a property that is claimed of every scenario: a model needs one.
const anyClaim = "P-NOREVIVE"

var _ suite.Observer = (*Checker)(nil)

// Stops implements suite.Observer: a run that has diverged goes no further.
func (c *Checker) Stops() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var d *Divergence
	if errors.As(c.err, &d) {
		return c.err
	}
	return nil
}

// Result returns why the run is not checked any further: a *Divergence, an *Outside,
// another error, or nil.
func (c *Checker) Result() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Most returns how many states of the model fitted at a time, at most.
func (c *Checker) Most() int { return c.most }

// Begin implements suite.Observer.
func (c *Checker) Begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.w.begin(); err != nil {
		c.err = err
		return
	}
	c.begun, c.ticked = true, c.at
	fit := c.fit()
	c.last = fit
	if !c.update(func(b *belief) error { return b.begin(fit) }) && c.err == nil {
		c.err = errors.New("conform: the cluster does not begin like the model")
	}
}

// End implements suite.Observer.
func (c *Checker) End() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
}

// fit compares states with what is observed now.
func (c *Checker) fit() fits {
	want := c.w.observed()
	return func(s *model.State) bool {
		got := c.w.m.Observe(s)
		c.w.mask(&got)
		return got == want
	}
}

// fail keeps the first reason.
func (c *Checker) fail(err error) {
	var many errTooMany
	var out *Outside
	switch {
	case c.err != nil || err == nil:
	case errors.As(err, &many):
		c.err = &Outside{At: c.at, Reason: many.Error()}
	case errors.As(err, &out):
		out.At = c.at
		c.err = out
	default:
		c.err = err
	}
}

// see takes up something that one of some actions must lead to.
func (c *Checker) see(what string, actions []string, times int, accept func(from, to *model.State) bool) {
	if c.err != nil || !c.begun {
		return
	}
	fit := c.fit()
	if !c.update(func(b *belief) error { return b.step(actions, times, fit, accept) }) && c.err == nil {
		c.err = &Divergence{At: c.at, Step: c.step, Observed: what, Actions: actions, Allowed: c.allowed()}
	}
	c.last = fit
}

// allowed is what the model would have shown, instead of what was observed.
func (c *Checker) allowed() []string {
	labels := c.b.allowed(c.last)
	for i := range labels {
		labels[i] = c.w.inWords(labels[i])
	}
	return labels
}

// update changes what is believed; false: nothing fits any more, or something failed.
func (c *Checker) update(change func(*belief) error) bool {
	ok, err := c.b.update(change)
	c.fail(err)
	states := 0
	for _, b := range c.b {
		states += len(b.states.origins)
	}
	c.most = max(c.most, states)
	return ok
}

// Record implements sim.Recorder.
func (c *Checker) Record(e sim.Entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil || c.ended {
		return
	}
	switch e := e.(type) {
	case *sim.Taken:
		c.time(e.At)
		if !e.Free {
			c.step = e.Step
			c.Steps++
		}
		if e.Late && e.Call != nil {
			c.late[e.Call.ID] = true
		}
		if e.Event != nil && e.Call != nil && e.Step.Verb == sim.Release && !e.Late {
			c.delivered(e)
		}
	case *sim.Written:
		c.time(e.At)
		c.written(e)
	case *sim.Sent:
		c.time(e.At)
		c.sent(e.Call)
	case *sim.Answered:
		c.time(e.At)
		c.answered(e)
		if e.Call != nil && e.List != nil && e.Code == 200 {
			c.listed(e)
		}
	case *sim.Process:
		c.time(e.At)
		c.process(e)
	case *sim.Rest:
		c.time(e.At)
		c.rest()
	}
}

// time lets the model's pass.
func (c *Checker) time(at time.Duration) {
	c.at = at
	for c.begun && c.err == nil && c.ticked+TickEvery <= at {
		c.ticked += TickEvery
		fit := c.fit()
		c.update(func(b *belief) error { return b.maybe(tick, fit) })
	}
}
