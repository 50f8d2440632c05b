package check

import "slices"

// lasso builds the counterexample: the shortest way to one of ends, and there
// either stuttering or a fair cycle through its component.
func (l *liveness[S, K]) lasso(c claim, ends *stateSet, components [][]stateID) (*Trace[S], error) {
	path := l.stem(c, ends)
	end := path[len(path)-1]
	stem, err := l.s.behaviour(path)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(components, func(component []stateID) bool { return slices.Contains(component, end) })
	if i < 0 || l.g.label(end)&mayRest != 0 && c.goal(l.g.label(end)) {
		last := stem[len(stem)-1].State
		return &Trace[S]{Stem: stem, Cycle: []Step[S]{{Action: Stutter, Label: Stutter, State: last}}}, nil
	}
	return l.unfold(stem, l.cycle(c, end, components[i]))
}

// stem returns the shortest path from an initial state to one of ends, in
// region from a seed on if c is confined.
func (l *liveness[S, K]) stem(c claim, ends *stateSet) []stateID {
	if !c.confined() {
		for _, sp := range l.ix.order {
			for i := sp.lo; i < sp.hi; i++ {
				if id := makeID(sp.part, i); ends.has(id) {
					return l.s.path(id)
				}
			}
		}
	}
	// Breadth first through the region, where the seeds of level d join the
	// queue at distance d.
	from := map[stateID]stateID{} // a seed comes from itself
	var queue []stateID
	var lo levelEnd
	for depth := 0; ; depth++ {
		if depth < len(l.s.levels) {
			hi := l.s.levels[depth]
			for p := range partitions {
				for i := int(lo[p]); i < int(min(hi[p], l.s.inspected[p])); i++ {
					id := makeID(p, i)
					if _, ok := from[id]; !ok && c.seed(l.g.label(id), depth) {
						from[id] = id
						queue = append(queue, id)
					}
				}
			}
			lo = hi
		}
		var next []stateID
		for _, id := range queue {
			if ends.has(id) {
				return l.fromSeed(from, id)
			}
			for e, end := l.g.edges(id); e < end; e++ {
				to := *l.g.target.at(e)
				if !l.known(to) || !c.region(l.g.label(to)) {
					continue
				}
				if _, ok := from[to]; !ok {
					from[to] = id
					next = append(next, to)
				}
			}
		}
		queue = next
	}
}

func (l *liveness[S, K]) fromSeed(from map[stateID]stateID, id stateID) []stateID {
	var tail []stateID
	for from[id] != id {
		tail = append(tail, id)
		id = from[id]
	}
	slices.Reverse(tail)
	return append(l.s.path(id), tail...)
}

// A hop is an edge of a cycle.
type hop struct {
	action int
	to     stateID
}

// cycle walks from entry through its component and back, each time to the
// nearest place that fulfils something fairness or the goal still asks for.
func (l *liveness[S, K]) cycle(c claim, entry stateID, component []stateID) (cycle []hop) {
	sum := l.sumUp(c, component)
	for _, id := range component {
		l.members.add(id)
	}
	goal := c.goal(l.g.label(entry))
	enabledAtEntry := l.g.enabled(entry)
	owed := l.weak.and(enabledAtEntry).or(l.strong.and(sum.ever))
	pays := func(h hop) bool {
		if owed.has(h.action) || !goal && c.goal(l.g.label(h.to)) {
			return true
		}
		enabled := l.g.enabled(h.to)
		pause := owed.and(l.weak).minus(enabled)
		return !pause.empty()
	}
	at := entry
	for !goal || !owed.empty() {
		for _, h := range l.walk(at, pays) {
			cycle = append(cycle, h)
			at = h.to
			goal = goal || c.goal(l.g.label(at))
			var taken actionSet
			taken.add(h.action)
			owed = owed.minus(taken).minus(l.weak.minus(l.g.enabled(at)))
		}
	}
	if at != entry || len(cycle) == 0 {
		cycle = append(cycle, l.walk(at, func(h hop) bool { return h.to == entry })...)
	}
	for _, id := range component {
		l.members.remove(id)
	}
	return cycle
}

// walk returns the shortest way from a state, within members, whose last hop
// satisfies done. The way is never empty.
func (l *liveness[S, K]) walk(start stateID, done func(hop) bool) []hop {
	type arrival struct {
		from stateID
		hop  hop
	}
	came := map[stateID]arrival{}
	back := func(id stateID, last hop) (way []hop) {
		way = []hop{last}
		for id != start {
			a := came[id]
			way = append(way, a.hop)
			id = a.from
		}
		slices.Reverse(way)
		return way
	}
	queue := []stateID{start}
	for len(queue) > 0 {
		id := queue[0]
		queue = queue[1:]
		for lo, hi := l.g.edges(id); lo < hi; lo++ {
			h := hop{int(*l.g.action.at(lo)), *l.g.target.at(lo)}
			if !l.members.has(h.to) {
				continue
			}
			if done(h) {
				return back(id, h)
			}
			if _, ok := came[h.to]; !ok && h.to != start {
				came[h.to] = arrival{id, h}
				queue = append(queue, h.to)
			}
		}
	}
	panic("check: a strongly connected component is not connected")
}

// unfold makes a lasso of the model from a stem and a cycle of the search.
// Under symmetry one round of the cycle may end in another state of the orbit
// it began in; the cycle is followed until a state comes back.
func (l *liveness[S, K]) unfold(stem []Step[S], cycle []hop) (*Trace[S], error) {
	steps := stem
	rounds := map[S]int{stem[len(stem)-1].State: len(stem)}
	for {
		for _, h := range cycle {
			step, ok := l.s.stepTo(steps[len(steps)-1].State, h.action, l.s.state(h.to))
			if !ok {
				return nil, errImpure
			}
			steps = append(steps, step)
		}
		end := steps[len(steps)-1].State
		if first, ok := rounds[end]; ok {
			return &Trace[S]{Stem: steps[:first:first], Cycle: steps[first:]}, nil
		}
		rounds[end] = len(steps)
	}
}
