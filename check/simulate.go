package check

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// ErrSimulation is why a simulation leaves open what it has not seen to be false.
var ErrSimulation = errors.New("a simulation looks at some behaviours only")

// Defaults of Simulate.
const (
	defaultWalks = 1_000
	defaultSteps = 100
	lassoTries   = 8 // of a walk: each costs as much as the walk
)

// Simulate walks through m at random, from an initial state each time, and
// judges the properties on what it meets. It finds what lies deep in models
// that are too large to explore, and proves nothing: a result is Violated with
// a validated trace, Holds for a Reachable that was reached, or Incomplete with
// ErrSimulation. A walk that comes back to a state it has been in, or that may
// rest, is tried as a counterexample of the liveness properties.
//
// Options.Walks bounds the number of walks and Options.MaxDepth the steps of
// each. Walk i depends on m, Options.Seed and i alone, and what is reported is
// found in the first walk that shows it, so the same options give the same
// report at any number of workers.
func Simulate[S comparable](ctx context.Context, m *Model[S], o Options) (*Report[S], error) {
	if err := m.Validate(); err != nil {
		return nil, err
	}
	if err := o.validate(); err != nil {
		return nil, err
	}
	if o.Symmetry || o.PartialOrder || o.Visited != Exact || o.Order != BreadthFirst || o.MaxStates > 0 || o.MemoryBytes > 0 {
		return nil, errors.New("check: Simulate keeps no states: Symmetry, PartialOrder, Visited, Order, MaxStates and MemoryBytes are options of Run")
	}
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Walks == 0 {
		o.Walks = defaultWalks
	}
	if o.MaxDepth == 0 {
		o.MaxDepth = defaultSteps
	}
	pl, err := newPlan(m)
	if err != nil {
		return nil, err
	}
	pl.liveness = false // no graph is kept
	s := &simulation[S]{m: m, o: o, plan: pl, start: time.Now(), stopAt: o.Walks}
	s.traces, s.waiting = make([]*Trace[S], len(m.Properties)), map[int]*walked[S]{}
	s.taken, s.bounds = make([]uint64, len(m.Actions)), make([]uint64, len(m.Bounds))
	s.walkAll(ctx)
	return s.report(ctx)
}

// A simulation is the walks that are taken and what they have shown.
type simulation[S comparable] struct {
	m     *Model[S]
	o     Options
	plan  *plan[S]
	start time.Time

	mu      sync.Mutex
	next    int                // walk to be taken
	stopAt  int                // no walk from here on counts
	waiting map[int]*walked[S] // walks that have ended before an earlier one
	counted int                // walks whose results are below
	traces  []*Trace[S]        // per property, of the first walk that decided it
	err     error
	stats   Stats
	taken   []uint64
	bounds  []uint64
}

func (s *simulation[S]) walkAll(ctx context.Context) {
	done := make(chan struct{}, s.o.Workers)
	for range s.o.Workers {
		go func() {
			defer func() { done <- struct{}{} }()
			w := newWalker(s)
			for i := s.take(ctx); i >= 0; i = s.take(ctx) {
				s.settle(i, w.walk(ctx, i))
			}
		}()
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for running := s.o.Workers; running > 0; {
		select {
		case <-done:
			running--
		case <-tick.C:
			s.progress()
		}
	}
}

func (s *simulation[S]) progress() {
	if s.o.Progress == nil {
		return
	}
	s.mu.Lock()
	stats := s.stats
	s.mu.Unlock()
	stats.Elapsed, stats.Phase, stats.Workers = time.Since(s.start), "simulation", s.o.Workers
	s.o.Progress(stats)
}

// take returns the number of a walk, or -1.
func (s *simulation[S]) take(ctx context.Context) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil || s.next >= s.stopAt {
		return -1
	}
	s.next++
	return s.next - 1
}

// settle adds what walk i has shown, after all before it.
func (s *simulation[S]) settle(i int, w *walked[S]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting[i] = w
	for s.counted < s.stopAt && s.waiting[s.counted] != nil {
		s.count(s.waiting[s.counted])
		delete(s.waiting, s.counted)
		s.counted++
	}
}

func (s *simulation[S]) count(w *walked[S]) {
	s.stats.add(w.counts)
	s.stats.Depth = max(s.stats.Depth, w.depth)
	for a, n := range w.taken {
		s.taken[a] += n
	}
	for b, n := range w.bounds {
		s.bounds[b] += n
	}
	violated, decided := false, len(w.traces) > 0
	for p, trace := range w.traces {
		if s.traces[p] == nil {
			s.traces[p] = trace
		}
		violated = violated || trace != nil && s.m.Properties[p].kind != KindReachable
		decided = decided && s.traces[p] != nil
	}
	if s.err = w.err; s.err != nil || (violated || decided) && !s.o.Continue {
		s.stopAt = s.counted + 1
	}
}

func (s *simulation[S]) report(ctx context.Context) (*Report[S], error) {
	if s.err != nil {
		return nil, s.err
	}
	if s.counted < min(s.next, s.stopAt) {
		return nil, errGoexit
	}
	r := &Report[S]{Model: s.m.Name, Options: s.o}
	for i := range s.m.Properties {
		p := &s.m.Properties[i]
		res := Result[S]{Property: p.name, Kind: p.kind, Reason: ErrSimulation, Trace: s.traces[i]}
		if ctx.Err() != nil {
			res.Reason = context.Cause(ctx)
		}
		if res.Trace != nil {
			res.Reason, res.Verdict, res.Trace.format = nil, Violated, s.m.format
			if p.kind == KindReachable {
				res.Verdict = Holds
			}
			if err := validate(s.m, p, res.Trace); err != nil {
				return nil, rejected(p.name, err)
			}
		}
		r.Results = append(r.Results, res)
	}
	for i := range s.m.Actions {
		r.Actions = append(r.Actions, ActionStats{s.m.Actions[i].Name, s.m.Actions[i].Fair, s.taken[i]})
	}
	for i, b := range s.m.Bounds {
		r.Bounds = append(r.Bounds, BoundStats{b.Name, s.bounds[i]})
	}
	s.stats.Workers, s.stats.Elapsed = s.o.Workers, time.Since(s.start)
	r.Stats = s.stats
	return r, nil
}

// A walker takes walks, one at a time.
type walker[S comparable] struct {
	*simulation[S]
	e     *expander[S, S]
	c     *chunk[S, S]
	steps []Step[S]
	seen  map[S]int // place in steps
	tries int       // of lassos, in this walk
}

// A walked is what one walk has shown.
type walked[S comparable] struct {
	traces []*Trace[S] // per property
	taken  []uint64
	bounds []uint64
	counts chunkCounts
	depth  int
	err    error
}

func newWalker[S comparable](s *simulation[S]) *walker[S] {
	e := &expander[S, S]{m: s.m, pack: unpacked[S](), plan: s.plan, single: true}
	return &walker[S]{simulation: s, e: e, c: &chunk[S, S]{}, seen: map[S]int{}}
}

func (w *walker[S]) walk(ctx context.Context, i int) (found *walked[S]) {
	dice := rand.New(rand.NewPCG(w.o.Seed, uint64(i)))
	found = &walked[S]{traces: make([]*Trace[S], len(w.m.Properties)), taken: make([]uint64, len(w.m.Actions)), bounds: make([]uint64, len(w.m.Bounds))}
	w.steps = append(w.steps[:0], Step[S]{State: w.m.Init[dice.IntN(len(w.m.Init))]})
	w.tries = 0
	clear(w.seen)
	defer w.recover(found)
	for {
		last := len(w.steps) - 1
		if first, again := w.seen[w.steps[last].State]; again {
			w.tryLasso(found, first)
		}
		w.seen[w.steps[last].State] = last
		found.depth = len(w.steps)
		resting, ended := w.visit(found)
		if resting {
			w.tryLasso(found, last)
		}
		if ended || last == w.o.MaxDepth || found.err != nil || last%1024 == 1023 && ctx.Err() != nil {
			return found
		}
		t := w.c.successors[0].list[dice.IntN(w.c.successors[0].n)]
		w.steps = append(w.steps, w.m.step(int(t.seq), w.steps[last].State, t.key))
	}
}

func (w *walker[S]) recover(found *walked[S]) {
	if v := recover(); v != nil {
		found.err = &PanicError{Where: w.m.callee(w.e.where), Value: v, Stack: string(debug.Stack()), Trace: w.text()}
	}
}

// text writes the walk so far for an error message.
func (w *walker[S]) text() string { return (&Trace[S]{Stem: w.steps, format: w.m.format}).text() }

// visit expands the last state of the walk, judges it, and reports whether
// fairness lets a behaviour stay there, and whether the walk ends there.
func (w *walker[S]) visit(found *walked[S]) (resting, ended bool) {
	w.c.reset(nil, w.m, make([]bool, len(w.m.Properties)))
	w.e.state = w.steps[len(w.steps)-1].State
	w.e.inspect(w.c, &w.e.state)
	bounded := w.e.bounded(w.c, &w.e.state)
	if !bounded {
		w.e.expand(w.c, &w.e.state)
	}
	found.counts.add(w.c.counts)
	for a, n := range w.c.taken {
		found.taken[a] += n
	}
	for b, n := range w.c.bounds {
		found.bounds[b] += n
	}
	for p, f := range w.c.finds {
		if f.found && found.traces[p] == nil {
			found.traces[p] = w.finite(p, f)
		}
	}
	return !bounded && !w.e.enabled.intersects(&w.plan.fairActions), w.c.successors[0].n == 0
}

// finite is the walk so far, with one more step if that decides property p.
func (w *walker[S]) finite(p int, f find[S]) *Trace[S] {
	stem := slices.Clone(w.steps)
	if f.action >= 0 {
		from := stem[len(stem)-1].State
		for _, t := range w.m.Actions[f.action].Successors(nil, &from) {
			if t != from && !w.m.Properties[p].step(&from, &t) {
				stem = append(stem, w.m.step(f.action, from, t))
				break
			}
		}
	}
	return &Trace[S]{Stem: stem}
}

// tryLasso judges the liveness properties on the behaviour that goes on for
// ever as the walk did since the step of the given place; in its last state, if
// that is the place.
func (w *walker[S]) tryLasso(found *walked[S], place int) {
	if w.tries++; w.tries > lassoTries {
		return
	}
	for p := range w.m.Properties {
		prop := &w.m.Properties[p]
		if !prop.kind.Liveness() || found.traces[p] != nil {
			continue
		}
		t := &Trace[S]{Stem: slices.Clone(w.steps[:place+1]), Cycle: slices.Clone(w.steps[place+1:])}
		if len(t.Cycle) == 0 {
			t.Cycle = []Step[S]{{Action: Stutter, Label: Stutter, State: w.steps[place].State}}
		}
		if validate(w.m, prop, t) == nil {
			found.traces[p] = t
		}
	}
}
