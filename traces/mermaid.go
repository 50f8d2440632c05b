package traces

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
)

// WriteMermaid writes the trace as a sequence diagram for Mermaid: a lifeline a
// process, an arrow to the API server for each write, notes for what changes
// memory only. What no process does, faults and time, is a note over all.
func (r *Replayed) WriteMermaid(w io.Writer) error {
	steps := r.drawn()
	lifelines := participants(steps)
	id := func(process string) string { return fmt.Sprintf("p%d", slices.Index(lifelines, process)+1) }
	everyone := fmt.Sprintf("p1,p%d", len(lifelines))
	if len(lifelines) == 1 {
		everyone = "p1"
	}
	var b bytes.Buffer
	b.WriteString("sequenceDiagram\n")
	for _, process := range lifelines {
		fmt.Fprintf(&b, "  participant %s as %s\n", id(process), mermaidText(process))
	}
	indent := "  "
	for i, d := range steps {
		if i == len(r.Trace.Stem) {
			b.WriteString("  loop for ever\n")
			indent = "    "
		}
		title, writes := fmt.Sprintf("%d. %s", i, d.Title), d.writes()
		switch {
		case i == 0:
			fmt.Fprintf(&b, "%sNote over %s: %s\n", indent, everyone, mermaidText("0. "+r.picture(d.State)))
		case d.Process == "":
			fmt.Fprintf(&b, "%sNote over %s: %s\n", indent, everyone, mermaidText(title, brief(title, d.Changes)...))
		case len(writes) == 0:
			fmt.Fprintf(&b, "%sNote over %s: %s\n", indent, id(d.Process), mermaidText(title, brief(title, d.Changes)...))
		default:
			fmt.Fprintf(&b, "%s%s->>%s: %s\n", indent, id(d.Process), id(apiServer), mermaidText(title, brief(title, writes)...))
		}
	}
	if len(r.Trace.Cycle) > 0 {
		b.WriteString("  end\n")
	}
	_, err := w.Write(b.Bytes())
	return err
}

// participants lists the processes in the order in which they appear, the API
// server after the first that writes to it.
func participants(steps []drawnStep) (all []string) {
	add := func(process string) {
		if process != "" && !slices.Contains(all, process) {
			all = append(all, process)
		}
	}
	for _, d := range steps {
		add(d.Process)
		if d.Process != "" && len(d.writes()) > 0 {
			add(apiServer)
		}
	}
	if len(all) == 0 {
		add(apiServer)
	}
	return all
}

// mermaidText joins lines to one text, in which nothing has a meaning for
// Mermaid or HTML.
func mermaidText(line string, more ...string) string {
	line = mermaidSpecials.Replace(line)
	for _, next := range more {
		line += "<br/>" + mermaidSpecials.Replace(next)
	}
	return line
}

var mermaidSpecials = strings.NewReplacer(
	"#", "#35;", ";", "#59;", "<", "#lt;", ">", "#gt;", `"`, "#quot;", "&", "#amp;", "%", "#37;", "$", "#36;", "`", "#96;",
)
