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
// What a round finds is kept as spans, one a partition. The order of spans is
// the order of exploration: breadth first, they form a queue, see explore.
type search[S, K comparable] struct {
	m      *Model[S]
	o      Options
	pack   packing[S, K]
	hash   *hasher[K]
	plan   *plan[S]
	layout layout

	parts [partitions]partition[K]
	found []span // by the rounds since explore last took them
	rest  []span // found and not explored, once the search has ended
	graph graph  // if plan.liveness

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
		m: m, o: o, pack: pack, hash: h, plan: pl, layout: newLayout(h, o.Visited, pl.liveness),
		finds: make([]find[S], len(m.Properties)), relevant: make([]bool, len(m.Properties)),
		taken: make([]uint64, len(m.Actions)), bounds: make([]uint64, len(m.Bounds)),
		start: time.Now(),
	}
	s.last.at = s.start
	s.stats.Workers, s.stats.Phase = o.Workers, "search"
	for p := range s.parts {
		s.parts[p].layout = &s.layout
	}
	for range o.Workers {
		s.expanders = append(s.expanders, &expander[S, K]{m: m, pack: pack, hash: h, layout: &s.layout, plan: pl,
			symmetry: o.Symmetry})
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
}

func (s *search[S, K]) insertInit() (err error) {
	e := s.expanders[0]
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Where: e.callee(), Value: v, Stack: string(debug.Stack()), Trace: "(an initial state)"}
		}
	}()
	for i, init := range s.m.Init {
		canonical := e.canonical(init)
		e.where = callee{kind: calleePacking}
		key := s.pack.encode(canonical)
		if err := e.audit(init, canonical, true); err != nil {
			return err
		}
		hash := s.hash.hash(&key)
		part := partitionOf(hash)
		p := &s.parts[part]
		p.insert(&key, hash, makeID(part, p.n), uint8(i))
		s.stats.Generated++
	}
	s.takeNew(&[partitions]int{})
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
	for level, spare := s.found, []span(nil); len(level) > 0; {
		s.found = spare[:0]
		s.enterLevel(level)
		if s.o.MaxDepth > 0 && s.stats.Depth > s.o.MaxDepth {
			s.reason, s.rest = ErrMaxDepth, level
			return nil
		}
		for todo := slices.Clone(level); len(todo) > 0; {
			if s.reason = s.stop(ctx); s.reason != nil {
				s.rest = slices.Concat(todo, s.found)
				return nil
			}
			var work []span
			work, todo = take(todo, roundStates)
			if err := s.round(work); err != nil {
				return err
			}
			s.progress()
		}
		level, spare = s.found, level
	}
	return nil
}

// exploreDeep takes what was found last: depth first.
func (s *search[S, K]) exploreDeep(ctx context.Context) error {
	type entry struct {
		span
		steps int // from an initial state
	}
	var stack []entry
	push := func(steps int) {
		for _, sp := range slices.Backward(s.found) {
			stack = append(stack, entry{sp, steps})
		}
		s.found = s.found[:0]
		s.stats.Depth = max(s.stats.Depth, steps+1)
	}
	for push(0); len(stack) > 0; {
		if s.reason = s.stop(ctx); s.reason != nil {
			break
		}
		top := &stack[len(stack)-1]
		steps := top.steps
		if s.o.MaxDepth > 0 && steps == s.o.MaxDepth {
			s.rest = append(s.rest, top.span)
			stack = stack[:len(stack)-1]
			continue
		}
		work := span{top.part, top.lo, top.lo + 1}
		if top.lo++; top.len() == 0 {
			stack = stack[:len(stack)-1]
		}
		if err := s.round([]span{work}); err != nil {
			return err
		}
		push(steps + 1)
		s.progress()
	}
	if s.reason == nil && len(s.rest) > 0 {
		s.reason = ErrMaxDepth
	}
	for _, e := range stack {
		s.rest = append(s.rest, e.span)
	}
	return nil
}

func (s *search[S, K]) enterLevel(level []span) {
	size := uint64(0)
	for _, sp := range level {
		size += uint64(sp.len())
	}
	s.stats.Levels = append(s.stats.Levels, size)
	s.stats.Depth = len(s.stats.Levels)
	if s.plan.liveness {
		s.graph.enterLevel(level)
	}
}

// take splits off the first n states of spans, or all of them. It may change
// the first span of what is left.
func take(spans []span, n int) (taken, rest []span) {
	for i := range spans {
		sp := &spans[i]
		if sp.len() < n {
			n -= sp.len()
			continue
		}
		taken = append(slices.Clone(spans[:i]), span{sp.part, sp.lo, sp.lo + uint32(n)})
		sp.lo += uint32(n)
		if sp.len() == 0 {
			i++
		}
		return taken, spans[i:]
	}
	return spans, nil
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

// round expands the states of work and inserts their successors.
func (s *search[S, K]) round(work []span) error {
	chunks := s.split(work)
	for _, e := range s.expanders {
		e.auditAll = s.stats.Distinct < auditFirst
		if s.stats.Distinct >= recentFrom {
			e.remember()
		}
	}
	workers := s.o.Workers
	if len(chunks) < 4 {
		workers = 1 // less work than it is to share it
	}
	parallel(workers, len(chunks), func(worker, i int) { s.expanders[worker].expandChunk(chunks[i], &s.parts) })
	for _, c := range chunks {
		if err := s.collect(c); err != nil {
			return err
		}
	}
	var before [partitions]int
	for p := range s.parts {
		before[p] = s.parts[p].n
	}
	parallel(workers, partitions, func(_, p int) { s.insert(chunks, p) })
	s.takeNew(&before)
	return nil
}

// split divides the states of a round among chunks.
func (s *search[S, K]) split(work []span) []*chunk[S, K] {
	n := 0
	for len(work) > 0 {
		if n == len(s.chunks) {
			s.chunks = append(s.chunks, &chunk[S, K]{})
		}
		var states []span
		states, work = take(work, chunkStates)
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
		for i := range c.successors[p] {
			touched ^= part.touch(c.successors[p][i].hash)
		}
	}
	if !part.words {
		for _, c := range chunks {
			for i := range c.successors[p] {
				touched ^= part.touchState(c.successors[p][i].hash)
			}
		}
	}
	for _, c := range chunks {
		for i := range c.successors[p] {
			t := &c.successors[p][i]
			local, _ := part.insert(&t.key, t.hash, t.from, uint8(t.mark))
			if s.plan.liveness {
				*s.graph.target.at(c.edgeBase + int(t.mark)) = makeID(p, local)
			}
		}
	}
	sink.Store(touched) // keeps the loads
}

var sink atomic.Uint64

// takeNew appends to s.found what was inserted since the partitions had the
// given sizes, and brings the statistics up to date.
func (s *search[S, K]) takeNew(before *[partitions]int) {
	s.stats.StoredBytes = s.graph.bytes()
	for i := range s.parts {
		p := &s.parts[i]
		if p.n > before[i] {
			s.found = append(s.found, span{uint32(i), uint32(before[i]), uint32(p.n)})
			s.stats.Distinct += uint64(p.n - before[i])
		}
		s.stats.StoredBytes += p.bytes()
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
	c := &chunk[S, K]{}
	c.reset(s.rest, s.m, s.relevant)
	s.expanders[0].inspectChunk(c, &s.parts)
	if c.panicked != nil {
		c.panicked.Trace = s.explain(c.errAt)
		return c.panicked
	}
	s.collectFinds(c)
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
