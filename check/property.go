package check

import (
	"fmt"

	"github.com/reconverge/reconverge/check/internal/buchi"
	"github.com/reconverge/reconverge/check/ltl"
)

// A Property is a claim that could be false. Make one with Invariant,
// Transition, DeadlockFree, Reachable, Eventually, AlwaysEventually,
// EventuallyAlways, LeadsTo or LTL.
type Property[S comparable] struct {
	name    string
	kind    Kind
	p, q    func(*S) bool
	step    func(from, to *S) bool
	actions []string // Transition: the actions it speaks of; empty: all
	when    func(*S) bool
	formula *formula[S] // LTL
	reading []string    // variables, see Reading; empty: all
	jury    *jury[S]    // Transition: nil, or what judges it together with others
	bit     int         // its place in the jury's answer
}

// A jury judges several transition properties at once.
type jury[S comparable] struct {
	broken func(from, to *S) uint64
}

// A formula is what is left of a ltl.Formula: its form, and what it asks about.
type formula[S comparable] struct {
	core  buchi.Formula
	atoms []ltl.Atom[S]
	err   error
}

// Kind is the form of a claim.
type Kind uint8

// The kinds of property, each made by the function of the same name.
const (
	KindInvariant Kind = iota + 1
	KindTransition
	KindDeadlockFree
	KindReachable
	KindEventually
	KindAlwaysEventually
	KindEventuallyAlways
	KindLeadsTo
	KindLTL
)

var kindNames = [...]string{
	KindInvariant: "invariant", KindTransition: "transition", KindDeadlockFree: "deadlock-free",
	KindReachable: "reachable", KindEventually: "eventually", KindAlwaysEventually: "always-eventually",
	KindEventuallyAlways: "eventually-always", KindLeadsTo: "leads-to",
	KindLTL: "ltl",
}

func (k Kind) String() string {
	if int(k) < len(kindNames) && kindNames[k] != "" {
		return kindNames[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// Liveness reports whether a counterexample of this kind is an infinite
// behaviour, so that fairness matters.
func (k Kind) Liveness() bool { return k >= KindEventually }

// Invariant claims p of every reachable state.
func Invariant[S comparable](name string, p func(S) bool) Property[S] {
	return InvariantInPlace(name, inPlace(p))
}

// InvariantInPlace is Invariant for states so large that copying them for every
// property is felt. p must neither change the state nor keep the pointer.
func InvariantInPlace[S comparable](name string, p func(*S) bool) Property[S] {
	return Property[S]{name: name, kind: KindInvariant, p: p}
}

// inPlace makes a predicate of states one of pointers to them.
func inPlace[S comparable](p func(S) bool) func(*S) bool {
	if p == nil {
		return nil
	}
	return func(s *S) bool { return p(*s) }
}

// Transition claims p of every step of the named actions, or of all actions
// when none is named. Stuttering is no step.
func Transition[S comparable](name string, p func(from, to S) bool, actions ...string) Property[S] {
	var step func(from, to *S) bool
	if p != nil {
		step = func(from, to *S) bool { return p(*from, *to) }
	}
	return TransitionInPlace(name, step, actions...)
}

// TransitionInPlace is Transition for states so large that copying them for
// every step is felt. p must neither change the states nor keep the pointers.
func TransitionInPlace[S comparable](name string, p func(from, to *S) bool, actions ...string) Property[S] {
	return Property[S]{name: name, kind: KindTransition, step: p, actions: actions}
}

// TransitionsInPlace makes a transition property of each name, and one function
// that judges them together: bit i of what broken returns says that a step
// breaks the i-th, of at most 64. Where many claims are about the few parts of a
// large state that a step changes, these are looked for once.
func TransitionsInPlace[S comparable](broken func(from, to *S) uint64, names ...string) []Property[S] {
	j := &jury[S]{broken}
	var all []Property[S]
	for i, name := range names {
		p := TransitionInPlace(name, func(from, to *S) bool { return broken(from, to)>>i&1 == 0 })
		p.jury, p.bit = j, i
		all = append(all, p)
	}
	return all
}

// DeadlockFree claims that every reachable state has a successor, or is one
// where the system may rest. quiescent nil: it may rest nowhere.
func DeadlockFree[S comparable](name string, quiescent func(S) bool) Property[S] {
	return Property[S]{name: name, kind: KindDeadlockFree, p: inPlace(quiescent)}
}

// Reachable claims that some reachable state satisfies p. Its trace is a
// witness and comes with Holds.
func Reachable[S comparable](name string, p func(S) bool) Property[S] {
	return ReachableInPlace(name, inPlace(p))
}

// ReachableInPlace is to Reachable what InvariantInPlace is to Invariant.
func ReachableInPlace[S comparable](name string, p func(*S) bool) Property[S] {
	return Property[S]{name: name, kind: KindReachable, p: p}
}

// Eventually claims that every fair behaviour has a state that satisfies q.
func Eventually[S comparable](name string, q func(S) bool) Property[S] {
	return Property[S]{name: name, kind: KindEventually, q: inPlace(q)}
}

// AlwaysEventually claims that every fair behaviour satisfies q infinitely often.
func AlwaysEventually[S comparable](name string, q func(S) bool) Property[S] {
	return Property[S]{name: name, kind: KindAlwaysEventually, q: inPlace(q)}
}

// EventuallyAlways claims that every fair behaviour satisfies q from some state on.
func EventuallyAlways[S comparable](name string, q func(S) bool) Property[S] {
	return EventuallyAlwaysInPlace(name, inPlace(q))
}

// EventuallyAlwaysInPlace is to EventuallyAlways what InvariantInPlace is to
// Invariant.
func EventuallyAlwaysInPlace[S comparable](name string, q func(*S) bool) Property[S] {
	return Property[S]{name: name, kind: KindEventuallyAlways, q: q}
}

// LeadsTo claims that in every fair behaviour each state that satisfies p is
// followed, at once or later, by one that satisfies q.
func LeadsTo[S comparable](name string, p, q func(S) bool) Property[S] {
	return Property[S]{name: name, kind: KindLeadsTo, p: inPlace(p), q: inPlace(q)}
}

// LTL claims that every fair behaviour satisfies a formula of linear temporal
// logic. The other claims about behaviours are special cases; use LTL for what
// they cannot say: an order of events, a claim under an assumption. A formula
// that begins with Always(Implies(p, ...)), where p is a State, is vacuous if p
// is never true.
func LTL[S comparable](name string, f ltl.Formula[S]) Property[S] {
	core, atoms, err := ltl.Lower(f)
	return Property[S]{name: name, kind: KindLTL, formula: &formula[S]{core, atoms, err}}
}

// When says in which states an invariant or a transition has something to say
// (for a transition: from which states). Elsewhere it is true, though its
// predicate may still be called. If no reachable state is relevant, the result
// is marked vacuous.
func (p Property[S]) When(relevant func(S) bool) Property[S] {
	return p.WhenInPlace(inPlace(relevant))
}

// WhenInPlace is to When what InvariantInPlace is to Invariant.
func (p Property[S]) WhenInPlace(relevant func(*S) bool) Property[S] {
	p.when = relevant
	return p
}

// Name returns the name that the property was made with.
func (p Property[S]) Name() string { return p.name }

// Kind returns the form of the claim.
func (p Property[S]) Kind() Kind { return p.kind }

func (p *Property[S]) validate(actions map[string]bool) error {
	if p.name == "" || p.kind == 0 {
		return fmt.Errorf("check: property %q is not made by a constructor such as Invariant", p.name)
	}
	need := map[Kind]bool{
		KindInvariant: p.p != nil, KindTransition: p.step != nil, KindDeadlockFree: true, KindReachable: p.p != nil,
		KindEventually: p.q != nil, KindAlwaysEventually: p.q != nil, KindEventuallyAlways: p.q != nil,
		KindLeadsTo: p.p != nil && p.q != nil, KindLTL: p.formula != nil,
	}
	if !need[p.kind] {
		return fmt.Errorf("check: property %q has no predicate", p.name)
	}
	if p.jury != nil && (p.jury.broken == nil || p.bit >= 64) {
		return fmt.Errorf("check: property %q: TransitionsInPlace takes a function and at most 64 names", p.name)
	}
	if p.when != nil && p.kind != KindInvariant && p.kind != KindTransition {
		return fmt.Errorf("check: property %q: When is for invariants and transitions", p.name)
	}
	named := p.actions
	if p.formula != nil {
		if p.formula.err != nil {
			return fmt.Errorf("check: property %q: %w", p.name, p.formula.err)
		}
		for _, a := range p.formula.atoms {
			if a.Action != "" {
				named = append(named, a.Action)
			}
		}
	}
	for _, a := range named {
		if !actions[a] {
			return fmt.Errorf("check: property %q speaks of action %q, which the model does not have", p.name, a)
		}
	}
	return nil
}
