package check

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// ring counts 0, 1, 2, 0, ...; from 2 it may also jump to 3, where it rests.
func ring(step, jump Fairness) *Model[int] {
	return &Model[int]{
		Init: []int{0},
		Actions: []Action[int]{
			{Name: "Step", Fair: step, Next: func(dst []int, s int) []int {
				if s > 2 {
					return dst
				}
				return append(dst, (s+1)%3)
			}},
			{Name: "Jump", Fair: jump, Next: func(dst []int, s int) []int {
				if s != 2 {
					return dst
				}
				return append(dst, 3)
			}},
			{Name: "Idle", Fair: Strong, Next: func(dst []int, s int) []int {
				if s == 3 {
					return dst
				}
				return append(dst, s)
			}},
		},
	}
}

// way writes a trace as its first state followed by actions and states; the
// cycle begins at step cycle, or 0 for none.
func way(cycle int, first int, rest ...any) *Trace[int] {
	steps := []Step[int]{{State: first}}
	for pair := range slices.Chunk(rest, 2) {
		steps = append(steps, Step[int]{Action: pair[0].(string), State: pair[1].(int)})
	}
	if cycle == 0 {
		return &Trace[int]{Stem: steps}
	}
	return &Trace[int]{Stem: steps[:cycle], Cycle: steps[cycle:]}
}

func is(n int) func(int) bool    { return func(s int) bool { return s == n } }
func isNot(n int) func(int) bool { return func(s int) bool { return s != n } }

func TestValidate(t *testing.T) {
	const accepted = ""
	twoToThree := func(from, to int) bool { return from != 2 || to != 3 }
	around := way(1, 0, "Step", 1, "Step", 2, "Step", 0)
	rests := way(4, 0, "Step", 1, "Step", 2, "Jump", 3, Stutter, 3)
	for _, test := range []struct {
		name string
		m    *Model[int]
		p    Property[int]
		t    *Trace[int]
		want string // error; accepted: none
	}{
		// what a behaviour is
		{"nothing", ring(Weak, Unfair), Invariant("p", isNot(0)), &Trace[int]{}, "does not begin with an initial state"},
		{"not initial", ring(Weak, Unfair), Invariant("p", isNot(1)), way(0, 1), "does not begin with an initial state"},
		{"begins with an action", ring(Weak, Unfair), Invariant("p", isNot(0)),
			&Trace[int]{Stem: []Step[int]{{Action: "Step", State: 0}}}, "does not begin with an initial state"},
		{"no such action", ring(Weak, Unfair), Invariant("p", isNot(1)), way(0, 0, "Stop", 1), `step 1: no action "Stop"`},
		{"disabled action", ring(Weak, Unfair), Invariant("p", isNot(3)), way(0, 0, "Jump", 3), `step 1: "Jump" does not lead to 3`},
		{"wrong state", ring(Weak, Unfair), Invariant("p", isNot(2)), way(0, 0, "Step", 2), `step 1: "Step" does not lead to 2`},
		{"stutters on the way", ring(Weak, Unfair), Invariant("p", isNot(1)), way(0, 0, Stutter, 0, "Step", 1), `step 1: no action "stutter"`},
		{"stutters among others", ring(Weak, Unfair), AlwaysEventually("p", is(3)),
			way(1, 0, "Step", 1, "Step", 2, "Step", 0, Stutter, 0), `step 4: no action "stutter"`},
		{"stutters to another state", ring(Weak, Unfair), AlwaysEventually("p", is(3)), way(1, 0, Stutter, 1), `no action "stutter"`},
		{"open cycle", ring(Weak, Unfair), AlwaysEventually("p", is(3)), way(1, 0, "Step", 1, "Step", 2), "the cycle does not close"},

		// fairness
		{"fair cycle", ring(Weak, Unfair), AlwaysEventually("p", is(3)), around, accepted},
		{"weak, disabled at times", ring(Weak, Weak), AlwaysEventually("p", is(3)), around, accepted},
		{"strong, enabled at times", ring(Weak, Strong), AlwaysEventually("p", is(3)), around, `the cycle is not fair to "Jump"`},
		{"weak, enabled for ever", ring(Weak, Unfair), AlwaysEventually("p", is(3)), way(1, 0, Stutter, 0), `the cycle is not fair to "Step"`},
		{"strong, enabled for ever", ring(Strong, Unfair), AlwaysEventually("p", is(3)), way(1, 0, Stutter, 0), `the cycle is not fair to "Step"`},
		{"unfair", ring(Unfair, Unfair), AlwaysEventually("p", is(3)), way(1, 0, Stutter, 0), accepted},
		{"nothing enabled", ring(Strong, Strong), AlwaysEventually("p", is(0)), rests, accepted},

		// what a trace must show
		{"invariant", ring(Weak, Unfair), Invariant("p", isNot(1)), way(0, 0, "Step", 1), accepted},
		{"invariant that is true", ring(Weak, Unfair), Invariant("p", isNot(2)), way(0, 0, "Step", 1), "does not decide the invariant"},
		{"invariant not asked about", ring(Weak, Unfair), Invariant("p", isNot(1)).When(is(2)), way(0, 0, "Step", 1), "does not decide the invariant"},
		{"invariant by a lasso", ring(Weak, Unfair), Invariant("p", isNot(1)), around, "a lasso for a property of states or steps"},
		{"witness", ring(Weak, Unfair), Reachable("p", is(1)), way(0, 0, "Step", 1), accepted},
		{"no witness", ring(Weak, Unfair), Reachable("p", is(2)), way(0, 0, "Step", 1), "does not decide the reachable"},
		{"transition", ring(Weak, Unfair), Transition("p", twoToThree), way(0, 0, "Step", 1, "Step", 2, "Jump", 3), accepted},
		{"transition of an action", ring(Weak, Unfair), Transition("p", twoToThree, "Jump"), way(0, 0, "Step", 1, "Step", 2, "Jump", 3), accepted},
		{"transition of another action", ring(Weak, Unfair), Transition("p", twoToThree, "Step"),
			way(0, 0, "Step", 1, "Step", 2, "Jump", 3), "does not decide the transition"},
		{"transition that is true", ring(Weak, Unfair), Transition("p", twoToThree), way(0, 0, "Step", 1, "Step", 2), "does not decide the transition"},
		{"transition not asked about", ring(Weak, Unfair), Transition("p", twoToThree).When(is(1)),
			way(0, 0, "Step", 1, "Step", 2, "Jump", 3), "does not decide the transition"},
		{"transition by stuttering", ring(Weak, Unfair), Transition("p", func(int, int) bool { return false }), way(0, 0, "Idle", 0), "does not decide the transition"},
		{"transition without a step", ring(Weak, Unfair), Transition("p", func(int, int) bool { return false }), way(0, 0), "does not decide the transition"},
		{"deadlock", ring(Weak, Unfair), DeadlockFree[int]("p", nil), way(0, 0, "Step", 1, "Step", 2, "Jump", 3), accepted},
		{"rest", ring(Weak, Unfair), DeadlockFree("p", is(3)), way(0, 0, "Step", 1, "Step", 2, "Jump", 3), "does not decide the deadlock-free"},
		{"no deadlock", ring(Weak, Unfair), DeadlockFree[int]("p", nil), way(0, 0, "Step", 1), "does not decide the deadlock-free"},
		{"liveness by a finite trace", ring(Weak, Unfair), Eventually("p", is(3)), way(0, 0, "Step", 1), "does not decide the eventually"},
		{"eventually", ring(Weak, Unfair), Eventually("p", is(3)), around, accepted},
		{"eventually, in the stem", ring(Weak, Unfair), Eventually("p", is(1)), rests, "the lasso satisfies the eventually"},
		{"eventually, in the cycle", ring(Weak, Unfair), Eventually("p", is(1)), around, "the lasso satisfies the eventually"},
		{"always eventually, in the cycle", ring(Weak, Unfair), AlwaysEventually("p", is(1)), around, "the lasso satisfies the always-eventually"},
		{"always eventually, in the stem only", ring(Weak, Unfair), AlwaysEventually("p", is(1)), rests, accepted},
		{"eventually always, at times", ring(Weak, Unfair), EventuallyAlways("p", is(1)), around, accepted},
		{"eventually always, in the end", ring(Weak, Unfair), EventuallyAlways("p", is(3)), rests, "the lasso satisfies the eventually-always"},
		{"leads to, never", ring(Weak, Unfair), LeadsTo("p", is(1), is(0)), rests, accepted},
		{"leads to, later", ring(Weak, Unfair), LeadsTo("p", is(1), is(2)), rests, "the lasso satisfies the leads-to"},
		{"leads to, at once", ring(Weak, Unfair), LeadsTo("p", is(1), is(1)), rests, "the lasso satisfies the leads-to"},
		{"leads to, in the cycle", ring(Weak, Unfair), LeadsTo("p", is(1), is(0)), around, "the lasso satisfies the leads-to"},
		{"leads to, asked in the cycle", ring(Weak, Unfair), LeadsTo("p", is(1), is(3)), around, accepted},
		{"leads to, never asked", ring(Weak, Unfair), LeadsTo("p", is(4), is(4)), around, "the lasso satisfies the leads-to"},
		{"leads to, asked again", ring(Weak, Unfair), LeadsTo("p", isNot(1), is(1)), rests, accepted},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.m.Properties = []Property[int]{test.p}
			err := test.m.ValidateTrace("p", test.t)
			if test.want == accepted {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, test.want)
			}
		})
	}
}

func TestValidateTraceNeedsAProperty(t *testing.T) {
	err := ring(Weak, Weak).ValidateTrace("p", way(0, 0))
	require.EqualError(t, err, `check: model has no property "p"`)
}
