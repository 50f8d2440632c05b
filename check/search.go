package check

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A search visits the states of a model, each once.
//
// It goes in rounds of up to roundStates states. In the first half of a round
// workers expand chunks of states and sort the successors by partition; in the
// second they insert each partition's successors in the order of the chunks.
// Which state is found first, and from where, is therefore the same at any
// number of workers, and no memory is ever shared by two of them.
//
// What a round finds is put in the order in which it was generated: by state,
// action and place. That is the order of exploration, and it keeps siblings side
// by side: they have successors in common, which are then recognised in the
// processor's cache (see expander.recent). Two-phase commit with 9 managers has
// 12 successors a state; 7.5 differ from it, and 2 come to be looked up.
type search[S, K comparable] struct {
	m      *Model[S]
	o      Options
	pack   packing[S, K]
	hash   *hasher[K]
	plan   *plan[S]
	layout layout

	dependence *dependence // if Options.PartialOrder
	levelEnd   [partitions]int

	arena arena
	parts [partitions]partition[K]
	found []stateID // by the rounds since explore last took them
	rest  []stateID // found and not explored, once the search has ended
	graph graph     // if plan.liveness

	chunks    []*chunk[S, K]
	expanders []*expander[S, K]

	finds    []find[S]
	relevant []bool
	taken    []uint64
	bounds   []uint64
	stats    Stats
	start    time.Time
	last     milestone
	reason   error // why the search ended early; nil: it did not
}

func newSearch[S, K comparable](m *Model[S], o Options, pack packing[S, K], h *hasher[K]) (*search[S, K], error) {
	pl, err := newPlan(m)
	if err != nil {
		return nil, err
	}
	s := &search[S, K]{
		m: m, o: o, pack: pack, hash: h, plan: pl, layout: newLayout(h, o.Visited, pl.liveness || o.PartialOrder),
		finds: make([]find[S], len(m.Properties)), relevant: make([]bool, len(m.Properties)),
		taken: make([]uint64, len(m.Actions)), bounds: make([]uint64, len(m.Bounds)),
		start: time.Now(),
	}
	s.last.at = s.start
	s.stats.Workers, s.stats.Phase = o.Workers, "search"
	for p := range s.parts {
		s.parts[p].prepare(&s.layout, &s.arena, len(h.strings) == 0)
	}
	s.graph.useArena(&s.arena)
	for range o.Workers {
		s.expanders = append(s.expanders, &expander[S, K]{m: m, pack: pack, hash: h, layout: &s.layout, plan: pl,
			symmetry: o.Symmetry, plain: !o.Symmetry && m.Packing == nil && h.size == 8})
	}
	if o.PartialOrder {
		if err := s.reduceExpansion(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *search[S, K]) run(ctx context.Context) (*Report[S], error) {
	defer s.free()
	if err := s.insertInit(); err != nil {
		return nil, err
	}
	if s.o.Symmetry {
		if err := s.auditFirstStates(ctx); err != nil {
			return nil, err
		}
	}
	if s.o.PartialOrder {
		if err := checkFootprints(ctx, s.m, s.dependence, auditFirst); err != nil {
			return nil, err
		}
	}
	if err := s.explore(ctx); err != nil {
		return nil, err
	}
	if err := s.inspectRest(); err != nil {
		return nil, err
	}
	return s.report(ctx)
}

func (s *search[S, K]) free() {
	for p := range s.parts {
		s.parts[p].free()
	}
	s.arena.free()
}

func (s *search[S, K]) insertInit() (err error) {
	e := s.expanders[0]
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Where: e.m.callee(e.where), Value: v, Stack: string(debug.Stack()), Trace: "(an initial state)"}
		}
	}()
	for i, init := range s.m.Init {
		canonical := e.canonical(init)
		e.where = callee{kind: calleePacking}
		key := s.pack.encode(&canonical)
		if err := e.audit(init, canonical, true); err != nil {
			return err
		}
		hash := s.hash.hash(&key)
		part := partitionOf(hash)
		p := &s.parts[part]
		id := makeID(part, p.n)
		if _, isNew := p.insert(&key, hash, id, uint8(i)); isNew {
			s.found = append(s.found, id)
		}
		s.stats.Generated++
	}
	s.measure()
	return nil
}

// explore runs until nothing is left to explore or s.reason says why not.
func (s *search[S, K]) explore(ctx context.Context) error {
	if s.o.Order == DepthFirst {
		return s.exploreDeep(ctx)
	}
	return s.exploreLevels(ctx)
}

// exploreLevels takes what was found first: breadth first.
func (s *search[S, K]) exploreLevels(ctx context.Context) error {
	for level, spare := s.found, []stateID(nil); len(level) > 0; level, spare = s.found, level {
		s.found = spare[:0]
		s.stats.Levels = append(s.stats.Levels, uint64(len(level)))
		s.stats.Depth = len(s.stats.Levels)
		for p := range s.parts {
			s.levelEnd[p] = s.parts[p].n
		}
		if s.plan.liveness {
			s.graph.enterLevel(level)
		}
		if s.o.MaxDepth > 0 && s.stats.Depth > s.o.MaxDepth {
			s.reason, s.rest = ErrMaxDepth, level
			return nil
		}
		for todo := level; len(todo) > 0; {
			if s.reason = s.stop(ctx); s.reason != nil {
				s.rest = slices.Concat(todo, s.found)
				return nil
			}
			n := min(len(todo), s.roundSize())
			if err := s.round(todo[:n]); err != nil {
				return err
			}
			todo = todo[n:]
			s.progress()
		}
		s.forget(level)
	}
	return nil
}

// forget lets go of the states of a level, where nobody will look at them again.
func (s *search[S, K]) forget(level []stateID) {
	if !s.layout.steps {
		return
	}
	var explored [partitions]int
	for _, id := range level {
		explored[id.partition()] = id.local() + 1 // they ascend
	}
	for p, n := range explored {
		s.parts[p].forget(n)
	}
}

// exploreDeep takes what was found last: depth first.
func (s *search[S, K]) exploreDeep(ctx context.Context) error {
	type entry struct {
		id    stateID
		steps int // from an initial state
	}
	var stack []entry
	push := func(steps int) {
		for _, id := range slices.Backward(s.found) {
			stack = append(stack, entry{id, steps})
			s.stats.Depth = max(s.stats.Depth, steps+1)
		}
		s.found = s.found[:0]
	}
	for push(0); len(stack) > 0; {
		if s.reason = s.stop(ctx); s.reason != nil {
			break
		}
		top := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if s.o.MaxDepth > 0 && top.steps == s.o.MaxDepth {
			s.rest = append(s.rest, top.id)
			continue
		}
		if err := s.round([]stateID{top.id}); err != nil {
			return err
		}
		push(top.steps + 1)
		s.progress()
	}
	if s.reason == nil && len(s.rest) > 0 {
		s.reason = ErrMaxDepth
	}
	for _, e := range stack {
		s.rest = append(s.rest, e.id)
	}
	return nil
}

// stop says why the search must not go on.
func (s *search[S, K]) stop(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if !s.o.Continue && (s.violated() || s.decided()) {
		return ErrStopped
	}
	if s.o.MaxStates > 0 && s.stats.Distinct >= s.o.MaxStates {
		return ErrMaxStates
	}
	if s.o.MemoryBytes > 0 && s.stats.StoredBytes >= s.o.MemoryBytes {
		return ErrMemory
	}
	for p := range s.parts {
		if s.parts[p].n > maxLocal-1<<24 {
			return fmt.Errorf("%w: 32-bit state numbers are used up", ErrMaxStates)
		}
	}
	return nil
}

func (s *search[S, K]) violated() bool {
	for i, f := range s.finds {
		if f.found && s.m.Properties[i].kind != KindReachable {
			return true
		}
	}
	return false
}

// decided reports whether nothing is left to find out: every property claims
// that some state is reachable, and each has a witness.
func (s *search[S, K]) decided() bool {
	for _, f := range s.finds {
		if !f.found {
			return false
		}
	}
	return len(s.finds) > 0
}

// roundSize is the number of states of the next round: fewer if each has so many
// successors that those waiting for insertion would take much memory, or if a
// bound on states is near.
func (s *search[S, K]) roundSize() int {
	const usual = 64 // successors of a state
	n := roundStates
	if degree := s.stats.Generated / max(1, s.stats.Explored); degree > usual {
		n = max(1, roundStates*usual/int(degree))
	}
	if left := s.o.MaxStates - s.stats.Distinct; s.o.MaxStates > 0 && left < uint64(n) {
		n = int(left) // more than 0: stop has seen to that
	}
	return n
}

// round expands the states of work and inserts their successors.
func (s *search[S, K]) round(work []stateID) error {
	chunks := s.split(work)
	for _, e := range s.expanders {
		e.auditAll = s.stats.Distinct < auditFirst
		if s.stats.Distinct >= recentFrom {
			e.remember()
		}
	}
	workers := s.o.Workers
	if len(chunks) < 2 {
		workers = 1 // less work than it is to share it
	}
	parallel(workers, len(chunks), func(worker, i int) { s.expanders[worker].expandChunk(chunks[i], &s.parts) })
	for _, c := range chunks {
		if err := s.collect(c); err != nil {
			return err
		}
	}
	parallel(workers, partitions, func(_, p int) { s.insert(chunks, p) })
	for _, c := range chunks {
		if n := len(s.found) + len(c.fresh); n > cap(s.found) {
			s.found = slices.Grow(s.found, max(len(c.fresh), len(s.found))) // append would take smaller steps
		}
		for _, id := range c.fresh {
			if id != 0 {
				s.found = append(s.found, id-1)
			}
		}
	}
	s.measure()
	return nil
}

// split divides the states of a round among chunks.
func (s *search[S, K]) split(work []stateID) []*chunk[S, K] {
	n := 0
	for states := range slices.Chunk(work, chunkStates) {
		if n == len(s.chunks) {
			s.chunks = append(s.chunks, &chunk[S, K]{})
		}
		s.chunks[n].reset(states, s.m, s.relevant)
		n++
	}
	return s.chunks[:n]
}

var errGoexit = errors.New("check: a function of the model ended its goroutine (runtime.Goexit, which FailNow of a test calls)")

// collect takes from a chunk all but its successors.
func (s *search[S, K]) collect(c *chunk[S, K]) error {
	if !c.done {
		return errGoexit
	}
	if c.panicked != nil {
		c.panicked.Trace = s.explain(c.errAt)
		return c.panicked
	}
	if c.err != nil {
		return fmt.Errorf("%w\nafter:\n%s", c.err, s.explain(c.errAt))
	}
	c.fresh = slices.Grow(c.fresh[:0], c.emitted)[:c.emitted]
	clear(c.fresh)
	s.stats.add(c.counts)
	s.collectFinds(c)
	for i, n := range c.taken {
		s.taken[i] += n
	}
	for i, n := range c.bounds {
		s.bounds[i] += n
	}
	if s.plan.liveness {
		g := &s.graph
		c.edgeBase = g.action.len()
		g.degrees.append(c.degrees)
		g.labels.append(c.labels)
		g.action.append(c.actions)
		g.target.extend(len(c.actions))
	}
	return nil
}

func (s *search[S, K]) collectFinds(c *chunk[S, K]) {
	for i, f := range c.finds {
		if f.found && !s.finds[i].found {
			s.finds[i] = f
		}
		s.relevant[i] = s.relevant[i] || c.relevant[i]
	}
}

// insert adds to partition p what the chunks found for it, in their order.
func (s *search[S, K]) insert(chunks []*chunk[S, K], p int) {
	part := &s.parts[p]
	var touched uint64
	for _, c := range chunks {
		for i := range c.successors[p].all() {
			touched ^= part.touch(c.successors[p].list[i].hash)
		}
	}
	if !part.words {
		for _, c := range chunks {
			for i := range c.successors[p].all() {
				touched ^= part.touchState(c.successors[p].list[i].hash)
			}
		}
	}
	for _, c := range chunks {
		for i := range c.successors[p].all() {
			t := &c.successors[p].list[i]
			local, isNew := part.insert(&t.key, t.hash, c.states[t.from], t.place)
			if isNew {
				c.fresh[t.seq] = makeID(p, local) + 1
			}
			if s.plan.liveness {
				*s.graph.target.at(c.edgeBase + int(t.seq)) = makeID(p, local)
			}
		}
	}
	sink.Store(touched) // keeps the loads
}

var sink atomic.Uint64

// measure brings the statistics up to date.
func (s *search[S, K]) measure() {
	s.stats.StoredBytes = s.graph.bytes() + 4*int64(cap(s.found))
	s.stats.Distinct = 0
	for i := range s.parts {
		s.stats.Distinct += uint64(s.parts[i].n)
		s.stats.StoredBytes += s.parts[i].bytes()
	}
	s.stats.Queue = s.stats.Distinct - s.stats.Explored
	for _, n := range s.bounds {
		s.stats.Queue -= n
	}
}

// inspectRest evaluates the predicates of the states that a bound of Options
// left unexplored, so that a violation in them is not overlooked.
func (s *search[S, K]) inspectRest() error {
	if !errors.Is(s.reason, ErrMaxStates) && !errors.Is(s.reason, ErrMaxDepth) && !errors.Is(s.reason, ErrMemory) {
		return nil
	}
	for _, c := range s.split(s.rest) {
		s.expanders[0].inspectChunk(c, &s.parts)
		if c.panicked != nil {
			c.panicked.Trace = s.explain(c.errAt)
			return c.panicked
		}
		s.collectFinds(c)
	}
	return nil
}

// parallel calls f for 0..n-1 from up to workers goroutines.
func parallel(workers, n int, f func(worker, i int)) {
	workers = min(workers, n)
	if workers <= 1 {
		for i := range n {
			f(0, i)
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(w, i)
			}
		})
	}
	wg.Wait()
}
