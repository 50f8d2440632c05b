// Package buchi is propositional temporal logic without next, and its
// translation into automata.
//
// A [Formula] speaks of infinite words. A letter is a set of atoms: bit i of a
// uint64 says whether atom i is true. [Translate] gives an [Automaton] that
// accepts exactly the words that satisfy a formula. [Eval] answers the same
// question for one ultimately periodic word, by the definition of the
// operators, and shares no code with the translation: each checks the other.
package buchi
