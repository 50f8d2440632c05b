package check_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
)

func TestModelValidate(t *testing.T) {
	yes := func(int) bool { return true }
	next := func(dst []int, s int) []int { return dst }
	act := check.Action[int]{Name: "Act", Next: next}
	many := make([]check.Action[int], 257)
	for i := range many {
		many[i] = check.Action[int]{Name: fmt.Sprint(i), Next: next}
	}
	for want, m := range map[string]*check.Model[int]{
		"":                           {Init: []int{0}},
		"model has no initial state": {},
		"model has both Canonical and CanonicalInPlace": {Init: []int{0}, Canonical: func(s int) int { return s }, CanonicalInPlace: func(*int) {}},
		"257 actions, at most 256":                      {Init: []int{0}, Actions: many},
		`action 0: name "" is not usable`:               {Init: []int{0}, Actions: []check.Action[int]{{Next: next}}},
		`name "stutter" is not usable`:                  {Init: []int{0}, Actions: []check.Action[int]{{Name: check.Stutter, Next: next}}},
		`action "Act" declared twice`:                   {Init: []int{0}, Actions: []check.Action[int]{act, act}},
		`action "Act" has no Next`:                      {Init: []int{0}, Actions: []check.Action[int]{{Name: "Act"}}},
		`action "Act" has both Next and Next`: {Init: []int{0}, Actions: []check.Action[int]{{Name: "Act", Next: next,
			NextInPlace: func(dst []int, s *int) []int { return next(dst, *s) }}}},
		`action "Act": Fairness(3) is no fai`: {Init: []int{0}, Actions: []check.Action[int]{{Name: "Act", Next: next, Fair: 3}}},
		"bound 0 needs a name":                {Init: []int{0}, Bounds: []check.Bound[int]{{At: yes}}},
		"bound 0 needs a name and a predica":  {Init: []int{0}, Bounds: []check.Bound[int]{{Name: "far"}}},
		`property "p" declared twice`:         {Init: []int{0}, Properties: []check.Property[int]{check.Invariant("p", yes), check.Reachable("p", yes)}},
		`property "" is not made by a con`:    {Init: []int{0}, Properties: []check.Property[int]{{}}},
		`property "" is not made by`:          {Init: []int{0}, Properties: []check.Property[int]{check.Invariant("", yes)}},
		`property "i" has no predicate`:       {Init: []int{0}, Properties: []check.Property[int]{check.Invariant[int]("i", nil)}},
		`property "t" has no predicate`:       {Init: []int{0}, Properties: []check.Property[int]{check.Transition[int]("t", nil)}},
		`property "r" has no predicate`:       {Init: []int{0}, Properties: []check.Property[int]{check.Reachable[int]("r", nil)}},
		`property "e" has no predicate`:       {Init: []int{0}, Properties: []check.Property[int]{check.Eventually[int]("e", nil)}},
		`property "ae" has no predicate`:      {Init: []int{0}, Properties: []check.Property[int]{check.AlwaysEventually[int]("ae", nil)}},
		`property "ea" has no predicate`:      {Init: []int{0}, Properties: []check.Property[int]{check.EventuallyAlways[int]("ea", nil)}},
		`property "l" has no predicate`:       {Init: []int{0}, Properties: []check.Property[int]{check.LeadsTo("l", yes, nil)}},
		`property "m" has no predicate`:       {Init: []int{0}, Properties: []check.Property[int]{check.LeadsTo("m", nil, yes)}},
		`property "w": When is for`:           {Init: []int{0}, Properties: []check.Property[int]{check.Eventually("w", yes).When(yes)}},
		`property "a" speaks of action "Go"`: {Init: []int{0}, Actions: []check.Action[int]{act}, Properties: []check.Property[int]{
			check.Transition("a", func(_, _ int) bool { return true }, "Act", "Go"),
		}},
	} {
		err := m.Validate()
		if want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, "check: ")
		require.ErrorContains(t, err, want)
		_, runErr := check.Run(context.Background(), m, check.Options{})
		require.Equal(t, err, runErr)
	}
}

// As many actions as are allowed, each of them taken and told apart.
func TestManyActions(t *testing.T) {
	m := &check.Model[int]{Init: []int{0}}
	for i := range 256 {
		fair := check.Weak
		if i == 255 {
			fair = check.Strong
		}
		m.Actions = append(m.Actions, check.Action[int]{Name: fmt.Sprint(i), Fair: fair, Next: func(dst []int, s int) []int {
			if s != i {
				return dst
			}
			return append(dst, (i+1)%256)
		}})
	}
	m.Properties = []check.Property[int]{check.AlwaysEventually("comes round", func(s int) bool { return s == 200 })}
	require.Equal(t, check.Holds, mustRun(t, m, check.Options{}).Verdict())
	m.Actions[255].Fair = check.Unfair
	r := mustRun(t, m, check.Options{})
	require.Len(t, r.Results[0].Trace.Stem, 256)
	require.Equal(t, "254", r.Results[0].Trace.Stem[255].Action)
}

// Next may return a slice of its own instead of appending to the one it is
// given; nobody writes into it.
func TestNextMayReturnATable(t *testing.T) {
	backing := []int{1, 2, 99, 99, 99, 99, 99, 99}
	table := backing[:2]
	m := &check.Model[int]{
		Init: []int{0},
		Actions: []check.Action[int]{
			{Name: "Table", Next: func(_ []int, s int) []int {
				if s > 0 {
					return nil
				}
				return table
			}},
			{Name: "Append", Next: func(dst []int, s int) []int { return append(dst, min(s+10, 50)) }},
		},
		Properties: []check.Property[int]{check.Invariant("p", func(s int) bool { return s != 99 })},
	}
	r := sameAtAnyWorkerCount(t, m, check.Options{})
	require.Equal(t, check.Holds, r.Verdict())
	require.Equal(t, []int{1, 2, 99, 99, 99, 99, 99, 99}, backing)
}

func TestStrings(t *testing.T) {
	require.Equal(t, "unfair weak strong Fairness(9)", fmt.Sprint(check.Unfair, check.Weak, check.Strong, check.Fairness(9)))
	require.Equal(t, "incomplete holds violated Verdict(9)", fmt.Sprint(check.Incomplete, check.Holds, check.Violated, check.Verdict(9)))
	require.Equal(t, "invariant transition deadlock-free reachable eventually always-eventually eventually-always leads-to",
		fmt.Sprint(check.KindInvariant, check.KindTransition, check.KindDeadlockFree, check.KindReachable,
			check.KindEventually, check.KindAlwaysEventually, check.KindEventuallyAlways, check.KindLeadsTo))
	require.Equal(t, "Kind(0) Kind(99)", fmt.Sprint(check.Kind(0), check.Kind(99)))
	p := check.Reachable("r", func(int) bool { return true })
	require.Equal(t, "r", p.Name())
	require.Equal(t, check.KindReachable, p.Kind())
	require.False(t, p.Kind().Liveness())
}
