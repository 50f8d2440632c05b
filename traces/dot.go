package traces

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// WriteDOT writes the trace as a graph for Graphviz: a path of states, each
// edge labelled with the step and its first changes, and for a lasso the edge
// that closes the cycle.
func (r *Replayed) WriteDOT(w io.Writer) error {
	steps := r.drawn()
	var b bytes.Buffer
	fmt.Fprintf(&b, "digraph trace {\n  label=%s\n  labelloc=t\n  node [shape=box, style=rounded]\n", dotText(r.verdict(), r.Claim.Claim))
	last := len(steps) - 1
	for i, d := range steps {
		back := len(r.Trace.Cycle) > 0 && i == last // to a state that is drawn already
		if !back {
			fmt.Fprintf(&b, "  s%d [label=%s]\n", i, dotText(fmt.Sprint(i), r.picture(d.State)))
		}
		if i == 0 {
			continue
		}
		to, style := i, ""
		if back {
			to = len(r.Trace.Stem) - 1
		}
		if i >= len(r.Trace.Stem) {
			style = ", style=bold" // for ever
		}
		fmt.Fprintf(&b, "  s%d -> s%d [label=%s%s]\n", i-1, to, dotText(d.Label, brief(d.Title, d.Changes)...), style)
	}
	b.WriteString("}\n")
	_, err := w.Write(b.Bytes())
	return err
}

// dotText is a string of lines as a quoted label.
func dotText(line string, more ...string) string {
	text := strings.Join(append([]string{line}, more...), "\n")
	return `"` + dotSpecials.Replace(text) + `"`
}

var dotSpecials = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
