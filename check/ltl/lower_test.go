package ltl_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check/ltl"
)

func TestLower(t *testing.T) {
	again := ltl.State("waiting", func(s system) bool { return s.waiting })
	f := ltl.Implies(ltl.And(waiting, enter), ltl.Eventually(ltl.Or(waiting, again, ltl.Taken[system]("Enter"), ltl.Taken[system]("Leave"))))
	core, atoms, err := ltl.Lower(f)
	require.NoError(t, err)
	require.Equal(t, "(p0 && p1) -> <>(p0 || p2 || p1 || p3)", core.String())

	var names, actions []string
	for _, a := range atoms {
		names = append(names, a.Name)
		actions = append(actions, a.Action)
		require.Equal(t, a.Action == "", a.Holds != nil, a.Name)
	}
	require.Equal(t, []string{"waiting", "taken(Enter)", "waiting", "taken(Leave)"}, names)
	require.Equal(t, []string{"", "Enter", "", "Leave"}, actions)
	require.True(t, atoms[0].Holds(system{waiting: true}))
	require.False(t, atoms[0].Holds(system{critical: true}))
}

func TestLowerRefuses(t *testing.T) {
	states := func(n int) ltl.Formula[system] {
		var fs []ltl.Formula[system]
		for i := range n {
			fs = append(fs, ltl.State(fmt.Sprint("s", i), func(system) bool { return true }))
		}
		return ltl.And(fs...)
	}
	actions := func(n int) ltl.Formula[system] {
		var fs []ltl.Formula[system]
		for i := range n {
			fs = append(fs, ltl.Taken[system](fmt.Sprint("a", i)))
		}
		return ltl.And(fs...)
	}
	zero := ltl.Formula[system]{}
	for _, tt := range []struct {
		name string
		f    ltl.Formula[system]
		want string
	}{
		{"zero", zero, "ltl: the zero Formula is none: make one with State, for example"},
		{"zero within", ltl.Always(ltl.Or(waiting, zero)), "ltl: the zero Formula is none: make one with State, for example"},
		{"no predicate", ltl.Not(ltl.State[system]("idle", nil)), `ltl: state "idle" has no predicate`},
		{"no name", ltl.State("", func(system) bool { return true }), "ltl: a state predicate has no name"},
		{"no action", ltl.Eventually(ltl.Taken[system]("")), "ltl: Taken has no action"},
		{"states", states(31), "ltl: formula has more than 30 state predicates"},
		{"actions", actions(25), "ltl: formula speaks of more than 24 actions"},
		{"far too many", ltl.And(states(100), actions(100)), "ltl: formula has more than 30 state predicates"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, atoms, err := ltl.Lower(tt.f)
			require.EqualError(t, err, tt.want)
			require.Nil(t, atoms)
			require.NotEmpty(t, tt.f.String())
		})
	}
	_, atoms, err := ltl.Lower(ltl.And(states(30), actions(24)))
	require.NoError(t, err)
	require.Len(t, atoms, 54)
}

// As a tree this formula would have 2^1000 parts.
func TestSharedParts(t *testing.T) {
	f := waiting
	for range 1000 {
		f = ltl.Iff(f, ltl.Eventually(f))
	}
	_, atoms, err := ltl.Lower(f)
	require.NoError(t, err)
	require.Len(t, atoms, 1)
	require.Less(t, len(f.String()), 5000)
}
