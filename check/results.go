package check

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"
)

// report turns what the search found into verdicts.
func (s *search[S, K]) report(ctx context.Context) (*Report[S], error) {
	r := &Report[S]{Model: s.m.Name, Options: s.o, Assumptions: s.assumptions()}
	lassos := s.checkLiveness(ctx)
	for i := range s.m.Properties {
		res, err := s.result(lassos, i)
		if err != nil {
			return nil, err
		}
		r.Results = append(r.Results, res)
	}
	for i := range s.m.Actions {
		r.Actions = append(r.Actions, ActionStats{s.m.Actions[i].Name, s.m.Actions[i].Fair, s.taken[i]})
	}
	for i, b := range s.m.Bounds {
		r.Bounds = append(r.Bounds, BoundStats{b.Name, s.bounds[i]})
	}
	s.stats.Omission = s.omission()
	s.stats.Rate, s.stats.Remaining, s.stats.Phase = 0, 0, ""
	s.stats.Elapsed = time.Since(s.start)
	r.Stats = s.stats
	return r, nil
}

// result is the verdict on one property. Its trace is validated before it is
// believed.
func (s *search[S, K]) result(lassos *lassos, i int) (res Result[S], err error) {
	p := &s.m.Properties[i]
	defer func() {
		// A Label is called only now, and so is the rest of the model on states
		// that the search left to their representatives.
		if v := recover(); v != nil {
			where := fmt.Sprintf("trace of property %q", p.name)
			err = &PanicError{Where: where, Value: v, Stack: string(debug.Stack()), Trace: "(it was not finished)"}
		}
	}()
	res = Result[S]{Property: p.name, Kind: p.kind}
	if p.kind.Liveness() {
		err = s.decideLiveness(lassos, i, &res)
	} else {
		err = s.decide(i, &res)
	}
	if err != nil || res.Trace == nil {
		return res, err
	}
	res.Trace.format = s.m.format
	if err := validate(s.m, p, res.Trace); err != nil {
		return res, rejected(p.name, err)
	}
	return res, nil
}

func rejected(property string, err error) error {
	return fmt.Errorf("check: property %q: its trace is rejected by the validator: a predicate or Next depends on more than its arguments, or else please report this: %w", property, err)
}

// decide fills in the result of a property that is no liveness property.
func (s *search[S, K]) decide(i int, res *Result[S]) error {
	p := &s.m.Properties[i]
	f := s.finds[i]
	if f.found {
		res.Verdict = Violated
		if p.kind == KindReachable {
			res.Verdict = Holds
		}
		states, err := s.statesTo(f.at, func(last S) bool { return s.shows(p, f.action, last) })
		if err != nil {
			return err
		}
		steps, err := s.behaviour(states)
		if err != nil {
			return err
		}
		if f.action >= 0 {
			last, ok := s.violatingStep(p, f.action, steps[len(steps)-1].State)
			if !ok {
				return errImpure
			}
			steps = append(steps, last)
		}
		res.Trace = &Trace[S]{Stem: steps}
		return nil
	}
	if res.Reason = s.incomplete(); res.Reason != nil {
		return nil
	}
	res.Verdict = Holds
	switch p.kind {
	case KindReachable:
		res.Verdict = Violated // everything was looked at
	case KindTransition:
		res.Vacuous = !s.relevant[i]
	case KindInvariant:
		res.Vacuous = !s.relevant[i]
	}
	return nil
}

// shows reports whether a state decides p, by a step of the action if that is
// not -1.
func (s *search[S, K]) shows(p *Property[S], action int, last S) bool {
	if action >= 0 {
		_, ok := s.violatingStep(p, action, last)
		return ok && (p.when == nil || p.when(&last))
	}
	switch p.kind {
	case KindInvariant:
		return !p.p(&last) && (p.when == nil || p.when(&last))
	case KindReachable:
		return p.p(&last)
	}
	return s.expanders[0].stuck(last) && (p.p == nil || !p.p(&last))
}

func (s *search[S, K]) violatingStep(p *Property[S], action int, from S) (Step[S], bool) {
	for _, t := range s.m.Actions[action].Successors(nil, &from) {
		if t != from && !p.step(&from, &t) {
			return s.m.step(action, from, t), true
		}
	}
	return Step[S]{}, false
}

// incomplete says why not every behaviour was looked at; nil if all were.
func (s *search[S, K]) incomplete() error {
	if s.reason != nil {
		return s.reason
	}
	for i, n := range s.bounds {
		if n > 0 {
			return fmt.Errorf("%w: %s, in %d states", ErrBound, s.m.Bounds[i].Name, n)
		}
	}
	return nil
}

func (s *search[S, K]) assumptions() (all []string) {
	for _, f := range []Fairness{Weak, Strong} {
		n := 0
		for i := range s.m.Actions {
			if s.m.Actions[i].Fair == f {
				n++
			}
		}
		if n > 0 && s.plan.liveness {
			all = append(all, fmt.Sprintf("liveness: %v fairness of %d of %d actions", f, n, len(s.m.Actions)))
		}
	}
	if s.o.Visited == Fingerprint {
		all = append(all, "storage: fingerprints of 64 bits; no two different states had the same (see Stats.Omission)")
	}
	if s.o.Symmetry {
		all = append(all, "symmetry: Canonical returns a bisimilar state, compared on the first states and on 1 in 256 of the rest")
	}
	if s.o.PartialOrder {
		all = append(all, "partial order: footprints are right, compared on the first states and on 1 in 256 of the rest; traces need not be the shortest")
	}
	if s.m.Packing != nil {
		all = append(all, "storage: Packing loses nothing, compared on the same states")
	}
	return all
}
