package check

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// errImpure is what a trace that cannot be rebuilt means.
var errImpure = errors.New("check: a step found by the search cannot be found again: a Next, Canonical or predicate depends on more than its arguments (a map's order, a clock, a variable that it changes), or Canonical returns a state that is not bisimilar")

// path returns the states from an initial one to id, as they were found.
func (s *search[S, K]) path(id stateID) []stateID {
	path := []stateID{id}
	for {
		from := *s.parts[id.partition()].from.at(id.local())
		if from == id {
			slices.Reverse(path)
			return path
		}
		id = from
		path = append(path, id)
	}
}

func (s *search[S, K]) state(id stateID) S {
	return s.pack.decode(*s.parts[id.partition()].log.at(id.local()))
}

// behaviour turns a path of the search into a behaviour of the model. They
// differ under symmetry only, where each state of the path stands for its orbit.
func (s *search[S, K]) behaviour(path []stateID) ([]Step[S], error) {
	e := s.expanders[0]
	first := slices.IndexFunc(s.m.Init, func(init S) bool { return e.canonical(init) == s.state(path[0]) })
	if first < 0 {
		return nil, errImpure
	}
	steps := []Step[S]{{State: s.m.Init[first]}}
	for _, id := range path[1:] {
		step, ok := s.stepTo(steps[len(steps)-1].State, -1, s.state(id))
		if !ok {
			return nil, errImpure
		}
		steps = append(steps, step)
	}
	return steps, nil
}

// stepTo finds the first step from the state from to one whose representative
// is to, by the given action, or by any if action is -1.
func (s *search[S, K]) stepTo(from S, action int, to S) (Step[S], bool) {
	e := s.expanders[0]
	for i := range s.m.Actions {
		if action >= 0 && i != action {
			continue
		}
		for _, t := range s.m.Actions[i].Successors(nil, &from) {
			if t != from && e.canonical(t) == to {
				return s.m.step(i, from, t), true
			}
		}
	}
	return Step[S]{}, false
}

func (m *Model[S]) step(action int, from, to S) Step[S] {
	a := &m.Actions[action]
	label := a.Name
	if a.Label != nil {
		label = a.Label(from, to)
	}
	return Step[S]{Action: a.Name, Label: label, State: to}
}

// explain writes the way to a state for an error message.
func (s *search[S, K]) explain(id stateID) (text string) {
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprintf("(the trace cannot be written: %v)", v)
		}
	}()
	steps, err := s.behaviour(s.path(id))
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	(&Trace[S]{Stem: steps, format: s.m.format}).WriteTo(&b)
	return b.String()
}
