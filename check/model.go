package check

import (
	"errors"
	"fmt"
)

// A Model is a finite state machine and the claims made about it. It is data:
// copy it, drop an action or weaken a guard, and see which property notices.
//
// All functions in it must be pure: their result depends on their arguments
// alone. They are called from several goroutines at once.
type Model[S comparable] struct {
	Name       string
	Init       []S
	Actions    []Action[S]   // names unique; their order is the exploration order
	Properties []Property[S] // names unique
	Bounds     []Bound[S]    // where the exploration stops; nil: nowhere

	// Canonical maps a state to the representative of its orbit, a state that
	// differs from it only by names that nothing in the model depends on. It is
	// used when Options.Symmetry is set; see there for what it owes. The function
	// of the same name makes one from sets of names.
	Canonical func(S) S

	// CanonicalInPlace is used instead of Canonical, which is nil then, where
	// states are so large that copying them is felt. It makes *s the representative.
	CanonicalInPlace func(s *S)

	// Facts returns, as bits, what is known of a state at little cost, so that
	// actions which cannot be enabled are passed over without a call: see
	// Action.Needs. nil: nothing is.
	Facts func(s *S) uint64

	Packing Packing[S]     // how a state is stored; nil: as it is
	Format  func(S) string // one line; nil: %+v

	_ struct{} // no positional literals
}

// An Action is one kind of step of one process, such as "Renew(c1)".
type Action[S comparable] struct {
	Name string
	Fair Fairness

	// Next appends the successors of s to dst: none when the action is
	// disabled, several when it has a choice. A successor equal to s is
	// counted, but it is stuttering: it neither makes the action enabled nor
	// is it a step that fairness could ask for.
	Next func(dst []S, s S) []S

	// NextInPlace is used instead of Next, which is nil then, where states are
	// so large that copying one for each action is felt. It must neither change
	// *s nor keep the pointer.
	NextInPlace func(dst []S, s *S) []S

	// Needs has the bits of Model.Facts without each of which the action has no
	// successors, not even stuttering ones. Run looks at the action all the same
	// in the first 4,096 states, and in one of 256 after that; a successor that
	// should not be there is an error.
	Needs uint64

	// Footprint says which variables the action touches, for
	// Options.PartialOrder; nil: it may touch all there are.
	Footprint *Footprint

	// Guards are conditions without which the action has no successors, not even
	// stuttering ones. They are for Options.PartialOrder too, and optional: a
	// disabled action waits for those that write what it reads; with guards, only
	// for those that write what the first closed one reads. So name the process's
	// own place in its program first.
	Guards []Guard[S]

	// Label names the step from one state to another in a trace, where one
	// action stands for many instances: "Bind(pod3, node1)". nil: Name.
	Label func(from, to S) string
}

// Successors appends the successors of s to dst, by Next or NextInPlace.
func (a *Action[S]) Successors(dst []S, s *S) []S {
	if a.NextInPlace != nil {
		return a.NextInPlace(dst, s)
	}
	return a.Next(dst, *s)
}

// Fairness says whether an action may be put off for ever. It concerns the
// action as a whole: an action that stands for many instances is treated
// fairly when one of them is taken again and again.
type Fairness uint8

const (
	// Unfair actions may wait for ever: faults, users.
	Unfair Fairness = iota
	// Weak actions are taken again and again if they stay enabled.
	Weak
	// Strong actions are taken again and again if they keep becoming enabled.
	Strong
)

func (f Fairness) String() string {
	switch f {
	case Unfair:
		return "unfair"
	case Weak:
		return "weak"
	case Strong:
		return "strong"
	}
	return fmt.Sprintf("Fairness(%d)", uint8(f))
}

// A Bound names the states whose successors are not explored. Their own
// predicates are still evaluated. A bound that was reached is a hole in the
// proof: what would hold becomes Incomplete.
type Bound[S comparable] struct {
	Name string
	At   func(S) bool
}

// Validate reports the first mistake in the declaration of m. Run calls it.
func (m *Model[S]) Validate() error {
	if len(m.Init) == 0 {
		return errors.New("check: model has no initial state")
	}
	if m.Canonical != nil && m.CanonicalInPlace != nil {
		return errors.New("check: model has both Canonical and CanonicalInPlace")
	}
	if len(m.Actions) > maxActions {
		return fmt.Errorf("check: %d actions, at most %d are supported", len(m.Actions), maxActions)
	}
	seen := map[string]bool{}
	for i, a := range m.Actions {
		switch {
		case a.Name == "" || a.Name == Stutter:
			return fmt.Errorf("check: action %d: name %q is not usable", i, a.Name)
		case seen[a.Name]:
			return fmt.Errorf("check: action %q declared twice", a.Name)
		case a.Next == nil && a.NextInPlace == nil:
			return fmt.Errorf("check: action %q has no Next", a.Name)
		case a.Next != nil && a.NextInPlace != nil:
			return fmt.Errorf("check: action %q has both Next and NextInPlace", a.Name)
		case a.Fair > Strong:
			return fmt.Errorf("check: action %q: %v is no fairness", a.Name, a.Fair)
		case a.Needs != 0 && m.Facts == nil:
			return fmt.Errorf("check: action %q needs facts, and the model has no Facts", a.Name)
		}
		if err := a.validateFootprint(); err != nil {
			return fmt.Errorf("check: action %q: %w", a.Name, err)
		}
		seen[a.Name] = true
	}
	for i, b := range m.Bounds {
		if b.Name == "" || b.At == nil {
			return fmt.Errorf("check: bound %d needs a name and a predicate", i)
		}
	}
	claimed := map[string]bool{}
	for i := range m.Properties {
		p := &m.Properties[i]
		if claimed[p.name] {
			return fmt.Errorf("check: property %q declared twice", p.name)
		}
		claimed[p.name] = true
		if err := p.validate(seen); err != nil {
			return err
		}
	}
	return nil
}

// maxActions is what the one byte kept per edge for liveness can tell apart.
const maxActions = 256

func (m *Model[S]) canonical(s *S) {
	if m.CanonicalInPlace != nil {
		m.CanonicalInPlace(s)
		return
	}
	*s = m.Canonical(*s)
}

func (m *Model[S]) format(s S) string {
	if m.Format != nil {
		return m.Format(s)
	}
	return fmt.Sprintf("%+v", s)
}
