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
	done      bool // its expansion came to an end, if only with an error
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

// reset empties c for the states [lo, hi) of a partition; relevant is what is
// known before it.
func (c *chunk[S, K]) reset(part, lo, hi int, m *Model[S], relevant []bool) {
	c.part, c.lo, c.hi = part, lo, hi
	for i := range c.successors {
		c.successors[i] = c.successors[i][:0]
	}
	c.nodes, c.labels, c.actions = c.nodes[:0], c.labels[:0], c.actions[:0]
	c.finds = cleared(c.finds, len(m.Properties))
	c.relevant = append(c.relevant[:0], relevant...)
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
	auditAll bool // packings; of symmetry, auditFirstStates sees to that

	state S      // the state at hand: here, because its address goes to predicates
	buf   []S    // its successors
	where callee // what of the model is being called, should it panic
	at    stateID
}

// A callee is a kind of function of a model and the name of the one meant.
type callee struct{ kind, name string }

func (c callee) String() string {
	if c.name == "" {
		return c.kind
	}
	return fmt.Sprintf("%s %q", c.kind, c.name)
}

// A plan is what is known of a model's properties before the search.
type plan[S comparable] struct {
	liveness    bool
	states      []int          // properties decided by a state: invariant, reachable
	steps       [][]int        // per action: transitions that speak of it
	deadlocks   []int          // deadlock freedom
	atoms       []func(S) bool // predicates kept per state for liveness
	atomNames   []string       // the properties they belong to
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
			pl.atomOf[i] = atomIndex{pl.atom(p.name, p.p), pl.atom(p.name, p.q)}
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

func (pl *plan[S]) atom(property string, p func(S) bool) int {
	if p == nil {
		return -1
	}
	pl.atoms, pl.atomNames = append(pl.atoms, p), append(pl.atomNames, property)
	return len(pl.atoms) - 1
}

// expandChunk expands the states of c, whose keys are in log.
func (e *expander[S, K]) expandChunk(c *chunk[S, K], log *vec[K]) {
	defer e.recover(c)
	for i := c.lo; i < c.hi; i++ {
		e.state = e.load(c, log, i)
		e.inspect(c, e.state)
		if !e.bounded(c, e.state) {
			e.expand(c, &e.state)
		}
		if c.err != nil {
			c.errAt = e.at
			break
		}
	}
	c.done = true
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
	e.where = callee{kind: "Packing"}
	return e.pack.decode(*log.at(i))
}

func (e *expander[S, K]) recover(c *chunk[S, K]) {
	if v := recover(); v != nil {
		c.errAt = e.at
		c.done = true
		c.panicked = &PanicError{Where: e.where.String(), Value: v, Stack: string(debug.Stack())}
	}
}

// inspect evaluates the predicates that look at a state alone.
func (e *expander[S, K]) inspect(c *chunk[S, K], s S) {
	for _, i := range e.plan.states {
		p := &e.m.Properties[i]
		e.where = callee{"property", p.name}
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
			e.where = callee{"property", e.plan.atomNames[i]}
			if atom(s) {
				l |= 1 << i
			}
		}
		c.labels = append(c.labels, l)
	}
}

func (e *expander[S, K]) bounded(c *chunk[S, K], s S) bool {
	for i, b := range e.m.Bounds {
		e.where = callee{"bound", b.Name}
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
func (e *expander[S, K]) expand(c *chunk[S, K], s *S) {
	c.explored++
	first, any := len(c.actions), false
	var enabled actionSet
	for a := range e.m.Actions {
		successors := e.next(a, s)
		c.generated += uint64(len(successors))
		any = any || len(successors) > 0
		for k := range successors {
			t := &successors[k] // states may be large: no copies on this path
			if *t == *s {
				continue
			}
			c.taken[a]++
			enabled.add(a)
			for _, i := range e.plan.steps[a] {
				e.judgeStep(c, i, a, s, t)
			}
			if e.emit(c, a, t); c.err != nil {
				return
			}
		}
	}
	if !any {
		for _, i := range e.plan.deadlocks {
			p := &e.m.Properties[i]
			e.where = callee{"property", p.name}
			if !c.finds[i].found && (p.p == nil || !p.p(*s)) {
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

// next returns the successors of s by action a. They are in e.buf, or where the
// action put them: memory that is not e's own is never appended to, because an
// action may return a table of its own.
func (e *expander[S, K]) next(a int, s *S) []S {
	e.where = callee{"action", e.m.Actions[a].Name}
	successors := e.m.Actions[a].Successors(e.buf[:0], s)
	if cap(successors) > cap(e.buf) {
		e.buf = make([]S, 0, cap(successors))
	}
	return successors
}

func (e *expander[S, K]) judgeStep(c *chunk[S, K], i, action int, s, t *S) {
	p := &e.m.Properties[i]
	e.where = callee{"property", p.name}
	if p.when != nil && c.relevant[i] && (c.finds[i].found || p.step(s, t)) {
		return // whether this state is relevant makes no difference
	}
	if p.when != nil && !p.when(*s) {
		return
	}
	c.relevant[i] = true
	if !c.finds[i].found && !p.step(s, t) {
		c.finds[i] = find[S]{true, e.at, action}
	}
}

// emit hands the successor t to its partition.
func (e *expander[S, K]) emit(c *chunk[S, K], action int, t *S) {
	canonical := e.canonical(*t)
	e.where = callee{kind: "Packing"}
	key := e.pack.encode(canonical)
	hash := e.hash.hash(&key)
	if sample := hash>>auditShift == 0; sample || e.auditAll {
		if c.err = e.audit(*t, canonical, sample); c.err != nil {
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
	e.where = callee{kind: "Canonical"}
	return e.m.Canonical(s)
}
