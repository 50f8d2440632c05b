package check

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// set makes a set of actions.
func set(actions ...int) (as actionSet) {
	for _, a := range actions {
		as.add(a)
	}
	return as
}

func always(int) bool { return true }
func first(int) int   { return 0 }

// touching makes a model of actions that read and write what is given.
func touching(footprints ...*Footprint) *Model[int] {
	m := &Model[int]{}
	for i, f := range footprints {
		m.Actions = append(m.Actions, Action[int]{Name: string(rune('a' + i)), Footprint: f})
	}
	return m
}

func rw(reads, writes string) *Footprint {
	f := &Footprint{}
	for _, v := range reads {
		f.Reads = append(f.Reads, string(v))
	}
	for _, v := range writes {
		f.Writes = append(f.Writes, string(v))
	}
	return f
}

func TestDependence(t *testing.T) {
	m := touching(rw("x", "x"), rw("x", "y"), rw("", "y"), rw("z", "z"), nil)
	m.Properties = []Property[int]{
		Invariant("all", func(int) bool { return true }),
		Invariant("y", func(int) bool { return true }).Reading("y"),
		Transition("steps", func(int, int) bool { return true }).Reading("y"),
		Transition("steps of d", func(int, int) bool { return true }, "d").Reading("x"),
		DeadlockFree("alive", func(int) bool { return false }),
	}
	d, err := newDependence(m)
	require.NoError(t, err)
	all := set(0, 1, 2, 3, 4)
	require.Equal(t, []actionSet{set(0, 1, 4), set(0, 1, 2, 4), set(1, 2, 4), set(3, 4), all}, d.conflicts)
	require.Equal(t, []actionSet{set(0, 4), set(0, 4), set(4), set(3, 4), all}, d.enabling)
	require.Equal(t, []actionSet{set(0, 4), set(0, 1, 2, 4), set(1, 2, 4), set(3, 4), all}, d.stirring)
	require.Equal(t, []actionSet{all, set(1, 2, 4), all, set(0, 3, 4), {}}, d.visible)
}

func TestReducerChooses(t *testing.T) {
	for name, test := range map[string]struct {
		footprints []*Footprint
		guards     map[int]string // per action: what its only guard, which is closed, reads
		reading    []string       // per invariant
		enabled    actionSet
		stuttering actionSet
		advances   func(a int) bool
		want       actionSet
	}{
		"nothing": {footprints: []*Footprint{rw("x", "x")}},
		"one of independent ones": {
			footprints: []*Footprint{rw("x", "x"), rw("y", "y"), rw("z", "z")},
			enabled:    set(0, 1, 2), want: set(0),
		},
		"the smallest set": {
			footprints: []*Footprint{rw("x", "xy"), rw("y", "y"), rw("z", "z")},
			enabled:    set(0, 1, 2), want: set(2),
		},
		"both writers": {
			footprints: []*Footprint{rw("", "x"), rw("", "x"), rw("z", "zw"), rw("w", "w"), rw("w", "w")},
			enabled:    set(0, 1, 2, 3, 4), want: set(0, 1),
		},
		"what a disabled rival needs": { // b conflicts with a, and c may enable it
			footprints: []*Footprint{rw("x", "x"), rw("xy", "x"), rw("y", "y"), rw("z", "z")},
			enabled:    set(0, 2), want: set(0, 2),
		},
		"what a closed guard needs": { // b waits for a, or for nobody
			footprints: []*Footprint{rw("x", "x"), rw("xy", "x"), rw("y", "y"), rw("z", "z")},
			guards:     map[int]string{1: "x"}, enabled: set(0, 2), want: set(0),
		},
		"what a stuttering rival needs": { // b assigns to y what it is, until c changes it
			footprints: []*Footprint{rw("x", "x"), rw("x", "xy"), rw("", "y"), rw("z", "zy")},
			enabled:    set(0, 2, 3), stuttering: set(1), want: set(0, 2, 3),
		},
		"not what a disabled rival writes": {
			footprints: []*Footprint{rw("x", "x"), rw("x", "xy"), rw("", "y"), rw("z", "zy")},
			enabled:    set(0, 2, 3), want: set(0),
		},
		"no footprint": {
			footprints: []*Footprint{rw("x", "x"), rw("y", "y"), nil},
			enabled:    set(0, 1), want: set(0, 1), // the third may become enabled
		},
		"visible ones come together": {
			footprints: []*Footprint{rw("x", "x"), rw("y", "y"), rw("z", "z")},
			reading:    []string{"xy"}, enabled: set(0, 1), want: set(0, 1),
		},
		"invisible ones alone": {
			footprints: []*Footprint{rw("x", "x"), rw("y", "y"), rw("z", "z")},
			reading:    []string{"xy"}, enabled: set(0, 1, 2), want: set(2),
		},
		"visible to different properties": {
			footprints: []*Footprint{rw("x", "x"), rw("y", "y")},
			reading:    []string{"x", "y"}, enabled: set(0, 1), want: set(0),
		},
		"one that advances": {
			footprints: []*Footprint{rw("x", "x"), rw("y", "y"), rw("z", "z")},
			enabled:    set(0, 1, 2), advances: func(a int) bool { return a == 1 }, want: set(1),
		},
		"all if none advances": {
			footprints: []*Footprint{rw("x", "x"), rw("y", "y")},
			enabled:    set(0, 1), advances: func(int) bool { return false }, want: set(0, 1),
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := touching(test.footprints...)
			for a, vars := range test.guards {
				m.Actions[a].Guards = []Guard[int]{{Reads: rw(vars, "").Reads}}
			}
			for _, vars := range test.reading {
				m.Properties = append(m.Properties, Invariant("p", func(int) bool { return true }).Reading(rw(vars, "").Reads...))
			}
			d, err := newDependence(m)
			require.NoError(t, err)
			if test.advances == nil {
				test.advances = always
			}
			r := newReducer(d)
			got := r.choose(test.enabled, test.stuttering, test.advances, first)
			require.Equal(t, test.want, got)
			require.Zero(t, testing.AllocsPerRun(10, func() { r.choose(test.enabled, test.stuttering, test.advances, first) }))
		})
	}
}
