package check_test

import "github.com/reconverge/reconverge/check"

// A naive is a second implementation of the engine, as close to the definitions
// as it can be and as slow as it likes: maps and slices, one goroutine, and for
// liveness every set of states that a behaviour could visit infinitely often; for
// temporal logic see judgeLTL.
//
// It shares no code with the engine and looks at a model through its actions
// and predicates only.
type naive[S comparable] struct {
	m        *check.Model[S]
	maxDepth int // as Options.MaxDepth

	depth     map[S]int // of every state found
	order     []S       // in which they were found
	cut       map[S]bool
	edges     []edge[S] // to another state
	successor map[S]bool
	generated int
	levels    []uint64
	hitBound  bool
	hitDepth  bool

	index    map[S]int
	infinite []uint32 // sets of states that a fair behaviour can visit infinitely often, and no others
}

type edge[S comparable] struct {
	from, to S
	action   int
}

func explore[S comparable](m *check.Model[S], maxDepth int) *naive[S] {
	n := &naive[S]{m: m, maxDepth: maxDepth, depth: map[S]int{}, cut: map[S]bool{}, successor: map[S]bool{}, index: map[S]int{}}
	for _, s := range m.Init {
		n.found(s, 0)
	}
	for i := 0; i < len(n.order); i++ {
		n.expand(n.order[i])
	}
	return n
}

func (n *naive[S]) found(s S, depth int) {
	n.generated++
	if _, ok := n.depth[s]; ok {
		return
	}
	n.depth[s] = depth
	n.index[s] = len(n.order)
	n.order = append(n.order, s)
	for len(n.levels) <= depth {
		n.levels = append(n.levels, 0)
	}
	n.levels[depth]++
}

func (n *naive[S]) expand(s S) {
	if n.maxDepth > 0 && n.depth[s] == n.maxDepth {
		n.hitDepth, n.cut[s] = true, true
		return
	}
	for _, b := range n.m.Bounds {
		if b.At(s) {
			n.hitBound, n.cut[s] = true, true
			return
		}
	}
	for a := range n.m.Actions {
		for _, to := range n.m.Actions[a].Next(nil, s) {
			n.successor[s] = true
			n.found(to, n.depth[s]+1)
			if to != s {
				n.edges = append(n.edges, edge[S]{s, to, a})
			}
		}
	}
}

// A claim is a property as data: the engine's are opaque.
type claim[S comparable] struct {
	kind    check.Kind
	p, q    func(S) bool
	step    func(from, to S) bool
	actions []string
	when    func(S) bool
	formula *temporal[S] // KindLTL
}

func (c claim[S]) property(name string) check.Property[S] {
	switch c.kind {
	case check.KindInvariant:
		p := check.Invariant(name, c.p)
		if c.when != nil {
			p = p.When(c.when)
		}
		return p
	case check.KindTransition:
		p := check.Transition(name, c.step, c.actions...)
		if c.when != nil {
			p = p.When(c.when)
		}
		return p
	case check.KindDeadlockFree:
		return check.DeadlockFree(name, c.p)
	case check.KindReachable:
		return check.Reachable(name, c.p)
	case check.KindEventually:
		return check.Eventually(name, c.q)
	case check.KindAlwaysEventually:
		return check.AlwaysEventually(name, c.q)
	case check.KindEventuallyAlways:
		return check.EventuallyAlways(name, c.q)
	case check.KindLeadsTo:
		return check.LeadsTo(name, c.p, c.q)
	case check.KindLTL:
		return check.LTL(name, c.formula.formula())
	}
	panic(c.kind)
}

// An answer is what can be said of a claim.
type answer struct {
	shown   bool // there is a counterexample, or a witness
	stem    int  // states in its shortest stem; of KindLTL not known
	vacuous bool // if nothing is shown: the claim never had anything to say
}

func (n *naive[S]) judge(c claim[S]) answer {
	switch {
	case c.kind == check.KindLTL:
		return n.judgeLTL(c.formula)
	case c.kind.Liveness():
		return n.judgeLiveness(c)
	}
	best, relevant := 0, false
	show := func(length int) {
		if best == 0 || length < best {
			best = length
		}
	}
	when := func(s S) bool { return c.when == nil || c.when(s) }
	switch c.kind {
	case check.KindInvariant:
		for _, s := range n.order {
			relevant = relevant || when(s)
			if when(s) && !c.p(s) {
				show(n.depth[s] + 1)
			}
		}
	case check.KindReachable:
		relevant = true
		for _, s := range n.order {
			if c.p(s) {
				show(n.depth[s] + 1)
			}
		}
	case check.KindDeadlockFree:
		relevant = true
		for _, s := range n.order {
			if !n.cut[s] && !n.successor[s] && (c.p == nil || !c.p(s)) {
				show(n.depth[s] + 1)
			}
		}
	case check.KindTransition:
		for _, e := range n.edges {
			if len(c.actions) > 0 && !contains(c.actions, n.m.Actions[e.action].Name) || !when(e.from) {
				continue
			}
			relevant = true
			if !c.step(e.from, e.to) {
				show(n.depth[e.from] + 2)
			}
		}
	}
	return answer{shown: best > 0, stem: best, vacuous: !relevant}
}

func contains(names []string, name string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}

// findInfinite lists the sets I of states for which there is a fair behaviour
// that visits exactly the states of I infinitely often. Such a behaviour can
// take every step within I infinitely often too, and that is the fairest it can
// be; so I must be connected by its own steps (or be one state, to stutter in),
// and for every action that is treated fairly: it leads from I into I, or it
// is disabled in some state of I (weak), or in every one (strong).
func (n *naive[S]) findInfinite() {
	if n.infinite != nil {
		return
	}
	n.infinite = []uint32{}
	to := make([]uint32, len(n.order)) // states that a step leads to
	enabled := make([]uint32, len(n.m.Actions))
	for _, e := range n.edges {
		to[n.index[e.from]] |= 1 << n.index[e.to]
		enabled[e.action] |= 1 << n.index[e.from]
	}
	var cut uint32
	for s := range n.cut {
		cut |= 1 << n.index[s]
	}
	for set := uint32(1); set < 1<<len(n.order); set++ {
		if set&cut == 0 && connected(to, set) && n.fair(set, enabled) {
			n.infinite = append(n.infinite, set)
		}
	}
}

func (n *naive[S]) fair(set uint32, enabled []uint32) bool {
	for a, action := range n.m.Actions {
		if action.Fair == check.Unfair ||
			action.Fair == check.Weak && enabled[a]&set != set ||
			action.Fair == check.Strong && enabled[a]&set == 0 {
			continue
		}
		taken := false
		for _, e := range n.edges {
			taken = taken || e.action == a && set>>n.index[e.from]&1 == 1 && set>>n.index[e.to]&1 == 1
		}
		if !taken {
			return false
		}
	}
	return true
}

// connected reports whether each state of set can be reached from each other
// by steps within it.
func connected(to []uint32, set uint32) bool {
	for i := range to {
		if set>>i&1 == 1 && closure(to, 1<<i, set) != set {
			return false
		}
	}
	return true
}

// closure returns what can be reached from the states of start within set.
func closure(to []uint32, start, set uint32) uint32 {
	for {
		more := start
		for i := range to {
			if start>>i&1 == 1 {
				more |= to[i] & set
			}
		}
		if more == start {
			return start
		}
		start = more
	}
}

func (n *naive[S]) judgeLiveness(c claim[S]) answer {
	n.findInfinite()
	var q, p uint32
	for i, s := range n.order {
		if c.q(s) {
			q |= 1 << i
		}
		if c.p != nil && c.p(s) {
			p |= 1 << i
		}
	}
	distance := n.distances(c)
	var a answer
	for _, set := range n.infinite {
		bad := set&q == 0
		if c.kind == check.KindEventuallyAlways {
			bad = set&^q != 0
		}
		if !bad {
			continue
		}
		for i := range n.order {
			if d, ok := distance[n.order[i]]; ok && set>>i&1 == 1 && (!a.shown || d+1 < a.stem) {
				a.shown, a.stem = true, d+1
			}
		}
	}
	a.vacuous = !a.shown && c.kind == check.KindLeadsTo && p == 0
	return a
}

// distances returns how many steps it takes to get to each state in such a way
// that a behaviour which goes on without q violates c.
func (n *naive[S]) distances(c claim[S]) map[S]int {
	if c.kind == check.KindAlwaysEventually || c.kind == check.KindEventuallyAlways {
		return n.depth
	}
	d := map[S]int{}
	for _, s := range n.order {
		starts := c.kind == check.KindEventually && n.depth[s] == 0 || c.kind == check.KindLeadsTo && c.p(s)
		if starts && !c.q(s) {
			d[s] = n.depth[s]
		}
	}
	for changed := true; changed; { // Bellman and Ford
		changed = false
		for _, e := range n.edges {
			from, ok := d[e.from]
			if !ok || c.q(e.to) {
				continue
			}
			if old, ok := d[e.to]; !ok || from+1 < old {
				d[e.to], changed = from+1, true
			}
		}
	}
	return d
}
