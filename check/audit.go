package check

import (
	"fmt"
	"slices"
)

// One state in 256 is audited, and every state of the first few thousand.
const (
	auditShift = 64 - 8
	auditFirst = 4096
)

// audit checks on one generated state what the declarations of the model
// promise: that a Packing loses nothing, and that Canonical returns a
// bisimilar state (see Options.Symmetry).
func (e *expander[S, K]) audit(s, canonical S) error {
	if err := e.pack.audit(e.m, canonical); err != nil {
		return err
	}
	if !e.symmetry || s == canonical {
		return nil
	}
	if twice := e.m.Canonical(canonical); twice != canonical {
		return fmt.Errorf("check: Canonical: not idempotent:\n  once  %s\n  twice %s", e.m.format(canonical), e.m.format(twice))
	}
	for i := range e.m.Properties {
		if p := &e.m.Properties[i]; !p.sameOn(s, canonical) {
			return fmt.Errorf("check: Canonical: property %q tells these states apart:\n  state          %s\n  representative %s", p.name, e.m.format(s), e.m.format(canonical))
		}
	}
	for _, b := range e.m.Bounds {
		if b.At(s) != b.At(canonical) {
			return fmt.Errorf("check: Canonical: bound %q tells these states apart:\n  state          %s\n  representative %s", b.Name, e.m.format(s), e.m.format(canonical))
		}
	}
	for i := range e.m.Actions {
		a := &e.m.Actions[i]
		ours, theirs := e.orbits(a, s), e.orbits(a, canonical)
		if extra := slices.IndexFunc(ours, func(o orbit[S]) bool { return !slices.ContainsFunc(theirs, o.matches) }); extra >= 0 {
			return e.unequal(a.Name, s, canonical, "state", ours[extra])
		}
		if extra := slices.IndexFunc(theirs, func(o orbit[S]) bool { return !slices.ContainsFunc(ours, o.matches) }); extra >= 0 {
			return e.unequal(a.Name, s, canonical, "representative", theirs[extra])
		}
	}
	return nil
}

func (e *expander[S, K]) unequal(action string, s, canonical S, who string, o orbit[S]) error {
	return fmt.Errorf("check: Canonical: action %q tells these states apart (a step of the %s has no match, or another verdict):\n  state          %s\n  representative %s\n  step to        %s",
		action, who, e.m.format(s), e.m.format(canonical), e.m.format(o.representative))
}

// An orbit is what a step looks like in the quotient: where it leads, and what
// each transition property says of it.
type orbit[S comparable] struct {
	representative S
	verdicts       string
}

func (o orbit[S]) matches(other orbit[S]) bool { return o == other }

func (e *expander[S, K]) orbits(a *Action[S], s S) []orbit[S] {
	var all []orbit[S]
	for _, t := range a.Next(nil, s) {
		if t == s {
			continue
		}
		var verdicts []byte
		for i := range e.m.Properties {
			if p := &e.m.Properties[i]; p.kind == KindTransition && (len(p.actions) == 0 || slices.Contains(p.actions, a.Name)) {
				verdicts = append(verdicts, '0'+b2i(p.step(s, t)))
			}
		}
		all = append(all, orbit[S]{e.m.Canonical(t), string(verdicts)})
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
func (p *Property[S]) sameOn(s, t S) bool {
	for _, f := range []func(S) bool{p.p, p.q, p.when} {
		if f != nil && f(s) != f(t) {
			return false
		}
	}
	return true
}
