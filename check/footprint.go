package check

import (
	"errors"
	"fmt"
	"slices"
)

// A Footprint says which variables of a model an action touches. A variable is
// a part of the state under a name of the author's choice: a field, an element
// of an array, some bits. The names are used by Options.PartialOrder only.
//
// The successors of a state are those that result from assigning new values to
// some of Writes, and which assignments these are is a function of the values of
// Reads. So x := 1 writes x without reading it, x++ reads it as well, and "if
// y then x := 1" reads y and writes x. What is declared in excess costs
// reduction, what is missing makes verdicts wrong: see CheckFootprints.
type Footprint struct {
	Reads  []string // what decides whether the action is enabled and what it assigns
	Writes []string // what it may change, in any of its instances
}

// A Guard is a necessary condition for an action to be enabled.
type Guard[S comparable] struct {
	Reads []string // what Open depends on; some of what the action reads
	Open  func(S) bool
}

// Reading declares the variables that the predicates of p depend on, that of
// When included, by their names in the footprints of the actions. A property
// that declares none depends on the whole state; DeadlockFree has no need to
// declare anything.
func (p Property[S]) Reading(vars ...string) Property[S] {
	p.reading = slices.Concat(p.reading, vars)
	return p
}

func (a *Action[S]) validateFootprint() error {
	f := a.Footprint
	if f == nil {
		if len(a.Guards) > 0 {
			return errors.New("its guards need a footprint")
		}
		return nil
	}
	if slices.Contains(f.Reads, "") || slices.Contains(f.Writes, "") {
		return errors.New("its footprint has a variable without a name")
	}
	for i, g := range a.Guards {
		if g.Open == nil {
			return fmt.Errorf("guard %d has no predicate", i)
		}
		for _, v := range g.Reads {
			if !slices.Contains(f.Reads, v) {
				return fmt.Errorf("guard %d reads %q, which its footprint does not", i, v)
			}
		}
	}
	return nil
}

// A dependence is what footprints say about the actions of a model, each set
// indexed by an action.
type dependence struct {
	conflicts []actionSet   // may not commute with it: one writes what the other touches
	enabling  []actionSet   // write what it reads: without them it stays disabled
	opening   [][]actionSet // by guard: write what it reads: without them it stays closed
	stirring  []actionSet   // write what it touches: without them it keeps stuttering
	visible   []actionSet   // by property: may change what it says; empty for deadlock freedom
}

// newDependence returns an error if a property reads a variable that no action
// mentions: it is misspelt.
func newDependence[S comparable](m *Model[S]) (*dependence, error) {
	n := len(m.Actions)
	d := &dependence{make([]actionSet, n), make([]actionSet, n), make([][]actionSet, n), make([]actionSet, n), make([]actionSet, len(m.Properties))}
	var all, anything actionSet // anything: actions that may touch whatever there is
	readers, writers := map[string]actionSet{}, map[string]actionSet{}
	for a := range m.Actions {
		all.add(a)
		f := m.Actions[a].Footprint
		if f == nil {
			anything.add(a)
			continue
		}
		include(readers, f.Reads, a)
		include(writers, f.Writes, a)
	}
	for a := range m.Actions {
		f := m.Actions[a].Footprint
		if f == nil {
			d.conflicts[a], d.enabling[a], d.stirring[a] = all, all, all
			continue
		}
		d.enabling[a] = anything.or(union(writers, f.Reads))
		for _, g := range m.Actions[a].Guards {
			d.opening[a] = append(d.opening[a], anything.or(union(writers, g.Reads)))
		}
		d.stirring[a] = d.enabling[a].or(union(writers, f.Writes))
		d.conflicts[a] = d.stirring[a].or(union(readers, f.Writes))
	}
	for i := range m.Properties {
		p := &m.Properties[i]
		for _, v := range p.reading {
			if readers[v] == (actionSet{}) && writers[v] == (actionSet{}) && anything.empty() {
				return nil, fmt.Errorf("check: property %q reads variable %q, which no footprint mentions", p.name, v)
			}
		}
		switch {
		case p.kind == KindDeadlockFree:
		case len(p.reading) == 0 || p.kind == KindTransition && len(p.actions) == 0:
			d.visible[i] = all
		default:
			d.visible[i] = anything.or(union(writers, p.reading))
			for a := range m.Actions {
				if slices.Contains(p.actions, m.Actions[a].Name) {
					d.visible[i].add(a)
				}
			}
		}
	}
	return d, nil
}

func include(sets map[string]actionSet, vars []string, action int) {
	for _, v := range vars {
		set := sets[v]
		set.add(action)
		sets[v] = set
	}
}

func union(sets map[string]actionSet, vars []string) (all actionSet) {
	for _, v := range vars {
		all = all.or(sets[v])
	}
	return all
}

// partialOrder returns the dependence for a run with Options.PartialOrder, or
// why there can be none.
func partialOrder[S comparable](m *Model[S], o Options) (*dependence, error) {
	if o.Symmetry {
		return nil, errors.New("check: Options.PartialOrder with Options.Symmetry: each is proved alone, not the two together: use one of them")
	}
	if o.Order == DepthFirst {
		return nil, errors.New("check: Options.PartialOrder with DepthFirst: the reduction is proved for BreadthFirst")
	}
	for i := range m.Properties {
		if p := &m.Properties[i]; p.kind.Liveness() {
			return nil, fmt.Errorf("check: Options.PartialOrder with property %q (%v): a reduced search leaves out behaviours that liveness needs: check it in a run without", p.name, p.kind)
		}
	}
	if !slices.ContainsFunc(m.Actions, func(a Action[S]) bool { return a.Footprint != nil }) {
		return nil, errNoFootprint
	}
	return newDependence(m)
}

var errNoFootprint = errors.New("check: no action declares a Footprint, so none is known to commute with another")
