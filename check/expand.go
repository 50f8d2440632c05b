package check

import (
	"fmt"
	"runtime/debug"
	"slices"
	"unsafe"
)

// chunkStates is how many states a worker takes at a time, roundStates how
// many are expanded before their successors are inserted. Both are part of
// the order of exploration, so neither depends on the number of workers.
const (
	chunkStates = 1024
	roundStates = 16 * chunkStates
)

// A chunk is a run of states in the order of exploration and what their
// expansion produced. One worker fills it; it is reused from round to round.
type chunk[S, K comparable] struct {
	states []stateID

	successors [partitions]batch[K] // by partition of the successor
	emitted    int                  // successors in all of them
	fresh      []stateID            // per successor: which state it is, plus one, if it turns out to be new
	degrees    []uint32             // per state, if liveness is checked
	labels     []label              // per state, if liveness is checked
	actions    []uint8              // per successor, if liveness is checked: each is an edge
	edgeBase   int                  // of the chunk's first edge in the graph

	finds    []find[S] // per property: the first state that decides it
	relevant []bool    // per property: it had something to say
	taken    []uint64  // per action
	bounds   []uint64  // per bound of the model
	counts   chunkCounts
	err      error // a broken model; the rest of the chunk is missing
	errAt    stateID
	panicked *PanicError
	done     bool // its expansion came to an end, if only with an error
}

type chunkCounts struct {
	generated, explored, reduced, steps uint64
	maxDegree                           uint64
}

func (c *chunkCounts) add(more chunkCounts) {
	c.generated += more.generated
	c.explored += more.explored
	c.reduced += more.reduced
	c.steps += more.steps
	c.maxDegree = max(c.maxDegree, more.maxDegree)
}

// A successor waits for its insertion.
type successor[K comparable] struct {
	key   K
	hash  uint64
	seq   uint32 // its place among those of the chunk; on a walk, its action
	from  uint16 // in chunk.states
	place uint8  // among the successors of that state, modulo 256
}

// A batch is a list that grows in place.
type batch[K comparable] struct {
	list []successor[K]
	n    int // in use
}

func (b *batch[K]) all() []successor[K] { return b.list[:b.n] }

// add appends t if more is 1; if it is 0 nothing happens, without a branch.
func (b *batch[K]) add(t successor[K], more int) {
	if b.n == len(b.list) {
		b.list = append(b.list, t)
		b.list = b.list[:cap(b.list)]
	}
	b.list[b.n] = t
	b.n += more
}

// A find decides a property: by a state, or by the step from it to to.
type find[S comparable] struct {
	found  bool
	at     stateID
	action int // of the step; -1: the state itself
}

// reset empties c for some states; relevant is what is known before them.
func (c *chunk[S, K]) reset(states []stateID, m *Model[S], relevant []bool) {
	c.states, c.emitted = states, 0
	for i := range c.successors {
		c.successors[i].n = 0
	}
	c.degrees, c.labels, c.actions = c.degrees[:0], c.labels[:0], c.actions[:0]
	c.finds = cleared(c.finds, len(m.Properties))
	c.relevant = append(c.relevant[:0], relevant...)
	c.taken = cleared(c.taken, len(m.Actions))
	c.bounds = cleared(c.bounds, len(m.Bounds))
	c.counts = chunkCounts{}
	c.err, c.panicked, c.done = nil, nil, false
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
	m      *Model[S]
	pack   packing[S, K]
	hash   *hasher[K]
	layout *layout
	plan   *plan[S]

	symmetry bool
	partial  *partial[S, K] // nil: every enabled action is followed
	auditAll bool           // packings; of symmetry, auditFirstStates sees to that

	state          S          // the state at hand: here, because its address goes to predicates
	buf            []S        // its successors
	representative S          // of the successor at hand
	key            K          // of that
	recent         []uint64   // hashes of successors that need no second insertion; empty: not kept
	aside          []S        // a second buffer, for audits
	ours, theirs   []orbit[S] // what an audit compares
	verdicts       []byte     // of a step that it looks at
	where          callee     // what of the model is being called, should it panic
	at             stateID    // the state at hand
	from           uint16     // its place in the chunk

	enabled actionSet // in the state expanded last
	plain   bool      // a state is its own key, of eight bytes, and its own representative
	single  bool      // successors are not for a store: one of them is the next state at hand
}

// A callee is what of a model is being called: set in the hot path, so it is
// small, and named only when it is needed.
type callee struct {
	kind  calleeKind
	index int
}

type calleeKind uint8

const (
	calleePacking calleeKind = iota
	calleeCanonical
	calleeFacts
	calleeAction
	calleeGuard
	calleeProperty
	calleeBound
)

func (m *Model[S]) callee(c callee) string {
	i := c.index
	switch c.kind {
	case calleeCanonical:
		return "Canonical"
	case calleeFacts:
		return "Facts"
	case calleeAction:
		return fmt.Sprintf("action %q", m.Actions[i].Name)
	case calleeGuard:
		return fmt.Sprintf("guard of action %q", m.Actions[i].Name)
	case calleeProperty:
		return fmt.Sprintf("property %q", m.Properties[i].name)
	case calleeBound:
		return fmt.Sprintf("bound %q", m.Bounds[i].Name)
	}
	return "Packing"
}

// A plan is what is known of a model's properties before the search.
type plan[S comparable] struct {
	states      []int    // properties decided by a state: invariant, reachable
	needs       []uint64 // per action: Action.Needs
	steps       [][]int  // per action: transitions that speak of it
	cases       []trial  // transitions that are judged together
	deadlocks   []int    // deadlock freedom
	liveness    bool
	negations   []*negation // per property; nil: it is not about behaviours
	atoms       []func(*S) bool
	atomOwner   []int    // per atom: the property it belongs to
	letters     []uint64 // per action: what an automaton reads of its steps
	actionBits  int      // of letters, in use
	fairActions actionSet
}

// A trial is a jury and, by the bits of its answer, the properties that are asked
// for: -1 where one is not.
type trial struct {
	jury       int // a property that has it
	properties []int
}

func (pl *plan[S]) addToTrial(i int, m *Model[S]) {
	p := &m.Properties[i]
	at := slices.IndexFunc(pl.cases, func(t trial) bool { return m.Properties[t.jury].jury == p.jury })
	if at < 0 {
		at = len(pl.cases)
		pl.cases = append(pl.cases, trial{jury: i})
	}
	t := &pl.cases[at]
	for len(t.properties) <= p.bit {
		t.properties = append(t.properties, -1)
	}
	t.properties[p.bit] = i
}

func newPlan[S comparable](m *Model[S]) (*plan[S], error) {
	pl := &plan[S]{steps: make([][]int, len(m.Actions)), negations: make([]*negation, len(m.Properties)),
		letters: make([]uint64, len(m.Actions)), needs: make([]uint64, len(m.Actions))}
	for i := range m.Properties {
		p := &m.Properties[i]
		switch p.kind {
		case KindInvariant, KindReachable:
			pl.states = append(pl.states, i)
		case KindDeadlockFree:
			pl.deadlocks = append(pl.deadlocks, i)
		case KindTransition:
			if p.jury != nil {
				pl.addToTrial(i, m)
				continue
			}
			for a := range m.Actions {
				if len(p.actions) == 0 || slices.Contains(p.actions, m.Actions[a].Name) {
					pl.steps[a] = append(pl.steps[a], i)
				}
			}
		default:
			pl.liveness = true
			if err := pl.addNegation(i, m); err != nil {
				return nil, err
			}
		}
	}
	for a := range m.Actions {
		pl.needs[a] = m.Actions[a].Needs
		if m.Actions[a].Fair != Unfair {
			pl.fairActions.add(a)
		}
	}
	return pl, nil
}

// expandChunk expands the states of c.
func (e *expander[S, K]) expandChunk(c *chunk[S, K], parts *[partitions]partition[K]) {
	defer e.recover(c)
	for i, id := range c.states {
		e.load(i, id, parts)
		e.inspect(c, &e.state)
		if !e.bounded(c, &e.state) {
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
func (e *expander[S, K]) inspectChunk(c *chunk[S, K], parts *[partitions]partition[K]) {
	defer e.recover(c)
	for i, id := range c.states {
		e.load(i, id, parts)
		e.inspect(c, &e.state)
	}
	c.done = true
}

func (e *expander[S, K]) load(i int, id stateID, parts *[partitions]partition[K]) {
	e.at, e.from = id, uint16(i)
	e.where = callee{kind: calleePacking}
	var zero S
	e.state = zero
	e.pack.decodeTo(parts[id.partition()].log.at(id.local()), &e.state)
}

func (e *expander[S, K]) recover(c *chunk[S, K]) {
	if v := recover(); v != nil {
		c.errAt = e.at
		c.done = true
		c.panicked = &PanicError{Where: e.m.callee(e.where), Value: v, Stack: string(debug.Stack())}
	}
}

// inspect evaluates the predicates that look at a state alone.
func (e *expander[S, K]) inspect(c *chunk[S, K], s *S) {
	for _, i := range e.plan.states {
		p := &e.m.Properties[i]
		e.where = callee{calleeProperty, i}
		decides := !c.finds[i].found && p.p(s) == (p.kind == KindReachable)
		if p.when != nil && (decides || !c.relevant[i]) && !p.when(s) {
			continue
		}
		c.relevant[i] = true
		if decides {
			c.finds[i] = find[S]{true, e.at, -1}
		}
	}
	if e.plan.liveness {
		var l label
		for i, atom := range e.plan.atoms {
			e.where = callee{calleeProperty, e.plan.atomOwner[i]}
			if atom(s) {
				l |= 1 << i
			}
		}
		c.labels = append(c.labels, l)
	}
}

func (e *expander[S, K]) bounded(c *chunk[S, K], s *S) bool {
	for i, b := range e.m.Bounds {
		e.where = callee{calleeBound, i}
		if b.At(*s) {
			c.bounds[i]++
			if e.plan.liveness {
				c.degrees = append(c.degrees, 0)
			}
			return true
		}
	}
	return false
}

// expand generates the successors of s, all that matter, or sets c.err.
func (e *expander[S, K]) expand(c *chunk[S, K], s *S) {
	firstEdge, stepsBefore := len(c.actions), c.counts.steps
	any := false
	if e.partial != nil {
		any = e.expandPartly(c, s)
	} else {
		e.enabled = actionSet{}
		facts := e.facts(s)
		place := 0
		for a, needs := range e.plan.needs {
			if needs&^facts != 0 {
				if c.err = e.auditNeeds(a, s); c.err != nil {
					return
				}
				continue
			}
			successors := e.next(a, s)
			if len(successors) == 0 {
				continue
			}
			if e.follow(c, a, s, successors, place) {
				e.enabled.add(a)
			}
			place += len(successors)
		}
		any = place > 0
	}
	if c.err != nil {
		return
	}
	c.counts.explored++
	c.counts.maxDegree = max(c.counts.maxDegree, c.counts.steps-stepsBefore)
	if !any {
		e.judgeDeadlock(c, s)
	}
	if e.plan.liveness {
		c.degrees = append(c.degrees, uint32(len(c.actions)-firstEdge))
		if !e.enabled.intersects(&e.plan.fairActions) {
			c.labels[len(c.labels)-1] |= mayRest
		}
	}
}

func (e *expander[S, K]) facts(s *S) uint64 {
	if e.m.Facts == nil {
		return 0
	}
	e.where = callee{kind: calleeFacts}
	return e.m.Facts(s)
}

// follow judges the steps from s by action a and emits their successors, of
// which the first is at the given place among those of s. It reports whether
// there is one, or sets c.err.
func (e *expander[S, K]) follow(c *chunk[S, K], a int, s *S, successors []S, place int) (enabled bool) {
	if e.plain && len(e.recent) != 0 && len(e.plan.steps[a])+len(e.plan.cases) == 0 {
		return e.followWords(c, a, s, successors, place)
	}
	taken := uint64(0)
	for k := range successors {
		t := &successors[k] // states may be large: no copies on this path
		if *t == *s {
			continue
		}
		taken++
		for _, i := range e.plan.steps[a] {
			e.judgeStep(c, i, a, s, t)
		}
		for i := range e.plan.cases {
			e.judgeTogether(c, &e.plan.cases[i], a, s, t)
		}
		if e.emit(c, a, place+k, t); c.err != nil {
			return true
		}
	}
	c.taken[a] += taken
	c.counts.steps += taken
	c.counts.generated += uint64(len(successors))
	return taken > 0
}

// followWords is follow where nothing but a word and its hash is at stake: states
// of eight bytes that are stored as they are, no symmetry, no liveness, and no
// property that speaks of this action. Two-phase commit with 9 managers takes a
// fifth less time with it.
func (e *expander[S, K]) followWords(c *chunk[S, K], a int, s *S, successors []S, place int) (enabled bool) {
	taken, recent, emitted := uint64(0), e.recent, c.emitted
	for k := range successors {
		t := &successors[k]
		if *t == *s {
			continue
		}
		taken++
		hash := scramble(*(*uint64)(unsafe.Pointer(t)))
		if hash>>auditShift == 0 {
			if c.err = e.audit(*t, *t, true); c.err != nil {
				return true
			}
		}
		more := isNew(recent, hash)
		c.successors[partitionOf(hash)].add(successor[K]{*(*K)(unsafe.Pointer(t)), hash, uint32(emitted), e.from, uint8(place + k)}, more)
		emitted += more
	}
	c.emitted = emitted
	c.taken[a] += taken
	c.counts.steps += taken
	c.counts.generated += uint64(len(successors))
	return taken > 0
}

func (e *expander[S, K]) judgeDeadlock(c *chunk[S, K], s *S) {
	for _, i := range e.plan.deadlocks {
		p := &e.m.Properties[i]
		e.where = callee{calleeProperty, i}
		if !c.finds[i].found && (p.p == nil || !p.p(s)) {
			c.finds[i] = find[S]{true, e.at, -1}
		}
	}
}

// next returns the successors of s by action a. They are in e.buf, or where the
// action put them: memory that is not e's own is never appended to, because an
// action may return a table of its own.
func (e *expander[S, K]) next(a int, s *S) []S {
	e.where = callee{calleeAction, a}
	action := &e.m.Actions[a]
	var successors []S
	if action.Next != nil {
		successors = action.Next(e.buf[:0], *s)
	} else {
		successors = action.NextInPlace(e.buf[:0], s)
	}
	if cap(successors) > cap(e.buf) {
		e.buf = make([]S, 0, cap(successors))
	}
	return successors
}

func (e *expander[S, K]) judgeStep(c *chunk[S, K], i, action int, s, t *S) {
	p := &e.m.Properties[i]
	e.where = callee{calleeProperty, i}
	if p.when != nil && c.relevant[i] && (c.finds[i].found || p.step(s, t)) {
		return // whether this state is relevant makes no difference
	}
	if p.when != nil && !p.when(s) {
		return
	}
	c.relevant[i] = true
	if !c.finds[i].found && !p.step(s, t) {
		c.finds[i] = find[S]{true, e.at, action}
	}
}

// judgeTogether is judgeStep for the properties of a jury.
func (e *expander[S, K]) judgeTogether(c *chunk[S, K], trial *trial, action int, s, t *S) {
	e.where = callee{calleeProperty, trial.jury}
	broken := e.m.Properties[trial.jury].jury.broken(s, t)
	for bit, i := range trial.properties {
		if i < 0 || c.relevant[i] && broken>>bit&1 == 0 {
			continue
		}
		p := &e.m.Properties[i]
		e.where = callee{calleeProperty, i}
		if p.when != nil && !p.when(s) {
			continue
		}
		c.relevant[i] = true
		if broken>>bit&1 == 1 && !c.finds[i].found {
			c.finds[i] = find[S]{true, e.at, action}
		}
	}
}

// emit hands the successor t, at the given place among its siblings, to its
// partition.
func (e *expander[S, K]) emit(c *chunk[S, K], action, place int, t *S) {
	if e.single {
		c.successors[0].add(successor[K]{key: e.pack.encode(t), seq: uint32(action)}, 1)
		return
	}
	canonical := t
	if e.symmetry {
		e.where = callee{kind: calleeCanonical}
		e.representative = *t
		e.m.canonical(&e.representative)
		canonical = &e.representative
	}
	e.where = callee{kind: calleePacking}
	var zero K
	e.key = zero
	e.pack.encodeTo(canonical, &e.key)
	hash := e.hash.hash(&e.key)
	if sample := hash>>auditShift == 0; sample || e.auditAll {
		if c.err = e.audit(*t, *canonical, sample); c.err != nil {
			return
		}
	}
	more := 1
	if e.plan.liveness {
		c.actions = append(c.actions, uint8(action))
	} else if len(e.recent) != 0 {
		more = isNew(e.recent, hash)
	}
	c.successors[partitionOf(hash)].add(successor[K]{e.key, hash, uint32(c.emitted), e.from, uint8(place)}, more)
	c.emitted += more
}

const (
	recentBits = 14 // 128 KiB for each worker: a part of what a second-level cache holds
	recentFrom = 1 << 14
)

func recentSlot(hash uint64) uint64 { return hash >> 16 % (1 << recentBits) }

// isNew returns 1 and remembers the hash, or 0 if it is a recent one: what a
// worker emitted before is inserted before, or was long ago, because chunks are
// taken in their order. Half of the successors are recent and half are not, which
// no processor can predict; so there is no branch.
func isNew(recent []uint64, hash uint64) int {
	slot := &recent[recentSlot(hash)]
	x := *slot ^ hash
	*slot = hash
	return int((x | -x) >> 63)
}

// remember starts to keep the hashes of recent successors, where the hash is
// all that an insertion would look at.
func (e *expander[S, K]) remember() {
	if e.recent == nil && e.layout.words && !e.plan.liveness {
		e.recent = make([]uint64, 1<<recentBits)
		e.recent[0] = ^uint64(0) // no hash for this slot; the others are 0, which is none for theirs
	}
}

func (e *expander[S, K]) canonical(s S) S {
	if !e.symmetry {
		return s
	}
	e.where = callee{kind: calleeCanonical}
	e.m.canonical(&s)
	return s
}
