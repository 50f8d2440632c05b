// Package lease is a model to copy: two candidates elect a leader by a lease,
// and one of them may crash.
package lease

import "github.com/reconverge/reconverge/check"

// A State is all that the next step depends on.
type State struct {
	Lease      Lease // in the store, where both candidates see it
	Candidates [2]Candidate
}

// A Lease names a leader for as many ticks as are left.
type Lease struct {
	Holder string
	Left   int8
}

// A Candidate goes by its own copy of the lease, and by its own clock.
type Candidate struct {
	Role Role
	Left int8
}

// A Role is what a candidate takes itself for.
type Role string

// The roles. A leader whose time is up may not have noticed, but does not lead.
const (
	Follower Role = "follower"
	Leader   Role = "leader"
	Crashed  Role = "crashed"
)

func (c Candidate) leads() bool { return c.Role == Leader && c.Left > 0 }

// Bugs weaken one guard each, to see which property notices.
type Bugs struct{ RenewExpired, KeepForEver bool }

// Model is the election, with these bugs.
func Model(bugs Bugs) *check.Model[State] {
	m := &check.Model[State]{Name: "lease", Init: []State{{
		Lease:      Lease{"nobody", 0},
		Candidates: [2]Candidate{{Follower, 0}, {Follower, 0}},
	}}}
	for i, name := range []string{"c1", "c2"} {
		take := func(s *State) { s.Lease, s.Candidates[i] = Lease{name, 2}, Candidate{Leader, 2} }
		add(m, "Acquire("+name+")", check.Weak, take, func(s State) bool {
			free := s.Lease.Left == 0 && (s.Lease.Holder == "nobody" || !bugs.KeepForEver)
			return free && s.Candidates[i].Role != Crashed
		})
		add(m, "Renew("+name+")", check.Weak, take, func(s State) bool {
			return s.Candidates[i].leads() || s.Candidates[i].Role == Leader && bugs.RenewExpired
		})
		add(m, "Crash("+name+")", check.Unfair,
			func(s *State) { s.Candidates[i] = Candidate{Crashed, 0} },
			func(s State) bool { return s.Candidates[0].Role != Crashed && s.Candidates[1].Role != Crashed })
	}
	add(m, "Tick", check.Weak, func(s *State) {
		for _, left := range []*int8{&s.Lease.Left, &s.Candidates[0].Left, &s.Candidates[1].Left} {
			*left = max(0, *left-1)
		}
	}, func(s State) bool { return s.Lease.Left > 0 })

	m.Properties = []check.Property[State]{
		check.Invariant("at most one leads", func(s State) bool { return !s.Candidates[0].leads() || !s.Candidates[1].leads() }),
		check.AlwaysEventually("somebody leads again and again", func(s State) bool { return s.Candidates[0].leads() || s.Candidates[1].leads() }),
		check.Reachable("c2 leads after c1 crashed", func(s State) bool { return s.Candidates[0].Role == Crashed && s.Candidates[1].leads() }),
	}
	return m
}

// add gives m an action that has this effect in the states where it is enabled.
func add(m *check.Model[State], name string, fair check.Fairness, effect func(*State), enabled func(State) bool) {
	m.Actions = append(m.Actions, check.Action[State]{Name: name, Fair: fair, Next: func(dst []State, s State) []State {
		if !enabled(s) {
			return dst
		}
		effect(&s)
		return append(dst, s)
	}})
}
