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

// team is a state of processes that run the same program beside a shared variable.
type team struct {
	Local  [3]uint8 // unused ones stay 0
	Shared uint8
}

const locals, shareds = 3, 2

func sortTeam(n int) func(team) team {
	return func(s team) team {
		slices.Sort(s.Local[:n])
		return s
	}
}

// randomTeam draws the program of n processes: per action what a process may do
// in each local and shared state, perhaps only while another is in some state.
func randomTeam(d dice, n int) *check.Model[team] {
	type outcome struct{ local, shared uint8 }
	m := &check.Model[team]{Name: "random team", Canonical: sortTeam(n)}
	local := func(name string) uint8 { return uint8(d.roll(locals, name)) }
	shared := func(name string) uint8 { return uint8(d.roll(shareds, name)) }
	for range 1 + d.roll(2, "more initial states") {
		init := team{Shared: shared("shared")}
		for i := range n {
			init.Local[i] = local("local")
		}
		m.Init = append(m.Init, init)
	}
	for a := range 1 + d.roll(3, "more actions") {
		var table [locals][shareds][]outcome
		for l := range locals {
			for s := range shareds {
				for range []int{0, 0, 1, 1, 2}[d.roll(5, "degree")] {
					table[l][s] = append(table[l][s], outcome{local("to"), shared("to shared")})
				}
			}
		}
		guarded, guard := d.roll(2, "guarded") == 1, local("guard")
		m.Actions = append(m.Actions, check.Action[team]{
			Name: fmt.Sprintf("a%d", a),
			Fair: d.fairness(),
			Next: func(dst []team, s team) []team {
				for i := range n {
					others := slices.Concat(s.Local[:i], s.Local[i+1:n])
					if guarded && !slices.Contains(others, guard) {
						continue
					}
					for _, o := range table[s.Local[i]][s.Shared] {
						u := s
						u.Local[i], u.Shared = o.local, o.shared
						dst = append(dst, u)
					}
				}
				return dst
			},
		})
	}
	return m
}

// randomSymmetricSet draws a predicate that knows how many processes are in a
// local state, not which.
func randomSymmetricSet(d dice, n int, name string) func(team) bool {
	l := uint8(d.roll(locals, name+": local state"))
	bits := d.roll(1<<(shareds*(n+1)), name)
	return func(s team) bool {
		count := 0
		for _, local := range s.Local[:n] {
			if local == l {
				count++
			}
		}
		return bits>>(shareds*count+int(s.Shared))&1 == 1
	}
}

func randomSymmetricProperties(d dice, m *check.Model[team], n int) []check.Property[team] {
	set := func(name string) func(team) bool { return randomSymmetricSet(d, n, name) }
	f := randomFormula(d, m, 3, func() func(team) bool { return set("set") })
	from, to := set("from"), set("to")
	return []check.Property[team]{
		check.Invariant("invariant", set("p")).When(set("relevant")),
		check.Transition("transition", func(s, u team) bool { return !from(s) || to(u) }).When(set("relevant step")),
		check.DeadlockFree("deadlock-free", set("quiescent")),
		check.Reachable("reachable", set("goal")),
		check.Eventually("eventually", set("q")),
		check.AlwaysEventually("always-eventually", set("q")),
		check.EventuallyAlways("eventually-always", set("q")),
		check.LeadsTo("leads-to", set("p"), set("q")),
		check.LTL("formula", f.formula()),
	}
}

// TestRandomSymmetry compares verdicts with and without symmetry.
func TestRandomSymmetry(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDice(t)
		n := 2 + d.roll(2, "more processes")
		m := randomTeam(d, n)
		m.Properties = randomSymmetricProperties(d, m, n)
		o := check.Options{Continue: true, Workers: 1 + d.roll(2, "more workers")}
		whole, err := check.Run(context.Background(), m, o)
		require.NoError(t, err)
		o.Symmetry = true
		quotient, err := check.Run(context.Background(), m, o)
		require.NoError(t, err)
		for i, w := range whole.Results {
			q := quotient.Results[i]
			require.Equal(t, w.Verdict, q.Verdict, w.Property)
			require.Equal(t, w.Vacuous, q.Vacuous, w.Property)
			if w.Trace != nil && !w.Kind.Liveness() {
				require.Equal(t, w.Trace.Len(), q.Trace.Len(), w.Property)
			}
			// A lasso that rounds an orbit may have to go round it before it
			// meets a state again, but it enters it as soon.
			if w.Trace != nil && w.Kind.Liveness() {
				require.LessOrEqual(t, len(w.Trace.Stem), len(q.Trace.Stem), w.Property)
			}
		}
		orbits := map[team]bool{}
		for _, s := range explore(m, 0).order {
			orbits[m.Canonical(s)] = true
		}
		require.EqualValues(t, len(orbits), quotient.Stats.Distinct)
		require.LessOrEqual(t, quotient.Stats.Depth, whole.Stats.Depth)
	})
}

// TestRandomWrongCanonical plants a function that merges states at random. Run
// must notice that they are not bisimilar, unless they are by chance, and then
// the verdicts must be right.
func TestRandomWrongCanonical(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDice(t)
		n := 2 + d.roll(9, "more states")
		m := randomModel(d, n)
		randomClaims(d, n, m)
		into := make([]int, n)
		for i := range into {
			into[i] = d.roll(n, "canonical")
		}
		m.Canonical = func(s tableState) tableState { return number(into[s.Number]) }
		whole, err := check.Run(context.Background(), m, check.Options{Continue: true})
		require.NoError(t, err)
		quotient, err := check.Run(context.Background(), m, check.Options{Continue: true, Symmetry: true})
		if err != nil {
			return
		}
		for i, w := range whole.Results {
			require.Equal(t, w.Verdict, quotient.Results[i].Verdict, w.Property)
		}
	})
}

func TestWrongCanonicalIsAnError(t *testing.T) {
	// Two processes count to two, the first one only while the second is at 0.
	count := func(i int) check.Action[team] {
		return check.Action[team]{Name: fmt.Sprintf("Count(%d)", i), Next: func(dst []team, s team) []team {
			if s.Local[i] == 2 || i == 0 && s.Local[1] > 0 {
				return dst
			}
			s.Local[i]++
			return append(dst, s)
		}}
	}
	anyone := check.Action[team]{Name: "Count", Next: func(dst []team, s team) []team {
		for i := range 2 {
			if t := s; t.Local[i] < 2 {
				t.Local[i]++
				dst = append(dst, t)
			}
		}
		return dst
	}}
	always := func(team) bool { return true }
	for name, test := range map[string]struct {
		canonical func(team) team
		actions   []check.Action[team]
		property  check.Property[team]
		bounds    []check.Bound[team]
		want      string
	}{
		"right": {canonical: sortTeam(2), actions: []check.Action[team]{anyone}, property: check.Invariant("p", always)},
		"an action per process": {
			canonical: sortTeam(2), actions: []check.Action[team]{count(0), count(1)}, property: check.Invariant("p", always),
			want: `check: Canonical: action "Count(0)" tells these states apart`,
		},
		"not idempotent": {
			canonical: func(s team) team { s.Local[0], s.Local[1] = s.Local[1], s.Local[0]; return s },
			actions:   []check.Action[team]{anyone}, property: check.Invariant("p", always),
			want: "check: Canonical: not idempotent",
		},
		"forgets": {
			canonical: func(s team) team { s.Local[0] = 0; return s },
			actions:   []check.Action[team]{anyone}, property: check.Invariant("p", always),
			want: `check: Canonical: action "Count" tells these states apart`,
		},
		"property": {
			canonical: sortTeam(2), actions: []check.Action[team]{anyone},
			property: check.Reachable("first at one", func(s team) bool { return s.Local[0] == 1 }),
			want:     `check: Canonical: property "first at one" tells these states apart`,
		},
		"second predicate": {
			canonical: sortTeam(2), actions: []check.Action[team]{anyone},
			property: check.LeadsTo("p q", always, func(s team) bool { return s.Local[0] == 1 }),
			want:     `check: Canonical: property "p q" tells these states apart`,
		},
		"when": {
			canonical: sortTeam(2), actions: []check.Action[team]{anyone},
			property: check.Invariant("p", always).When(func(s team) bool { return s.Local[0] == 1 }),
			want:     `check: Canonical: property "p" tells these states apart`,
		},
		"step": {
			canonical: sortTeam(2), actions: []check.Action[team]{anyone},
			property: check.Transition("p", func(_, s team) bool { return s.Local[0] != 2 }),
			want:     `check: Canonical: action "Count" tells these states apart`,
		},
		"step that is not asked about": {
			canonical: sortTeam(2), actions: []check.Action[team]{anyone},
			property: check.Transition("p", func(_, s team) bool { return s.Local[0] != 2 }).When(func(team) bool { return false }),
		},
		"bound": {
			canonical: sortTeam(2), actions: []check.Action[team]{anyone}, property: check.Invariant("p", always),
			bounds: []check.Bound[team]{{Name: "first at one", At: func(s team) bool { return s.Local[0] == 1 }}},
			want:   `check: Canonical: bound "first at one" tells these states apart`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := &check.Model[team]{
				Init: []team{{}}, Actions: test.actions, Bounds: test.bounds,
				Properties: []check.Property[team]{test.property}, Canonical: test.canonical,
			}
			for workers := 1; workers <= 2; workers++ {
				_, err := check.Run(context.Background(), m, check.Options{Symmetry: true, Continue: true, Workers: workers})
				if test.want == "" {
					require.NoError(t, err)
				} else {
					require.ErrorContains(t, err, test.want)
				}
			}
		})
	}
}

func TestSymmetryNeedsCanonical(t *testing.T) {
	m := &check.Model[team]{Init: []team{{}}}
	_, err := check.Run(context.Background(), m, check.Options{Symmetry: true})
	require.EqualError(t, err, "check: Options.Symmetry needs Model.Canonical")
}

// A cycle of the quotient may be less than one of the model: here each round of
// one step ends with another process holding the token.
func TestSymmetryUnfoldsLassos(t *testing.T) {
	m := &check.Model[team]{
		Init: []team{{Local: [3]uint8{1, 0, 0}}},
		Actions: []check.Action[team]{{Name: "Pass", Fair: check.Weak, Next: func(dst []team, s team) []team {
			i := slices.Index(s.Local[:], 1)
			s.Local[i], s.Local[(i+1)%3] = 0, 1
			return append(dst, s)
		}}},
		Properties: []check.Property[team]{
			check.AlwaysEventually("no token", func(s team) bool { return s.Local == [3]uint8{} }),
		},
		Canonical: sortTeam(3),
	}
	r := mustRun(t, m, check.Options{Symmetry: true})
	require.EqualValues(t, 1, r.Stats.Distinct)
	require.Equal(t, check.Violated, r.Verdict())
	require.Equal(t, []string{"Pass", "Pass", "Pass"}, actions(r.Results[0].Trace))
	require.Len(t, r.Results[0].Trace.Cycle, 3)
}
