package check_test

import (
	"fmt"
	"slices"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/check/ltl"
)

// A temporal is a formula of temporal logic as data: those of package ltl are
// opaque.
type temporal[S comparable] struct {
	op     operator
	args   []*temporal[S]
	name   string       // of opState
	holds  func(S) bool // opState
	action string       // opTaken
}

type operator uint8

const (
	opTrue operator = iota
	opFalse
	opState
	opTaken
	opNot
	opAnd
	opOr
	opImplies
	opIff
	opEventually
	opAlways
	opUntil
	opWeakUntil
	opRelease
)

func stateSet[S comparable](name string, holds func(S) bool) *temporal[S] {
	return &temporal[S]{op: opState, name: name, holds: holds}
}

func apply[S comparable](op operator, args ...*temporal[S]) *temporal[S] {
	return &temporal[S]{op: op, args: args}
}

// formula returns f for the engine. What is shared in f is shared in it.
func (f *temporal[S]) formula() ltl.Formula[S] {
	return f.make(map[*temporal[S]]ltl.Formula[S]{})
}

func (f *temporal[S]) make(made map[*temporal[S]]ltl.Formula[S]) ltl.Formula[S] {
	g, ok := made[f]
	if !ok {
		var args []ltl.Formula[S]
		for _, arg := range f.args {
			args = append(args, arg.make(made))
		}
		g = f.of(args)
		made[f] = g
	}
	return g
}

func (f *temporal[S]) of(args []ltl.Formula[S]) ltl.Formula[S] {
	switch f.op {
	case opTrue:
		return ltl.True[S]()
	case opFalse:
		return ltl.False[S]()
	case opState:
		return ltl.State(f.name, f.holds)
	case opTaken:
		return ltl.Taken[S](f.action)
	case opNot:
		return ltl.Not(args[0])
	case opAnd:
		return ltl.And(args...)
	case opOr:
		return ltl.Or(args...)
	case opImplies:
		return ltl.Implies(args[0], args[1])
	case opIff:
		return ltl.Iff(args[0], args[1])
	case opEventually:
		return ltl.Eventually(args[0])
	case opAlways:
		return ltl.Always(args[0])
	case opUntil:
		return ltl.Until(args[0], args[1])
	case opWeakUntil:
		return ltl.WeakUntil(args[0], args[1])
	case opRelease:
		return ltl.Release(args[0], args[1])
	}
	panic(f.op)
}

// trigger is the set of states without which f says nothing, or nil.
func (f *temporal[S]) trigger() func(S) bool {
	if f.op == opAlways && f.args[0].op == opImplies && f.args[0].args[0].op == opState {
		return f.args[0].args[0].holds
	}
	return nil
}

// now returns the value of f at a position from the values of its arguments
// there, or of later(f) if f is about more than this position.
func (f *temporal[S]) now(state S, action string, later func(*temporal[S]) bool) bool {
	value := func(i int) bool { return f.args[i].now(state, action, later) }
	switch f.op {
	case opTrue:
		return true
	case opFalse:
		return false
	case opState:
		return f.holds(state)
	case opTaken:
		return f.action == action
	case opNot:
		return !value(0)
	case opAnd, opOr:
		for i := range f.args {
			if value(i) == (f.op == opOr) {
				return f.op == opOr
			}
		}
		return f.op == opAnd
	case opImplies:
		return !value(0) || value(1)
	case opIff:
		return value(0) == value(1)
	}
	return later(f)
}

// A lassoWord is an infinite behaviour: positions 0, 1, ..., the last, and from
// there on again and again those from back.
type lassoWord[S comparable] struct {
	states  []S
	actions []string // that led to them: "" at first, Stutter where none did
	back    int
}

func wordOf[S comparable](t *check.Trace[S]) (w lassoWord[S]) {
	w.back = len(t.Stem)
	for _, step := range slices.Concat(t.Stem, t.Cycle) {
		w.states, w.actions = append(w.states, step.State), append(w.actions, step.Action)
	}
	return w
}

// from lists the positions from i on, each once, in their order.
func (w lassoWord[S]) from(i int) (positions []int) {
	for at := i; ; {
		positions = append(positions, at)
		if at++; at == len(w.states) {
			at = w.back
		}
		if slices.Contains(positions, at) {
			return positions
		}
	}
}

// satisfies reports whether f is true at position i, by the definition of its
// operators and nothing else.
func (w lassoWord[S]) satisfies(f *temporal[S], i int) bool {
	return f.now(w.states[i], w.actions[i], func(f *temporal[S]) bool {
		value := func(k, i int) bool { return w.satisfies(f.args[k], i) }
		for _, j := range w.from(i) {
			switch {
			case f.op == opEventually && value(0, j), (f.op == opUntil || f.op == opWeakUntil) && value(1, j):
				return true
			case f.op == opAlways && !value(0, j), (f.op == opUntil || f.op == opWeakUntil) && !value(0, j):
				return false
			case f.op == opRelease && !value(1, j):
				return false
			case f.op == opRelease && value(0, j):
				return true
			}
		}
		return f.op == opAlways || f.op == opWeakUntil || f.op == opRelease
	})
}

// fair reports whether w is fair to all actions of m.
func (w lassoWord[S]) fair(m *check.Model[S]) bool {
	for _, a := range m.Actions {
		taken, ever, always := false, false, true
		for i := w.back; i < len(w.states); i++ {
			able := enables(&a, w.states[i])
			taken, ever, always = taken || w.actions[i] == a.Name, ever || able, always && able
		}
		if !taken && (a.Fair == check.Weak && always || a.Fair == check.Strong && ever) {
			return false
		}
	}
	return true
}

func enables[S comparable](a *check.Action[S], s S) bool {
	return slices.ContainsFunc(a.Next(nil, s), func(to S) bool { return to != s })
}

// judgeLTL looks for a behaviour that does not satisfy f by the tableau of
// Lichtenstein and Pnueli (1985): a behaviour is extended, position by position,
// by the truth of all subformulas of f, guessed and then held to what is guessed
// next. It gives no stem: how long the shortest is depends on the automaton.
func (n *naive[S]) judgeLTL(f *temporal[S]) answer {
	t := newTableau(n, f)
	all := make([]bool, len(t.nodes))
	for i := range all {
		all[i] = true
	}
	a := answer{shown: t.fairWithin(all)}
	if relevant := f.trigger(); relevant != nil && !a.shown {
		a.vacuous = !slices.ContainsFunc(n.order, relevant)
	}
	return a
}

// A tableau has the nodes that are reached from the first position of a
// behaviour, where f is false.
type tableau[S comparable] struct {
	n       *naive[S]
	guessed []*temporal[S] // the subformulas of f with a temporal operator
	nodes   []guess[S]
	index   map[guess[S]]int
	out, in [][]int
	enabled map[S][]bool // per action
}

// A guess is a position of a behaviour and what is true there: bit i says so of
// guessed[i].
type guess[S comparable] struct {
	state  S
	action int // that led there
	bits   uint32
}

const (
	first = -1 // no action: the first position
	rests = -2 // no action: a repetition of the position before, for ever
)

func newTableau[S comparable](n *naive[S], f *temporal[S]) *tableau[S] {
	t := &tableau[S]{n: n, index: map[guess[S]]int{}, enabled: map[S][]bool{}}
	t.collect(f)
	for _, s := range n.order {
		t.enabled[s] = make([]bool, len(n.m.Actions))
	}
	for _, e := range n.edges {
		t.enabled[e.from][e.action] = true
	}
	for _, s := range n.m.Init {
		for bits := range uint32(1) << len(t.guessed) {
			if at := (guess[S]{s, first, bits}); !t.value(f, at) {
				t.add(at)
			}
		}
	}
	for i := 0; i < len(t.nodes); i++ {
		t.extend(i)
	}
	return t
}

func (t *tableau[S]) collect(f *temporal[S]) {
	if f.op >= opEventually && !slices.Contains(t.guessed, f) {
		t.guessed = append(t.guessed, f)
	}
	for _, arg := range f.args {
		t.collect(arg)
	}
}

func (t *tableau[S]) add(at guess[S]) int {
	i, ok := t.index[at]
	if !ok {
		i = len(t.nodes)
		t.index[at] = i
		t.nodes = append(t.nodes, at)
		t.out, t.in = append(t.out, nil), append(t.in, nil)
	}
	return i
}

func (t *tableau[S]) value(f *temporal[S], at guess[S]) bool {
	action := ""
	if at.action >= 0 {
		action = t.n.m.Actions[at.action].Name
	}
	return f.now(at.state, action, func(g *temporal[S]) bool { return at.bits>>slices.Index(t.guessed, g)&1 == 1 })
}

// extend adds the nodes that may follow node i.
func (t *tableau[S]) extend(i int) {
	at := t.nodes[i]
	var same uint32 // bits that the next position must have in common
	for k, f := range t.guessed {
		least, most := t.unfold(f, at, false), t.unfold(f, at, true)
		switch guessed := at.bits>>k&1 == 1; {
		case least != most:
			same |= 1 << k
		case least != guessed:
			return // it is known now, and was guessed wrong
		}
	}
	follow := func(s S, action int) {
		for bits := range uint32(1) << len(t.guessed) {
			if (bits^at.bits)&same == 0 {
				to := t.add(guess[S]{s, action, bits})
				t.out[i], t.in[to] = append(t.out[i], to), append(t.in[to], i)
			}
		}
	}
	if t.mayRest(at.state) {
		follow(at.state, rests)
	}
	for _, e := range t.n.edges {
		if e.from == at.state && at.action != rests {
			follow(e.to, e.action)
		}
	}
}

// mayRest reports whether a fair behaviour may stay in s.
func (t *tableau[S]) mayRest(s S) bool {
	for a, action := range t.n.m.Actions {
		if action.Fair != check.Unfair && t.enabled[s][a] {
			return false
		}
	}
	return !t.n.cut[s]
}

// unfold is the value of f if its value at the next position is the given one.
func (t *tableau[S]) unfold(f *temporal[S], at guess[S], next bool) bool {
	value := func(i int) bool { return t.value(f.args[i], at) }
	switch f.op {
	case opEventually:
		return value(0) || next
	case opAlways:
		return value(0) && next
	case opUntil, opWeakUntil:
		return value(1) || value(0) && next
	case opRelease:
		return value(1) && (value(0) || next)
	}
	panic(f.op)
}

// pending reports whether f owes at this position what must not be put off for
// ever: something to happen if it is true, or to fail if it is false.
func (t *tableau[S]) pending(f *temporal[S], at guess[S]) bool {
	isTrue := t.value(f, at)
	value := func(i int) bool { return t.value(f.args[i], at) }
	switch f.op {
	case opEventually:
		return isTrue && !value(0)
	case opUntil:
		return isTrue && !value(1)
	case opAlways:
		return !isTrue && value(0)
	case opWeakUntil:
		return !isTrue && (value(0) || value(1))
	case opRelease:
		return !isTrue && value(1)
	}
	panic(f.op)
}

// fairWithin reports whether a fair behaviour can stay within a set of nodes,
// and pay all that is pending again and again.
func (t *tableau[S]) fairWithin(set []bool) bool {
	set = slices.Clone(set)
	t.trim(set)
	for i := range set {
		if !set[i] {
			continue
		}
		component := make([]bool, len(set))
		var members []int
		from, to := closureOf(t.out, i, set), closureOf(t.in, i, set)
		for k := range set {
			if from[k] && to[k] {
				component[k] = true
				members = append(members, k)
			}
		}
		if t.cyclic(members, component) && t.paid(members) && t.fairOf(members, component) {
			return true
		}
		for _, k := range members {
			set[k] = false
		}
	}
	return false
}

// trim removes from set what cannot go on within it for ever.
func (t *tableau[S]) trim(set []bool) {
	for changed := true; changed; {
		changed = false
		for i := range set {
			if set[i] && !slices.ContainsFunc(t.out[i], func(k int) bool { return set[k] }) {
				set[i], changed = false, true
			}
		}
	}
}

func closureOf(next [][]int, start int, set []bool) []bool {
	seen := make([]bool, len(set))
	seen[start] = true
	for todo := []int{start}; len(todo) > 0; todo = todo[1:] {
		for _, k := range next[todo[0]] {
			if set[k] && !seen[k] {
				seen[k] = true
				todo = append(todo, k)
			}
		}
	}
	return seen
}

func (t *tableau[S]) cyclic(members []int, component []bool) bool {
	return slices.ContainsFunc(t.out[members[0]], func(k int) bool { return component[k] })
}

func (t *tableau[S]) paid(members []int) bool {
	for _, f := range t.guessed {
		if !slices.ContainsFunc(members, func(i int) bool { return !t.pending(f, t.nodes[i]) }) {
			return false
		}
	}
	return true
}

// fairOf is fairWithin for a component, whose nodes can all be visited again
// and again. An action is taken in it if it leads to one of its nodes.
func (t *tableau[S]) fairOf(members []int, component []bool) bool {
	rest := slices.Clone(component)
	starved := false
	for a, action := range t.n.m.Actions {
		enabled := func(i int) bool { return t.enabled[t.nodes[i].state][a] }
		if action.Fair == check.Unfair || slices.ContainsFunc(members, func(i int) bool { return t.nodes[i].action == a }) {
			continue
		}
		if action.Fair == check.Weak && !slices.ContainsFunc(members, func(i int) bool { return !enabled(i) }) {
			return false
		}
		if action.Fair == check.Strong {
			for _, i := range members {
				if enabled(i) {
					rest[i], starved = false, true
				}
			}
		}
	}
	return !starved || t.fairWithin(rest)
}

func (f *temporal[S]) String() string { return fmt.Sprint(f.formula()) }
