package buchi_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/reconverge/reconverge/check/internal/buchi"
)

func TestText(t *testing.T) {
	names := []string{"waiting", "critical", "at rest", "Renew(c1)", "U", "a->b", ""}
	for _, tt := range []struct {
		f    Formula
		want string
	}{
		{always(implies(p, eventually(q))), "[](waiting -> <>critical)"},
		{not(always(eventually(q))), "![]<>critical"},
		{until(p, until(q, p)), "waiting U (critical U waiting)"},
		{and(p, or(q, p), not(and(p, q))), "waiting && (critical || waiting) && !(waiting && critical)"},
		{iff(release(p, q), weakUntil(True.Of(), Formula{})), "(waiting R critical) <-> (true W false)"},
		{or(r, Atom(3), Atom(4), Atom(5), Atom(6)), `"at rest" || Renew(c1) || "U" || "a->b" || ""`},
		{and(), "true"},
		{or(), "false"},
		{and(p), "waiting"},
	} {
		require.Equal(t, tt.want, tt.f.Text(func(i int) string { return names[i] }))
	}
	long := p
	for range 100 {
		long = iff(long, long)
	}
	require.Len(t, long.String(), 4096+len("..."))
	require.True(t, strings.HasSuffix(long.String(), "..."))
	require.Equal(t, "p0 -> p12", implies(p, Atom(12)).String())
}

func TestOfRefuses(t *testing.T) {
	require.PanicsWithValue(t, "buchi: U takes 2 formulas, not 1", func() { Until.Of(p) })
	require.PanicsWithValue(t, "buchi: use Atom", func() { (Release + 1).Of() })
}
