package check

import (
	"context"
	"fmt"
	"slices"

	"github.com/reconverge/reconverge/check/ltl"
)

// auditFirstStates compares states with their representatives before the search
// begins, and representatives with theirs. A search with the symmetry would not
// do: let Canonical forget a counter; then the search only ever meets 0 and 1,
// which behave alike, and not the 2 at which the counter stops.
func (s *search[S, K]) auditFirstStates(ctx context.Context) error {
	e := s.expanders[0]
	return s.m.firstStates(ctx, auditFirst, &e.where, func(at S, visit func(S, string)) error {
		representative := e.canonical(at)
		if err := e.auditSymmetry(at, representative); err != nil {
			return err
		}
		visit(representative, "(representative)")
		if e.atBound(at) {
			return nil
		}
		for a := range s.m.Actions {
			for _, to := range e.next(a, &at) {
				visit(to, s.m.Actions[a].Name)
			}
		}
		return nil
	})
}

// audit checks on one generated state what the declarations of the model
// promise: that a Packing loses nothing and, on a sample, that Canonical returns
// a bisimilar state (see Options.Symmetry) and that actions commute which should
// (see Options.PartialOrder).
func (e *expander[S, K]) audit(s, canonical S, sample bool) error {
	e.where = callee{kind: calleePacking}
	err := e.pack.audit(e.m, canonical)
	if err != nil || !sample {
		return err
	}
	if e.partial != nil {
		return e.partial.commuter.check(&s)
	}
	return e.auditSymmetry(s, canonical)
}

// auditSymmetry compares a state with its representative.
func (e *expander[S, K]) auditSymmetry(s, canonical S) error {
	if !e.symmetry || s == canonical {
		return nil
	}
	if twice := e.canonical(canonical); twice != canonical {
		return fmt.Errorf("check: Canonical: not idempotent:\n  once  %s\n  twice %s", e.m.format(canonical), e.m.format(twice))
	}
	for i := range e.m.Properties {
		p := &e.m.Properties[i]
		e.where = callee{calleeProperty, i}
		if !p.sameOn(&s, &canonical) {
			return fmt.Errorf("check: Canonical: property %q tells these states apart:\n  state          %s\n  representative %s", p.name, e.m.format(s), e.m.format(canonical))
		}
	}
	for i, b := range e.m.Bounds {
		e.where = callee{calleeBound, i}
		if b.At(s) != b.At(canonical) {
			return fmt.Errorf("check: Canonical: bound %q tells these states apart:\n  state          %s\n  representative %s", b.Name, e.m.format(s), e.m.format(canonical))
		}
	}
	if e.atBound(s) {
		return nil
	}
	if len(e.plan.deadlocks) > 0 && e.stuck(s) != e.stuck(canonical) {
		return fmt.Errorf("check: Canonical: one of these states has a successor, the other has none:\n  state          %s\n  representative %s", e.m.format(s), e.m.format(canonical))
	}
	for i := range e.m.Actions {
		e.ours, e.theirs = e.orbits(e.ours[:0], i, &s), e.orbits(e.theirs[:0], i, &canonical)
		ours, theirs := e.ours, e.theirs
		if extra := slices.IndexFunc(ours, func(o orbit[S]) bool { return !slices.Contains(theirs, o) }); extra >= 0 {
			return e.unequal(e.m.Actions[i].Name, s, canonical, "state", ours[extra])
		}
		if extra := slices.IndexFunc(theirs, func(o orbit[S]) bool { return !slices.Contains(ours, o) }); extra >= 0 {
			return e.unequal(e.m.Actions[i].Name, s, canonical, "representative", theirs[extra])
		}
	}
	return nil
}

// auditNeeds checks, of the first states and a sample of the rest, that an action
// which lacks a fact that it needs at s has no successors.
func (e *expander[S, K]) auditNeeds(a int, s *S) error {
	if !e.auditAll && (e.single || e.at.local()%auditOneIn != 0) || len(e.next(a, s)) == 0 {
		return nil
	}
	return fmt.Errorf("check: Facts: action %q has a successor where a fact that it needs is missing:\n  state %s", e.m.Actions[a].Name, e.m.format(*s))
}

func (e *expander[S, K]) atBound(s S) bool {
	return slices.ContainsFunc(e.m.Bounds, func(b Bound[S]) bool { return b.At(s) })
}

// stuck reports whether s has no successor, not even itself.
func (e *expander[S, K]) stuck(s S) bool {
	for i := range e.m.Actions {
		if len(e.nextAside(i, &s)) > 0 {
			return false
		}
	}
	return true
}

func (e *expander[S, K]) unequal(action string, s, canonical S, who string, o orbit[S]) error {
	return fmt.Errorf("check: Canonical: action %q tells these states apart (a step of the %s has no match, or another verdict):\n  state          %s\n  representative %s\n  step to        %s",
		action, who, e.m.format(s), e.m.format(canonical), e.m.format(o.representative))
}

// nextAside is next while the buffer of that is in use.
func (e *expander[S, K]) nextAside(a int, s *S) []S {
	e.buf, e.aside = e.aside, e.buf
	successors := e.next(a, s)
	e.buf, e.aside = e.aside, e.buf
	return successors
}

// An orbit is what a step looks like in the quotient: where it leads, and what
// each transition property says of it.
type orbit[S comparable] struct {
	representative S
	verdicts       string
}

// orbits appends what the steps by an action from s look like.
func (e *expander[S, K]) orbits(all []orbit[S], action int, s *S) []orbit[S] {
	a := &e.m.Actions[action]
	successors := e.nextAside(action, s)
	for k := range successors {
		t := &successors[k]
		if *t == *s {
			continue
		}
		verdicts := e.verdicts[:0]
		for i := range e.m.Properties {
			if p := &e.m.Properties[i]; p.kind == KindTransition && (len(p.actions) == 0 || slices.Contains(p.actions, a.Name)) && (p.when == nil || p.when(s)) {
				verdicts = append(verdicts, '0'+b2i(p.step(s, t)))
			}
		}
		e.verdicts = verdicts
		all = append(all, orbit[S]{*t, string(verdicts)})
		e.where = callee{kind: calleeCanonical}
		e.m.canonical(&all[len(all)-1].representative)
	}
	return all
}

func b2i(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// sameOn reports whether the predicates of p agree on two states.
func (p *Property[S]) sameOn(s, t *S) bool {
	for _, f := range [...]func(*S) bool{p.p, p.q, p.when} {
		if f != nil && f(s) != f(t) {
			return false
		}
	}
	return p.formula == nil || !slices.ContainsFunc(p.formula.atoms, func(a ltl.Atom[S]) bool { return a.Holds != nil && a.Holds(*s) != a.Holds(*t) })
}
