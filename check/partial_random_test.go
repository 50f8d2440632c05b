package check_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/reconverge/reconverge/check"
)

// vars is a state of a random model with footprints: a few small variables.
type vars [4]uint8

const values = 3 // of each variable

func variable(i int) string { return fmt.Sprintf("v%d", i) }

func variables(some []int) (names []string) {
	for _, i := range some {
		names = append(names, variable(i))
	}
	return names
}

// some draws between least and most variables, home among them if it is not -1.
func (d dice) some(least, most, home int, name string) (all []int) {
	if home >= 0 {
		all = append(all, home)
	}
	n := least + d.roll(most-least+1, name+": how many")
	for len(all) < n {
		if v := d.roll(len(vars{}), name); !slices.Contains(all, v) {
			all = append(all, v)
		}
	}
	return all
}

// valuesOf is the number of the values that some variables have in s.
func valuesOf(s vars, some []int) (i int) {
	for _, v := range some {
		i = i*values + int(s[v])
	}
	return i
}

func power(n int) int {
	p := 1
	for range n {
		p *= values
	}
	return p
}

// predicate draws a predicate of some variables: rarely true, or rarely false.
func (d dice) predicate(some []int, name string) func(vars) bool {
	rarely, mostly := 1+d.roll(4, name+": one in"), d.roll(2, name+": mostly") == 1
	table := make([]bool, power(len(some)))
	for i := range table {
		table[i] = (d.roll(1+rarely, name) == 0) != mostly
	}
	return func(s vars) bool { return table[valuesOf(s, some)] }
}

// randomFootprints draws a model whose footprints are true by construction: what
// an action assigns is looked up by the values of what it reads. Most actions
// belong to a variable, as those of a process do.
func randomFootprints(d dice) *check.Model[vars] {
	m := &check.Model[vars]{Name: "random footprints"}
	for range 1 + d.roll(2, "more initial states") {
		var s vars
		for v := range s {
			s[v] = uint8(d.roll(values, "init"))
		}
		m.Init = append(m.Init, s)
	}
	forward := d.roll(3, "actions only increase their variable") == 0
	for a := range 2 + d.roll(5, "more actions") {
		home := d.roll(len(vars{})+1, "home") - 1
		reads, writes := d.some(0, 2, home, "read"), d.some(1, 1+d.roll(2, "wide"), home, "written")
		type assignment [len(vars{})]int // -1: kept
		table := make([][]assignment, power(len(reads)))
		degrees := [][]int{{0, 1}, {0, 0, 1}, {0, 1, 1, 2}, {1}}[d.roll(4, "density")]
		for i := range table {
			for range degrees[d.roll(len(degrees), "degree")] {
				to := assignment{-1, -1, -1, -1}
				for _, v := range writes {
					to[v] = d.roll(values+1, "to") - 1
					if forward && v == home {
						to[v] = i/power(len(reads)-1) + 1 // home is read first
						if to[v] == values {
							to[v] = -1
						}
					}
				}
				table[i] = append(table[i], to)
			}
		}
		var guards []check.Guard[vars]
		if len(reads) > 0 {
			for range d.roll(3, "guards") {
				some := reads[:1+d.roll(len(reads), "guarded")]
				guards = append(guards, check.Guard[vars]{Reads: variables(some), Open: d.predicate(some, "open")})
			}
		}
		closed := func(s vars) bool {
			return slices.ContainsFunc(guards, func(g check.Guard[vars]) bool { return !g.Open(s) })
		}
		action := check.Action[vars]{Name: fmt.Sprintf("a%d", a), Next: func(dst []vars, s vars) []vars {
			if closed(s) {
				return dst
			}
			for _, to := range table[valuesOf(s, reads)] {
				u := s
				for v, value := range to {
					if value >= 0 {
						u[v] = uint8(value)
					}
				}
				dst = append(dst, u)
			}
			return dst
		}}
		if d.roll(12, "declared") > 0 || a == 0 {
			action.Footprint = &check.Footprint{Reads: variables(reads), Writes: variables(writes)}
			action.Guards = slices.Clone(guards)
		}
		m.Actions = append(m.Actions, action)
	}
	return m
}

// randomReadings draws claims of every kind that is no liveness, each with a
// true declaration of what it reads.
func randomReadings(d dice, m *check.Model[vars]) (claims []claim[vars]) {
	// Variables that no footprint mentions must not be named.
	known := map[int]bool{}
	for _, a := range m.Actions {
		for v := range len(vars{}) {
			if a.Footprint == nil || slices.Contains(slices.Concat(a.Footprint.Reads, a.Footprint.Writes), variable(v)) {
				known[v] = true
			}
		}
	}
	everything := []int{0, 1, 2, 3}
	for i := range 1 + d.roll(3, "more claims") {
		c := claim[vars]{kind: check.KindInvariant + check.Kind(d.roll(4, "kind"))}
		reading := d.some(1, 2, -1, "reading")
		from, to := d.predicate(reading, "from"), d.predicate(reading, "to")
		c.step = func(s, u vars) bool { return !from(s) || to(u) }
		c.p = d.predicate(reading, "p")
		if c.kind == check.KindDeadlockFree {
			c.p = d.predicate(everything, "quiescent")
		}
		if d.roll(3, "when") == 0 {
			c.when = d.predicate(reading, "relevant")
		}
		if c.kind == check.KindTransition && d.roll(5, "named") > 0 {
			c.actions = []string{m.Actions[d.roll(len(m.Actions), "action")].Name}
		}
		claims = append(claims, c)
		p := c.property(fmt.Sprintf("%d %v", i, c.kind))
		if c.kind != check.KindDeadlockFree && !slices.ContainsFunc(reading, func(v int) bool { return !known[v] }) {
			p = p.Reading(variables(reading)...)
		}
		m.Properties = append(m.Properties, p)
	}
	return claims
}

// TestRandomPartialOrder compares verdicts with and without the reduction, and
// those without it with the naive engine. Every trace was validated by Run.
//
//	go test ./check -run RandomPartialOrder -rapid.checks=1000000
func TestRandomPartialOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDice(t)
		m := randomFootprints(d)
		claims := randomReadings(d, m)
		if d.roll(6, "bounded") == 0 {
			m.Bounds = append(m.Bounds, check.Bound[vars]{Name: "limit", At: d.predicate([]int{0, 1, 2, 3}, "limit")})
		}
		o := check.Options{Continue: true, MaxDepth: max(0, d.roll(12, "max depth, from 9")-8)}
		whole, err := check.Run(context.Background(), m, o)
		require.NoError(t, err)
		o.PartialOrder, o.Workers = true, 1+d.roll(3, "more workers")
		reduced, err := check.Run(context.Background(), m, o)
		require.NoError(t, err)
		n := explore(m, o.MaxDepth)
		require.LessOrEqual(t, reduced.Stats.Distinct, whole.Stats.Distinct)
		cut := n.hitBound || o.MaxDepth > 0 // a reduced search may take more steps to the same states
		for i, w := range whole.Results {
			r := reduced.Results[i]
			a := n.judge(claims[i])
			require.Equal(t, a.shown, w.Trace != nil, w.Property)
			switch {
			case !cut:
				require.Equal(t, w.Verdict, r.Verdict, w.Property)
				require.Equal(t, w.Vacuous, r.Vacuous, w.Property)
			case r.Trace != nil: // shown, if only in more steps
				require.True(t, a.shown, w.Property)
			case r.Verdict != check.Incomplete:
				require.False(t, a.shown, w.Property)
			}
			if w.Trace != nil && r.Trace != nil {
				require.LessOrEqual(t, w.Trace.Len(), r.Trace.Len(), w.Property)
			}
		}
		for i, w := range whole.Actions {
			if !cut {
				require.Equal(t, w.Taken > 0, reduced.Actions[i].Taken > 0, w.Name)
			}
		}
	})
}
