package check_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
)

// A counter that goes up while it is small and back when it is not; small says
// so as a fact.
func factual(limit int, small func(int) bool) *check.Model[int] {
	const isSmall = 1
	return &check.Model[int]{
		Name: "counter", Init: []int{0},
		Facts: func(s *int) (facts uint64) {
			if small(*s) {
				facts |= isSmall
			}
			return facts
		},
		Actions: []check.Action[int]{
			{Name: "Up", Needs: isSmall, Next: func(dst []int, s int) []int {
				if s < limit {
					dst = append(dst, s+1)
				}
				return dst
			}},
			{Name: "Back", Next: func(dst []int, s int) []int {
				if s == limit {
					dst = append(dst, 0)
				}
				return dst
			}},
		},
	}
}

// Facts change nothing but which actions are asked.
func TestFacts(t *testing.T) {
	const limit = 10_000
	known := sameAtAnyWorkerCount(t, factual(limit, func(s int) bool { return s < limit }), check.Options{})
	m := factual(limit, func(int) bool { return true })
	m.Facts, m.Actions[0].Needs = nil, 0
	plain := mustRun(t, m, check.Options{})
	require.Equal(t, plain.Stats.Distinct, known.Stats.Distinct)
	require.Equal(t, plain.Stats.Generated, known.Stats.Generated)
	require.EqualValues(t, limit+1, known.Stats.Distinct)

	asked := 0
	m = factual(limit, func(int) bool { return false })
	m.Actions = m.Actions[:1]
	m.Actions[0].Next = func(dst []int, s int) []int { asked++; return dst }
	for i := range limit {
		m.Init = append(m.Init, i)
	}
	mustRun(t, m, check.Options{Workers: 1})
	require.Positive(t, asked, "a sample is audited")
	require.Less(t, asked, limit/100, "and the rest is passed over")
}

// A fact that is missing where an action is enabled is noticed among the first
// states, and later.
func TestWrongFactsAreAnError(t *testing.T) {
	for name, small := range map[string]func(int) bool{
		"first": func(s int) bool { return s < 10 },
		"later": func(s int) bool { return s < 8000 || s == 8001 },
	} {
		t.Run(name, func(t *testing.T) {
			m := factual(20_000, small)
			for i := range 9000 {
				m.Init = append(m.Init, i)
			}
			_, err := check.Run(context.Background(), m, check.Options{})
			require.ErrorContains(t, err, `Facts: action "Up" has a successor where a fact that it needs is missing`)
		})
	}
	m := factual(1, func(int) bool { return true })
	m.Facts = nil
	require.ErrorContains(t, m.Validate(), `action "Up" needs facts`)

	m = factual(1, func(int) bool { panic("unknown") })
	var broken *check.PanicError
	_, err := check.Run(context.Background(), m, check.Options{})
	require.ErrorAs(t, err, &broken)
	require.Equal(t, "Facts", broken.Where)
}
