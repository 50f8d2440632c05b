package check_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
)

// graph is a small model given by its edges, such as "1->2", per action.
func graph(edges map[string][]string, fair map[string]check.Fairness, properties ...check.Property[int]) *check.Model[int] {
	m := &check.Model[int]{Init: []int{0}, Properties: properties}
	for _, name := range []string{"a", "b", "c"} {
		to := map[int][]int{}
		for _, e := range edges[name] {
			var from, target int
			if _, err := fmt.Sscanf(e, "%d->%d", &from, &target); err != nil {
				panic(err)
			}
			to[from] = append(to[from], target)
		}
		m.Actions = append(m.Actions, check.Action[int]{Name: name, Fair: fair[name],
			Next: func(dst []int, s int) []int { return append(dst, to[s]...) }})
	}
	return m
}

func in(states ...int) func(int) bool {
	return func(s int) bool {
		for _, x := range states {
			if x == s {
				return true
			}
		}
		return false
	}
}

type edges = map[string][]string
type fair = map[string]check.Fairness

// What is known to have been wrong in one model checker or another.
func TestLiveness(t *testing.T) {
	const holds = "" // no counterexample
	for _, test := range []struct {
		name  string
		edges edges
		fair  fair
		claim check.Property[int]
		want  string // counterexample: stem, then the cycle
	}{
		{
			"stuttering in the first state", edges{"a": {"0->1"}}, nil, check.Eventually("p", in(1)), "0 | stutter 0",
		}, {
			"fairness forbids to stutter", edges{"a": {"0->1"}}, fair{"a": check.Weak}, check.Eventually("p", in(1)), holds,
		}, {
			"stuttering in the last state", edges{"a": {"0->1"}}, fair{"a": check.Weak}, check.Eventually("p", in(2)), "0 a 1 | stutter 1",
		}, {
			"the last state satisfies it", edges{"a": {"0->1", "1->2"}}, fair{"a": check.Weak}, check.EventuallyAlways("p", in(2)), holds,
		}, {
			"a self-loop is stuttering: it is not enabled", edges{"a": {"0->0"}}, fair{"a": check.Strong}, check.Eventually("p", in(1)), "0 | stutter 0",
		}, {
			"a self-loop does not count as taken", edges{"a": {"0->0", "0->1"}}, fair{"a": check.Weak}, check.Eventually("p", in(1)), holds,
		}, {
			"an unfair cycle is no violation", edges{"a": {"0->1", "1->0"}, "b": {"0->2", "1->2"}}, fair{"a": check.Weak, "b": check.Weak},
			check.Eventually("p", in(2)), holds,
		}, {
			"an unfair cycle is one without fairness", edges{"a": {"0->1", "1->0"}, "b": {"0->2", "1->2"}}, fair{"a": check.Weak},
			check.Eventually("p", in(2)), "0 | a 1 a 0",
		}, {
			"weak fairness of what is enabled at times", edges{"a": {"0->1", "1->0"}, "b": {"0->2"}}, fair{"a": check.Weak, "b": check.Weak},
			check.Eventually("p", in(2)), "0 | a 1 a 0",
		}, {
			"strong fairness of what is enabled at times", edges{"a": {"0->1", "1->0"}, "b": {"0->2"}}, fair{"a": check.Weak, "b": check.Strong},
			check.Eventually("p", in(2)), holds,
		}, {
			"a component that is no cycle", edges{"a": {"0->1", "1->2", "2->3"}}, fair{"a": check.Weak},
			check.Eventually("p", in(3)), holds,
		}, {
			"a join is no cycle", edges{"a": {"0->1", "0->2", "1->3", "2->3"}}, fair{"a": check.Weak},
			check.Eventually("p", in(3)), holds,
		}, {
			"two strong fairness constraints at once: each alone can be met", // 0-1 starves b, 0-2 starves a
			edges{"a": {"0->1"}, "b": {"0->2"}, "c": {"1->0", "2->0"}}, fair{"a": check.Strong, "b": check.Strong, "c": check.Weak},
			check.Eventually("p", in(3)), "0 | a 1 c 0 b 2 c 0",
		}, {
			"two strong fairness constraints at once: both at once cannot",
			edges{"a": {"0->1", "1->0"}, "b": {"0->2", "2->0"}, "c": {"1->9", "2->8"}}, fair{"a": check.Strong, "b": check.Strong, "c": check.Strong},
			check.Eventually("p", in(8, 9)), holds,
		}, {
			"removal after removal", // without 0, where c starves, 2 remains in no cycle but 3-4 does
			edges{"a": {"0->3", "3->4", "4->3", "4->0"}, "b": {"4->7"}, "c": {"0->9"}}, fair{"a": check.Weak, "b": check.Unfair, "c": check.Strong},
			check.Eventually("p", in(9)), "0 a 3 | a 4 a 3",
		}, {
			"a fair cycle beyond the goal only", edges{"a": {"0->1", "1->2", "2->1"}}, fair{"a": check.Weak},
			check.Eventually("p", in(1)), holds,
		}, {
			"once is not again and again", edges{"a": {"0->1", "1->2", "2->3", "3->2"}}, fair{"a": check.Weak},
			check.AlwaysEventually("p", in(1)), "0 a 1 a 2 | a 3 a 2",
		}, {
			"again and again is not for ever", edges{"a": {"0->1", "1->0"}}, fair{"a": check.Weak},
			check.EventuallyAlways("p", in(1)), "0 | a 1 a 0",
		}, {
			"again and again", edges{"a": {"0->1", "1->0"}}, fair{"a": check.Weak}, check.AlwaysEventually("p", in(1)), holds,
		}, {
			"eventually always passes through a goal", // a cycle in which most states satisfy it
			edges{"a": {"0->1", "1->2", "2->3", "3->1"}}, fair{"a": check.Weak},
			check.EventuallyAlways("p", in(1, 3)), "0 a 1 | a 2 a 3 a 1",
		}, {
			"asked after the answer", edges{"a": {"0->1", "1->2"}}, fair{"a": check.Weak},
			check.LeadsTo("p", in(2), in(1)), "0 a 1 a 2 | stutter 2",
		}, {
			"asked and answered at once", edges{"a": {"0->1"}}, nil, check.LeadsTo("p", in(0), in(0)), holds,
		}, {
			"answered on every way", edges{"a": {"0->1", "0->2", "1->3", "2->3"}}, fair{"a": check.Weak},
			check.LeadsTo("p", in(0), in(1, 2)), holds,
		}, {
			"answered on one way only", edges{"a": {"0->1", "0->2", "1->3", "2->3"}}, fair{"a": check.Weak},
			check.LeadsTo("p", in(0), in(1)), "0 a 2 a 3 | stutter 3",
		}, {
			"not asked on the way that does not answer", edges{"a": {"0->1", "0->2", "1->3"}}, fair{"a": check.Weak},
			check.LeadsTo("p", in(1), in(3)), holds,
		}, {
			"asked again after an answer", edges{"a": {"0->1", "1->2", "2->3", "3->4"}}, fair{"a": check.Weak},
			check.LeadsTo("p", in(1, 3), in(2)), "0 a 1 a 2 a 3 a 4 | stutter 4",
		}, {
			"the shortest stem to any component", edges{"a": {"0->1", "1->2", "2->1", "0->3", "3->4", "4->5", "5->4"}}, fair{"a": check.Weak},
			check.AlwaysEventually("p", in(0)), "0 a 1 | a 2 a 1",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := test.claim
			r := sameAtAnyWorkerCount(t, graph(test.edges, test.fair, p), check.Options{})
			require.Equal(t, test.want, lasso(r.Results[0].Trace))
			want := check.Violated
			if test.want == holds {
				want = check.Holds
			}
			require.Equal(t, want, r.Verdict())
		})
	}
}

func lasso(t *check.Trace[int]) string {
	if t == nil {
		return ""
	}
	text := fmt.Sprint(t.Stem[0].State)
	for _, s := range t.Stem[1:] {
		text += fmt.Sprintf(" %s %d", s.Action, s.State)
	}
	text += " |"
	for _, s := range t.Cycle {
		text += fmt.Sprintf(" %s %d", s.Action, s.State)
	}
	return text
}

// A liveness claim is judged on what was explored: a lasso in it is a violation,
// but none is no proof.
func TestLivenessWithinBounds(t *testing.T) {
	long := edges{"a": {"0->1", "1->2", "2->1", "2->3", "3->4", "4->5"}}
	for name, test := range map[string]struct {
		bounds []check.Bound[int]
		o      check.Options
		reason error
	}{
		"of the model": {bounds: []check.Bound[int]{{Name: "four", At: in(4)}}, reason: check.ErrBound},
		"of depth":     {o: check.Options{MaxDepth: 4}, reason: check.ErrMaxDepth},
		"of states":    {o: check.Options{MaxStates: 5}, reason: check.ErrMaxStates},
	} {
		m := graph(long, fair{"a": check.Weak},
			check.AlwaysEventually("lasso inside", in(0, 3)),
			check.Eventually("beyond", in(1)),
			check.EventuallyAlways("rests at the rim", in(1, 2, 3, 5)),
			check.LeadsTo("asked at the rim", in(4), in(5)),
			check.LeadsTo("never asked", in(7), in(5)))
		m.Bounds = test.bounds
		r := sameAtAnyWorkerCount(t, m, test.o)
		require.Equal(t, "0 a 1 | a 2 a 1", lasso(r.Result("lasso inside").Trace), name)
		for _, p := range []string{"beyond", "rests at the rim", "asked at the rim", "never asked"} {
			require.Equal(t, check.Incomplete, r.Result(p).Verdict, "%s: %s", name, p)
			require.ErrorIs(t, r.Result(p).Reason, test.reason, name)
			require.False(t, r.Result(p).Vacuous)
		}
	}
}

func TestVacuous(t *testing.T) {
	no := func(int) bool { return false }
	m := graph(edges{"a": {"0->1"}, "b": {"1->2"}}, fair{"a": check.Weak, "b": check.Weak},
		check.LeadsTo("leads to: never asked", in(7), in(1)),
		check.LeadsTo("leads to: asked", in(1), in(2)),
		check.LeadsTo("leads to: asked and answered at once", in(1), in(1)),
		check.Invariant("invariant: never relevant", no).When(no),
		check.Invariant("invariant: relevant", in(2)).When(in(2)),
		check.Invariant("invariant", in(0, 1, 2)),
		check.Transition("transition: never relevant", func(_, _ int) bool { return false }).When(in(2)),
		check.Transition("transition: never taken", func(_, _ int) bool { return false }, "c"),
		check.Transition("transition: relevant", func(_, to int) bool { return to == 2 }).When(in(1)),
		check.Transition("transition: of an action", func(_, to int) bool { return to == 2 }, "b"),
	)
	r := sameAtAnyWorkerCount(t, m, check.Options{})
	require.NoError(t, r.Err())
	for _, res := range r.Results {
		never := map[string]bool{
			"leads to: never asked": true, "invariant: never relevant": true,
			"transition: never relevant": true, "transition: never taken": true,
		}
		require.Equal(t, never[res.Property], res.Vacuous, res.Property)
	}
}

func TestTransition(t *testing.T) {
	m := graph(edges{"a": {"0->1", "1->2", "1->1"}, "b": {"0->2", "2->3"}}, nil,
		check.Transition("all", func(_, to int) bool { return to != 2 }),
		check.Transition("a", func(_, to int) bool { return to != 2 }, "a"),
		check.Transition("a and b", func(_, to int) bool { return to != 3 }, "b", "a"),
		check.Transition("no stuttering", func(from, to int) bool { return from != to }),
	)
	r := sameAtAnyWorkerCount(t, m, check.Options{Continue: true})
	require.Equal(t, []string{"b"}, actions(r.Result("all").Trace))
	require.Equal(t, []string{"a", "a"}, actions(r.Result("a").Trace))
	require.Equal(t, []string{"b", "b"}, actions(r.Result("a and b").Trace))
	require.Equal(t, check.Holds, r.Result("no stuttering").Verdict)
}

func TestDeadlockFree(t *testing.T) {
	m := graph(edges{"a": {"0->1", "0->2", "1->1"}}, nil,
		check.DeadlockFree[int]("nowhere", nil), check.DeadlockFree("in two", in(2)), check.DeadlockFree("in one", in(1)))
	r := sameAtAnyWorkerCount(t, m, check.Options{Continue: true})
	require.Equal(t, []int{0, 2}, states(r.Result("nowhere").Trace), "1 has a successor: itself")
	require.Equal(t, check.Holds, r.Result("in two").Verdict)
	require.Equal(t, check.Violated, r.Result("in one").Verdict)
}

func TestTooManyLivenessPredicates(t *testing.T) {
	m := graph(nil, nil)
	for i := range 16 {
		m.Properties = append(m.Properties, check.LeadsTo(fmt.Sprint(i), in(0), in(i)))
	}
	_, err := check.Run(context.Background(), m, check.Options{})
	require.EqualError(t, err, "check: liveness properties with more than 30 predicates in one run: check them in several runs")
	m.Properties = m.Properties[:15]
	m.Properties[0] = check.Eventually("0", in(0))
	r := mustRun(t, m, check.Options{})
	require.Equal(t, check.Holds, r.Results[0].Verdict)
	for _, res := range r.Results[1:] {
		require.Equal(t, "0 | stutter 0", lasso(res.Trace))
	}
}

// A long cycle and a component of many states: what recursion would not survive.
func TestLongCycle(t *testing.T) {
	n := 100_000
	if testing.Short() {
		n = 20_000
	}
	m := &check.Model[int]{
		Init: []int{0},
		Actions: []check.Action[int]{{Name: "Step", Fair: check.Weak, Next: func(dst []int, s int) []int {
			return append(dst, (s+1)%n)
		}}},
		Properties: []check.Property[int]{
			check.AlwaysEventually("holds", in(n-1)),
			check.EventuallyAlways("violated", in(n-1)),
		},
	}
	r := mustRun(t, m, check.Options{})
	require.Equal(t, check.Holds, r.Result("holds").Verdict)
	require.Len(t, r.Result("violated").Trace.Cycle, n)
}
