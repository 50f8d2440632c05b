package check

import "slices"

// A lasso is a counterexample in terms of the graph.
type lasso struct {
	initial int   // state
	stem    []hop // from there
	cycle   []hop // from the end of stem and back; empty: it stutters there
}

// A hop is a step of the product.
type hop struct {
	action int
	to     node
	marks  uint64
}

// lasso builds the counterexample: the shortest way to one of e, and there
// either stuttering or a fair cycle through its component.
func (l *fairness) lasso(e *ends) (*lasso, error) {
	path, err := l.stem(e)
	if err != nil {
		return nil, err
	}
	found := &lasso{initial: int(path[0].s)}
	for i := 1; i < len(path); i++ {
		found.stem = append(found.stem, l.hopTo(path[i-1], path[i]))
	}
	end := path[len(path)-1]
	if e.resting[end.q].has(int(end.s)) {
		return found, nil
	}
	i := slices.IndexFunc(e.components, func(component []node) bool { return slices.Contains(component, end) })
	found.cycle = l.cycle(end, e.components[i])
	return found, nil
}

// hopTo is the first step from one node to another.
func (l *fairness) hopTo(from, to node) (h hop) {
	h.action = -1
	l.successors(from, func(edge int, at node, marks uint64) {
		if at == to && h.action < 0 {
			h = hop{int(l.g.action[edge]), to, marks}
		}
	})
	return h
}

// stem returns a shortest path to one of e, breadth first.
func (l *fairness) stem(e *ends) (path []node, err error) {
	// Per automaton state and state: from where it was reached, plus one.
	from := make([][]uint64, len(l.automaton.Out))
	for q := range from {
		from[q] = make([]uint64, l.g.n)
	}
	const start = ^uint64(0)
	var queue, next []node
	l.starts(func(at node) {
		if from[at.q][at.s] == 0 {
			from[at.q][at.s] = start
			queue = append(queue, at)
		}
	})
	for len(queue) > 0 {
		if l.canceled() {
			return nil, errCanceled
		}
		for _, at := range queue {
			if e.at[at.q].has(int(at.s)) {
				for path = []node{at}; from[at.q][at.s] != start; path = append(path, at) {
					f := from[at.q][at.s] - 1
					at = node{uint32(f >> 32), uint32(f)}
				}
				slices.Reverse(path)
				return path, nil
			}
			l.successors(at, func(_ int, to node, _ uint64) {
				if from[to.q][to.s] == 0 {
					from[to.q][to.s] = (uint64(at.q)<<32 | uint64(at.s)) + 1
					next = append(next, to)
				}
			})
		}
		queue, next = next, queue[:0]
	}
	panic("check: a node that is reached cannot be reached")
}

// cycle walks from entry through its component and back, each time to the
// nearest place that fulfils something fairness or acceptance still asks for.
func (l *fairness) cycle(entry node, component []node) (cycle []hop) {
	sum := l.sumUp(component)
	l.enter(component)
	defer l.leave(component)
	marks := l.allMarks()
	owed := l.weak.and(l.g.enabled(int(entry.s))).or(l.strong.and(sum.ever))
	pays := func(h hop) bool {
		if owed.has(h.action) || h.marks&marks != 0 {
			return true
		}
		pause := owed.and(l.weak).minus(l.g.enabled(int(h.to.s)))
		return !pause.empty()
	}
	at := entry
	for marks != 0 || !owed.empty() {
		for _, h := range l.walk(at, pays) {
			cycle = append(cycle, h)
			at = h.to
			marks &^= h.marks
			var taken actionSet
			taken.add(h.action)
			owed = owed.minus(taken).minus(l.weak.minus(l.g.enabled(int(at.s))))
		}
	}
	if at != entry || len(cycle) == 0 {
		cycle = append(cycle, l.walk(at, func(h hop) bool { return h.to == entry })...)
	}
	return cycle
}

// walk returns the shortest way from a node, within the component at hand,
// whose last hop satisfies done. The way is never empty.
func (l *fairness) walk(start node, done func(hop) bool) (way []hop) {
	type arrival struct {
		from node
		hop  hop
	}
	came := map[node]arrival{}
	for queue := []node{start}; len(queue) > 0 && way == nil; queue = queue[1:] {
		at := queue[0]
		l.within(at, func(h hop) (enough bool) {
			if done(h) {
				way = []hop{h}
				for at := at; at != start; at = came[at].from {
					way = append(way, came[at].hop)
				}
				slices.Reverse(way)
				return true
			}
			if _, ok := came[h.to]; !ok && h.to != start {
				came[h.to] = arrival{at, h}
				queue = append(queue, h.to)
			}
			return false
		})
	}
	if way == nil {
		panic("check: a strongly connected component is not connected")
	}
	return way
}
