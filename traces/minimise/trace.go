package minimise

import (
	"context"
	"errors"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/traces"
)

// Bounds of what is tried.
type Bounds struct {
	MaxStates   uint64            // of the search in each smaller scenario; 0: no bound
	MemoryBytes int64             // likewise; 0: no bound
	Workers     int               // goroutines that search; 0: one per CPU. Never changes a result
	Progress    func(check.Stats) // of each search; nil: nobody asks
}

// Trace returns a smaller behaviour that shows the property of r, in a smaller
// scenario if there is one, and r itself if there is none.
//
// A smaller scenario is one with a lower budget of one fault, or with less of one
// object. It is taken if the steps of the trace, less those that it does not allow,
// show the property in it, or if a search does, within the bounds, which also makes
// the trace as short as it can be. Each step is one that leaves nothing else larger
// that comes before it, so the result is small, but not always smallest. It is
// claimed of no smaller scenario that the property is not claimed of, unless that
// was so in the first place.
//
// What was reached when ctx ended is a result too. An error means a broken model.
func Trace(ctx context.Context, r *traces.Replayed, b Bounds) (*traces.Replayed, *Report, error) {
	w := &work{ctx: ctx, bounds: b, now: r, answers: map[string]answer{}}
	w.unclaimed = r.Model.WhyUnclaimed(r.Claim.ID)
	w.leaveOut()
	for w.lessOf(fewerFaults) || w.lessOf(fewerObjects) || w.shorten() {
	}
	w.report.Measures = compare(sizesOf(r), sizesOf(w.now))
	if w.undecided(); len(w.report.Undecided) > 0 {
		w.report.Stopped = context.Cause(ctx)
	}
	return w.now, &w.report, w.err
}

func sizesOf(r *traces.Replayed) []size {
	return append(sizes(r.Scenario), size{"steps", r.Trace.Len() - 1})
}

// A work is a trace that becomes smaller.
type work struct {
	ctx       context.Context
	bounds    Bounds
	now       *traces.Replayed
	unclaimed string            // why the property is not claimed of the first scenario; "": it is
	answers   map[string]answer // by the key of the scenario
	shortest  answer            // whether now is
	report    Report
	err       error
}

// An answer says whether there is something smaller.
type answer uint8

const (
	untried answer = iota
	open           // a bound came first
	no
	yes
)

func (w *work) over() bool { return w.err != nil || w.ctx.Err() != nil }

// lessOf takes the first of the candidates that shows the property, and again, until
// none does. It reports whether one did.
func (w *work) lessOf(candidates func(model.Scenario) []candidate) (changed bool) {
	for w.anyOf(candidates(w.now.Scenario)) {
		changed = true
	}
	return changed
}

func (w *work) anyOf(all []candidate) bool {
	for _, c := range all {
		if w.try(c.scenario) {
			return true
		}
	}
	return false
}

// try takes a scenario, if the property is shown in it.
func (w *work) try(s model.Scenario) bool {
	k := key(s)
	if w.over() || w.answers[k] == no {
		return false
	}
	m := w.model(s)
	if m == nil {
		w.answers[k] = no
		return false
	}
	if w.again(s, m) {
		return true
	}
	if w.answers[k] == open {
		return false
	}
	t, a := w.search(m, 0)
	if w.answers[k] = a; a != yes || !w.accept(s, m, t) {
		return false
	}
	w.shortest = no
	if len(t.Cycle) > 0 {
		w.shortest = untried // only its stem is
	}
	w.lowerToUsed()
	return true
}

// model is that of a scenario; nil: there is none, or it does not claim the property.
func (w *work) model(s model.Scenario) *model.Model {
	m, err := model.New(s, w.now.Claim.ID)
	if err != nil {
		return nil
	}
	if why := m.WhyUnclaimed(w.now.Claim.ID); why != "" && why != w.unclaimed {
		return nil
	}
	return m
}

// again takes a scenario in which the steps of the trace show the property.
func (w *work) again(s model.Scenario, m *model.Model) bool {
	steps := wishes(w.now)
	_, t := w.executor(m).take(steps)
	w.report.Tries++
	if t == nil || !w.accept(s, m, t) {
		return false
	}
	w.shortest = untried
	w.leaveOut()
	return true
}

func (w *work) executor(m *model.Model) *executor {
	return newExecutor(m, w.now.Document().Steps[0], len(w.now.Trace.Cycle) > 0)
}

// accept executes a trace once more as a document, and takes it.
func (w *work) accept(s model.Scenario, m *model.Model, t *check.Trace[model.State]) bool {
	doc := traces.From(s, m, m.Claims[0], check.Result[model.State]{Kind: w.now.Claim.Kind(), Trace: t})
	r, err := traces.Replay(doc)
	if err != nil {
		return false // steps that a document cannot tell apart
	}
	w.now = r
	return true
}

// leaveOut leaves out steps of the trace: faults first.
func (w *work) leaveOut() {
	for _, picked := range []func(wish) bool{func(w wish) bool { return w.fault }, func(wish) bool { return true }} {
		x := w.executor(w.now.Model)
		best := w.now.Trace
		reduce(wishes(w.now), picked, func(some []wish) ([]wish, bool) {
			if w.over() {
				return nil, false
			}
			w.report.Tries++
			taken, t := x.take(some)
			if t != nil {
				best = t
			}
			return taken, t != nil
		})
		if best.Len() < w.now.Trace.Len() {
			w.accept(w.now.Scenario, w.now.Model, best)
		}
	}
	w.lowerToUsed()
}

// lowerToUsed lowers the budget of each fault to what the trace spends of it.
func (w *work) lowerToUsed() {
	less := w.now.Scenario
	for f, left := range w.now.End().Budget {
		if less.Faults[f] != model.Unlimited {
			less.Faults[f] -= left
		}
	}
	m := w.model(less)
	if w.over() || m == nil || equal(less, w.now.Scenario) {
		return
	}
	w.report.Tries++
	if _, t := w.executor(m).take(wishes(w.now)); t != nil {
		w.accept(less, m, t)
	}
}

// search looks for the property in a model, in behaviours of up to depth steps; 0:
// of any length.
func (w *work) search(m *model.Model, depth int) (*check.Trace[model.State], answer) {
	report, err := check.Run(w.ctx, m.Model, check.Options{
		Workers: w.bounds.Workers, MaxStates: w.bounds.MaxStates, MemoryBytes: w.bounds.MemoryBytes,
		MaxDepth: depth, Symmetry: true, Progress: w.bounds.Progress,
	})
	if err != nil {
		w.err = err
		return nil, open
	}
	w.report.Searches++
	w.report.States += report.Stats.Distinct
	switch r := report.Results[0]; {
	case r.Trace != nil:
		return r.Trace, yes
	case r.Verdict != check.Incomplete, errors.Is(r.Reason, check.ErrBound), depth > 0 && errors.Is(r.Reason, check.ErrMaxDepth):
		return nil, no // a bound of the scenario is part of it
	default:
		return nil, open
	}
}

// shorten looks for a shorter behaviour in the scenario as it is, and reports
// whether there is one. A lasso may be shorter by its cycle alone, so there the
// search is not bounded in depth.
func (w *work) shorten() bool {
	if w.over() || w.shortest != untried {
		return false
	}
	depth := 0
	if len(w.now.Trace.Cycle) == 0 {
		depth = max(1, w.now.Trace.Len()-2)
	}
	var t *check.Trace[model.State]
	if t, w.shortest = w.search(w.now.Model, depth); w.shortest == yes {
		w.shortest = no
		if t.Len() < w.now.Trace.Len() && w.accept(w.now.Scenario, w.now.Model, t) {
			w.leaveOut()
			return true
		}
	}
	return false
}

// undecided lists what smaller scenarios, and whether shorter behaviours, were not
// ruled out.
func (w *work) undecided() {
	say := func(what string, a answer) {
		if a == untried || a == open {
			w.report.Undecided = append(w.report.Undecided, what)
		}
	}
	for _, c := range append(fewerFaults(w.now.Scenario), fewerObjects(w.now.Scenario)...) {
		say(c.what, w.answers[key(c.scenario)])
	}
	say("fewer steps", w.shortest)
}
