// Package peterson is Peterson's lock for two processes, as docs/coming-from.md
// compares it with other model checkers.
package peterson

import (
	"fmt"

	"github.com/reconverge/reconverge/check"
)

// A State is where the processes are, and what they share.
type State struct {
	At    [2]string
	Wants [2]bool
	Turn  int
}

// Lock is the lock with processes that come back for ever.
func Lock(fair check.Fairness) *check.Model[State] {
	m := &check.Model[State]{Init: []State{{At: [2]string{"idle", "idle"}}}}
	m.Properties = []check.Property[State]{
		check.Invariant("exclusion", func(s State) bool { return s.At != [2]string{"inside", "inside"} }),
		check.LeadsTo("served", func(s State) bool { return s.Wants[0] }, func(s State) bool { return s.At[0] == "inside" }),
		check.AlwaysEventually("again", func(s State) bool { return s.At[0] == "inside" }),
	}
	for i := range 2 {
		m.Actions = append(m.Actions, check.Action[State]{
			Name: fmt.Sprintf("P(%d)", i),
			Fair: fair,
			Next: func(dst []State, s State) []State {
				switch s.At[i] {
				case "idle":
					s.Wants[i], s.At[i] = true, "asks"
				case "asks":
					s.Turn, s.At[i] = 1-i, "waits"
				case "waits":
					if s.Wants[1-i] && s.Turn != i {
						return dst
					}
					s.At[i] = "inside"
				case "inside":
					s.Wants[i], s.At[i] = false, "idle"
				}
				return append(dst, s)
			},
			Label: func(from, to State) string { return fmt.Sprintf("%d is %s", i, to.At[i]) },
		})
	}
	return m
}
