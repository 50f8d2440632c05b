package ltl

import (
	"errors"
	"fmt"

	"github.com/reconverge/reconverge/check/internal/buchi"
)

// A Formula is a claim about a behaviour. It is immutable; formulas may share
// parts. The zero Formula is none: Lower refuses it.
type Formula[S comparable] struct{ node *node[S] }

// A node applies op to args, or is an atom.
type node[S comparable] struct {
	op   buchi.Op
	args []Formula[S]
	atom *Atom[S]
	err  error // why it is no atom
}

// An Atom is what formulas are made of: a set of states, or an action.
type Atom[S comparable] struct {
	Name   string       // for messages
	Holds  func(S) bool // of a state; nil if Action is set
	Action string       // that led to the state; empty if Holds is set
}

// State is true where p is true of the state. A formula that uses its result in
// several places asks p once a state. p must be pure.
func State[S comparable](name string, p func(S) bool) Formula[S] {
	n := &node[S]{atom: &Atom[S]{Name: name, Holds: p}}
	switch {
	case name == "":
		n.err = errors.New("ltl: a state predicate has no name")
	case p == nil:
		n.err = fmt.Errorf("ltl: state %q has no predicate", name)
	}
	return Formula[S]{n}
}

// Taken is true where a step of the action led from another state: not at the
// first position, nor at those where the behaviour stutters.
func Taken[S comparable](action string) Formula[S] {
	n := &node[S]{atom: &Atom[S]{Name: "taken(" + action + ")", Action: action}}
	if action == "" {
		n.err = errors.New("ltl: Taken has no action")
	}
	return Formula[S]{n}
}

// True is true of every behaviour.
func True[S comparable]() Formula[S] { return apply[S](buchi.True) }

// False is true of none.
func False[S comparable]() Formula[S] { return apply[S](buchi.False) }

// Not is true where f is not.
func Not[S comparable](f Formula[S]) Formula[S] { return apply(buchi.Not, f) }

// And is true where all of fs are; of none, everywhere.
func And[S comparable](fs ...Formula[S]) Formula[S] { return apply(buchi.And, fs...) }

// Or is true where one of fs is; of none, nowhere.
func Or[S comparable](fs ...Formula[S]) Formula[S] { return apply(buchi.Or, fs...) }

// Implies is true where f is not, or g is.
func Implies[S comparable](f, g Formula[S]) Formula[S] { return apply(buchi.Implies, f, g) }

// Iff is true where f and g both are, or both are not.
func Iff[S comparable](f, g Formula[S]) Formula[S] { return apply(buchi.Iff, f, g) }

// Always is true where f is true from now on.
func Always[S comparable](f Formula[S]) Formula[S] { return apply(buchi.Always, f) }

// Eventually is true where f is true now or later.
func Eventually[S comparable](f Formula[S]) Formula[S] { return apply(buchi.Eventually, f) }

// Until is true where g is true now or later, and f at all positions before.
func Until[S comparable](f, g Formula[S]) Formula[S] { return apply(buchi.Until, f, g) }

// WeakUntil is Until, or f for ever.
func WeakUntil[S comparable](f, g Formula[S]) Formula[S] { return apply(buchi.WeakUntil, f, g) }

// Release is true where g is true up to and including the first position where
// f is, or for ever.
func Release[S comparable](f, g Formula[S]) Formula[S] { return apply(buchi.Release, f, g) }

func apply[S comparable](op buchi.Op, args ...Formula[S]) Formula[S] {
	return Formula[S]{&node[S]{op: op, args: append([]Formula[S](nil), args...)}}
}

// String writes f as Spin does: "[](waiting -> <>critical)".
func (f Formula[S]) String() string {
	l := newLowering[S]()
	core := l.lower(f)
	return core.Text(func(i int) string { return l.atoms[i].Name })
}
