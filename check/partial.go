package check

// A partial is what an expander needs to follow only some of the actions.
type partial[S, K comparable] struct {
	*reducer
	commuter *commuter[S]

	state *S    // the one that is being expanded
	all   []S   // its successors
	key   K     // one of them, packed: here, because its address goes to later
	ends  []int // per action: where its successors end in all
	later func(k *K, hash uint64) bool

	guards []int16 // per action: the guard that is closed; open: none; unknown

	advances func(a int) bool // made once: a closure for each state would be garbage
	closed   func(a int) int
}

const (
	open    = -1
	unknown = -2
)

// reduceExpansion prepares the expanders for Options.PartialOrder.
func (s *search[S, K]) reduceExpansion() (err error) {
	if s.dependence, err = partialOrder(s.m, s.o); err != nil {
		return err
	}
	r := newReducer(s.dependence)
	for _, e := range s.expanders {
		p := &partial[S, K]{reducer: r, commuter: newCommuter(s.m, s.dependence, &e.where), later: s.expandedLater}
		p.advances = func(a int) bool { return e.advances(a) }
		p.closed = func(a int) int { return e.closed(a) }
		e.partial = p
	}
	return nil
}

// expandedLater reports whether a successor of a state of this level is of the
// next one. The visited set does not change within a round, so the answer does
// not depend on the number of workers. (A state of the same level may be expanded
// later too, but one of the two would have to be told to be the earlier.)
func (s *search[S, K]) expandedLater(k *K, hash uint64) bool {
	part := partitionOf(hash)
	local, ok := s.parts[part].lookup(k, hash)
	return !ok || local >= s.levelEnd[part]
}

// expandPartly follows the actions that the reducer chooses at s. It reports
// whether s has a successor, if only itself.
func (e *expander[S, K]) expandPartly(c *chunk[S, K], s *S) bool {
	p := e.partial
	p.state, p.all, p.ends = s, p.all[:0], p.ends[:0]
	var enabled, stuttering actionSet
	p.guards = p.guards[:0]
	for a := range e.m.Actions {
		p.guards = append(p.guards, unknown)
		for _, t := range e.next(a, s) {
			p.all = append(p.all, t)
			if t != *s {
				enabled.add(a)
			} else {
				stuttering.add(a)
			}
		}
		p.ends = append(p.ends, len(p.all))
	}
	chosen := p.choose(enabled, stuttering.minus(enabled), p.advances, p.closed)
	if chosen != enabled {
		c.counts.reduced++
	}
	for rest := chosen; !rest.empty() && c.err == nil; {
		a := rest.first()
		rest.remove(a)
		first, end := p.places(a)
		e.follow(c, a, s, p.all[first:end], first)
	}
	e.enabled = enabled
	return len(p.all) > 0
}

// places is where the successors by action a are among those of the state.
func (p *partial[S, K]) places(a int) (first, end int) {
	if a > 0 {
		first = p.ends[a-1]
	}
	return first, p.ends[a]
}

// advances reports whether action a leads to a state that is expanded later.
func (e *expander[S, K]) advances(a int) bool {
	p := e.partial
	e.where = callee{kind: calleePacking}
	for i, end := p.places(a); i < end; i++ {
		if p.all[i] == *p.state {
			continue
		}
		p.key = e.pack.encode(&p.all[i])
		if p.later(&p.key, e.hash.hash(&p.key)) {
			return true
		}
	}
	return false
}

// closed returns the first guard of action a that is closed, or open.
func (e *expander[S, K]) closed(a int) int {
	p, action := e.partial, &e.m.Actions[a]
	if p.guards[a] == unknown {
		p.guards[a] = open
		e.where = callee{calleeGuard, a}
		for i, g := range action.Guards {
			if !g.Open(*p.state) {
				p.guards[a] = int16(i)
				break
			}
		}
	}
	return int(p.guards[a])
}
