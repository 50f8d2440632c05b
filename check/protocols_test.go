package check_test

import (
	"os"
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

func TestLinearizableRegister(t *testing.T) {
	m := classic.LinearizableRegister()
	r := sameAtAnyWorkerCount(t, m, check.Options{})
	require.EqualValues(t, 544, r.Stats.Distinct)
	requireVerdicts(t, map[string]check.Verdict{"": check.Holds}, r)

	n := explore(m, 0)
	requireCounts(t, counts{uint64(len(n.order)), uint64(n.generated), len(n.levels)}, r.Stats)

	// The witness that Stateright's test names, step by step, but of the other
	// client: here the one that is declared first goes first.
	var letters []string
	for _, step := range r.Result("value chosen").Trace.Stem[1:] {
		letters = append(letters, step.Label)
	}
	require.Equal(t, []string{
		"Put(0)", "Query(0)", "AckQuery(0)", "Record(0)", "AckRecord(0)", "PutOk(0)",
		"Get(0)", "Query(0)", "AckQuery(0)", "Record(0)", "AckRecord(0)",
	}, letters)
}

// Histories by hand: what the two clients of the register have seen.
func TestLinearizable(t *testing.T) {
	put := classic.RegisterClient{Returned: 1}
	got := func(value, saw uint8) classic.RegisterClient {
		return classic.RegisterClient{Returned: 2, Read: value, Saw: saw}
	}
	for _, test := range []struct {
		name    string
		clients [2]classic.RegisterClient
		want    check.Verdict
	}{
		{"nothing returned", [2]classic.RegisterClient{}, check.Holds},
		{"own value, nothing else returned", [2]classic.RegisterClient{got(1, 0), {}}, check.Holds},
		{"own value after the other's put", [2]classic.RegisterClient{got(1, 1), put}, check.Holds},
		{"the value of a put that has not returned", [2]classic.RegisterClient{got(2, 0), {}}, check.Holds},
		{"a value that nobody put", [2]classic.RegisterClient{got(0, 0), {}}, check.Violated},
		{"both read the same", [2]classic.RegisterClient{got(2, 1), got(2, 1)}, check.Holds},
		{"each reads its own, at the same time", [2]classic.RegisterClient{got(1, 0), got(2, 0)}, check.Holds},
		{"each reads its own, after both puts", [2]classic.RegisterClient{got(1, 1), got(2, 1)}, check.Violated},
		{"each reads the other's", [2]classic.RegisterClient{got(2, 0), got(1, 0)}, check.Violated},
		{"the second to read reads the older value", [2]classic.RegisterClient{got(1, 0), got(1, 2)}, check.Holds},
		{"the second to read reads what was overwritten", [2]classic.RegisterClient{got(2, 1), got(1, 2)}, check.Violated},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := classic.LinearizableRegister()
			m.Init = []classic.Register{{Clients: test.clients}}
			m.Actions = nil
			require.Equal(t, test.want, mustRun(t, m, check.Options{}).Result("linearizable").Verdict)
		})
	}
}

func TestLinearizableRegisterMutants(t *testing.T) {
	type step = func([]classic.Register, classic.Register) []classic.Register
	for _, test := range []struct {
		name   string
		mutate func(from, to classic.Register, c int) classic.Register // c: whose message was delivered
		want   check.Verdict
		length int
	}{
		{"stamps are clocks alone", func(_, to classic.Register, _ int) classic.Register {
			return withoutServerStamps(to)
		}, check.Violated, 25},
		{"a put is stamped like what it replaces", func(from, to classic.Register, c int) classic.Register {
			if to.Clients[c].Letter == classic.Record && to.Clients[c].Returned == 0 {
				to.Clients[c].Carries.Clock--
				to.Servers[c].Has = from.Servers[c].Has
			}
			return to
		}, check.Violated, 13},
		// It takes a third server to see this one: of two, both are asked.
		{"a read is not written back", func(from, to classic.Register, c int) classic.Register {
			if to.Clients[c].Letter == classic.Record && to.Clients[c].Returned == 1 {
				to.Clients[c].Letter = classic.GetOk
				to.Clients[c].Carries = classic.Version{Value: to.Clients[c].Carries.Value}
				to.Servers[1-c] = classic.RegisterServer{Has: from.Servers[1-c].Has}
			}
			return to
		}, check.Holds, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := classic.LinearizableRegister()
			for c, name := range []string{"Deliver(0)", "Deliver(1)"} {
				wrap(t, m, func(dst []classic.Register, s classic.Register, next step) []classic.Register {
					for _, to := range next(nil, s) {
						dst = append(dst, test.mutate(s, to, c))
					}
					return dst
				}, name)
			}
			res := sameAtAnyWorkerCount(t, m, check.Options{}).Result("linearizable")
			require.Equal(t, test.want, res.Verdict)
			if test.want == check.Violated {
				require.Len(t, res.Trace.Stem, test.length, text(res.Trace))
			}
		})
	}
}

// withoutServerStamps lets versions of one clock tie.
func withoutServerStamps(s classic.Register) classic.Register {
	for i := range s.Servers {
		s.Servers[i].Has.Server, s.Servers[i].Had.Server = 0, 0
		s.Clients[i].Carries.Server = 0
	}
	return s
}

// If no write is ever acknowledged, nothing is read.
func TestLinearizableRegisterThatNeverAnswers(t *testing.T) {
	m := classic.LinearizableRegister()
	type step = func([]classic.Register, classic.Register) []classic.Register
	wrap(t, m, func(dst []classic.Register, s classic.Register, next step) []classic.Register {
		for _, to := range next(nil, s) {
			if to.Clients[0].Letter != classic.PutOk && to.Clients[1].Letter != classic.PutOk {
				dst = append(dst, to)
			}
		}
		return dst
	}, "Deliver(0)", "Deliver(1)")
	r := sameAtAnyWorkerCount(t, m, check.Options{})
	requireVerdicts(t, map[string]check.Verdict{"linearizable": check.Holds, "value chosen": check.Violated}, r)
}

func TestPetersonFilter5(t *testing.T) {
	published(t, safety(classic.PetersonFilter(5)), counts{223_105, 741_066, 49})
}

// TestPublishedSizes compares the largest counts on which other tools agree.
func TestPublishedSizes(t *testing.T) {
	if os.Getenv("RECONVERGE_FULL") == "" {
		t.Skip("takes a minute: set RECONVERGE_FULL=1")
	}
	t.Run("Peterson 6", func(t *testing.T) {
		published(t, safety(classic.PetersonFilter(6)), counts{5_779_920, 22_245_397, 69})
	})
	t.Run("two-phase commit 8", func(t *testing.T) {
		published(t, classic.TwoPhaseCommit(8), counts{1_745_408, 18_507_778, 26})
	})
	t.Run("two-phase commit 9", func(t *testing.T) {
		published(t, classic.TwoPhaseCommit(9), counts{10_340_352, 123_558_402, 29})
	})
}

func published[S comparable](t *testing.T, m *check.Model[S], want counts) {
	t.Helper()
	r := mustRun(t, m, check.Options{})
	requireCounts(t, want, r.Stats)
	require.NoError(t, r.Err())
}
