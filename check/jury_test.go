package check_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
)

// Three claims about the steps of a counter: it never goes down, it never skips
// a number, and (true of nothing) what is negative stays so.
var aboutSteps = []struct {
	name     string
	ok       func(from, to int8) bool
	relevant func(int8) bool
}{
	{"never down", func(from, to int8) bool { return to >= from }, nil},
	{"no skip", func(from, to int8) bool { return to <= from+1 }, func(s int8) bool { return s > 3 }},
	{"negative stays", func(from, to int8) bool { return to < 0 || from >= 0 }, func(s int8) bool { return s < 0 }},
}

func separately() (all []check.Property[int8]) {
	for _, c := range aboutSteps {
		all = append(all, check.Transition(c.name, c.ok).When(c.relevant))
	}
	return all
}

func together() []check.Property[int8] {
	all := check.TransitionsInPlace(func(from, to *int8) (broken uint64) {
		for i, c := range aboutSteps {
			if (c.relevant == nil || c.relevant(*from)) && !c.ok(*from, *to) {
				broken |= 1 << i
			}
		}
		return broken
	}, aboutSteps[0].name, aboutSteps[1].name, aboutSteps[2].name)
	for i, c := range aboutSteps {
		all[i] = all[i].When(c.relevant)
	}
	return all
}

// Claims that are judged together get the verdicts and traces that they get
// alone, all of them or some.
func TestTransitionsTogether(t *testing.T) {
	m := &check.Model[int8]{
		Name: "counter", Init: []int8{0},
		Actions: []check.Action[int8]{
			{Name: "Up", Next: func(dst []int8, s int8) []int8 {
				if s < 10 {
					dst = append(dst, s+1)
				}
				return dst
			}},
			{Name: "Jump", Next: func(dst []int8, s int8) []int8 {
				if s == 1 || s == 5 {
					dst = append(dst, s+2)
				}
				return dst
			}},
		},
	}
	for name, keep := range map[string][]int{"all": {0, 1, 2}, "two": {1, 2}, "turned round": {2, 0}} {
		t.Run(name, func(t *testing.T) {
			run := func(all []check.Property[int8]) []check.Result[int8] {
				one := *m
				for _, i := range keep {
					one.Properties = append(one.Properties, all[i])
				}
				r, err := check.Run(context.Background(), &one, check.Options{Continue: true})
				require.NoError(t, err)
				return r.Results
			}
			alone, joint := run(separately()), run(together())
			require.Len(t, joint, len(alone))
			for i, r := range joint {
				require.Equal(t, text(alone[i].Trace), text(r.Trace), r.Property)
				alone[i].Trace, r.Trace = nil, nil
				require.Equal(t, alone[i], r)
				require.Equal(t, r.Property == "no skip", r.Verdict == check.Violated, r.Property)
				require.Equal(t, r.Property == "negative stays", r.Vacuous, r.Property)
			}
		})
	}
	many := make([]string, 65)
	for i := range many {
		many[i] = string(rune('a' + i))
	}
	m.Properties = check.TransitionsInPlace(func(_, _ *int8) uint64 { return 0 }, many...)
	require.ErrorContains(t, m.Validate(), "at most 64")
	m.Properties = check.TransitionsInPlace[int8](nil, "one")
	require.ErrorContains(t, m.Validate(), "takes a function")
}
