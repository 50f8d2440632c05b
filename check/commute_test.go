package check_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/reconverge/reconverge/check"
)

// act is an action on the counters with a footprint that may be wrong.
func act(name string, reads, writes []string, next func(s counter) []counter) check.Action[counter] {
	return check.Action[counter]{
		Name: name, Footprint: &check.Footprint{Reads: reads, Writes: writes},
		Next: func(dst []counter, s counter) []counter { return append(dst, next(s)...) },
	}
}

func guarded(a check.Action[counter], reads []string, open func(s counter) bool) check.Action[counter] {
	a.Guards = []check.Guard[counter]{{Reads: reads, Open: open}}
	return a
}

func TestWrongFootprintIsAnError(t *testing.T) {
	x, y := []string{"x"}, []string{"y"}
	when := func(ok bool, s counter) []counter {
		if !ok {
			return nil
		}
		return []counter{s}
	}
	set := func(i int, n uint8) func(s counter) []counter {
		return func(s counter) []counter { s[i] = n; return []counter{s} }
	}
	none := check.DeadlockFree("rests", func(counter) bool { return true })
	for name, test := range map[string]struct {
		first, second check.Action[counter]
		property      check.Property[counter]
		bounds        []check.Bound[counter]
		want          string
	}{
		"right": {first: act("A", x, x, set(0, 1)), second: act("B", y, y, set(1, 1)), property: none},
		"both write": {
			first: act("A", nil, x, set(0, 1)), second: act("B", nil, y, set(0, 2)), property: none,
			want: "check: footprint: actions \"A\" and \"B\" conflict, or a property tells in which order they come, but the footprints say that they do not:\n" +
				"  state [0 0 0 0 0 0]\n  \"A\" to [1 0 0 0 0 0]\n  or \"B\" to [2 0 0 0 0 0]",
		},
		"reads in secret": {
			first:    act("A", nil, x, set(0, 1)),
			second:   act("B", nil, y, func(s counter) []counter { s[1] = 2 + s[0]; return []counter{s} }),
			property: none,
			want:     `actions "A" and "B" conflict`,
		},
		"more choice after it": {
			first: act("A", nil, x, set(0, 1)),
			second: act("B", nil, y, func(s counter) []counter {
				t, u := s, s
				t[1], u[1] = 1, 2
				return []counter{t, u}[:1+s[0]]
			}),
			property: none,
			want:     `actions "A" and "B" conflict`,
		},
		"enables": {
			first:    act("A", nil, x, set(0, 1)),
			second:   act("B", nil, y, func(s counter) []counter { t := s; t[1] = 1; return when(s[0] == 1, t) }),
			property: none,
			want: "check: footprint: action \"A\" enables \"B\", but the footprints say that it does not:\n" +
				"  state [0 0 0 0 0 0]\n  then  [1 0 0 0 0 0]",
		},
		"enables what conflicts with it": { // B writes x, so they may not commute; but A must not enable it
			first:    act("A", x, y, func(s counter) []counter { s[1] = 1; return []counter{s} }),
			second:   act("B", x, x, func(s counter) []counter { t := s; t[0] = 1; return when(s[1] == 1, t) }),
			property: none,
			want:     `action "A" enables "B"`,
		},
		"stirs": { // B assigns what is there, until A changes it
			first:    act("A", nil, x, set(1, 1)),
			second:   act("B", nil, y, set(1, 0)),
			property: none,
			want:     `action "A" enables "B"`,
		},
		"disables": {
			first:    act("A", nil, x, set(0, 1)),
			second:   act("B", nil, y, func(s counter) []counter { t := s; t[1] = 1; return when(s[0] == 0, t) }),
			property: none,
			want:     `action "A" disables "B"`,
		},
		"guard that is not one": {
			first: act("A", x, x, set(0, 1)), second: guarded(act("B", y, y, set(1, 1)), y, func(s counter) bool { return s[1] == 1 }),
			property: none,
			want:     "check: footprint: action \"B\" has successors, but its guard 0 is closed:\n  state [0 0 0 0 0 0]",
		},
		"guard that reads in secret": {
			first: act("A", x, x, set(0, 1)),
			second: guarded(act("B", []string{"x", "y"}, y, func(s counter) []counter { t := s; t[1] = 1; return when(s[0] == 1, t) }),
				y, func(s counter) bool { return s[0] == 1 }),
			property: none,
			want:     "check: footprint: action \"A\" opens guard 0 of \"B\", but writes nothing that it reads:\n  state [0 0 0 0 0 0]\n  then  [1 0 0 0 0 0]",
		},
		"visible": {
			first: act("A", nil, x, set(0, 1)), second: act("B", nil, y, set(1, 1)),
			property: check.Invariant("p", func(s counter) bool { return s[0] < 9 && s[1] == 0 }).Reading("x"),
			want:     "check: footprint: action \"B\" changes what property \"p\" says, but writes nothing that it reads:\n  state [0 0 0 0 0 0]\n  then  [0 1 0 0 0 0]",
		},
		"visible to When": {
			first: act("A", nil, x, set(0, 1)), second: act("B", nil, y, set(1, 1)),
			property: check.Transition("p", func(_, _ counter) bool { return true }, "A").
				When(func(s counter) bool { return s[1] == 0 }).Reading("x"),
			want: `action "B" changes what property "p" says`,
		},
		"visible to a step": {
			first: act("A", nil, x, set(0, 1)), second: act("B", nil, y, set(1, 1)),
			property: check.Transition("p", func(from, _ counter) bool { return from[1] == 0 }, "A").Reading("x"),
			want:     `actions "A" and "B" conflict, or a property tells in which order they come`,
		},
		"beyond a bound": {
			first: act("A", nil, x, set(0, 1)), second: act("B", nil, y, set(0, 2)), property: none,
			bounds: []check.Bound[counter]{{Name: "start", At: func(s counter) bool { return s[0] > 0 }}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := &check.Model[counter]{
				Init: []counter{{}}, Actions: []check.Action[counter]{test.first, test.second},
				Properties: []check.Property[counter]{test.property}, Bounds: test.bounds,
				Format: func(s counter) string { return fmt.Sprint([6]uint8(s)) },
			}
			_, run := check.Run(context.Background(), m, check.Options{PartialOrder: true, Continue: true})
			for _, err := range []error{run, check.CheckFootprints(context.Background(), m, check.Options{})} {
				if test.want == "" {
					require.NoError(t, err)
				} else {
					require.ErrorContains(t, err, test.want)
				}
			}
		})
	}
}

// A footprint that is wrong only where the first states do not lead is found by
// the sample.
func TestWrongFootprintFarAway(t *testing.T) {
	m := counters(6, 7, false) // 262,144 states, the sum of the counters at most 42
	next := m.Actions[0].Next
	m.Actions[0].Next = func(dst []counter, s counter) []counter {
		if s[1] == 7 && s[2] == 7 {
			return dst
		}
		return next(dst, s)
	}
	// Unrelated claims make all steps visible to each other, so nothing is reduced.
	m.Properties = []check.Property[counter]{check.Invariant("all", func(counter) bool { return true })}
	for workers := 1; workers <= 2; workers++ {
		_, err := check.Run(context.Background(), m, check.Options{PartialOrder: true, Workers: workers})
		require.ErrorContains(t, err, "disables \"Count(0)\"")
	}
	require.NoError(t, check.CheckFootprints(context.Background(), m, check.Options{MaxStates: 4096}))
	err := check.CheckFootprints(context.Background(), m, check.Options{})
	require.ErrorContains(t, err, "disables \"Count(0)\"")
	require.ErrorContains(t, err, "\nafter:\n(initial) ")
}

func TestCheckFootprints(t *testing.T) {
	m := counters(2, 2, false)
	require.NoError(t, check.CheckFootprints(context.Background(), m, check.Options{}))

	ctx, cancel := context.WithCancelCause(context.Background())
	late := errors.New("too late")
	cancel(late)
	require.ErrorIs(t, check.CheckFootprints(ctx, m, check.Options{}), late)

	m.Actions[1].Next = func([]counter, counter) []counter { panic("no counter") }
	var panicked *check.PanicError
	require.ErrorAs(t, check.CheckFootprints(context.Background(), m, check.Options{}), &panicked)
	require.Equal(t, `action "Count(1)"`, panicked.Where)
	require.Contains(t, panicked.Trace, "(initial)")

	m.Actions[0].Footprint, m.Actions[1].Footprint = nil, nil
	require.EqualError(t, check.CheckFootprints(context.Background(), m, check.Options{}),
		"check: no action declares a Footprint, so none is known to commute with another")
	require.EqualError(t, check.CheckFootprints(context.Background(), &check.Model[counter]{}, check.Options{}),
		"check: model has no initial state")
}

// TestRandomWrongFootprints plants footprints that leave variables out. Either
// CheckFootprints notices, or it makes no difference and the verdicts are right.
func TestRandomWrongFootprints(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDice(t)
		m := randomFootprints(d)
		randomReadings(d, m)
		for range 1 + d.roll(3, "more that are wrong") {
			i := d.roll(len(m.Actions), "wrong action")
			f := m.Actions[i].Footprint
			if f == nil {
				continue
			}
			if guards := m.Actions[i].Guards; len(guards) > 0 && d.roll(2, "guard") == 1 {
				g := &guards[d.roll(len(guards), "wrong guard")]
				if d.roll(2, "what it reads") == 1 {
					g.Reads = nil
				} else {
					g.Open = d.predicate([]int{0, 1}, "open")
				}
				continue
			}
			m.Actions[i].Guards = nil // they may read what is left out now
			vars := &f.Reads
			if d.roll(2, "written") == 1 {
				vars = &f.Writes
			}
			if len(*vars) > 0 {
				*vars = append([]string{"elsewhere"}, (*vars)[1:]...)
			}
		}
		// Names that are no longer mentioned must not be read.
		m.Actions = append(m.Actions, check.Action[vars]{
			Name: "Mention", Next: func(dst []vars, _ vars) []vars { return dst },
			Footprint: &check.Footprint{Reads: []string{"v0", "v1", "v2", "v3"}},
		})
		whole, err := check.Run(context.Background(), m, check.Options{Continue: true})
		require.NoError(t, err)
		reduced, err := check.Run(context.Background(), m, check.Options{Continue: true, PartialOrder: true})
		if err != nil {
			return
		}
		for i, w := range whole.Results {
			require.Equal(t, w.Verdict, reduced.Results[i].Verdict, w.Property)
			require.Equal(t, w.Vacuous, reduced.Results[i].Vacuous, w.Property)
		}
	})
}
