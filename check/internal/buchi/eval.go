package buchi

import "slices"

// Eval reports whether the word stem·cycle·cycle·... satisfies f. The cycle
// must not be empty; the stem may be.
//
// The value of a formula at all positions of the word is computed from those of
// its parts, by the definition of its operator: for a temporal one, the least
// or the greatest solution of an equation between each position and the next.
func Eval(f Formula, stem, cycle []uint64) bool {
	if len(cycle) == 0 {
		panic("buchi: the cycle of a word is empty")
	}
	e := &evaluation{word: slices.Concat(stem, cycle), back: len(stem), values: map[*node][]bool{}}
	return e.value(f)[0]
}

type evaluation struct {
	word   []uint64
	back   int // the position after the last
	values map[*node][]bool
}

func (e *evaluation) value(f Formula) []bool {
	if f.node == nil {
		return make([]bool, len(e.word))
	}
	v, ok := e.values[f.node]
	if !ok {
		v = e.compute(f.node)
		e.values[f.node] = v
	}
	return v
}

func (e *evaluation) compute(n *node) []bool {
	var args [][]bool
	for _, g := range n.args {
		args = append(args, e.value(g))
	}
	arg := func(i int) []bool { return args[i] }
	switch n.op {
	case True:
		return e.each(func(int) bool { return true })
	case atom:
		return e.each(func(i int) bool { return e.word[i]>>n.atom&1 == 1 })
	case Not:
		return e.each(func(i int) bool { return !arg(0)[i] })
	case And:
		return e.each(func(i int) bool { return !slices.ContainsFunc(args, func(v []bool) bool { return !v[i] }) })
	case Or:
		return e.each(func(i int) bool { return slices.ContainsFunc(args, func(v []bool) bool { return v[i] }) })
	case Implies:
		return e.each(func(i int) bool { return !arg(0)[i] || arg(1)[i] })
	case Iff:
		return e.each(func(i int) bool { return arg(0)[i] == arg(1)[i] })
	case Eventually:
		return e.least(func(i int, next bool) bool { return arg(0)[i] || next })
	case Always:
		return e.greatest(func(i int, next bool) bool { return arg(0)[i] && next })
	case Until:
		return e.least(func(i int, next bool) bool { return arg(1)[i] || arg(0)[i] && next })
	case WeakUntil:
		return e.greatest(func(i int, next bool) bool { return arg(1)[i] || arg(0)[i] && next })
	case Release:
		return e.greatest(func(i int, next bool) bool { return arg(1)[i] && (arg(0)[i] || next) })
	}
	return e.each(func(int) bool { return false })
}

func (e *evaluation) each(value func(i int) bool) []bool {
	v := make([]bool, len(e.word))
	for i := range v {
		v[i] = value(i)
	}
	return v
}

// least is the least v with v[i] = value(i, v[i+1]), greatest the greatest.
func (e *evaluation) least(value func(i int, next bool) bool) []bool {
	return e.solve(e.each(func(int) bool { return false }), value)
}

func (e *evaluation) greatest(value func(i int, next bool) bool) []bool {
	return e.solve(e.each(func(int) bool { return true }), value)
}

func (e *evaluation) solve(v []bool, value func(i int, next bool) bool) []bool {
	for changed := true; changed; {
		changed = false
		for i := len(v) - 1; i >= 0; i-- {
			next := e.back
			if i+1 < len(v) {
				next = i + 1
			}
			if now := value(i, v[next]); now != v[i] {
				v[i], changed = now, true
			}
		}
	}
	return v
}
