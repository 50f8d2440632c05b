package sim

import (
	"fmt"
	"time"

	"pgregory.net/rapid"
)

// A Trial is a cluster that is treated badly, and what is claimed of it. Its
// methods open a bubble for each schedule that they try.
type Trial struct {
	Options Options
	// Begin applies objects and starts processes. All that follows may be drawn.
	Begin func(*Cluster)
	// Always is asked after each step; nil: nothing is claimed but that no process panics.
	Always func(*Cluster) error
	// Finally is asked when the trouble is over and Recovery has passed: see
	// Cluster.Repair; nil: nothing is claimed.
	Finally  func(*Cluster) error
	Recovery time.Duration // virtual; 0: 5 minutes
	Also     []Step        // for Draw, such as a user's
}

// Check draws one schedule and fails the test if a claim is violated. It is a
// property: rapid.Check(t, trial.Check) tries 100 schedules of about 30 steps
// (-rapid.checks, -rapid.steps), and shrinks the first that fails.
func (x Trial) Check(t *rapid.T) {
	if s, err := x.draw(t); err != nil {
		t.Fatalf("%v\nafter the schedule\n%s", err, s)
	}
}

// Find tries n schedules, the same n each time, and returns the first that violates
// a claim, less the steps that are not needed for that, and how it does.
func (x Trial) Find(n int) (Schedule, error) {
	type found struct {
		schedule Schedule
		err      error
	}
	drawn := rapid.Custom(func(t *rapid.T) found {
		s, err := x.draw(t)
		return found{s, err}
	})
	for seed := range n {
		if f := drawn.Example(seed); f.err != nil {
			return x.reduce(f.schedule, f.err)
		}
	}
	return nil, nil
}

// Replay takes the steps of a schedule, and returns how a claim is violated, or the
// first step that cannot be taken.
func (x Trial) Replay(s Schedule) error {
	_, err := x.open(func(c *Cluster, judge func(Step) error) error { return c.Replay(s, judge) })
	return err
}

// draw returns the steps that were drawn, and how a claim was violated.
func (x Trial) draw(t *rapid.T) (Schedule, error) {
	return x.open(func(c *Cluster, judge func(Step) error) (err error) {
		t.Repeat(map[string]func(*rapid.T){"hostile": func(t *rapid.T) {
			if err != nil {
				return // after a violation the rest of the schedule is nothing
			}
			s := Draw(t, c, x.Also...)
			if err = c.Do(s); err == nil || answered(err) {
				err = judge(s)
			}
		}})
		return err
	})
}

// open calls run in a new cluster, and then asks for the end. The steps are those
// after which judge was called.
func (x Trial) open(run func(c *Cluster, judge func(Step) error) error) (taken Schedule, violation error) {
	err := Open(x.Options, func(c *Cluster) {
		if x.Begin != nil {
			x.Begin(c)
		}
		violation = run(c, func(s Step) error {
			taken = append(taken, s)
			return x.always(c)
		})
		if violation == nil {
			violation = x.end(c)
		}
	})
	if violation != nil {
		return taken, violation
	}
	return taken, err
}

func (x Trial) always(c *Cluster) error {
	if err := c.panics(); err != nil || x.Always == nil {
		return err
	}
	return x.Always(c)
}

// end lets the cluster recover.
func (x Trial) end(c *Cluster) error {
	c.Repair()
	recovery := x.Recovery
	if recovery == 0 {
		recovery = 5 * time.Minute
	}
	c.Settle(recovery, func() bool { return x.always(c) != nil })
	if err := x.always(c); err != nil {
		return fmt.Errorf("while it recovers: %w", err)
	}
	if x.Finally == nil {
		return nil
	}
	if err := x.Finally(c); err != nil {
		return fmt.Errorf("in the end: %w", err)
	}
	return nil
}

func (x Trial) reduce(s Schedule, violation error) (Schedule, error) {
	s = Reduce(s, func(try Schedule) (Schedule, bool) {
		taken, err := x.replayLoosely(try)
		if err != nil {
			violation = err
		}
		return taken, err != nil
	})
	return s, violation
}

func (x Trial) replayLoosely(s Schedule) (Schedule, error) {
	return x.open(func(c *Cluster, judge func(Step) error) error {
		_, err := c.ReplayLoosely(s, judge)
		return err
	})
}
