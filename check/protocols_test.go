package check_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/internal/classic"
)

// wrap has the steps of some actions pass through f, which gets the state
// before and the action itself.
func wrap[S comparable](t *testing.T, m *check.Model[S], f func(dst []S, s S, next func([]S, S) []S) []S, names ...string) {
	t.Helper()
	found := 0
	for i := range m.Actions {
		if a := &m.Actions[i]; slices.Contains(names, a.Name) {
			next := a.Next
			a.Next = func(dst []S, s S) []S { return f(dst, s, next) }
			found++
		}
	}
	require.Equal(t, len(names), found, "actions named in %q", names)
}

// without removes actions.
func without[S comparable](t *testing.T, m *check.Model[S], names ...string) {
	t.Helper()
	wrap(t, m, func(dst []S, _ S, _ func([]S, S) []S) []S { return dst }, names...)
}

func TestPaxosCommit(t *testing.T) {
	if testing.Short() {
		t.Skip("makes 17 million steps")
	}
	r := mustRun(t, classic.PaxosCommit(2), check.Options{})
	requireCounts(t, counts{1_321_761, 16_959_159, 28}, r.Stats)
	requireVerdicts(t, map[string]check.Verdict{"": check.Holds}, r)
	// Both prepare, two acceptors vote for each, then the decision, then both obey it.
	require.Len(t, r.Result("all commit").Trace.Stem, 1+2+4+1+2)
}

// Two acceptors of three are enough to commit, and one is not.
func TestPaxosCommitWithDeadAcceptors(t *testing.T) {
	for _, test := range []struct {
		dead []string
		want check.Verdict
	}{
		{[]string{"Phase1b(0)", "Phase2b(0)"}, check.Holds},
		{[]string{"Phase1b(0)", "Phase2b(0)", "Phase1b(2)", "Phase2b(2)"}, check.Violated},
	} {
		m := classic.PaxosCommit(2)
		without(t, m, test.dead...)
		packed := sameAtAnyWorkerCount(t, m, check.Options{})
		requireVerdicts(t, map[string]check.Verdict{"no manager": check.Holds, "all commit": test.want}, packed)

		n := explore(m, 0)
		requireCounts(t, counts{uint64(len(n.order)), uint64(n.generated), len(n.levels)}, packed.Stats)

		m.Packing = nil
		plain := sameAtAnyWorkerCount(t, m, check.Options{})
		require.Equal(t, packed.Actions, plain.Actions)
		require.Equal(t, packed.Stats.Levels, plain.Stats.Levels)
	}
}

func TestPaxosCommitMutants(t *testing.T) {
	type step = func([]classic.Paxos, classic.Paxos) []classic.Paxos
	for _, test := range []struct {
		name     string
		majority int
		plant    func(*testing.T, *check.Model[classic.Paxos])
		length   int
	}{
		{"one acceptor is a majority", 1, func(*testing.T, *check.Model[classic.Paxos]) {}, 13},
		{"the leader does not look at the votes", 2, func(t *testing.T, m *check.Model[classic.Paxos]) {
			wrap(t, m, func(dst []classic.Paxos, s classic.Paxos, next step) []classic.Paxos {
				for _, to := range next(nil, s) {
					to.For[0].Phase2a[1].Value = classic.Aborted
					dst = append(dst, to)
				}
				return dst
			}, "Phase2a(0)")
		}, 17},
		{"acceptors vote in spite of their promise", 2, func(_ *testing.T, m *check.Model[classic.Paxos]) {
			m.Actions = append(m.Actions, check.Action[classic.Paxos]{Name: "VoteLate", Next: func(dst []classic.Paxos, s classic.Paxos) []classic.Paxos {
				for acc, a := range s.For[0].Acceptors {
					if p := s.For[0].Phase2a[0]; p.Value != classic.Working && a.Ballot == 1 {
						to := s
						to.For[0].Phase2b[0] |= 1 << acc
						dst = append(dst, to)
					}
				}
				return dst
			}})
		}, 17},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := classic.PaxosCommit(test.majority)
			test.plant(t, m)
			// These steps are needed for no counterexample: a leader asks about
			// one manager only, and it is he who says that it aborts.
			without(t, m, "Phase1a(1)", "ChooseToAbort(0)", "ChooseToAbort(1)")
			res := sameAtAnyWorkerCount(t, m, check.Options{}).Result("no manager commits while another aborts")
			require.Equal(t, check.Violated, res.Verdict)
			require.Len(t, res.Trace.Stem, test.length, text(res.Trace))
		})
	}
}
