package conform

import (
	"fmt"
	"maps"
	"slices"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
)

// A belief is the set of the states that the model may be in, by what was observed.
type belief struct {
	m      *model.Model
	hidden []*check.Action[model.State]          // that nobody need see
	byName map[string]*check.Action[model.State] // all
	max    int                                   // states

	states map[model.State]*origin
	buffer []model.State
	tried  int // successors that were looked at
}

// An origin is how a state was reached. That of an initial state is nil.
type origin struct {
	before *origin
	action *check.Action[model.State]
	state  model.State
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
		if len(b.states) == 0 {
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

func newBelief(m *model.Model, most int) *belief {
	b := &belief{m: m, max: most, byName: map[string]*check.Action[model.State]{}}
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
	b.states = map[model.State]*origin{}
	for _, s := range b.m.Init {
		if fit(&s) {
			b.states[s] = &origin{state: s}
		}
	}
	return b.close(fit)
}

// step takes every state to where one of some actions leads, if that fits and is
// accepted, and closes the set. With times greater than 1 the actions may follow one
// another so often.
func (b *belief) step(actions []string, times int, fit fits, accept func(from, to *model.State) bool) error {
	next := map[model.State]*origin{}
	frontier := b.states
	for range times {
		reached := map[model.State]*origin{}
		for _, o := range frontier {
			b.successors(o, actions, func(to *model.State, by *check.Action[model.State]) {
				if accept != nil && !accept(&o.state, to) {
					return
				}
				if fit(to) {
					next[*to] = &origin{o, by, *to}
				} else if times > 1 {
					reached[*to] = &origin{o, by, *to}
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
	for _, o := range slices.Collect(maps.Values(b.states)) {
		b.successors(o, []string{action}, func(to *model.State, by *check.Action[model.State]) {
			if _, known := b.states[*to]; !known && fit(to) {
				b.states[*to] = &origin{o, by, *to}
			}
		})
	}
	return b.close(fit)
}

// must takes every state that an action leads on from, to where it leads, if that fits
// and is accepted, and leaves the others.
func (b *belief) must(action string, fit fits, accept func(from, to *model.State) bool) error {
	next, moved := map[model.State]*origin{}, false
	for s, o := range b.states {
		stays := true
		b.successors(o, []string{action}, func(to *model.State, by *check.Action[model.State]) {
			if fit(to) && accept(&o.state, to) {
				next[*to], stays, moved = &origin{o, by, *to}, false, true
			}
		})
		if stays {
			next[s] = o
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
	maps.DeleteFunc(b.states, func(s model.State, _ *origin) bool { return !fit(&s) })
	return b.close(fit)
}

// close adds what steps lead to that cannot be seen.
func (b *belief) close(fit fits) error {
	work := slices.Collect(maps.Values(b.states))
	for len(work) > 0 {
		o := work[len(work)-1]
		work = work[:len(work)-1]
		facts := b.m.Facts(&o.state)
		for _, a := range b.hidden {
			if a.Needs&^facts != 0 {
				continue
			}
			b.buffer = a.Successors(b.buffer[:0], &o.state)
			b.tried += len(b.buffer)
			for i := range b.buffer {
				to := &b.buffer[i]
				if _, known := b.states[*to]; known || !fit(to) {
					continue
				}
				if len(b.states) == b.max {
					return errTooMany(b.max)
				}
				reached := &origin{o, a, *to}
				b.states[*to] = reached
				work = append(work, reached)
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
	for _, o := range b.states {
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
