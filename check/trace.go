package check

import (
	"bytes"
	"fmt"
	"io"
)

// Stutter is the action of a step that changes nothing: the cycle of a lasso
// whose behaviour stays in one state for ever.
const Stutter = "stutter"

// A Trace is a behaviour: a finite one if Cycle is empty, otherwise a lasso
// that goes through Stem once and through Cycle for ever. The first step of
// Stem is an initial state. The last state of Cycle equals the last of Stem.
type Trace[S comparable] struct {
	Stem, Cycle []Step[S]
	format      func(S) string
}

// A Step is an action and the state it led to.
type Step[S comparable] struct {
	Action string // name in the model; "" for an initial state
	Label  string // the instance, by Action.Label
	State  S
}

// Len counts the steps, initial state and cycle included.
func (t *Trace[S]) Len() int { return len(t.Stem) + len(t.Cycle) }

// WriteTo writes one step a line: number, label, state.
func (t *Trace[S]) WriteTo(w io.Writer) (int64, error) {
	var b bytes.Buffer
	format := t.format
	if format == nil {
		format = func(s S) string { return fmt.Sprintf("%+v", s) }
	}
	n := 0
	write := func(steps []Step[S]) {
		for _, st := range steps {
			label := st.Label
			if st.Action == "" {
				label = "(initial)"
			}
			fmt.Fprintf(&b, "%3d  %-24s %s\n", n, label, format(st.State))
			n++
		}
	}
	write(t.Stem)
	if len(t.Cycle) > 0 {
		fmt.Fprintf(&b, "---  for ever:\n")
		write(t.Cycle)
	}
	return b.WriteTo(w)
}

func (t *Trace[S]) text() string {
	var b bytes.Buffer
	_, _ = t.WriteTo(&b) // a buffer does not fail
	return b.String()
}
