package ltl

import (
	"errors"
	"fmt"

	"github.com/reconverge/reconverge/check/internal/buchi"
)

// Bounds of one formula.
const (
	maxStateAtoms  = 30
	maxActionAtoms = 24
)

// Lower is for package check: it returns the formula without the states, whose
// atom i is atoms[i]. One result of State is one atom, and so is one action. A
// formula that holds the zero Formula, a nil predicate or an empty name, or
// more than 30 results of State or 24 actions, is an error.
func Lower[S comparable](f Formula[S]) (core buchi.Formula, atoms []Atom[S], err error) {
	l := newLowering[S]()
	core = l.lower(f)
	var states, actions int
	for _, a := range l.atoms {
		if a.Holds != nil {
			states++
		} else {
			actions++
		}
	}
	l.fail(states > maxStateAtoms, fmt.Errorf("ltl: formula has more than %d state predicates", maxStateAtoms))
	l.fail(actions > maxActionAtoms, fmt.Errorf("ltl: formula speaks of more than %d actions", maxActionAtoms))
	if l.err != nil {
		return buchi.Formula{}, nil, l.err
	}
	return core, l.atoms, nil
}

// A lowering keeps what it has done by node: a formula whose parts are shared
// takes time in its distinct parts.
type lowering[S comparable] struct {
	atoms   []Atom[S]
	done    map[*node[S]]buchi.Formula
	actions map[string]buchi.Formula
	err     error // the first
}

func newLowering[S comparable]() *lowering[S] {
	return &lowering[S]{done: map[*node[S]]buchi.Formula{}, actions: map[string]buchi.Formula{}}
}

var errZero = errors.New("ltl: the zero Formula is none: make one with State, for example")

// lower goes on after an error, so that any formula has a text.
func (l *lowering[S]) lower(f Formula[S]) buchi.Formula {
	core, ok := l.done[f.node]
	switch {
	case ok:
		return core
	case f.node == nil:
		l.fail(true, errZero)
		core = l.number(Atom[S]{Name: "?"})
	case f.node.atom != nil:
		l.fail(f.node.err != nil, f.node.err)
		core = l.atom(*f.node.atom)
	default:
		args := make([]buchi.Formula, len(f.node.args))
		for i, g := range f.node.args {
			args[i] = l.lower(g)
		}
		core = f.node.op.Of(args...)
	}
	l.done[f.node] = core
	return core
}

// atom makes one of all that speak of the same action.
func (l *lowering[S]) atom(a Atom[S]) buchi.Formula {
	if a.Action == "" {
		return l.number(a)
	}
	core, ok := l.actions[a.Action]
	if !ok {
		core = l.number(a)
		l.actions[a.Action] = core
	}
	return core
}

func (l *lowering[S]) number(a Atom[S]) buchi.Formula {
	l.atoms = append(l.atoms, a)
	return buchi.Atom(len(l.atoms) - 1)
}

func (l *lowering[S]) fail(failed bool, err error) {
	if failed && l.err == nil {
		l.err = err
	}
}
