package buchi

import (
	"fmt"
	"slices"
)

// An id is a formula in negation normal form, in a table. Formulas come in
// pairs: id^1 is the negation of id. So whatever the table knows of And and
// Until it knows of Or and Release, too.
type id int

const (
	idTrue  id = 0
	idFalse id = 1
)

func (i id) not() id { return i ^ 1 }

// A table holds formulas, each once: equal ids are equal formulas, whatever
// they were written as. Its constructors rewrite by laws of temporal logic,
// most of them from
//
//   - K. Etessami and G. J. Holzmann: Optimizing Büchi automata, CONCUR 2000;
//   - F. Somenzi and R. Bloem: Efficient Büchi automata from LTL formulae, CAV 2000.
type table struct {
	entries []entry
	known   map[string]id
	normal  map[*node]id
	implied map[[2]id]bool
}

type entry struct {
	op   Op // True, False, atom, Not (of an atom), And, Or, Until or Release
	atom int
	args []id

	// What holds of a word holds however one prolongs it at its beginning
	// (eventual), or of all that remains of it later (universal).
	eventual, universal bool
}

// maxImplied bounds the pairs for which the table looks for an implication. It
// finds none of the others, which costs size only.
const maxImplied = 1 << 16

func newTable() *table {
	return &table{
		entries: []entry{{op: True, eventual: true, universal: true}, {op: False, eventual: true, universal: true}},
		known:   map[string]id{},
		normal:  map[*node]id{},
		implied: map[[2]id]bool{},
	}
}

// add returns the id of an atom, a conjunction or an until.
func (t *table) add(op Op, atom int, args ...id) id {
	key := fmt.Sprint(op, atom, args)
	i, ok := t.known[key]
	if !ok {
		i = id(len(t.entries))
		t.known[key] = i
		e := entry{op: op, atom: atom, args: args}
		t.entries = append(t.entries, e, t.dual(e))
		for _, j := range []id{i, i.not()} {
			e := &t.entries[j]
			e.eventual = t.classify(e, Until, idTrue, func(k id) bool { return t.entries[k].eventual })
			e.universal = t.classify(e, Release, idFalse, func(k id) bool { return t.entries[k].universal })
		}
	}
	return i
}

func (t *table) dual(e entry) entry {
	e.op = map[Op]Op{atom: Not, And: Or, Until: Release}[e.op]
	e.args = slices.Clone(e.args)
	for i := range e.args {
		e.args[i] = e.args[i].not()
	}
	return e
}

// classify reports whether e is "eventually" or "always", as op and unit say,
// or made of such formulas only.
func (t *table) classify(e *entry, op Op, unit id, has func(id) bool) bool {
	if e.op == op && e.args[0] == unit {
		return true
	}
	return len(e.args) > 0 && !slices.ContainsFunc(e.args, func(k id) bool { return !has(k) })
}

// intern returns the normal form of f, in time linear in its distinct parts.
func (t *table) intern(f Formula) (id, error) {
	if f.node == nil {
		return idFalse, nil
	}
	if i, ok := t.normal[f.node]; ok {
		return i, nil
	}
	if n := f.node.atom; n < 0 || n > 63 {
		return 0, fmt.Errorf("ltl: atom %d is not one of 0 to 63", n)
	}
	var args []id
	for _, g := range f.node.args {
		i, err := t.intern(g)
		if err != nil {
			return 0, err
		}
		args = append(args, i)
	}
	i := t.apply(f.node, args)
	t.normal[f.node] = i
	return i, nil
}

func (t *table) apply(n *node, args []id) id {
	switch n.op {
	case True:
		return idTrue
	case atom:
		return t.add(atom, n.atom)
	case Not:
		return args[0].not()
	case And:
		return t.and(args...)
	case Or:
		return t.or(args...)
	case Implies:
		return t.or(args[0].not(), args[1])
	case Iff:
		return t.or(t.and(args[0], args[1]), t.and(args[0].not(), args[1].not()))
	case Eventually:
		return t.until(idTrue, args[0])
	case Always:
		return t.release(idFalse, args[0])
	case Until:
		return t.until(args[0], args[1])
	case WeakUntil:
		return t.release(args[1], t.or(args[0], args[1]))
	case Release:
		return t.release(args[0], args[1])
	}
	return idFalse
}

func (t *table) or(args ...id) id {
	negated := make([]id, len(args))
	for i, a := range args {
		negated[i] = a.not()
	}
	return t.and(negated...).not()
}

func (t *table) release(a, b id) id { return t.until(a.not(), b.not()).not() }

func (t *table) and(args ...id) id {
	var flat []id
	for _, a := range args {
		switch e := t.entries[a]; e.op {
		case And:
			flat = append(flat, e.args...)
		case True:
		default:
			flat = append(flat, a)
		}
	}
	slices.Sort(flat)
	flat = slices.Compact(flat)
	for _, a := range flat {
		for _, b := range flat {
			if t.implies(a, b.not()) {
				return idFalse
			}
		}
	}
	for i := 0; i < len(flat); i++ {
		weaker := func(b id) bool { return b != flat[i] && t.implies(b, flat[i]) }
		if slices.ContainsFunc(flat, weaker) {
			flat = slices.Delete(flat, i, i+1)
			i--
		}
	}
	for i, a := range flat {
		for j := range i {
			if both, ok := t.join(flat[j], a); ok {
				rest := slices.Delete(slices.Delete(flat, i, i+1), j, j+1)
				return t.and(append(rest, both)...)
			}
		}
	}
	switch len(flat) {
	case 0:
		return idTrue
	case 1:
		return flat[0]
	}
	return t.add(And, 0, flat...)
}

// join returns one formula for the conjunction of two temporal ones.
func (t *table) join(a, b id) (id, bool) {
	x, y := t.entries[a], t.entries[b]
	if x.op != y.op || x.op != Until && x.op != Release {
		return 0, false
	}
	first, second := x.args[0] == y.args[0], x.args[1] == y.args[1]
	switch {
	case x.op == Release && first: // []p && []q is [](p && q)
		return t.release(x.args[0], t.and(x.args[1], y.args[1])), true
	case x.op == Until && second:
		return t.until(t.and(x.args[0], y.args[0]), x.args[1]), true
	case x.op == Until && first && x.args[0] == idTrue && // <>[]p && <>[]q is <>[](p && q)
		t.entries[x.args[1]].universal && t.entries[y.args[1]].universal:
		return t.until(idTrue, t.and(x.args[1], y.args[1])), true
	}
	return 0, false
}

func (t *table) until(a, b id) id {
	switch e := t.entries[b]; {
	case t.implies(a, b), e.eventual:
		return b
	case a != idTrue && t.implies(a.not(), b):
		return t.until(idTrue, b)
	case e.op == Until && a == idTrue:
		return t.until(idTrue, e.args[1])
	case e.op == Until && t.implies(a, e.args[0]):
		return b
	case e.op == And || e.op == Or:
		// What is both eventual and universal has one value for ever.
		constant := func(k id) bool { return t.entries[k].eventual && t.entries[k].universal }
		if i := slices.IndexFunc(e.args, constant); i >= 0 {
			rest := slices.Delete(slices.Clone(e.args), i, i+1)
			if e.op == And {
				return t.and(e.args[i], t.until(a, t.and(rest...)))
			}
			return t.or(e.args[i], t.until(a, t.or(rest...)))
		}
	}
	return t.add(Until, 0, a, b)
}

// implies reports whether every word that satisfies a satisfies b, as far as
// can be seen from their form.
func (t *table) implies(a, b id) bool {
	if a == b || a == idFalse || b == idTrue {
		return true
	}
	pair := [2]id{a, b}
	known, ok := t.implied[pair]
	if ok || len(t.implied) >= maxImplied {
		return known
	}
	known = t.follows(a, b)
	t.implied[pair] = known
	return known
}

func (t *table) follows(a, b id) bool {
	x, y := &t.entries[a], &t.entries[b]
	implied := func(k id) bool { return t.implies(a, k) }
	implying := func(k id) bool { return t.implies(k, b) }
	some := func(ok func(id) bool, ks []id) bool { return slices.ContainsFunc(ks, ok) }
	all := func(ok func(id) bool, ks []id) bool { return !some(func(k id) bool { return !ok(k) }, ks) }
	switch {
	case x.op == Or:
		return all(implying, x.args)
	case y.op == And:
		return all(implied, y.args)
	case x.op == And && some(implying, x.args), y.op == Or && some(implied, y.args):
		return true
	case y.op == Until && implied(y.args[1]), x.op == Release && implying(x.args[1]):
		return true
	case x.op == Until && all(implying, x.args), y.op == Release && all(implied, y.args):
		return true
	case x.op == Until && y.eventual && implying(x.args[1]), y.op == Release && x.universal && implied(y.args[1]):
		return true
	case x.op == y.op && (x.op == Until || x.op == Release):
		return t.implies(x.args[0], y.args[0]) && t.implies(x.args[1], y.args[1])
	}
	return false
}
