package check

import (
	"fmt"
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

// An atom is what the automaton of a claim can ask about a step: whether the
// state that it leads to satisfies a predicate, or whether it is of an action.
type atom[S comparable] struct {
	holds  func(S) bool
	action string // if holds is nil
}

// addNegation gives the atoms of liveness property i a place in the labels of
// states and the letters of actions, and keeps the automaton of its negation.
func (pl *plan[S]) addNegation(i int, m *Model[S]) error {
	p := &m.Properties[i]
	automaton, atoms := translated()[p.kind], []atom[S]{{holds: p.p}, {holds: p.q}}
	var bits [2]uint64 // of atoms
	for k, a := range atoms {
		if a.holds != nil {
			bits[k] = 1 << len(pl.atoms)
			pl.atoms, pl.atomOwner = append(pl.atoms, a.holds), append(pl.atomOwner, i)
		}
	}
	if len(pl.atoms) > maxAtoms {
		return fmt.Errorf("check: liveness properties with more than %d predicates in one run: check them in several runs", maxAtoms)
	}
	pl.negations[i] = &negation{automaton: renamed(automaton, bits[:]), trigger: label(bits[0])}
	return nil
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
