package check

import (
	"fmt"
	"slices"
	"sync"

	"github.com/reconverge/reconverge/check/internal/buchi"
)

// definitions are the claims about behaviours in the terms of temporal logic,
// over their p (atom 0) and q (atom 1).
var definitions = map[Kind]buchi.Formula{
	KindEventually:       buchi.Eventually.Of(buchi.Atom(1)),
	KindAlwaysEventually: buchi.Always.Of(buchi.Eventually.Of(buchi.Atom(1))),
	KindEventuallyAlways: buchi.Eventually.Of(buchi.Always.Of(buchi.Atom(1))),
	KindLeadsTo:          buchi.Always.Of(buchi.Implies.Of(buchi.Atom(0), buchi.Eventually.Of(buchi.Atom(1)))),
}

// translated are the automata of their negations.
var translated = sync.OnceValue(func() map[Kind]*buchi.Automaton {
	all := map[Kind]*buchi.Automaton{}
	for kind, f := range definitions {
		a, err := buchi.Translate(buchi.Not.Of(f))
		if err != nil {
			panic(err)
		}
		all[kind] = a
	}
	return all
})

// An atom is an ltl.Atom whose predicate takes its state in place.
type atom[S comparable] struct {
	holds  func(*S) bool // nil if action is set
	action string
}

// negate returns the automaton of the negation of a liveness property, and its
// atoms.
func (p *Property[S]) negate() (*buchi.Automaton, []atom[S], error) {
	if p.kind != KindLTL {
		return translated()[p.kind], []atom[S]{{holds: p.p}, {holds: p.q}}, nil
	}
	var atoms []atom[S]
	for _, a := range p.formula.atoms {
		atoms = append(atoms, atom[S]{inPlace(a.Holds), a.Action})
	}
	automaton, err := buchi.Translate(buchi.Not.Of(p.formula.core))
	if err != nil {
		err = fmt.Errorf("check: property %q: %w", p.name, err)
	}
	return automaton, atoms, err
}

// trigger is the atom without which a liveness property says nothing, or -1.
func (p *Property[S]) trigger() int {
	switch p.kind {
	case KindLeadsTo:
		return 0
	case KindLTL:
		if atom, ok := p.formula.core.Trigger(); ok {
			return atom
		}
	}
	return -1
}

// addNegation gives the atoms of liveness property i a place in the labels of
// states and the letters of actions, and keeps the automaton of its negation.
func (pl *plan[S]) addNegation(i int, m *Model[S]) error {
	p := &m.Properties[i]
	automaton, atoms, err := p.negate()
	if err != nil {
		return err
	}
	bits := make([]uint64, len(atoms)) // in a letter
	for k, a := range atoms {
		switch {
		case a.holds != nil:
			bits[k] = 1 << len(pl.atoms)
			pl.atoms, pl.atomOwner = append(pl.atoms, a.holds), append(pl.atomOwner, i)
		case a.action != "":
			bits[k] = pl.actionBit(slices.IndexFunc(m.Actions, func(b Action[S]) bool { return b.Name == a.action }))
		}
	}
	switch {
	case len(pl.atoms) > maxAtoms:
		return fmt.Errorf("check: liveness properties with more than %d predicates in one run: check them in several runs", maxAtoms)
	case pl.actionBits > maxActionBits:
		return fmt.Errorf("check: liveness properties that speak of more than %d actions in one run: check them in several runs", maxActionBits)
	}
	pl.negations[i] = &negation{automaton: renamed(automaton, bits)}
	if k := p.trigger(); k >= 0 && atoms[k].holds != nil {
		pl.negations[i].trigger = label(bits[k])
	}
	return nil
}

// actionBit is the bit of a letter that says that an action was taken.
func (pl *plan[S]) actionBit(action int) uint64 {
	if pl.letters[action] == 0 {
		pl.letters[action] = 1 << (actionBits + pl.actionBits)
		pl.actionBits++
	}
	return pl.letters[action]
}

// renamed returns a copy of an automaton in which atom i is the given bit.
func renamed(a *buchi.Automaton, bit []uint64) *buchi.Automaton {
	rename := func(atoms uint64) (letter uint64) {
		for i, b := range bit {
			if atoms>>i&1 == 1 {
				letter |= b
			}
		}
		return letter
	}
	b := &buchi.Automaton{Initial: a.Initial, Sets: a.Sets}
	for _, out := range a.Out {
		var transitions []buchi.Transition
		for _, t := range out {
			transitions = append(transitions, buchi.Transition{To: t.To, True: rename(t.True), False: rename(t.False), Marks: t.Marks})
		}
		b.Out = append(b.Out, transitions)
	}
	return b
}
