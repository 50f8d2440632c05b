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

// A search is a breadth-first search in progress.
//
// It goes level by level, a level in rounds of up to roundStates states. In
// the first half of a round workers expand chunks of states and sort the
// successors by partition; in the second they insert each partition's
// successors in the order of the chunks. Which state is found first, and from
// where, is therefore the same at any number of workers, and no memory is
// ever shared by two of them.
type search[S, K comparable] struct {
	m    *Model[S]
	o    Options
	pack packing[S, K]
	hash *hasher[K]
	plan *plan[S]

	parts  [partitions]partition[K]
	levels []levelEnd // per level: where it ends in each partition
	graph  graph      // if plan.liveness

	inspected levelEnd // states whose predicates have been evaluated

	chunks    []*chunk[S, K]
	expanders []*expander[S, K]

	finds    []find[S]
	relevant []bool
	taken    []uint64
	bounds   []uint64
	stats    Stats
	start    time.Time
	reported time.Time
	reason   error // why the search ended early; nil: it did not
}

type levelEnd [partitions]uint32

func newSearch[S, K comparable](m *Model[S], o Options, pack packing[S, K], h *hasher[K]) *search[S, K] {
	return &search[S, K]{
		m: m, o: o, pack: pack, hash: h,
		finds: make([]find[S], len(m.Properties)), relevant: make([]bool, len(m.Properties)),
		taken: make([]uint64, len(m.Actions)), bounds: make([]uint64, len(m.Bounds)),
	}
}

func (s *search[S, K]) run(ctx context.Context) (*Report[S], error) {
	s.start = time.Now()
	s.reported = s.start
	s.stats.Workers, s.stats.Phase = s.o.Workers, "search"
	var err error
	if s.plan, err = newPlan(s.m); err != nil {
		return nil, err
	}
	for range s.o.Workers {
		s.expanders = append(s.expanders, &expander[S, K]{m: s.m, pack: s.pack, hash: s.hash, plan: s.plan,
			symmetry: s.o.Symmetry})
	}
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

func (s *search[S, K]) insertInit() (err error) {
	e := s.expanders[0]
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Where: e.where.String(), Value: v, Stack: string(debug.Stack()), Trace: "(an initial state)"}
		}
	}()
	for _, init := range s.m.Init {
		canonical := e.canonical(init)
		e.where = callee{kind: "Packing"}
		key := s.pack.encode(canonical)
		if err := e.audit(init, canonical, true); err != nil {
			return err
		}
		hash := s.hash.hash(&key)
		part := partitionOf(hash)
		if local, isNew := s.parts[part].insert(&key, hash); isNew {
			s.parts[part].from.push(makeID(part, local))
		}
		s.stats.Generated++
	}
	return nil
}

// explore runs until nothing is left to explore or s.reason says why not.
func (s *search[S, K]) explore(ctx context.Context) error {
	for lo := (levelEnd{}); ; {
		hi, size := s.end(), uint64(0)
		for p := range partitions {
			size += uint64(hi[p] - lo[p])
		}
		if size == 0 {
			return nil
		}
		s.levels = append(s.levels, hi)
		s.stats.Levels = append(s.stats.Levels, size)
		s.stats.Depth = len(s.levels)
		s.count()
		if s.o.MaxDepth > 0 && len(s.levels) > s.o.MaxDepth {
			s.reason = ErrMaxDepth
			return nil
		}
		if err := s.exploreLevel(ctx, lo, hi); err != nil || s.reason != nil {
			return err
		}
		lo = hi
	}
}

func (s *search[S, K]) exploreLevel(ctx context.Context, lo, hi levelEnd) error {
	work := s.split(lo, hi)
	for len(work) > 0 {
		if s.reason = s.stop(ctx); s.reason != nil {
			return nil
		}
		n, size := 0, 0
		for n < len(work) && size < roundStates {
			size += work[n].hi - work[n].lo
			n++
		}
		if err := s.round(work[:n]); err != nil {
			return err
		}
		work = work[n:]
		s.progress()
	}
	return nil
}

type span struct{ part, lo, hi int }

func (s *search[S, K]) split(lo, hi levelEnd) (work []span) {
	for p := range partitions {
		for i := int(lo[p]); i < int(hi[p]); i += chunkStates {
			work = append(work, span{p, i, min(i+chunkStates, int(hi[p]))})
		}
	}
	return work
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
	if slices.ContainsFunc(s.parts[:], func(p partition[K]) bool { return p.log.len() > maxLocal-1<<24 }) {
		return fmt.Errorf("%w: 32-bit state numbers are used up", ErrMaxStates)
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
	for len(s.chunks) < len(work) {
		s.chunks = append(s.chunks, &chunk[S, K]{})
	}
	chunks := s.chunks[:len(work)]
	for _, c := range chunks {
		c.done = false
	}
	for _, e := range s.expanders {
		e.auditAll = s.stats.Distinct < auditFirst
	}
	parallel(s.o.Workers, len(work), func(worker, i int) {
		w := work[i]
		chunks[i].reset(w.part, w.lo, w.hi, s.m, s.relevant)
		s.expanders[worker].expandChunk(chunks[i], &s.parts[w.part].log)
	})
	for _, c := range chunks {
		if err := s.collect(c); err != nil {
			return err
		}
	}
	parallel(s.o.Workers, partitions, func(_, p int) { s.insert(chunks, p) })
	s.count()
	return nil
}

// collect takes from a chunk all but its successors.
func (s *search[S, K]) collect(c *chunk[S, K]) error {
	if !c.done {
		return errors.New("check: a function of the model ended its goroutine (runtime.Goexit, which FailNow of a test calls)")
	}
	if c.panicked != nil {
		c.panicked.Trace = s.explain(c.errAt)
		return c.panicked
	}
	if c.err != nil {
		return fmt.Errorf("%w\nafter:\n%s", c.err, s.explain(c.errAt))
	}
	s.stats.Generated += c.generated
	s.stats.Explored += c.explored
	s.inspected[c.part] = uint32(c.hi)
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
		for _, n := range c.nodes {
			if n != unexplored {
				n += makeNode(c.edgeBase, 0)
			}
			g.nodes[c.part].push(n)
		}
		for _, l := range c.labels {
			g.labels[c.part].push(l)
		}
		for _, a := range c.actions {
			g.action.push(a)
		}
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
		for batch := range slices.Chunk(c.successors[p], 64) {
			for i := range batch {
				touched ^= part.touch(batch[i].hash)
			}
			for i := range batch {
				t := &batch[i]
				local, isNew := part.insert(&t.key, t.hash)
				if isNew {
					part.from.push(t.from)
				}
				if s.plan.liveness {
					*s.graph.target.at(c.edgeBase + int(t.edge)) = makeID(p, local)
				}
			}
		}
	}
	sink.Store(touched) // keeps the loads
}

var sink atomic.Uint64

// end returns the number of states of each partition.
func (s *search[S, K]) end() (end levelEnd) {
	for p := range partitions {
		end[p] = uint32(s.parts[p].log.len())
	}
	return end
}

// count brings the statistics up to date.
func (s *search[S, K]) count() {
	s.stats.Distinct = 0
	s.stats.StoredBytes = s.graph.bytes()
	for p := range s.parts {
		s.stats.Distinct += uint64(s.parts[p].log.len())
		s.stats.StoredBytes += s.parts[p].bytes()
	}
	s.stats.Queue = s.stats.Distinct - s.stats.Explored
	for _, n := range s.bounds {
		s.stats.Queue -= n
	}
	s.stats.Elapsed = time.Since(s.start)
}

func (s *search[S, K]) progress() {
	if s.o.Progress != nil && time.Since(s.reported) >= time.Second {
		s.reported = time.Now()
		s.stats.Elapsed = time.Since(s.start)
		s.o.Progress(s.stats)
	}
}

// inspectRest evaluates the predicates of the states that a bound of Options
// left unexplored, so that a violation in them is not overlooked.
func (s *search[S, K]) inspectRest() error {
	if !errors.Is(s.reason, ErrMaxStates) && !errors.Is(s.reason, ErrMaxDepth) && !errors.Is(s.reason, ErrMemory) {
		return nil
	}
	lastLevel := s.levels[len(s.levels)-1] // what was found from it is one step further away
	for _, w := range slices.Concat(s.split(s.inspected, lastLevel), s.split(lastLevel, s.end())) {
		c := &chunk[S, K]{}
		c.reset(w.part, w.lo, w.hi, s.m, s.relevant)
		s.expanders[0].inspectChunk(c, &s.parts[w.part].log)
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
