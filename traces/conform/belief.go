package conform

import (
	"fmt"
	"slices"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
)

// A belief is the set of the states that the model may be in, by what was observed.
type belief struct {
	scenario model.Scenario
	m        *model.Model
	hidden   []*check.Action[model.State]          // that nobody need see
	byName   map[string]*check.Action[model.State] // all
	max      int                                   // states

	states states
	buffer []model.State
	tried  int // successors that were looked at
}

// An origin is how a state was reached. That of an initial state is nil.
type origin struct {
	before *origin
	action *check.Action[model.State]
	state  model.State
}

// states are some of a model, each with one way to it, in the order in which they were
// added: what is done with them is the same each time.
type states struct {
	known   map[model.State]bool
	origins []*origin
}

// add adds the state of an origin; false: it was there.
func (s *states) add(o *origin) bool {
	if s.known[o.state] {
		return false
	}
	if s.known == nil {
		s.known = map[model.State]bool{}
	}
	s.known[o.state] = true
	s.origins = append(s.origins, o)
	return true
}

// errTooMany says that more states fit than the belief has room for.
type errTooMany int

func (n errTooMany) Error() string {
	return fmt.Sprintf("more than %d states of the model fit", int(n))
}

// beliefs are one for each scenario of the model that a run may be of.
type beliefs []*belief

// update changes every belief. One without states left is given up, unless it is the
// last: then nothing is changed, and ok is false.
func (all *beliefs) update(change func(*belief) error) (ok bool, err error) {
	var left beliefs
	for _, b := range *all {
		before := b.states
		if err := change(b); err != nil {
			return false, err
		}
		if len(b.states.origins) == 0 {
			b.states = before
			continue
		}
		left = append(left, b)
	}
	if len(left) > 0 {
		*all = left
	}
	return len(left) > 0, nil
}

// allowed is what one or another would have shown next.
func (all beliefs) allowed(fit fits) (labels []string) {
	for _, b := range all {
		labels = append(labels, b.allowed(fit)...)
	}
	slices.Sort(labels)
	return slices.Compact(labels)
}

func newBelief(s model.Scenario, m *model.Model, most int) *belief {
	b := &belief{scenario: s, m: m, max: most, byName: map[string]*check.Action[model.State]{}}
	for i := range m.Actions {
		a := &m.Actions[i]
		b.byName[a.Name] = a
		if a.Fair != check.Unfair && a.Name != tick {
			b.hidden = append(b.hidden, a)
		}
	}
	return b
}

// tick is the action of time, which the clock of a run lets happen.
const tick = "Tick"

// fits says of which states is what was observed.
type fits func(*model.State) bool

// begin takes the initial states that fit.
func (b *belief) begin(fit fits) error {
	b.states = states{}
	for _, s := range b.m.Init {
		if fit(&s) {
			b.states.add(&origin{state: s})
		}
	}
	return b.close(fit)
}

// step takes every state to where one of some actions leads, if that fits and is
// accepted, and closes the set. With times greater than 1 the actions may follow one
// another so often.
func (b *belief) step(actions []string, times int, fit fits, accept func(from, to *model.State) bool) error {
	var next states
	frontier := b.states
	for range times {
		var reached states
		for _, o := range frontier.origins {
			b.successors(o, actions, func(to *model.State, by *check.Action[model.State]) {
				if accept != nil && !accept(&o.state, to) {
					return
				}
				if way := (&origin{o, by, *to}); fit(to) {
					next.add(way)
				} else if times > 1 {
					reached.add(way)
				}
			})
		}
		frontier = reached
	}
	b.states = next
	return b.close(fit)
}

// maybe adds to the set where an action leads.
func (b *belief) maybe(action string, fit fits) error {
	for _, o := range b.states.origins {
		b.successors(o, []string{action}, func(to *model.State, by *check.Action[model.State]) {
			if !b.states.known[*to] && fit(to) {
				b.states.add(&origin{o, by, *to})
			}
		})
	}
	return b.close(fit)
}

// must takes every state that an action leads on from, to where it leads, if that fits
// and is accepted, and leaves the others.
func (b *belief) must(action string, fit fits, accept func(from, to *model.State) bool) error {
	var next states
	moved := false
	for _, o := range b.states.origins {
		stays := true
		b.successors(o, []string{action}, func(to *model.State, by *check.Action[model.State]) {
			if fit(to) && accept(&o.state, to) {
				next.add(&origin{o, by, *to})
				stays, moved = false, true
			}
		})
		if stays {
			next.add(o)
		}
	}
	if !moved {
		return nil
	}
	b.states = next
	return b.close(fit)
}

// keep leaves the states that fit.
func (b *belief) keep(fit fits) error {
	var left states
	for _, o := range b.states.origins {
		if fit(&o.state) {
			left.add(o)
		}
	}
	b.states = left
	return b.close(fit)
}

// close adds what steps lead to that cannot be seen.
func (b *belief) close(fit fits) error {
	for i := 0; i < len(b.states.origins); i++ {
		o := b.states.origins[i]
		facts := b.m.Facts(&o.state)
		for _, a := range b.hidden {
			if a.Needs&^facts != 0 {
				continue
			}
			b.buffer = a.Successors(b.buffer[:0], &o.state)
			b.tried += len(b.buffer)
			for k := range b.buffer {
				to := &b.buffer[k]
				if b.states.known[*to] || !fit(to) {
					continue
				}
				if len(b.states.origins) == b.max {
					return errTooMany(b.max)
				}
				b.states.add(&origin{o, a, *to})
			}
		}
	}
	return nil
}

// successors calls f with every successor of a state by one of some actions.
func (b *belief) successors(o *origin, actions []string, f func(to *model.State, by *check.Action[model.State])) {
	facts := b.m.Facts(&o.state)
	for _, name := range actions {
		a, ok := b.byName[name]
		if !ok || a.Needs&^facts != 0 {
			continue // the scenario does not have the action, or it is disabled
		}
		successors := a.Successors(nil, &o.state)
		b.tried += len(successors)
		for i := range successors {
			f(&successors[i], a)
		}
	}
}

// allowed lists what would have been seen next, in the words of the model.
func (b *belief) allowed(fit fits) (labels []string) {
	for _, o := range b.states.origins {
		for _, a := range b.hidden {
			for _, to := range a.Successors(nil, &o.state) {
				if fit(&to) {
					continue
				}
				label := a.Name
				if a.Label != nil {
					label = a.Label(o.state, to)
				}
				labels = append(labels, label)
			}
		}
	}
	slices.Sort(labels)
	return slices.Compact(labels)
}
