package check

import (
	"context"
	"fmt"
	"slices"
)

// CheckFootprints explores m without any reduction, up to o.MaxStates states (0:
// all there are), and compares what footprints promise with what actions do in
// each of them. Run does this on a sample only, with Options.PartialOrder.
//
// nil means that in every state that was met, for actions a and b:
//
//   - If neither writes what the other touches, they neither enable nor disable
//     each other, and whatever a and then b leads to, b and then a leads to too.
//   - If a writes nothing that b reads, b has no successors after a if it had
//     none before; if a writes nothing that a guard reads, it stays closed; and
//     an action with a closed guard has no successors.
//   - If a writes nothing that a property reads, the property says the same
//     before and after.
//
// It cannot be seen from outside which variables an action touches, so footprints
// may be wrong and pass, but only where that makes no difference in any of these
// states.
func CheckFootprints[S comparable](ctx context.Context, m *Model[S], o Options) error {
	if err := m.Validate(); err != nil {
		return err
	}
	if !slices.ContainsFunc(m.Actions, func(a Action[S]) bool { return a.Footprint != nil }) {
		return errNoFootprint
	}
	d, err := newDependence(m)
	if err != nil {
		return err
	}
	if err := checkFootprints(ctx, m, d, o.MaxStates); err != nil {
		return err
	}
	return context.Cause(ctx)
}

// checkFootprints checks the first states, up to limit of them (0: all), of an
// unreduced search. It ends with nil when ctx does.
func checkFootprints[S comparable](ctx context.Context, m *Model[S], d *dependence, limit uint64) error {
	var where callee
	c := newCommuter(m, d, &where)
	return m.firstStates(ctx, limit, &where, func(at S, visit func(S, string)) error {
		if err := c.check(&at); err != nil {
			return err
		}
		for a, steps := range c.before { // none at a bound
			for _, to := range steps.to {
				visit(to, m.Actions[a].Name)
			}
		}
		return nil
	})
}

// A commuter compares footprints with what actions do in single states. Each
// worker has its own.
type commuter[S comparable] struct {
	m *Model[S]
	*dependence
	where *callee // what of the model is being called

	state  *S
	before []moves[S]     // per action: what it does in the state at hand; none at a bound
	after  [][][]moves[S] // per action and successor: what each action does next; nil at a bound
}

// moves are what an action does in a state.
type moves[S comparable] struct {
	any bool // it has a successor, if only the state itself
	to  []S  // successors other than the state
}

func newCommuter[S comparable](m *Model[S], d *dependence, where *callee) *commuter[S] {
	return &commuter[S]{m: m, dependence: d, where: where, after: make([][][]moves[S], len(m.Actions))}
}

// check returns an error if a footprint is wrong in the state s.
func (c *commuter[S]) check(s *S) error {
	c.state, c.before = s, c.before[:0]
	if c.atBound(s) {
		return nil
	}
	c.before = append(c.before, c.moves(s)...)
	if err := c.checkGuards(); err != nil {
		return err
	}
	for a := range c.before {
		c.after[a] = c.after[a][:0]
		for i := range c.before[a].to {
			t := &c.before[a].to[i]
			if err := c.checkInvisible(a, t); err != nil {
				return err
			}
			var next []moves[S]
			if !c.atBound(t) {
				next = c.moves(t)
			}
			if err := c.checkEnabled(a, t, next); err != nil {
				return err
			}
			if err := c.checkOpened(a, t); err != nil {
				return err
			}
			c.after[a] = append(c.after[a], next)
		}
	}
	for a := range c.before {
		for b := range a {
			if c.conflicts[a].has(b) {
				continue
			}
			if err := c.checkSquare(b, a); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkGuards looks for actions that have successors although a guard is closed.
func (c *commuter[S]) checkGuards() error {
	for a := range c.m.Actions {
		for i := range c.m.Actions[a].Guards {
			if c.before[a].any && !c.isOpen(a, i, c.state) {
				return fmt.Errorf("check: footprint: action %q has successors, but its guard %d is closed:\n  state %s",
					c.m.Actions[a].Name, i, c.m.format(*c.state))
			}
		}
	}
	return nil
}

// checkOpened looks for guards that the step of a to t opens and should not.
func (c *commuter[S]) checkOpened(a int, t *S) error {
	for b, guards := range c.opening {
		for i := range guards {
			if !guards[i].has(a) && !c.isOpen(b, i, c.state) && c.isOpen(b, i, t) {
				return fmt.Errorf("check: footprint: action %q opens guard %d of %q, but writes nothing that it reads:\n  state %s\n  then  %s",
					c.m.Actions[a].Name, i, c.m.Actions[b].Name, c.m.format(*c.state), c.m.format(*t))
			}
		}
	}
	return nil
}

func (c *commuter[S]) isOpen(a, guard int, s *S) bool {
	*c.where = callee{calleeGuard, a}
	return c.m.Actions[a].Guards[guard].Open(*s)
}

func (c *commuter[S]) moves(s *S) []moves[S] {
	all := make([]moves[S], len(c.m.Actions))
	for a := range all {
		*c.where = callee{calleeAction, a}
		for _, t := range c.m.Actions[a].Successors(nil, s) {
			all[a].any = true
			if t != *s {
				all[a].to = append(all[a].to, t)
			}
		}
	}
	return all
}

func (c *commuter[S]) atBound(s *S) bool {
	for i, b := range c.m.Bounds {
		*c.where = callee{calleeBound, i}
		if b.At(*s) {
			return true
		}
	}
	return false
}

// checkInvisible compares what properties say of the state at hand and of its
// successor t by an action that they should not notice.
func (c *commuter[S]) checkInvisible(a int, t *S) error {
	for i := range c.m.Properties {
		p := &c.m.Properties[i]
		if p.kind == KindDeadlockFree || c.visible[i].has(a) {
			continue
		}
		*c.where = callee{calleeProperty, i}
		if !p.sameOn(c.state, t) {
			return fmt.Errorf("check: footprint: action %q changes what property %q says, but writes nothing that it reads:\n  state %s\n  then  %s",
				c.m.Actions[a].Name, p.name, c.m.format(*c.state), c.m.format(*t))
		}
	}
	return nil
}

// checkEnabled looks for actions that are enabled or disabled by the step of a
// to t, where next is what they do.
func (c *commuter[S]) checkEnabled(a int, t *S, next []moves[S]) error {
	for b := range next {
		before, after := &c.before[b], &next[b]
		moved, moves := len(before.to) > 0, len(after.to) > 0
		does := ""
		switch {
		case a == b:
		case !c.enabling[b].has(a) && !before.any && after.any, !c.stirring[b].has(a) && before.any && !moved && moves:
			does = "enables"
		case !c.conflicts[b].has(a) && (before.any && !after.any || moved && !moves):
			does = "disables"
		}
		if does != "" {
			return fmt.Errorf("check: footprint: action %q %s %q, but the footprints say that it does not:\n  state %s\n  then  %s",
				c.m.Actions[a].Name, does, c.m.Actions[b].Name, c.m.format(*c.state), c.m.format(*t))
		}
	}
	return nil
}

// checkSquare compares both orders of two actions that should commute: any
// step of one and any of the other can be completed to a square, and whatever
// can be reached by one order can be reached by the other.
func (c *commuter[S]) checkSquare(a, b int) error {
	atBound := func(next []moves[S]) bool { return next == nil }
	if slices.ContainsFunc(c.after[a], atBound) || slices.ContainsFunc(c.after[b], atBound) {
		return nil
	}
	for i := range c.before[a].to {
		for j := range c.before[b].to {
			if !slices.ContainsFunc(c.after[a][i][b].to, func(u S) bool { return c.square(a, i, b, j, &u) }) {
				return c.open(a, b, &c.before[a].to[i], "or", &c.before[b].to[j])
			}
		}
	}
	for _, order := range [][2]int{{a, b}, {b, a}} {
		first, second := order[0], order[1]
		for i := range c.before[first].to {
			for _, u := range c.after[first][i][second].to {
				if !c.closes(first, i, second, &u) {
					return c.open(first, second, &c.before[first].to[i], "then", &u)
				}
			}
		}
	}
	return nil
}

// closes reports whether some step of b completes step i of a and u to a square.
func (c *commuter[S]) closes(a, i, b int, u *S) bool {
	for j := range c.before[b].to {
		if c.square(a, i, b, j, u) {
			return true
		}
	}
	return false
}

// square reports whether u, which action b leads to after step i of a, is also
// what a leads to after step j of b, and the properties that notice one of the
// actions only say the same of both its steps.
func (c *commuter[S]) square(a, i, b, j int, u *S) bool {
	s, t, v := c.state, &c.before[a].to[i], &c.before[b].to[j]
	return slices.Contains(c.after[b][j][a].to, *u) && c.sameStep(a, b, s, t, v, u) && c.sameStep(b, a, s, v, t, u)
}

// sameStep reports whether the properties that speak of action a and cannot see
// b say the same of two steps of a.
func (c *commuter[S]) sameStep(a, b int, from, to, from2, to2 *S) bool {
	for i := range c.m.Properties {
		p := &c.m.Properties[i]
		if p.kind != KindTransition || !slices.Contains(p.actions, c.m.Actions[a].Name) || c.visible[i].has(b) {
			continue
		}
		*c.where = callee{calleeProperty, i}
		relevant := p.when == nil || p.when(from)
		if relevant != (p.when == nil || p.when(from2)) || relevant && p.step(from, to) != p.step(from2, to2) {
			return false
		}
	}
	return true
}

func (c *commuter[S]) open(a, b int, t *S, word string, u *S) error {
	first, second := c.m.Actions[a].Name, c.m.Actions[b].Name
	return fmt.Errorf("check: footprint: actions %q and %q conflict, or a property tells in which order they come, but the footprints say that they do not:\n  state %s\n  %q to %s\n  %s %q to %s",
		first, second, c.m.format(*c.state), first, c.m.format(*t), word, second, c.m.format(*u))
}
