package check_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/reconverge/reconverge/check"
)

// A tableState is a state of a random model: its number, and a field that puts
// padding between the two.
type tableState struct {
	Number uint8
	Copy   uint32
}

func number(i int) tableState { return tableState{uint8(i), uint32(i) * 0x9e3779b9} }

// dice draw small numbers. What rapid draws is mostly smaller still, which is
// good for shrinking a failure and for odd cases, but makes poor graphs; so in
// half of the models all draws follow from one.
type dice struct {
	*rapid.T
	uniform *rand.Rand
}

func newDice(t *rapid.T) dice {
	seed := rapid.Uint64().Draw(t, "seed, even for dice of rapid's own")
	if seed%2 == 0 {
		return dice{T: t}
	}
	return dice{t, rand.New(rand.NewPCG(seed, 0))}
}

// roll draws one of 0..n-1.
func (d dice) roll(n int, name string) int {
	if d.uniform != nil {
		return d.uniform.IntN(n)
	}
	return rapid.IntRange(0, n-1).Draw(d.T, name)
}

func (d dice) fairness() check.Fairness { return check.Fairness(d.roll(3, "fairness")) }

// depth draws Options.MaxDepth: mostly none.
func (d dice) depth() int { return max(0, d.roll(12, "max depth, from 9")-8) }

// set draws a set of the states 0..n-1 as a predicate: some, few or most.
func (d dice) set(n int, name string) func(tableState) bool {
	bits := d.roll(1<<n, name)
	switch d.roll(4, name+": 0, 1 some, 2 few, 3 most") {
	case 2:
		for range 2 {
			bits &= d.roll(1<<n, name)
		}
	case 3:
		for range 2 {
			bits |= d.roll(1<<n, name)
		}
	}
	return func(s tableState) bool { return bits>>s.Number&1 == 1 }
}

// formula draws one over sets of the states 0..n-1.
func (d dice) formula(m *check.Model[tableState], n, operators int) *temporal[tableState] {
	f := randomFormula(d, m, operators, func() func(tableState) bool { return d.set(n, "set") })
	d.Logf("%v", drawnFormula{f, n})
	return f
}

// randomModel draws a transition table over n states, without properties.
func randomModel(d dice, n int) *check.Model[tableState] {
	m := &check.Model[tableState]{Name: "random"}
	for range 1 + d.roll(3, "more initial states") {
		m.Init = append(m.Init, number(d.roll(n, "init")))
	}
	for a := range 1 + d.roll(4, "more actions") {
		degrees := [][]int{{0, 0, 0, 1}, {0, 0, 1, 1, 1, 2}, {0, 1, 2, 3}, {0, 0, 0, 0, 0, 0, 1}}[d.roll(4, "density")]
		table := make([][]tableState, n)
		for i := range table {
			for range degrees[d.roll(len(degrees), "degree")] {
				table[i] = append(table[i], number(d.roll(n, "to")))
			}
		}
		m.Actions = append(m.Actions, check.Action[tableState]{
			Name: fmt.Sprintf("a%d", a),
			Fair: d.fairness(),
			Next: func(dst []tableState, s tableState) []tableState { return append(dst, table[s.Number]...) },
		})
	}
	if d.roll(8, "bounded") == 1 {
		m.Bounds = append(m.Bounds, check.Bound[tableState]{Name: "limit", At: d.set(n, "bound")})
	}
	m.Packing = packings[d.roll(len(packings), "packing")]
	d.Logf("%v", drawn{m, n})
	return m
}

// A drawn model writes itself, for a failure whose draws all followed from one.
type drawn struct {
	m *check.Model[tableState]
	n int
}

func (d drawn) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d states, initial", d.n)
	for _, s := range d.m.Init {
		fmt.Fprintf(&b, " %d", s.Number)
	}
	for _, a := range d.m.Actions {
		fmt.Fprintf(&b, "\n%s, %v:", a.Name, a.Fair)
		for i := range d.n {
			for _, to := range a.Next(nil, number(i)) {
				fmt.Fprintf(&b, " %d->%d", i, to.Number)
			}
		}
	}
	for _, bound := range d.m.Bounds {
		fmt.Fprintf(&b, "\nbound %s:%s", bound.Name, members(bound.At, d.n))
	}
	return b.String()
}

// A drawn formula writes its sets too.
type drawnFormula struct {
	f *temporal[tableState]
	n int
}

func (d drawnFormula) String() string {
	text := d.f.String()
	var seen []*temporal[tableState]
	var visit func(f *temporal[tableState])
	visit = func(f *temporal[tableState]) {
		if f.op == opState && !slices.Contains(seen, f) {
			seen = append(seen, f)
			text += fmt.Sprintf("\n%s:%s", f.name, members(f.holds, d.n))
		}
		for _, arg := range f.args {
			visit(arg)
		}
	}
	visit(d.f)
	return text
}

func members(set func(tableState) bool, n int) (text string) {
	for i := range n {
		if set(number(i)) {
			text += fmt.Sprint(" ", i)
		}
	}
	return text
}

// packings are ways to store a state: as it is, with a hash that is its own
// inverse, in more than a word, and in memory of its own.
var packings = []check.Packing[tableState]{
	nil,
	check.Pack(
		func(s tableState) uint16 { return uint16(s.Number) },
		func(k uint16) tableState { return number(int(k)) }),
	check.Pack(
		func(s tableState) [3]uint32 { return [3]uint32{2: uint32(s.Number)} },
		func(k [3]uint32) tableState { return number(int(k[2])) }),
	check.Pack(
		func(s tableState) string { return strings.Repeat("x", int(s.Number)) },
		func(k string) tableState { return number(len(k)) }),
}

// randomClaims draws claims of every kind.
func randomClaims(d dice, n int, m *check.Model[tableState]) (claims []claim[tableState]) {
	for i := range 1 + d.roll(6, "more claims") {
		kind := check.KindInvariant + check.Kind(d.roll(int(check.KindLTL), "kind"))
		if i == 0 {
			kind = check.KindLeadsTo
		}
		from, to := d.set(n, "from"), d.set(n, "to")
		c := claim[tableState]{kind: kind, p: d.set(n, "p"), q: d.set(n, "q")}
		c.step = func(s, u tableState) bool { return !from(s) || to(u) }
		if d.roll(2, "when") == 1 {
			c.when = d.set(n, "relevant")
		}
		if kind == check.KindTransition && d.roll(2, "named") == 1 {
			c.actions = []string{m.Actions[d.roll(len(m.Actions), "action")].Name}
		}
		if kind == check.KindLTL {
			c.formula = d.formula(m, n, 2)
		}
		claims = append(claims, c)
		m.Properties = append(m.Properties, c.property(fmt.Sprintf("%d %v", i, kind)))
	}
	return claims
}

// TestRandomModels compares the engine with the naive one. Every trace in it
// was validated by Run.
func TestRandomModels(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDice(t)
		n := 1 + d.roll(10, "more states")
		m := randomModel(d, n)
		claims := randomClaims(d, n, m)
		o := check.Options{
			Workers:  1 + d.roll(3, "more workers"),
			MaxDepth: d.depth(),
			Continue: d.roll(4, "continue") > 0,
		}
		got, err := check.Run(context.Background(), m, o)
		require.NoError(t, err)
		want := explore(m, o.MaxDepth)
		if !o.Continue {
			compareStopped(t, want, claims, got)
			return
		}
		require.EqualValues(t, len(want.order), got.Stats.Distinct, "distinct states")
		require.EqualValues(t, want.generated, got.Stats.Generated, "generated states")
		require.EqualValues(t, len(want.order)-len(want.cut), got.Stats.Explored, "explored states")
		require.Equal(t, want.levels, got.Stats.Levels, "states per level")
		require.Equal(t, len(want.levels), got.Stats.Depth)
		taken := make([]uint64, len(m.Actions))
		for _, e := range want.edges {
			taken[e.action]++
		}
		for i, a := range got.Actions {
			require.Equal(t, taken[i], a.Taken, "steps of %s", a.Name)
		}
		for i, c := range claims {
			compare(t, want, c, got.Results[i])
		}
	})
}

func compare(t *rapid.T, n *naive[tableState], c claim[tableState], got check.Result[tableState]) {
	a := n.judge(c)
	verdict, stem := check.Holds, 0
	switch {
	case a.shown:
		stem = a.stem
		if c.kind != check.KindReachable {
			verdict = check.Violated
		}
	case n.hitDepth || n.hitBound:
		verdict = check.Incomplete
	case c.kind == check.KindReachable:
		verdict = check.Violated
	}
	require.Equal(t, verdict, got.Verdict, "%s %v", got.Property, c.formula)
	switch {
	case got.Trace == nil:
		require.False(t, a.shown, got.Property)
	case c.kind == check.KindLTL:
		requireCounterexample(t, n.m, c.formula, got.Trace)
	default:
		require.Len(t, got.Trace.Stem, stem, got.Property)
		require.Equal(t, c.kind.Liveness(), len(got.Trace.Cycle) > 0, got.Property)
	}
	require.Equal(t, verdict == check.Holds && a.vacuous, got.Vacuous, got.Property)
	switch {
	case verdict != check.Incomplete:
		require.NoError(t, got.Reason)
	case n.hitDepth:
		require.ErrorIs(t, got.Reason, check.ErrMaxDepth)
	default:
		require.ErrorIs(t, got.Reason, check.ErrBound)
	}
}

// compareStopped compares a run that stops at the first violation: what it says
// must be true, it must have found one if there is one, and what it did not get
// round to must be Incomplete.
func compareStopped(t *rapid.T, n *naive[tableState], claims []claim[tableState], got *check.Report[tableState]) {
	violable, stopped := false, false
	for i, c := range claims {
		res := got.Results[i]
		a := n.judge(c)
		if res.Reason != nil && res.Reason.Error() == check.ErrStopped.Error() {
			require.Equal(t, check.Incomplete, res.Verdict)
			stopped = true
		} else {
			compare(t, n, c, res)
		}
		violable = violable || a.shown && !c.kind.Liveness() && c.kind != check.KindReachable
	}
	if stopped {
		require.True(t, violable)
	}
	if violable {
		require.Equal(t, check.Violated, got.Verdict())
	}
}
