package check

import (
	"errors"
	"fmt"
	"slices"
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
	return s.pack.decode(s.parts[id.partition()].log.at(id.local()))
}

// statesTo returns the states on the path to id, of which it is known that it
// satisfies isLast.
func (s *search[S, K]) statesTo(id stateID, isLast func(S) bool) ([]S, error) {
	path := s.path(id)
	if s.layout.steps {
		return s.retrace(path, isLast)
	}
	states := make([]S, len(path))
	for i, id := range path {
		states[i] = s.state(id)
	}
	return states, nil
}

// retrace finds the states of a path that only their fingerprints were kept of.
// It takes from each state the successor of the place that was noted, modulo
// 256; where there is a choice all are tried, and the partition narrows it.
func (s *search[S, K]) retrace(path []stateID, isLast func(S) bool) ([]S, error) {
	e := s.expanders[0]
	fits := func(id stateID, place int, t S) bool {
		key := s.pack.encode(&t)
		return uint8(place) == *s.parts[id.partition()].step.at(id.local()) && partitionOf(s.hash.hash(&key)) == id.partition()
	}
	var extend func(states []S) []S
	extend = func(states []S) []S {
		last := states[len(states)-1]
		if len(states) == len(path) {
			if isLast(last) {
				return states
			}
			return nil
		}
		place := 0
		for a := range s.m.Actions {
			for _, t := range s.m.Actions[a].Successors(nil, &last) {
				if t = e.canonical(t); fits(path[len(states)], place, t) && t != last {
					if all := extend(append(states, t)); all != nil {
						return all
					}
				}
				place++
			}
		}
		return nil
	}
	for i, init := range s.m.Init {
		if init = e.canonical(init); fits(path[0], i, init) {
			if all := extend([]S{init}); all != nil {
				return all, nil
			}
		}
	}
	return nil, errImpure
}

// behaviour turns a path of the search into a behaviour of the model. They
// differ under symmetry only, where each state of the path stands for its orbit.
func (s *search[S, K]) behaviour(path []S) ([]Step[S], error) {
	e := s.expanders[0]
	first := slices.IndexFunc(s.m.Init, func(init S) bool { return e.canonical(init) == path[0] })
	if first < 0 {
		return nil, errImpure
	}
	steps := []Step[S]{{State: s.m.Init[first]}}
	for _, to := range path[1:] {
		step, ok := s.stepTo(steps[len(steps)-1].State, -1, to)
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
	states, err := s.statesTo(id, func(S) bool { return true })
	if err != nil {
		return err.Error()
	}
	steps, err := s.behaviour(states)
	if err != nil {
		return err.Error()
	}
	return (&Trace[S]{Stem: steps, format: s.m.format}).text()
}
