package conform

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/impl/sim"
	"github.com/reconverge/reconverge/impl/suite"
	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/traces"
)

// A NotExpressibleError says why a run is no trace of the model, or not one that
// shows the same.
type NotExpressibleError struct{ Reason string }

func (e *NotExpressibleError) Error() string { return "not expressible in the model: " + e.Reason }

// Upward takes the schedule of a document, which violates a property in the simulated
// cluster, and returns a behaviour of the model that was observed then and violates
// the same property, with the same bugs planted. It has been executed and judged by the
// model. Of each state that fits what was observed one way to it is looked at, so that
// a property of steps may be missed; then, and where the run leaves what the model
// speaks of, the error is a *NotExpressibleError.
func Upward(ctx context.Context, d sim.Document) (*traces.Trace, error) {
	c, err := suite.NewCase(d)
	if err != nil {
		return nil, err
	}
	scenarios, err := Scenarios(c.Scenario)
	if err != nil {
		return nil, &NotExpressibleError{err.Error()}
	}
	for i := range scenarios {
		scenarios[i].Mutations = c.Mutations
	}
	checker, err := checkerOf(c.Scenario, scenarios, Table(), c.Property)
	if err != nil {
		return nil, &NotExpressibleError{err.Error()}
	}
	_, violated, err := c.Take(ctx, d.Schedule, checker)
	var diverged *Divergence
	switch {
	case errors.As(err, &diverged):
		return nil, &NotExpressibleError{err.Error()}
	case err != nil:
		return nil, err
	case violated == nil:
		return nil, fmt.Errorf("conform: the schedule does not violate %s", c.Property)
	case checker.Result() != nil:
		return nil, &NotExpressibleError{checker.Result().Error()}
	}
	return checker.trace(c.Property)
}

// trace is the shortest behaviour that fits and violates a property. What fits goes on
// after the violation with steps that are not seen: it ends where it is violated.
func (c *Checker) trace(property string) (*traces.Trace, error) {
	why := errors.New("nothing fits")
	for _, b := range c.b {
		for _, o := range b.byLength() {
			t := &check.Trace[model.State]{Stem: b.path(o)}
			if err := b.m.ValidateTrace(property, t); err != nil {
				why = err
				continue
			}
			claim := b.m.Claims[0]
			document := traces.From(b.scenario, b.m, claim, check.Result[model.State]{Kind: claim.Kind(), Trace: t})
			if _, err := traces.Replay(document); err != nil {
				return nil, err // it has just been validated
			}
			return document, nil
		}
	}
	return nil, &NotExpressibleError{fmt.Sprintf("of the behaviours that fit what was observed, none violates %s: %v", property, why)}
}

// byLength are the states that fit, and those on the way to them, by the number of steps
// that lead there.
func (b *belief) byLength() (all []*origin) {
	steps := map[*origin]int{}
	var count func(*origin) int
	count = func(o *origin) int {
		if o == nil {
			return 0
		}
		if steps[o] == 0 {
			steps[o] = count(o.before) + 1
			all = append(all, o)
		}
		return steps[o]
	}
	for _, o := range b.states.origins {
		count(o)
	}
	slices.SortStableFunc(all, func(a, b *origin) int { return cmp.Compare(steps[a], steps[b]) })
	return all
}

// path is the behaviour that leads to a state.
func (b *belief) path(o *origin) (steps []check.Step[model.State]) {
	for ; o != nil; o = o.before {
		s := check.Step[model.State]{State: o.state}
		if o.action != nil {
			s.Action, s.Label = o.action.Name, o.action.Name
			if o.action.Label != nil {
				s.Label = o.action.Label(o.before.state, o.state)
			}
		}
		steps = append(steps, s)
	}
	slices.Reverse(steps)
	return steps
}
