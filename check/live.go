package check

import (
	"errors"
	"iter"
	"slices"

	"github.com/reconverge/reconverge/check/internal/buchi"
)

// A claim about behaviours is false if and only if some fair behaviour
// satisfies its negation. The automaton of the negation runs along the graph
// that the search left behind (see product), and such a behaviour exists if and
// only if, among the nodes that are reached, there is
//
//   - one whose state enables no fair action (a behaviour may stutter there for
//     ever), from which the automaton accepts the letter of that state for ever, or
//   - a strongly connected component, all of which a behaviour visits again and
//     again, with a transition of each acceptance set, in which every weakly
//     fair action is disabled somewhere or taken, and every strongly fair action
//     is disabled everywhere or taken. A component that starves a strongly fair
//     action is searched once more without the nodes that enable it.
//
// (Vardi and Wolper 1986; Lichtenstein and Pnueli 1985; for strong fairness, the
// recursive removal of Streett's condition, Emerson and Lei 1987.)
type fairness struct {
	product
	weak, strong actionSet
	numbers      [][]uint32 // per automaton state, where a cycle may accept: scratch of tarjan
	members      []bitset   // scratch: the component at hand
	scratch      *scratch
	settled      []bool // per automaton state, see settle
	canceled     func() bool
}

// A negation is what the checking of a liveness property needs to know of it.
type negation struct {
	automaton *buchi.Automaton // its atoms are the bits of a letter
	trigger   label            // the bit without which the claim says nothing; 0: none
}

var errCanceled = errors.New("check: canceled")

// Ends are where the stem of a counterexample may end.
type ends struct {
	at         []bitset // per automaton state: all
	resting    []bitset // per automaton state: to stutter there for ever
	components [][]node // to go round in for ever
}

// newFairness prepares the check of one claim on a graph. Different claims may
// be checked at the same time.
func newFairness[S comparable](m *Model[S], g *frozen, neg negation, letters []uint64, sc *scratch, canceled func() bool) *fairness {
	l := &fairness{scratch: sc, product: product{g: g, automaton: neg.automaton, letters: letters}, canceled: canceled}
	for a := range m.Actions {
		switch m.Actions[a].Fair {
		case Weak:
			l.weak.add(a)
		case Strong:
			l.strong.add(a)
		}
	}
	return l
}

// counterexample returns a fair lasso that the automaton accepts, or nil.
// cyclic are the states of the graph that may lie on a cycle.
func (l *fairness) counterexample(cyclic bitset) (*lasso, error) {
	if err := l.reach(l.canceled); err != nil {
		return nil, err
	}
	e := &ends{}
	for range l.automaton.Out {
		e.at = append(e.at, newBitset(l.g.n))
		e.resting = append(e.resting, newBitset(l.g.n))
	}
	found := l.addResting(e)
	if err := l.addCycles(e, cyclic); err != nil {
		return nil, err
	}
	if !found && len(e.components) == 0 {
		return nil, nil
	}
	return l.lasso(e)
}

// addResting adds to e the nodes in which an accepted behaviour may stutter.
func (l *fairness) addResting(e *ends) (found bool) {
	var cares uint64
	for _, out := range l.automaton.Out {
		for _, t := range out {
			cares |= t.True | t.False
		}
	}
	for q, reached := range l.reached {
		accepts := map[uint64]bool{}
		for s := reached.next(0); s >= 0; s = reached.next(s + 1) {
			if l.g.label[s]&mayRest == 0 {
				continue
			}
			letter := l.letterAtRest(s) & cares
			yes, known := accepts[letter]
			if !known {
				yes = l.automaton.AcceptsForever(q, letter)
				accepts[letter] = yes
			}
			if yes {
				e.at[q].add(s)
				e.resting[q].add(s)
				found = true
			}
		}
	}
	return found
}

// addCycles adds to e the components in which an accepted behaviour may go
// round for ever.
func (l *fairness) addCycles(e *ends, cyclic bitset) error {
	of, accepting := l.automaton.Groups()
	l.members = make([]bitset, len(l.automaton.Out))
	l.numbers = make([][]uint32, len(l.automaton.Out))
	l.settled = make([]bool, len(l.automaton.Out))
	in := make([]bitset, len(l.automaton.Out))
	for q := range l.automaton.Out {
		if !accepting[of[q]] {
			continue
		}
		in[q] = newBitset(l.g.n)
		for w := range in[q] {
			in[q][w] = l.reached[q][w] & cyclic[w]
		}
		l.settle(q, in[q])
		l.members[q], l.numbers[q] = newBitset(l.g.n), l.scratch.zeros(l.g.n)
	}
	defer func() {
		for _, numbers := range l.numbers {
			if numbers != nil {
				l.scratch.numbers = append(l.scratch.numbers, numbers)
			}
		}
	}()
	all := func(yield func(node) bool) {
		for q := range in {
			for s := in[q].next(0); s >= 0; s = in[q].next(s + 1) {
				if !yield(node{uint32(q), uint32(s)}) {
					return
				}
			}
		}
	}
	return l.fairComponents(in, all, func(component []node) {
		e.components = append(e.components, slices.Clone(component))
		for _, at := range component {
			e.at[at.q].add(int(at.s))
		}
	})
}

// settle takes from in the states that no cycle of the automaton state q comes
// through because of what they are: where the only way to stay is one transition
// that asks for nothing but the state. Then nobody has to read letters again.
func (l *fairness) settle(q int, in bitset) {
	out := l.automaton.Out[q]
	if len(out) != 1 || out[0].To != q || l.speaksOfActions(q) {
		return
	}
	l.settled[q] = true
	for s := in.next(0); s >= 0; s = in.next(s + 1) {
		if !out[0].Reads(l.letterAtRest(s)) {
			in.remove(s)
		}
	}
}

// reads reports whether the automaton can take t when an action leads to s, which
// is among the nodes that cycles are looked for in.
func (l *fairness) reads(q uint32, t *buchi.Transition, s uint32, action uint8) bool {
	return l.settled[q] || t.Reads(l.letter(s, action))
}

// fairComponents calls visit for the components of in that an accepted, fair
// behaviour can go round in.
func (l *fairness) fairComponents(in []bitset, roots iter.Seq[node], visit func([]node)) error {
	var nested error
	err := l.components(in, roots, func(component []node) {
		sum := l.sumUp(component)
		if starved := l.weak.and(sum.always).minus(sum.taken); sum.marks != l.allMarks() || !starved.empty() {
			return // no part of the component can do better
		}
		starved := l.strong.and(sum.ever).minus(sum.taken)
		if starved.empty() {
			visit(component)
			return
		}
		var rest []node
		for _, at := range component {
			if enabled := l.g.enabled(int(at.s)); enabled.intersects(&starved) {
				in[at.q].remove(int(at.s))
			} else {
				*l.number(at) = 0
				rest = append(rest, at)
			}
		}
		nested = errors.Join(nested, l.fairComponents(in, slices.Values(rest), visit))
	})
	return errors.Join(err, nested)
}

func (l *fairness) allMarks() uint64 { return 1<<l.automaton.Sets - 1 }

// A summary says which actions are enabled in all or some states of a
// component, which lead from one of its nodes to another, and which acceptance
// sets its transitions belong to.
type summary struct {
	always, ever, taken actionSet
	marks               uint64
}

func (l *fairness) sumUp(component []node) (sum summary) {
	l.enter(component)
	defer l.leave(component)
	for i, at := range component {
		enabled := l.g.enabled(int(at.s))
		if i == 0 {
			sum.always = enabled
		}
		sum.always, sum.ever = sum.always.and(enabled), sum.ever.or(enabled)
		l.within(at, func(h hop) bool {
			sum.taken.add(h.action)
			sum.marks |= h.marks
			return false
		})
	}
	return sum
}

// enter makes component the one at hand, until leave.
func (l *fairness) enter(component []node) {
	for _, at := range component {
		l.members[at.q].add(int(at.s))
	}
}

func (l *fairness) leave(component []node) {
	for _, at := range component {
		l.members[at.q].remove(int(at.s))
	}
}

// within calls visit for the steps from a node that stay in the component at
// hand, until visit says that it has seen enough.
func (l *fairness) within(at node, visit func(hop) (enough bool)) {
	out := l.automaton.Out[at.q]
	for lo, hi := l.g.edges(int(at.s)); lo < hi; lo++ {
		to := l.g.target[lo]
		if int(to) >= l.g.n {
			continue
		}
		for i := range out {
			t := &out[i]
			if m := l.members[t.To]; m != nil && m.has(int(to)) && l.reads(at.q, t, to, l.g.action[lo]) &&
				visit(hop{int(l.g.action[lo]), node{uint32(t.To), to}, t.Marks}) {
				return
			}
		}
	}
}

// cyclic returns a set that contains all states that lie on a cycle. It begins
// with all states and removes, again and again, those with no successor or no
// predecessor left in it: most of what cannot lie on a cycle goes in a few
// sweeps, in memory order and with no more than a bit a state.
func (g *frozen) cyclic(canceled func() bool) (bitset, error) {
	in := newBitset(g.n)
	in.fill(g.n)
	for size := g.n; ; {
		if canceled() {
			return nil, errCanceled
		}
		for s := in.prev(g.n - 1); s >= 0; s = in.prev(s - 1) {
			if !g.leadsInto(s, in) {
				in.remove(s)
			}
		}
		entered := newBitset(g.n)
		for s := in.next(0); s >= 0; s = in.next(s + 1) {
			for lo, hi := g.edges(s); lo < hi; lo++ {
				if to := int(g.target[lo]); to < g.n && in.has(to) {
					entered.add(to)
				}
			}
		}
		in = entered
		before := size
		if size = in.len(); before-size <= before/16 {
			return in, nil
		}
	}
}

func (g *frozen) leadsInto(s int, in bitset) bool {
	for lo, hi := g.edges(s); lo < hi; lo++ {
		if to := int(g.target[lo]); to < g.n && in.has(to) {
			return true
		}
	}
	return false
}
