package check_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
	. "github.com/reconverge/reconverge/check/ltl"
)

// atState is true in the given states of a graph.
func atState(states ...int) Formula[int] { return State(fmt.Sprint(states), in(states...)) }

func taken(action string) Formula[int] { return Taken[int](action) }

func TestLTL(t *testing.T) {
	const holds = ""
	request, grant := atState(1), atState(2)
	for _, test := range []struct {
		name  string
		edges edges
		fair  fair
		claim Formula[int]
		want  string // counterexample: stem, then the cycle
	}{
		{
			"no grant before a request", edges{"a": {"0->1", "1->2", "0->2"}}, nil, WeakUntil(Not(grant), request), "0 a 2 | stutter 2",
		}, {
			"no grant before a request: holds", edges{"a": {"0->1", "1->2"}}, nil, WeakUntil(Not(grant), request), holds,
		}, {
			"until asks for an end", edges{"a": {"0->1", "1->2"}}, fair{"a": check.Weak}, Until(Not(grant), atState(3)), "0 a 1 a 2 | stutter 2",
		}, {
			"always, of a step far away", edges{"a": {"0->1", "1->2", "2->3"}}, nil, Always(Not(atState(3))), "0 a 1 a 2 a 3 | stutter 3",
		}, {
			"strong fairness as an assumption: c is taken whenever it keeps becoming enabled",
			edges{"a": {"0->1", "1->0"}, "c": {"1->2"}}, fair{"a": check.Weak},
			Implies(Implies(Always(Eventually(request)), Always(Eventually(taken("c")))), Eventually(grant)), holds,
		}, {
			"and without it", edges{"a": {"0->1", "1->0"}, "c": {"1->2"}}, fair{"a": check.Weak}, Eventually(grant), "0 | a 1 a 0",
		}, {
			"an action that led to the first state", edges{"a": {"0->1", "1->0"}}, fair{"a": check.Weak}, taken("a"), "0 | a 1 a 0",
		}, {
			"which of two actions leads to a state", edges{"a": {"0->1"}, "b": {"0->1"}}, fair{"a": check.Weak},
			Always(Not(taken("b"))), "0 b 1 | stutter 1",
		}, {
			"no action leads to a stutter", edges{"a": {"0->1"}}, fair{"a": check.Weak},
			Eventually(Always(taken("a"))), "0 a 1 | stutter 1",
		}, {
			"every step of a cycle is of an action", edges{"a": {"0->1", "1->0"}, "b": {"1->0"}}, fair{"a": check.Weak},
			Eventually(Always(taken("a"))), "0 | a 1 b 0",
		}, {
			"a is followed by b, by the order of actions alone", edges{"a": {"0->1", "2->2"}, "b": {"1->0"}}, fair{"a": check.Weak, "b": check.Weak},
			Always(Implies(taken("a"), Eventually(taken("b")))), holds,
		}, {
			"two acceptance sets", edges{"a": {"0->1", "0->2"}, "b": {"1->0", "2->0"}}, fair{"a": check.Weak, "b": check.Weak},
			Not(And(Always(Eventually(request)), Always(Eventually(grant)))), "0 | a 1 b 0 a 2 b 0",
		}, {
			"at most twice", edges{"a": {"0->1", "1->0"}}, fair{"a": check.Unfair},
			Not(Eventually(And(request, Eventually(And(atState(0), Eventually(And(request, Eventually(And(atState(0), Eventually(request)))))))))),
			"0 a 1 a 0 a 1 a 0 a 1 | stutter 1",
		}, {
			"true", edges{"a": {"0->1"}}, nil, True[int](), holds,
		}, {
			"false", edges{"a": {"0->1"}}, nil, False[int](), "0 | stutter 0",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := sameAtAnyWorkerCount(t, graph(test.edges, test.fair, check.LTL("p", test.claim)), check.Options{})
			require.Equal(t, test.want, lasso(r.Results[0].Trace), test.claim)
			want := check.Violated
			if test.want == holds {
				want = check.Holds
			}
			require.Equal(t, want, r.Verdict())
		})
	}
}

func TestLTLIsVacuousWithoutItsTrigger(t *testing.T) {
	m := graph(edges{"a": {"0->1"}}, fair{"a": check.Weak},
		check.LTL("never asked", Always(Implies(atState(7), Eventually(atState(1))))),
		check.LTL("asked", Always(Implies(atState(0), Eventually(atState(1))))),
		check.LTL("another form", Always(Or(Not(atState(7)), Eventually(atState(1))))))
	r := mustRun(t, m, check.Options{})
	require.NoError(t, r.Err())
	require.True(t, r.Result("never asked").Vacuous)
	require.False(t, r.Result("asked").Vacuous)
	require.False(t, r.Result("another form").Vacuous)
}

func TestLTLErrors(t *testing.T) {
	for want, p := range map[string]check.Property[int]{
		`check: property "p": ltl: the zero Formula is none: make one with State, for example`: check.LTL("p", Formula[int]{}),
		`check: property "p" speaks of action "z", which the model does not have`:              check.LTL("p", Eventually(taken("z"))),
		`check: property "p": ltl: state "s" has no predicate`:                                 check.LTL("p", State[int]("s", nil)),
		`check: property "p": When is for invariants and transitions`:                          check.LTL("p", True[int]()).When(in(1)),
	} {
		_, err := check.Run(context.Background(), graph(nil, nil, p), check.Options{})
		require.EqualError(t, err, want)
	}
}

func TestTooManyActionsInFormulas(t *testing.T) {
	m := &check.Model[int]{Init: []int{0}}
	for i := range 33 {
		name := fmt.Sprint("a", i)
		m.Actions = append(m.Actions, check.Action[int]{Name: name, Next: func(dst []int, _ int) []int { return dst }})
		m.Properties = append(m.Properties, check.LTL(name, Not(Eventually(taken(name)))))
	}
	_, err := check.Run(context.Background(), m, check.Options{})
	require.EqualError(t, err, "check: liveness properties that speak of more than 32 actions in one run: check them in several runs")
	m.Properties = m.Properties[:32]
	require.NoError(t, mustRun(t, m, check.Options{}).Err())
}
