package check

import (
	"context"
	"fmt"
)

// A liveness checks claims about infinite behaviours on the graph that the
// search left behind. A claim is false if and only if some fair behaviour
// stays, from some point on,
//
//   - in one state in which no fair action is enabled (it stutters for ever), or
//   - in a strongly connected component of the graph, visiting all of it, in
//     which every weakly fair action is disabled somewhere or taken, and every
//     strongly fair action is disabled everywhere or taken,
//
// within the states that the claim forbids it to stay in. See region and goal.
type liveness[S, K comparable] struct {
	s        *search[S, K]
	g        *graph
	ix       *indexing
	cyclic   *stateSet // states that lie on a cycle; nil: not computed
	members  *stateSet // scratch: the component at hand
	weak     actionSet
	strong   actionSet
	canceled func() error
}

func newLiveness[S, K comparable](s *search[S, K]) *liveness[S, K] {
	l := &liveness[S, K]{s: s, g: &s.graph}
	for a, action := range s.m.Actions {
		switch action.Fair {
		case Weak:
			l.weak.add(a)
		case Strong:
			l.strong.add(a)
		}
	}
	return l
}

// A claim is a liveness property in terms of the graph.
type claim struct {
	kind Kind
	p, q label // bits; p is 0 unless kind is KindLeadsTo
}

// region: a violating behaviour stays in such states for ever. That q is false
// in all of them, or (eventually-always) only in some: see goal.
func (c claim) region(l label) bool { return c.kind == KindEventuallyAlways || l&c.q == 0 }

// goal: it visits such a state again and again.
func (c claim) goal(l label) bool { return l&c.q == 0 }

// seed: where a violating behaviour enters the region for good. depth counts
// from 0 for initial states.
func (c claim) seed(l label, depth int) bool {
	switch c.kind {
	case KindEventually:
		return depth == 0 && l&c.q == 0
	case KindLeadsTo:
		return l&c.p != 0 && l&c.q == 0
	}
	return true
}

// confined: the way from a seed to the cycle must stay in the region too.
func (c claim) confined() bool { return c.kind == KindEventually || c.kind == KindLeadsTo }

func (l *liveness[S, K]) check(ctx context.Context, prop int, res *Result[S]) error {
	incomplete := l.s.incomplete()
	if incomplete == ErrStopped || ctx.Err() != nil {
		if res.Reason = incomplete; res.Reason == nil {
			res.Reason = context.Cause(ctx)
		}
		return nil
	}
	l.s.stats.Phase = "liveness"
	l.s.progress()
	l.canceled = ctx.Err
	if l.ix == nil {
		l.ix = newIndexing(l.s.levels, l.s.inspected)
	}
	c := claim{kind: l.s.m.Properties[prop].kind, q: 1 << l.s.plan.atomOf[prop].q}
	if p := l.s.plan.atomOf[prop].p; p >= 0 {
		c.p = 1 << p
	}
	trace, vacuous, err := l.counterexample(c)
	switch {
	case err == errCanceled:
		res.Reason = context.Cause(ctx)
	case err != nil:
		return err
	case trace != nil:
		res.Verdict, res.Trace = Violated, trace
	case incomplete != nil:
		res.Reason = incomplete
	default:
		res.Verdict, res.Vacuous = Holds, vacuous
	}
	return nil
}

var errCanceled = fmt.Errorf("check: canceled")

// counterexample returns a fair lasso that violates c, or nil.
func (l *liveness[S, K]) counterexample(c claim) (trace *Trace[S], vacuous bool, err error) {
	var within *stateSet // nil: every state
	if c.confined() {
		if within, err = l.closure(c); err != nil {
			return nil, false, err
		}
		if c.kind == KindLeadsTo && within.len() == 0 {
			vacuous = !l.anywhere(func(lb label) bool { return lb&c.p != 0 })
		}
	}
	ends := newStateSet(l.ix) // where the stem of a violating lasso may end
	resting, err := l.addResting(c, within, ends)
	if err != nil {
		return nil, false, err
	}
	inCycle, err := l.addCycles(c, within, ends)
	if err != nil || !resting && len(inCycle) == 0 {
		return nil, vacuous, err
	}
	trace, err = l.lasso(c, ends, inCycle)
	return trace, false, err
}

func (l *liveness[S, K]) anywhere(f func(label) bool) bool {
	for p := range l.g.labels {
		labels := &l.g.labels[p]
		for i := range labels.len() {
			if f(*labels.at(i)) {
				return true
			}
		}
	}
	return false
}

// closure returns the states that can be reached from a seed of c through its
// region.
func (l *liveness[S, K]) closure(c claim) (*stateSet, error) {
	set := newStateSet(l.ix)
	var todo []stateID
	visit := func(id stateID) {
		if !set.has(id) && c.region(l.g.label(id)) {
			set.add(id)
			todo = append(todo, id)
		}
	}
	firstLevel := l.s.levels[0]
	for n, sp := range l.ix.order {
		if n%1024 == 0 && l.canceled() != nil {
			return nil, errCanceled
		}
		for i := sp.lo; i < sp.hi; i++ {
			depth := 1
			if uint32(i) < firstLevel[sp.part] {
				depth = 0
			}
			if id := makeID(sp.part, i); c.seed(l.g.label(id), depth) {
				visit(id)
			}
			for len(todo) > 0 {
				id := todo[len(todo)-1]
				todo = todo[:len(todo)-1]
				for lo, hi := l.g.edges(id); lo < hi; lo++ {
					if to := *l.g.target.at(lo); l.known(to) {
						visit(to)
					}
				}
			}
		}
	}
	return set, nil
}

// known reports whether the search evaluated the predicates of id: not so at
// the rim of a search that was cut short.
func (l *liveness[S, K]) known(id stateID) bool {
	return uint32(id.local()) < l.s.inspected[id.partition()]
}

// addResting adds to ends the states in which a violating behaviour may stutter.
func (l *liveness[S, K]) addResting(c claim, within, ends *stateSet) (found bool, err error) {
	for n, sp := range l.ix.order {
		if n%1024 == 0 && l.canceled() != nil {
			return false, errCanceled
		}
		for i := sp.lo; i < sp.hi; i++ {
			id := makeID(sp.part, i)
			lb := l.g.label(id)
			if lb&mayRest != 0 && c.region(lb) && c.goal(lb) && (within == nil || within.has(id)) {
				ends.add(id)
				found = true
			}
		}
	}
	return found, nil
}

// addCycles adds to ends the states of the components in which a violating
// behaviour may go round for ever, and returns these.
func (l *liveness[S, K]) addCycles(c claim, within, ends *stateSet) (inCycle [][]stateID, err error) {
	if err := l.findCyclic(); err != nil {
		return nil, err
	}
	in := newStateSet(l.ix)
	copy(in.words, l.cyclic.words)
	in.each(func(id stateID) {
		if !c.region(l.g.label(id)) || within != nil && !within.has(id) {
			in.remove(id)
		}
	})
	l.members = newStateSet(l.ix)
	l.fairComponents(c, in, in.members(), func(component []stateID) {
		inCycle = append(inCycle, append([]stateID(nil), component...))
		for _, id := range component {
			ends.add(id)
		}
	})
	return inCycle, nil
}

// findCyclic finds the states that lie on a cycle. First it removes from the
// set of all states, again and again, those with no successor or no
// predecessor left in it: most of what cannot lie on a cycle goes in a few
// sweeps, in memory order and with no more than a bit a state.
func (l *liveness[S, K]) findCyclic() error {
	if l.cyclic != nil {
		return nil
	}
	in := newStateSet(l.ix)
	for _, sp := range l.ix.order {
		for i := sp.lo; i < sp.hi; i++ {
			if id := makeID(sp.part, i); l.g.explored(id) {
				in.add(id)
			}
		}
	}
	for {
		if l.canceled() != nil {
			return errCanceled
		}
		l.s.progress()
		before := in.len()
		in.eachBackward(func(id stateID) {
			for lo, hi := l.g.edges(id); lo < hi; lo++ {
				if to := *l.g.target.at(lo); in.has(to) {
					return
				}
			}
			in.remove(id)
		})
		entered := newStateSet(l.ix)
		in.each(func(id stateID) {
			for lo, hi := l.g.edges(id); lo < hi; lo++ {
				if to := *l.g.target.at(lo); in.has(to) {
					entered.add(to)
				}
			}
		})
		in.words = entered.words
		if after := in.len(); before-after <= before/16 {
			break
		}
	}
	l.cyclic = newStateSet(l.ix)
	l.g.components(in, in.members(), func(component []stateID) {
		for _, id := range component {
			l.cyclic.add(id)
		}
	})
	return nil
}

// fairComponents calls visit for the components of in that a fair behaviour
// can go round in while it meets the goal of c again and again. A component
// that starves a strongly fair action is searched once more without the states
// that enable it (Streett's condition, by recursive removal).
func (l *liveness[S, K]) fairComponents(c claim, in *stateSet, roots []stateID, visit func([]stateID)) {
	l.g.components(in, roots, func(component []stateID) {
		sum := l.sumUp(c, component)
		if starved := l.weak.and(sum.always).minus(sum.taken); !sum.goal || !starved.empty() {
			return // no part of the component can do better
		}
		starved := l.strong.and(sum.ever).minus(sum.taken)
		if starved.empty() {
			visit(component)
			return
		}
		var rest []stateID
		for _, id := range component {
			if enabled := l.g.enabled(id); enabled.intersects(&starved) {
				in.remove(id)
			} else {
				rest = append(rest, id)
			}
		}
		l.fairComponents(c, in, rest, visit)
	})
}

// A summary says which actions are enabled in all or some states of a
// component, which lead from one of its states to another, and whether it has
// a state of the claim's goal.
type summary struct {
	always, ever, taken actionSet
	goal                bool
}

func (l *liveness[S, K]) sumUp(c claim, component []stateID) (sum summary) {
	for _, id := range component {
		l.members.add(id)
	}
	for i, id := range component {
		enabled := l.g.enabled(id)
		if i == 0 {
			sum.always = enabled
		}
		sum.always, sum.ever = sum.always.and(enabled), sum.ever.or(enabled)
		sum.goal = sum.goal || c.goal(l.g.label(id))
		for lo, hi := l.g.edges(id); lo < hi; lo++ {
			if to := *l.g.target.at(lo); l.members.has(to) {
				sum.taken.add(int(*l.g.action.at(lo)))
			}
		}
	}
	for _, id := range component {
		l.members.remove(id)
	}
	return sum
}
