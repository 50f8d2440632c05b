package ltl_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check/ltl"
)

var (
	waiting  = ltl.State("waiting", func(s system) bool { return s.waiting })
	critical = ltl.State("critical", func(s system) bool { return s.critical })
	enter    = ltl.Taken[system]("Enter")
)

func TestString(t *testing.T) {
	for _, tt := range []struct {
		f    ltl.Formula[system]
		want string
	}{
		{ltl.True[system](), "true"},
		{ltl.False[system](), "false"},
		{ltl.Not(waiting), "!waiting"},
		{ltl.And(waiting, critical, enter), "waiting && critical && taken(Enter)"},
		{ltl.And[system](), "true"},
		{ltl.Or(waiting, critical), "waiting || critical"},
		{ltl.Or[system](), "false"},
		{ltl.Implies(waiting, critical), "waiting -> critical"},
		{ltl.Iff(waiting, critical), "waiting <-> critical"},
		{ltl.Always(waiting), "[]waiting"},
		{ltl.Eventually(ltl.Always(waiting)), "<>[]waiting"},
		{ltl.Until(waiting, critical), "waiting U critical"},
		{ltl.WeakUntil(waiting, critical), "waiting W critical"},
		{ltl.Release(waiting, critical), "waiting R critical"},
		// Even what Lower refuses has a text.
		{ltl.Not(ltl.Formula[system]{}), `!?`},
		{ltl.Always(ltl.State[system]("at rest", nil)), `[]"at rest"`},
	} {
		require.Equal(t, tt.want, tt.f.String())
	}
}

// And keeps its own copy of what it is called with.
func TestFormulaIsImmutable(t *testing.T) {
	fs := []ltl.Formula[system]{waiting, critical}
	f := ltl.And(fs...)
	fs[0] = enter
	require.Equal(t, "waiting && critical", f.String())
}
