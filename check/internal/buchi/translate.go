package buchi

import (
	"encoding/binary"
	"fmt"
	"iter"
	"math/bits"
	"slices"
)

// Bounds of a translation.
const (
	maxStates      = 4096
	maxSets        = 64
	maxTemporal    = 256     // operators, different ones
	maxTransitions = 1 << 16 // of the automaton, and alternatives for one of its states
	maxWork        = 1 << 26 // comparisons of alternatives: a second or so
)

// Translate returns an automaton that accepts exactly the words that satisfy f.
// The same formula always gives the same automaton. A formula that needs too
// large a one is an error.
//
// The construction is the tableau of
//
//   - R. Gerth, D. Peled, M. Vardi, P. Wolper: Simple on-the-fly automatic
//     verification of linear temporal logic, PSTV 1995,
//
// with acceptance on transitions and equal tableaux merged by what they lead
// to, as in
//
//   - J.-M. Couvreur: On-the-fly verification of linear temporal logic, FM 1999.
//
// A state stands for formulas that the rest of the word must satisfy. These are
// unfolded into what they ask of the first letter and of the rest after it,
// once for each way to satisfy them: p U q is q, or p and p U q again. The
// second way puts q off; a run that puts it off for ever must not accept, so a
// transition belongs to the acceptance set of p U q if it does not put q off.
func Translate(f Formula) (*Automaton, error) {
	t := newTable()
	root, err := t.intern(f)
	if err != nil {
		return nil, err
	}
	b := &builder{
		table:    t,
		temporal: map[id]int{}, untils: map[id]int{},
		unfolded: map[id][]term{}, asks: map[id]set{},
		states: map[string]int{}, next: map[set]int{},
	}
	if b.number(root, map[id]bool{}); b.err == nil {
		b.build(root)
	}
	if b.err != nil {
		return nil, b.err
	}
	a := &Automaton{Initial: b.initial, Out: b.out, Sets: len(b.untils)}
	a.simplify()
	return a, nil
}

// A set of temporal formulas, by their numbers.
type set [maxTemporal / 64]uint64

func (s set) with(i int) set {
	s[i/64] |= 1 << (i % 64)
	return s
}

func (s set) has(i int) bool { return s[i/64]>>(i%64)&1 == 1 }

func (s set) union(t set) set {
	for i := range s {
		s[i] |= t[i]
	}
	return s
}

func (s set) without(t set) set {
	for i := range s {
		s[i] &^= t[i]
	}
	return s
}

func (s set) all() iter.Seq[int] {
	return func(yield func(int) bool) {
		for w, rest := range s {
			for ; rest != 0; rest &= rest - 1 {
				if !yield(w*64 + bits.TrailingZeros64(rest)) {
					return
				}
			}
		}
	}
}

func (s set) within(t set) bool {
	for i := range s {
		if s[i]&^t[i] != 0 {
			return false
		}
	}
	return true
}

// A term is one way to satisfy a formula: the first letter has all of yes and
// none of no, and the rest of the word satisfies next. The untils in next are
// those that are put off.
type term struct {
	yes, no uint64
	next    set
}

// covers reports whether u asks for all that t asks for.
func (t *term) covers(u *term) bool {
	return t.yes&^u.yes == 0 && t.no&^u.no == 0 && t.next.within(u.next)
}

func (t *term) compare(u *term) int {
	for _, d := range [][2]uint64{{t.yes, u.yes}, {t.no, u.no}} {
		if d[0] != d[1] {
			return less(d[0] < d[1])
		}
	}
	for i := range t.next {
		if t.next[i] != u.next[i] {
			return less(t.next[i] < u.next[i])
		}
	}
	return 0
}

func less(yes bool) int {
	if yes {
		return -1
	}
	return 1
}

type builder struct {
	*table
	temporal map[id]int // untils and releases that a state can stand for
	members  []id       // the reverse
	untils   map[id]int // the acceptance set of each
	unfolded map[id][]term
	asks     map[id]set     // what repeated looks up
	states   map[string]int // by their terms
	next     map[set]int
	pending  [][]term // by state, until its transitions are known
	initial  []int
	out      [][]Transition
	count    int // transitions
	work     int
	err      error // the first; then everything returns
}

// fail notes an error, and reports whether there is one.
func (b *builder) fail(failed bool, bound int, of string) bool {
	if failed && b.err == nil {
		b.err = fmt.Errorf("ltl: formula needs more than %d %s", bound, of)
	}
	return b.err != nil
}

// number gives the temporal formulas below i their numbers.
func (b *builder) number(i id, seen map[id]bool) {
	if seen[i] || b.err != nil {
		return
	}
	seen[i] = true
	e := b.entries[i]
	for _, k := range e.args {
		b.number(k, seen)
	}
	if e.op == Until {
		b.untils[i] = len(b.untils)
		b.fail(len(b.untils) > maxSets, maxSets, "acceptance sets")
	}
	if e.op == Until || e.op == Release {
		b.temporal[i] = len(b.members)
		b.members = append(b.members, i)
		b.fail(len(b.members) > maxTemporal, maxTemporal, "temporal operators")
	}
}

func (b *builder) build(root id) {
	// A disjunction of temporal formulas begins in any of them. What asks
	// something of the first letter needs a state of its own anyway.
	var rest []term
	for _, i := range b.alternatives(root) {
		if b.promises(i) {
			b.initial = append(b.initial, b.state(b.unfold(i)))
		} else {
			rest = b.either(rest, b.unfold(i))
		}
	}
	b.initial = append(b.initial, b.state(rest))
	for s := 0; s < len(b.pending) && b.err == nil; s++ {
		var out []Transition
		for _, t := range b.pending[s] {
			out = append(out, Transition{b.successor(t.next), t.yes, t.no, b.marks(t.next)})
		}
		b.out = append(b.out, out)
		b.pending[s] = nil
		b.count += len(out)
		b.fail(b.count > maxTransitions, maxTransitions, "automaton transitions")
	}
}

// marks is the acceptance sets of the untils that are not in next.
func (b *builder) marks(next set) (marks uint64) {
	for i, n := range b.untils {
		if !next.has(b.temporal[i]) {
			marks |= 1 << n
		}
	}
	return marks
}

func (b *builder) alternatives(i id) []id {
	if b.entries[i].op == Or {
		return b.entries[i].args
	}
	return []id{i}
}

// promises reports whether i is a conjunction of temporal formulas.
func (b *builder) promises(i id) bool {
	if e := b.entries[i]; e.op == And {
		return !slices.ContainsFunc(e.args, func(k id) bool { return !b.promises(k) })
	}
	_, ok := b.temporal[i]
	return ok
}

// repeated is the members of a set that another member asks for again each time
// it is unfolded, as []<>p does for <>p: with and without them, the
// alternatives are the same.
func (b *builder) repeated(of set) (inner set) {
	for i := range of.all() {
		if e := b.entries[b.members[i]]; e.op == Release {
			inner = inner.union(b.asked(e.args[1]))
		}
	}
	return inner
}

func (b *builder) asked(i id) set {
	by, ok := b.asks[i]
	if ok {
		return by
	}
	e := b.entries[i]
	switch e.op {
	case And:
		for _, k := range e.args {
			by = by.union(b.asked(k))
		}
	case Until:
		by = by.with(b.temporal[i])
	case Release:
		by = b.asked(e.args[1]).with(b.temporal[i])
	}
	b.asks[i] = by
	return by
}

// successor is the state that stands for the members of a set.
func (b *builder) successor(of set) int {
	of = of.without(b.repeated(of))
	s, ok := b.next[of]
	if !ok {
		terms := []term{{}}
		for i := range of.all() {
			terms = b.both(terms, b.unfold(b.members[i]))
		}
		s = b.state(terms)
		b.next[of] = s
	}
	return s
}

// state is the state with these alternatives.
func (b *builder) state(terms []term) int {
	if b.err != nil {
		return 0
	}
	terms = slices.Clone(terms)
	slices.SortFunc(terms, func(t, u term) int { return t.compare(&u) })
	var key []byte
	for _, t := range terms {
		for _, word := range append([]uint64{t.yes, t.no}, t.next[:]...) {
			key = binary.LittleEndian.AppendUint64(key, word)
		}
	}
	s, ok := b.states[string(key)]
	if !ok {
		s = len(b.pending)
		b.states[string(key)] = s
		b.pending = append(b.pending, terms)
		b.fail(len(b.pending) > maxStates, maxStates, "automaton states")
	}
	return s
}

// unfold returns the ways to satisfy i, none of which covers another.
func (b *builder) unfold(i id) []term {
	terms, ok := b.unfolded[i]
	if ok || b.err != nil {
		return terms
	}
	e := b.entries[i]
	switch e.op {
	case True:
		terms = []term{{}}
	case atom:
		terms = []term{{yes: 1 << e.atom}}
	case Not:
		terms = []term{{no: 1 << e.atom}}
	case And:
		terms = []term{{}}
		for _, k := range e.args {
			terms = b.both(terms, b.unfold(k))
		}
	case Or:
		for _, k := range e.args {
			terms = b.either(terms, b.unfold(k))
		}
	case Until:
		terms = b.either(b.unfold(e.args[1]), b.both(b.unfold(e.args[0]), b.again(i)))
	case Release:
		terms = b.both(b.unfold(e.args[1]), b.either(b.unfold(e.args[0]), b.again(i)))
	}
	b.unfolded[i] = terms
	return terms
}

func (b *builder) again(i id) []term { return []term{{next: set{}.with(b.temporal[i])}} }

func (b *builder) either(ts, us []term) []term {
	terms := slices.Clone(ts)
	for _, u := range us {
		terms = b.insert(terms, u)
	}
	return terms
}

func (b *builder) both(ts, us []term) (terms []term) {
	for _, t := range ts {
		for _, u := range us {
			both := term{t.yes | u.yes, t.no | u.no, t.next.union(u.next)}
			if both.yes&both.no == 0 {
				terms = b.insert(terms, both)
			}
		}
	}
	return terms
}

// insert adds t to terms unless one of them covers it, instead of those that
// it covers. A state can take part in all that a state with fewer or larger
// terms can.
func (b *builder) insert(terms []term, t term) []term {
	b.work += len(terms) + 1
	if b.fail(b.work > maxWork, maxWork, "steps to translate") || b.fail(len(terms) > maxTransitions, maxTransitions, "automaton transitions") {
		return nil
	}
	if slices.ContainsFunc(terms, func(u term) bool { return u.covers(&t) }) {
		return terms
	}
	return append(slices.DeleteFunc(terms, func(u term) bool { return t.covers(&u) }), t)
}
