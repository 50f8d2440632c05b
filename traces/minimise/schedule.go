package minimise

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/reconverge/reconverge/impl/claims"
	"github.com/reconverge/reconverge/impl/sim"
	"github.com/reconverge/reconverge/impl/suite"
)

// Schedule returns a shorter schedule that violates the same claim, in a smaller
// cluster if the same steps do so there, and d as it was executed if there is none.
//
// Every single step of the result is needed, and so are its last replica and its
// last node, for these steps. Nothing is ruled out that other steps could show.
//
// What was reached when ctx ended is a result too. An error says what is wrong with
// the document.
func Schedule(ctx context.Context, d sim.Document) (sim.Document, *Report, error) {
	c, err := suite.NewCase(d)
	if err != nil {
		return d, nil, err
	}
	r := &rerun{ctx: ctx, now: c, report: &Report{}}
	taken, ok := r.take(c, plan(d.Schedule))
	switch {
	case ctx.Err() != nil:
		return d, nil, context.Cause(ctx)
	case r.err != nil:
		return d, nil, r.err
	case !ok:
		return d, nil, fmt.Errorf("the schedule does not violate %s", d.Property)
	}
	r.steps = taken
	r.bugged = r.needsBugs(c, taken)
	before := measure(c, plan(d.Schedule))
	for r.lessTrouble(); r.lessCluster(); {
		r.lessTrouble()
	}
	r.leaveOut(func(planned) bool { return true })
	r.report.Measures = compare(before, measure(r.now, r.steps))
	if r.report.Stopped = context.Cause(ctx); r.report.Stopped != nil {
		r.report.Undecided = []string{"fewer faults, objects or steps"}
	}
	return r.document(), r.report, nil
}

// A rerun is a schedule that becomes smaller.
type rerun struct {
	ctx      context.Context
	now      *suite.Case
	steps    []planned
	violated *claims.Violation // how it is by the steps
	bugged   bool              // not without a planted bug
	report   *Report
	err      error // of the last try, if it was none of the claim
}

// planned is a step that is to be taken if it can be.
type planned struct {
	sim.Step
	at int
}

func (p planned) place() int { return p.at }

func plan(s sim.Schedule) (all []planned) {
	for i, step := range s {
		all = append(all, planned{step, i})
	}
	return all
}

func schedule(all []planned) (s sim.Schedule) {
	for _, p := range all {
		s = append(s, p.Step)
	}
	return s
}

// take takes steps, and if they violate the claim, remembers how.
func (r *rerun) take(c *suite.Case, steps []planned) (taken []planned, ok bool) {
	if r.ctx.Err() != nil {
		return nil, false
	}
	r.report.Tries++
	done, violated, err := c.Take(r.ctx, schedule(steps))
	if r.err = err; violated == nil {
		return nil, false
	}
	r.violated = violated
	for _, p := range steps { // done are some of them, in their order
		if len(taken) < len(done) && p.Step == done[len(taken)] {
			taken = append(taken, p)
		}
	}
	return taken, true
}

// leaveOut leaves out steps of those that are picked.
func (r *rerun) leaveOut(picked func(planned) bool) {
	reduce(r.steps, picked, func(some []planned) ([]planned, bool) {
		taken, ok := r.take(r.now, some)
		if ok {
			r.steps = taken
		}
		return taken, ok
	})
}

// lessTrouble leaves out whole kinds of faults first, and then single ones.
func (r *rerun) lessTrouble() {
	kinds := map[string]bool{}
	for _, p := range r.steps {
		if k := fault(p.Step); k != "" && !kinds[k] {
			kinds[k] = true
			some := filter(r.steps, func(p planned) bool { return fault(p.Step) != k })
			if taken, ok := r.take(r.now, some); ok {
				r.steps = taken
			}
		}
	}
	r.leaveOut(func(p planned) bool { return fault(p.Step) != "" })
}

// lessCluster takes the first smaller cluster in which the steps violate the claim,
// and if it was for a planted bug, still do so for one: a drain that waits for the
// bug's sake is not one that waits because there are too few replicas for its budget.
func (r *rerun) lessCluster() bool {
	for _, c := range smaller(r.now) {
		if r.bugged && !r.needsBugs(c, r.steps) {
			continue
		}
		if taken, ok := r.take(c, r.steps); ok {
			r.now, r.steps = c, taken
			return true
		}
	}
	return false
}

// needsBugs says that the steps do not violate the claim without planted bugs.
func (r *rerun) needsBugs(c *suite.Case, steps []planned) bool {
	if len(c.Mutations) == 0 {
		return false
	}
	sound := *c
	sound.Mutations = nil
	r.report.Tries++
	_, violated, _ := sound.Take(r.ctx, schedule(steps))
	return violated == nil
}

func (r *rerun) document() sim.Document {
	d := r.now.Document(schedule(r.steps), r.violated)
	d.SchemaVersion = sim.SchemaVersion
	return d
}

// smaller are the clusters with fewer replicas, nodes or planted bugs.
func smaller(c *suite.Case) (all []*suite.Case) {
	add := func(change func(*suite.Case)) {
		less := *c
		less.Mutations = slices.Clone(c.Mutations)
		change(&less)
		all = append(all, &less)
	}
	for _, n := range lowered(int(c.Scenario.Replicas), 0) {
		add(func(less *suite.Case) { less.Scenario.Replicas = int32(n) })
	}
	for _, n := range lowered(c.Scenario.Nodes, 1) {
		add(func(less *suite.Case) { less.Scenario.Nodes = n })
	}
	for i := range c.Mutations {
		add(func(less *suite.Case) { less.Mutations = slices.Delete(less.Mutations, i, i+1) })
	}
	return all
}

// fault is the kind of fault that a step is, or what a person does; "": neither.
func fault(s sim.Step) string {
	switch s.Verb {
	case sim.Fail, sim.Lose, sim.Stale, sim.Cut, sim.Expire, sim.Stall, sim.Crash, sim.Restart, sim.Partition:
		return string(s.Verb)
	case sim.User:
		what, _, _ := strings.Cut(s.Target, " ")
		return what
	}
	return ""
}

func measure(c *suite.Case, steps []planned) []size {
	faults := filter(steps, func(p planned) bool { return fault(p.Step) != "" })
	return []size{
		{"faults", len(faults)},
		{"replicas", max(0, int(c.Scenario.Replicas))}, {"nodes", c.Scenario.Nodes}, {"planted bugs", len(c.Mutations)},
		{"steps", len(steps)},
	}
}
