package check

import (
	"context"
	"slices"
	"time"
)

// lassos are what was found about the liveness properties of a model.
type lassos struct {
	g      *frozen
	reason error // why nothing was looked for; nil: it was
	found  []lassoResult
}

type lassoResult struct {
	lasso    *lasso // nil: no fair behaviour violates the property
	vacuous  bool
	canceled error
}

// checkLiveness looks for violations of all liveness properties, several at a
// time, while progress is reported from here.
func (s *search[S, K]) checkLiveness(ctx context.Context) *lassos {
	ls := &lassos{found: make([]lassoResult, len(s.m.Properties))}
	if !s.plan.liveness {
		return ls
	}
	if s.reason == ErrStopped {
		ls.reason = ErrStopped
	} else if ctx.Err() != nil {
		if ls.reason = s.incomplete(); ls.reason == nil {
			ls.reason = context.Cause(ctx)
		}
	}
	if ls.reason != nil {
		return ls
	}
	s.stats.Phase = "liveness"
	s.progress()
	ls.g = s.graph.freeze()
	var claims []int
	for i, neg := range s.plan.negations {
		if neg != nil {
			claims = append(claims, i)
		}
	}
	canceled := func() bool { return ctx.Err() != nil }
	cyclic, err := ls.g.cyclic(canceled)
	if err != nil {
		ls.reason = context.Cause(ctx)
		return ls
	}
	s.whileReporting(func() {
		scratches := make([]scratch, s.o.Workers)
		parallel(s.o.Workers, len(claims), func(worker, k int) {
			neg, res := s.plan.negations[claims[k]], &ls.found[claims[k]]
			l := newFairness(s.m, ls.g, *neg, s.plan.letters, &scratches[worker], canceled)
			var err error
			if res.lasso, err = l.counterexample(cyclic); err != nil {
				res.canceled = context.Cause(ctx)
				return
			}
			res.vacuous = res.lasso == nil && neg.trigger != 0 &&
				!slices.ContainsFunc(ls.g.label, func(l label) bool { return l&neg.trigger != 0 })
		})
	})
	return ls
}

// whileReporting calls f and, until it returns, reports progress about once a
// second from the goroutine of the caller.
func (s *search[S, K]) whileReporting(f func()) {
	if s.o.Progress == nil {
		f()
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			s.progress()
		}
	}
}

// decideLiveness fills in the result of a liveness property.
func (s *search[S, K]) decideLiveness(ls *lassos, i int, res *Result[S]) error {
	found := &ls.found[i]
	if res.Reason = ls.reason; res.Reason == nil {
		res.Reason = found.canceled
	}
	switch {
	case res.Reason != nil:
		return nil
	case found.lasso != nil:
		trace, err := s.lassoTrace(ls.g, found.lasso)
		res.Verdict, res.Trace = Violated, trace
		return err
	}
	if res.Reason = s.incomplete(); res.Reason == nil {
		res.Verdict, res.Vacuous = Holds, found.vacuous
	}
	return nil
}

// lassoTrace makes a behaviour of the model from a lasso of the graph.
func (s *search[S, K]) lassoTrace(g *frozen, l *lasso) (*Trace[S], error) {
	stem, err := s.behaviour([]S{s.state(g.order[l.initial])})
	if err == nil {
		stem, err = s.follow(g, stem, l.stem)
	}
	if err != nil {
		return nil, err
	}
	if len(l.cycle) == 0 {
		last := stem[len(stem)-1].State
		return &Trace[S]{Stem: stem, Cycle: []Step[S]{{Action: Stutter, Label: Stutter, State: last}}}, nil
	}
	// Under symmetry one round of the cycle may end in another state of the
	// orbit it began in; the cycle is followed until a state comes back.
	steps := stem
	for rounds := map[S]int{}; ; {
		end := steps[len(steps)-1].State
		if first, ok := rounds[end]; ok {
			return &Trace[S]{Stem: steps[:first:first], Cycle: steps[first:]}, nil
		}
		rounds[end] = len(steps)
		if steps, err = s.follow(g, steps, l.cycle); err != nil {
			return nil, err
		}
	}
}

// follow takes the steps of the model that correspond to hops.
func (s *search[S, K]) follow(g *frozen, steps []Step[S], hops []hop) ([]Step[S], error) {
	for _, h := range hops {
		step, ok := s.stepTo(steps[len(steps)-1].State, h.action, s.state(g.order[h.to.s]))
		if !ok {
			return nil, errImpure
		}
		steps = append(steps, step)
	}
	return steps, nil
}
