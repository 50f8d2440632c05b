package sim

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/reconverge/reconverge/impl/apiserver"
)

// Settle runs the cluster by the canonical fair schedule until one of the
// conditions holds, and says whether one does, or for as long as limit: in rounds,
// all that is pending is released in the order of names; when nothing is pending,
// time passes. What is "(late)" is dropped instead; what is stalled, and the events of
// silently partitioned processes, wait.
//
// With an open gate time just passes, and the conditions are asked every 100 ms.
//
// A cluster in which steps follow steps without time passing ends the test.
func (c *Cluster) Settle(limit time.Duration, until ...func() bool) bool {
	c.quiesce()
	deadline := c.now() + limit
	if !c.options.Free {
		c.emit(&Taken{At: c.now(), Step: Step{Settle, limit.String()}})
	}
	if c.options.Over != nil {
		until = append(slices.Clone(until), c.options.Over)
	}
	for {
		if holds(until) {
			return true
		}
		if c.options.Free {
			if left := deadline - c.now(); left <= 0 {
				return false
			} else {
				time.Sleep(min(left, 100*time.Millisecond))
			}
			c.flush()
			continue
		}
		if err := c.drain(); err != nil {
			c.fatal(err)
		}
		if holds(until) {
			return true
		}
		if c.now() >= deadline {
			return false
		}
		left := deadline - c.now()
		c.advance(Step{Advance, left.String()}, left)
	}
}

func holds(conditions []func() bool) bool {
	for _, condition := range conditions {
		if condition() {
			return true
		}
	}
	return false
}

// drain releases until nothing is pending, or it is over.
func (c *Cluster) drain() error {
	limit := c.options.StepsPerInstant
	if limit == 0 {
		limit = 20_000
	}
	var round uint64 // the last arrival that this round releases
	for steps := 0; ; {
		ready := c.fair()
		if len(ready) == 0 || c.options.Over != nil && c.options.Over() {
			return nil
		}
		i := slices.IndexFunc(ready, func(p waiting) bool { return p.arrival <= round })
		if i < 0 {
			round = c.gate.lastArrival()
			continue
		}
		if steps++; steps > limit {
			return fmt.Errorf("%w: %d steps without time passing, the last %q", ErrLivelock, limit, ready[i].label())
		}
		c.decideFairly(ready[i])
	}
}

// ErrLivelock says that steps follow steps without time passing.
var ErrLivelock = errors.New("livelock")

// fair is what is pending and does not have to wait.
func (c *Cluster) fair() []waiting {
	return slices.DeleteFunc(c.pending(), func(p waiting) bool { return p.stalled || p.call.stalled() })
}

func (c *Cluster) decideFairly(p waiting) {
	s, v := Step{Release, p.label()}, apiserver.Verdict{}
	if p.call.late() {
		s, v = Step{Fail, p.label()}, apiserver.Verdict{Outcome: apiserver.Fail}
	}
	c.decide(s, p, v)
}

// Hold closes the gate: nothing passes from now on unless a step releases it.
func (c *Cluster) Hold() { c.setFree(false) }

// Free opens the gate: what is pending passes, and all that comes.
func (c *Cluster) Free() { c.setFree(true) }

func (c *Cluster) setFree(free bool) {
	c.quiesce()
	c.options.Free = free
	c.gate.setFree(free)
	c.quiesce()
}
