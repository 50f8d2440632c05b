package check_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/internal/classic"
)

// counts are distinct states, initial states and successors, and levels.
type counts struct {
	distinct, generated uint64
	levels              int
}

func requireCounts(t *testing.T, want counts, got check.Stats) {
	t.Helper()
	require.Equal(t, want, counts{got.Distinct, got.Generated, got.Depth})
}

// requireVerdicts takes the properties whose names begin with a key.
func requireVerdicts[S comparable](t *testing.T, want map[string]check.Verdict, got *check.Report[S]) {
	t.Helper()
	for _, res := range got.Results {
		verdict, known := check.Incomplete, false
		for prefix, v := range want {
			if strings.HasPrefix(res.Property, prefix) {
				verdict, known = v, true
			}
		}
		require.True(t, known, "no verdict is wanted of %q", res.Property)
		require.Equal(t, verdict, res.Verdict, res.Property)
	}
}

func TestTwoPhaseCommit(t *testing.T) {
	for _, test := range []struct {
		managers int
		want     counts
		orbits   uint64
	}{
		{3, counts{288, 1_146, 11}, 80},
		{5, counts{8_832, 58_146, 17}, 314},
		{7, counts{296_448, 2_744_706, 23}, 920},
	} {
		if testing.Short() && test.managers > 5 {
			continue
		}
		m := classic.TwoPhaseCommit(test.managers)
		verdicts := map[string]check.Verdict{"no manager": check.Holds, "all commit": check.Holds}

		plain := sameAtAnyWorkerCount(t, m, check.Options{})
		requireCounts(t, test.want, plain.Stats)
		requireVerdicts(t, verdicts, plain)
		// All prepare and are heard, then the decision, then all obey it.
		require.Len(t, plain.Result("all commit").Trace.Stem, 3*test.managers+2)

		// More than eight bytes are stored in another way.
		wide := *m
		wide.Packing = check.Pack(
			func(s classic.TwoPhase) [3]uint32 { return [3]uint32{s.Decisions, uint32(s.Heard), uint32(s.Sent)} },
			func(k [3]uint32) classic.TwoPhase {
				return classic.TwoPhase{Decisions: k[0], Heard: uint16(k[1]), Sent: uint16(k[2])}
			})
		packed := sameAtAnyWorkerCount(t, &wide, check.Options{})
		requireCounts(t, test.want, packed.Stats)
		require.Equal(t, plain.Actions, packed.Actions)

		hashed := sameAtAnyWorkerCount(t, m, check.Options{Visited: check.Fingerprint})
		requireCounts(t, test.want, hashed.Stats)
		requireVerdicts(t, verdicts, hashed)
		require.Len(t, hashed.Result("all commit").Trace.Stem, 3*test.managers+2)

		symmetric := sameAtAnyWorkerCount(t, m, check.Options{Symmetry: true})
		require.Equal(t, test.orbits, symmetric.Stats.Distinct)
		require.Equal(t, test.want.levels, symmetric.Stats.Depth)
		requireVerdicts(t, verdicts, symmetric)
	}
}

// A transaction manager that does not wait for everyone.
func TestTwoPhaseCommitInHaste(t *testing.T) {
	m := classic.TwoPhaseCommit(3)
	m.Actions[0].Next = func(dst []classic.TwoPhase, s classic.TwoPhase) []classic.TwoPhase {
		if s.Of(classic.TM) != classic.Working || s.Heard == 0 {
			return dst
		}
		return append(dst, s.With(classic.TM, classic.Committed))
	}
	for _, symmetry := range []bool{false, true} {
		r := sameAtAnyWorkerCount(t, m, check.Options{Symmetry: symmetry})
		require.Equal(t, check.Violated, r.Results[0].Verdict)
		require.ElementsMatch(t, []string{"Prepare", "Hear", "Commit", "ObeyCommit", "ChooseToAbort"}, actions(r.Results[0].Trace))
	}
}

func TestPetersonFilter(t *testing.T) {
	for _, test := range []struct {
		processes int
		want      counts
	}{
		{3, counts{417, 946, 18}},
		{4, counts{9_272, 25_793, 32}},
	} {
		m := classic.PetersonFilter(test.processes)
		verdicts := map[string]check.Verdict{"mutual exclusion": check.Holds, "no starvation": check.Holds}
		r := sameAtAnyWorkerCount(t, m, check.Options{})
		requireCounts(t, test.want, r.Stats)
		requireVerdicts(t, verdicts, r)
	}
}

// Without fairness a process may stop where it stands, even inside.
func TestPetersonFilterWithoutFairnessStarves(t *testing.T) {
	m := classic.PetersonFilter(3)
	m.Actions[1].Fair = check.Unfair
	r := sameAtAnyWorkerCount(t, m, check.Options{})
	requireVerdicts(t, map[string]check.Verdict{"mutual exclusion": check.Holds, "no starvation": check.Violated}, r)
}

func TestPetersonFilterThatDoesNotYield(t *testing.T) {
	m := classic.PetersonFilter(2)
	next := m.Actions[0].Next
	m.Actions[0].Next = func(dst []classic.Filter, s classic.Filter) []classic.Filter {
		if at := s.At(0); at.Place() == classic.Wait { // as if it had come first
			return append(dst, s.With(0, at+classic.Stage(classic.Critical-classic.Wait)))
		}
		return next(dst, s)
	}
	r := sameAtAnyWorkerCount(t, m, check.Options{})
	require.Equal(t, check.Violated, r.Result("mutual exclusion").Verdict)
	require.Equal(t, check.ErrStopped, r.Result("no starvation(0)").Reason)
}

func TestDiningPhilosophers(t *testing.T) {
	m := classic.DiningPhilosophers()
	r := sameAtAnyWorkerCount(t, m, check.Options{})
	requireCounts(t, counts{67, 336, 29}, r.Stats)
	requireVerdicts(t, map[string]check.Verdict{"neighbours": check.Holds, "fed": check.Holds}, r)

	m.Actions[2].Fair = check.Unfair
	r = sameAtAnyWorkerCount(t, m, check.Options{})
	require.Equal(t, check.Violated, r.Result("fed again and again(2)").Verdict)
}

func TestAlternatingBit(t *testing.T) {
	r := sameAtAnyWorkerCount(t, classic.AlternatingBit(check.Strong), check.Options{})
	requireCounts(t, counts{240, 1_392, 10}, r.Stats)
	requireVerdicts(t, map[string]check.Verdict{"delivered": check.Holds}, r)

	r = sameAtAnyWorkerCount(t, classic.AlternatingBit(check.Weak), check.Options{})
	requireCounts(t, counts{240, 1_392, 10}, r.Stats)
	requireVerdicts(t, map[string]check.Verdict{"delivered": check.Violated}, r)
	for _, res := range r.Results {
		var cycle []string
		for _, step := range res.Trace.Cycle {
			cycle = append(cycle, step.Action)
		}
		require.Contains(t, cycle, "SendAgain", "the lasso goes round: it sends")
		require.Contains(t, cycle, "Lose", "and loses, for ever")
		require.NotContains(t, cycle, "Receive")
	}
}

func TestDieHard(t *testing.T) {
	r := sameAtAnyWorkerCount(t, classic.DieHard(), check.Options{})
	require.Equal(t, check.Violated, r.Results[0].Verdict)
	require.Equal(t, []classic.Jugs{{Big: 0, Small: 0}, {Big: 5}, {Big: 2, Small: 3}, {Big: 2}, {Small: 2}, {Big: 5, Small: 2}, {Big: 4, Small: 3}},
		states(r.Results[0].Trace))
}

func TestMissionariesAndCannibals(t *testing.T) {
	r := sameAtAnyWorkerCount(t, classic.MissionariesAndCannibals(), check.Options{})
	require.Equal(t, check.Violated, r.Results[0].Verdict)
	require.Len(t, r.Results[0].Trace.Stem, 12)
}

func TestLostUpdate(t *testing.T) {
	r := sameAtAnyWorkerCount(t, classic.LostUpdate(), check.Options{Continue: true})
	require.EqualValues(t, 13, r.Stats.Distinct)
	require.Equal(t, check.Violated, r.Results[0].Verdict)
	require.ElementsMatch(t, []string{"Read(0)", "Read(1)", "Write(0)", "Write(1)"}, actions(r.Results[0].Trace))
}

func TestReadersWriters(t *testing.T) {
	m := classic.ReadersWriters()
	r := sameAtAnyWorkerCount(t, m, check.Options{})
	requireCounts(t, counts{21_527, 59_674, 13}, r.Stats)
	requireVerdicts(t, map[string]check.Verdict{"": check.Holds}, r)
}

func TestRealTimeHourClock(t *testing.T) {
	r := sameAtAnyWorkerCount(t, classic.RealTimeHourClock(), check.Options{})
	requireCounts(t, counts{216, 696, 2}, r.Stats)
	requireVerdicts(t, map[string]check.Verdict{"strikes": check.Violated}, r)
	for _, res := range r.Results {
		require.Equal(t, []string{check.Stutter}, actions(res.Trace))
	}
}
