package check

import (
	"errors"
	"fmt"
	"slices"

	"github.com/reconverge/reconverge/check/internal/buchi"
)

// validate executes a trace on the model again and judges the property on it
// from its definition. It shares no code with the search: not its expansion,
// its store, its graph or its idea of a fair cycle. nil means that the trace
// is a behaviour of m, fair if it is infinite, and shows what it should.
func validate[S comparable](m *Model[S], p *Property[S], t *Trace[S]) error {
	if err := validateSteps(m, t); err != nil {
		return err
	}
	if len(t.Cycle) == 0 {
		return p.shownBy(m, t.Stem)
	}
	if !p.kind.Liveness() {
		return errors.New("a lasso for a property of states or steps")
	}
	for _, a := range m.Actions {
		if err := fairTo(a, t.Cycle); err != nil {
			return err
		}
	}
	return p.brokenBy(t)
}

// ValidateTrace executes a trace on m again, with nothing of the search that may
// have found it, and judges the named property on it from its definition. nil
// means that t is a behaviour of m, fair if it is infinite, and shows that the
// property is violated (a Reachable one: that it holds).
func (m *Model[S]) ValidateTrace(property string, t *Trace[S]) error {
	i := slices.IndexFunc(m.Properties, func(p Property[S]) bool { return p.name == property })
	if i < 0 {
		return fmt.Errorf("check: model has no property %q", property)
	}
	return validate(m, &m.Properties[i], t)
}

// validateSteps checks that t is a behaviour of m.
func validateSteps[S comparable](m *Model[S], t *Trace[S]) error {
	if len(t.Stem) == 0 || t.Stem[0].Action != "" || !slices.Contains(m.Init, t.Stem[0].State) {
		return errors.New("does not begin with an initial state")
	}
	all := slices.Concat(t.Stem, t.Cycle)
	for i := 1; i < len(all); i++ {
		from, step := all[i-1].State, all[i]
		if step.Action == Stutter && len(t.Cycle) == 1 && i == len(all)-1 && step.State == from {
			continue
		}
		k := slices.IndexFunc(m.Actions, func(a Action[S]) bool { return a.Name == step.Action })
		if k < 0 {
			return fmt.Errorf("step %d: no action %q", i, step.Action)
		}
		if !slices.Contains(m.Actions[k].Successors(nil, &from), step.State) {
			return fmt.Errorf("step %d: %q does not lead to %s", i, step.Action, m.format(step.State))
		}
	}
	if len(t.Cycle) > 0 && all[len(all)-1].State != t.Stem[len(t.Stem)-1].State {
		return errors.New("the cycle does not close")
	}
	return nil
}

// fairTo checks that going round the cycle for ever is fair to a.
func fairTo[S comparable](a Action[S], cycle []Step[S]) error {
	if a.Fair == Unfair {
		return nil
	}
	enabled := 0
	for _, step := range cycle {
		if step.Action == a.Name {
			return nil
		}
		if slices.ContainsFunc(a.Successors(nil, &step.State), func(t S) bool { return t != step.State }) {
			enabled++
		}
	}
	if a.Fair == Weak && enabled == len(cycle) || a.Fair == Strong && enabled > 0 {
		return fmt.Errorf("the cycle is not fair to %q", a.Name)
	}
	return nil
}

// shownBy checks that the last state or step of a finite trace decides p.
func (p *Property[S]) shownBy(m *Model[S], stem []Step[S]) error {
	last := stem[len(stem)-1]
	shown := false
	switch p.kind {
	case KindInvariant:
		shown = !p.p(&last.State) && (p.when == nil || p.when(&last.State))
	case KindReachable:
		shown = p.p(&last.State)
	case KindTransition:
		if len(stem) > 1 {
			from := stem[len(stem)-2].State
			shown = from != last.State && !p.step(&from, &last.State) && (p.when == nil || p.when(&from)) &&
				(len(p.actions) == 0 || slices.Contains(p.actions, last.Action))
		}
	case KindDeadlockFree:
		shown = p.p == nil || !p.p(&last.State)
		for _, a := range m.Actions {
			shown = shown && len(a.Successors(nil, &last.State)) == 0
		}
	}
	if !shown {
		return fmt.Errorf("the last step does not decide the %v property", p.kind)
	}
	return nil
}

// brokenBy checks that the behaviour of a lasso does not satisfy p.
func (p *Property[S]) brokenBy(t *Trace[S]) error {
	if p.kind == KindLTL {
		if buchi.Eval(p.formula.core, p.formula.letters(t.Stem), p.formula.letters(t.Cycle)) {
			return errors.New("the lasso satisfies the formula")
		}
		return nil
	}
	inCycle, inStem := 0, 0
	for _, step := range t.Cycle {
		inCycle += int(b2i(p.q(&step.State)))
	}
	for _, step := range t.Stem {
		inStem += int(b2i(p.q(&step.State)))
	}
	broken := false
	switch p.kind {
	case KindEventually:
		broken = inStem == 0 && inCycle == 0
	case KindAlwaysEventually:
		broken = inCycle == 0
	case KindEventuallyAlways:
		broken = inCycle < len(t.Cycle)
	case KindLeadsTo:
		asked := false
		for _, step := range slices.Concat(t.Stem, t.Cycle) {
			asked = (asked || p.p(&step.State)) && !p.q(&step.State)
		}
		broken = asked && inCycle == 0
	}
	if !broken {
		return fmt.Errorf("the lasso satisfies the %v property", p.kind)
	}
	return nil
}

// letters says of each step which atoms of the formula are true there.
func (f *formula[S]) letters(steps []Step[S]) (letters []uint64) {
	for _, step := range steps {
		var letter uint64
		for i, a := range f.atoms {
			if a.Action != "" && a.Action == step.Action || a.Holds != nil && a.Holds(step.State) {
				letter |= 1 << i
			}
		}
		letters = append(letters, letter)
	}
	return letters
}
