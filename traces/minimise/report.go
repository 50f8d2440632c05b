package minimise

import (
	"fmt"
	"strings"
)

// A Report says what became smaller and how sure that nothing smaller does.
type Report struct {
	Measures []Measure
	Searches int    // of smaller scenarios
	States   uint64 // found in all searches together
	Tries    int    // executions of steps, on the model or in a cluster

	// Undecided are the smaller ones that a bound left open: each would still
	// have to be looked at for longer.
	Undecided []string
	Stopped   error // why it ended early: the cause of the context's end; nil: it did not
}

// A Measure is the size of a trace in one respect.
type Measure struct {
	Name     string // "faults", "replicas", ..., "steps"
	From, To int
}

func (m Measure) String() string {
	if m.From == m.To {
		return fmt.Sprintf("%s %d", m.Name, m.To)
	}
	return fmt.Sprintf("%s %d -> %d", m.Name, m.From, m.To)
}

// Smaller reports whether anything became smaller.
func (r *Report) Smaller() bool {
	for _, m := range r.Measures {
		if m.From != m.To {
			return true
		}
	}
	return false
}

// Complete reports whether everything smaller of the kinds that are tried has been
// ruled out.
func (r *Report) Complete() bool { return r.Stopped == nil && len(r.Undecided) == 0 }

// Size lists the measures on a line.
func (r *Report) Size() string {
	parts := make([]string, len(r.Measures))
	for i, m := range r.Measures {
		parts[i] = m.String()
	}
	return strings.Join(parts, ", ")
}

// compare pairs the sizes of two traces, which have the same names in the same
// order. What neither has is left out.
func compare(before, after []size) []Measure {
	var all []Measure
	for i, b := range before {
		if a := after[i]; a.n != 0 || b.n != 0 {
			all = append(all, Measure{b.name, b.n, a.n})
		}
	}
	return all
}

type size struct {
	name string
	n    int
}
