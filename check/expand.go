package check

import (
	"fmt"
	"runtime/debug"
	"slices"
)

// chunkStates is how many states a worker takes at a time, roundStates how
// many are expanded before their successors are inserted. Both are part of
// the order of exploration, so neither depends on the number of workers.
const (
	chunkStates = 256
	roundStates = 32 * chunkStates
)

// A chunk is a run of consecutive states of one partition and what their
// expansion produced. One worker fills it; it is reused from round to round.
type chunk[S, K comparable] struct {
	part, lo, hi int // states [lo, hi) of partition part

	successors [partitions][]successor[K] // by partition of the successor
	nodes      []node                     // per state, if liveness is checked
	labels     []label                    // per state, if liveness is checked
	actions    []uint8                    // per edge, if liveness is checked
	edgeBase   int                        // of the chunk's first edge in the graph

	finds     []find[S] // per property: the first state that decides it
	relevant  []bool    // per property: it had something to say
	taken     []uint64  // per action
	bounds    []uint64  // per bound of the model
	generated uint64
	explored  uint64
	err       error // a broken model; the rest of the chunk is missing
	errAt     stateID
	panicked  *PanicError
}

// A successor waits for its insertion.
type successor[K comparable] struct {
	key  K
	hash uint64
	from stateID
	edge uint32 // in chunk.actions
}

// A find decides a property: by a state, or by the step from it to to.
type find[S comparable] struct {
	found  bool
	at     stateID
	action int // of the step; -1: the state itself
}

func (c *chunk[S, K]) reset(part, lo, hi int, m *Model[S]) {
	c.part, c.lo, c.hi = part, lo, hi
	for i := range c.successors {
		c.successors[i] = c.successors[i][:0]
	}
	c.nodes, c.labels, c.actions = c.nodes[:0], c.labels[:0], c.actions[:0]
	c.finds = cleared(c.finds, len(m.Properties))
	c.relevant = cleared(c.relevant, len(m.Properties))
	c.taken = cleared(c.taken, len(m.Actions))
	c.bounds = cleared(c.bounds, len(m.Bounds))
	c.generated, c.explored = 0, 0
	c.err, c.panicked = nil, nil
}

func cleared[T any](s []T, n int) []T {
	if len(s) != n {
		return make([]T, n)
	}
	clear(s)
	return s
}

// An expander expands states: the one step that every order of search shares.
// Each worker has its own.
type expander[S, K comparable] struct {
	m    *Model[S]
	pack packing[S, K]
	hash *hasher[K]
	plan *plan[S]

	symmetry bool
	auditAll bool

	buf   []S    // successors of the state at hand
	where string // what of the model is being called, should it panic
	at    stateID
}

// A plan is what is known of a model's properties before the search.
type plan[S comparable] struct {
	liveness    bool
	states      []int          // properties decided by a state: invariant, reachable
	steps       [][]int        // per action: transitions that speak of it
	deadlocks   []int          // deadlock freedom
	atoms       []func(S) bool // predicates kept per state for liveness
	atomOf      []atomIndex    // per property
	fairActions actionSet
}

// atomIndex says which atoms are a liveness property's p and q; -1: none.
type atomIndex struct{ p, q int }

func newPlan[S comparable](m *Model[S]) (*plan[S], error) {
	pl := &plan[S]{steps: make([][]int, len(m.Actions)), atomOf: make([]atomIndex, len(m.Properties))}
	for i, p := range m.Properties {
		switch p.kind {
		case KindInvariant, KindReachable:
			pl.states = append(pl.states, i)
		case KindDeadlockFree:
			pl.deadlocks = append(pl.deadlocks, i)
		case KindTransition:
			for a := range m.Actions {
				if len(p.actions) == 0 || slices.Contains(p.actions, m.Actions[a].Name) {
					pl.steps[a] = append(pl.steps[a], i)
				}
			}
		default:
			pl.liveness = true
			pl.atomOf[i] = atomIndex{pl.atom(p.p), pl.atom(p.q)}
		}
	}
	if len(pl.atoms) > maxAtoms {
		return nil, fmt.Errorf("check: liveness properties with %d predicates in one run, at most %d are supported: check them in several runs", len(pl.atoms), maxAtoms)
	}
	for a, action := range m.Actions {
		if action.Fair != Unfair {
			pl.fairActions.add(a)
		}
	}
	return pl, nil
}

func (pl *plan[S]) atom(p func(S) bool) int {
	if p == nil {
		return -1
	}
	pl.atoms = append(pl.atoms, p)
	return len(pl.atoms) - 1
}

// expandChunk expands the states of c, whose keys are in log.
func (e *expander[S, K]) expandChunk(c *chunk[S, K], log *vec[K]) {
	defer e.recover(c)
	for i := c.lo; i < c.hi; i++ {
		s := e.load(c, log, i)
		e.inspect(c, s)
		if !e.bounded(c, s) {
			e.expand(c, s)
		}
		if c.err != nil {
			c.errAt = e.at
			return
		}
	}
}

// inspectChunk evaluates the predicates of the states of c and expands none.
func (e *expander[S, K]) inspectChunk(c *chunk[S, K], log *vec[K]) {
	defer e.recover(c)
	for i := c.lo; i < c.hi; i++ {
		e.inspect(c, e.load(c, log, i))
	}
}

func (e *expander[S, K]) load(c *chunk[S, K], log *vec[K], i int) S {
	e.at = makeID(c.part, i)
	e.where = "Packing"
	return e.pack.decode(*log.at(i))
}

func (e *expander[S, K]) recover(c *chunk[S, K]) {
	if v := recover(); v != nil {
		c.errAt = e.at
		c.panicked = &PanicError{Where: e.where, Value: v, Stack: string(debug.Stack())}
	}
}

// inspect evaluates the predicates that look at a state alone.
func (e *expander[S, K]) inspect(c *chunk[S, K], s S) {
	for _, i := range e.plan.states {
		p := &e.m.Properties[i]
		e.where = p.name
		if p.when != nil && !p.when(s) {
			continue
		}
		c.relevant[i] = true
		if !c.finds[i].found && p.p(s) == (p.kind == KindReachable) {
			c.finds[i] = find[S]{true, e.at, -1}
		}
	}
	if e.plan.liveness {
		var l label
		for i, atom := range e.plan.atoms {
			e.where = "a predicate of a liveness property"
			if atom(s) {
				l |= 1 << i
			}
		}
		c.labels = append(c.labels, l)
	}
}

func (e *expander[S, K]) bounded(c *chunk[S, K], s S) bool {
	for i, b := range e.m.Bounds {
		e.where = b.Name
		if b.At(s) {
			c.bounds[i]++
			if e.plan.liveness {
				c.nodes = append(c.nodes, unexplored)
			}
			return true
		}
	}
	return false
}

// expand generates the successors of s, all of them, or sets c.err.
func (e *expander[S, K]) expand(c *chunk[S, K], s S) {
	c.explored++
	first, any := len(c.actions), false
	var enabled actionSet
	for a := range e.m.Actions {
		e.where = e.m.Actions[a].Name
		e.buf = e.m.Actions[a].Next(e.buf[:0], s)
		c.generated += uint64(len(e.buf))
		any = any || len(e.buf) > 0
		for _, t := range e.buf {
			if t == s {
				continue
			}
			c.taken[a]++
			enabled.add(a)
			for _, i := range e.plan.steps[a] {
				e.judgeStep(c, i, a, s, t)
			}
			e.where = e.m.Actions[a].Name
			if e.emit(c, a, t); c.err != nil {
				return
			}
		}
	}
	if !any {
		for _, i := range e.plan.deadlocks {
			p := &e.m.Properties[i]
			e.where = p.name
			if !c.finds[i].found && (p.p == nil || !p.p(s)) {
				c.finds[i] = find[S]{true, e.at, -1}
			}
		}
	}
	if e.plan.liveness {
		if len(c.actions)-first >= degreeMask {
			c.err = fmt.Errorf("check: a state has %d successors, at most %d are supported with liveness", len(c.actions)-first, degreeMask-1)
			return
		}
		c.nodes = append(c.nodes, makeNode(first, len(c.actions)-first))
		if !enabled.intersects(&e.plan.fairActions) {
			c.labels[len(c.labels)-1] |= mayRest
		}
	}
}

func (e *expander[S, K]) judgeStep(c *chunk[S, K], i, action int, s, t S) {
	p := &e.m.Properties[i]
	e.where = p.name
	if p.when != nil && !p.when(s) {
		return
	}
	c.relevant[i] = true
	if !c.finds[i].found && !p.step(s, t) {
		c.finds[i] = find[S]{true, e.at, action}
	}
}

// emit hands the successor t to its partition.
func (e *expander[S, K]) emit(c *chunk[S, K], action int, t S) {
	canonical := e.canonical(t)
	key := e.pack.encode(canonical)
	hash := e.hash.hash(&key)
	if e.auditAll || hash>>auditShift == 0 {
		if c.err = e.audit(t, canonical); c.err != nil {
			return
		}
	}
	part := partitionOf(hash)
	edge := uint32(len(c.actions))
	if e.plan.liveness {
		c.actions = append(c.actions, uint8(action))
	}
	c.successors[part] = append(c.successors[part], successor[K]{key, hash, e.at, edge})
}

func (e *expander[S, K]) canonical(s S) S {
	if !e.symmetry {
		return s
	}
	return e.m.Canonical(s)
}
