package traces

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/reconverge/reconverge/model"
)

// WriteTable writes one row a step: its number, the action and who took it, and
// what it changed.
func (r *Replayed) WriteTable(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "  STEP\tACTION\tWHAT CHANGED\n")
	from := r.Trace.Stem[0].State
	for i, step := range r.Steps() {
		what := r.describe(from, step.State)
		if i == 0 {
			what = []string{r.picture(step.State)}
		}
		if i == len(r.Trace.Stem) {
			fmt.Fprintf(t, "\t\t\n\tfor ever:\t\n")
		}
		fmt.Fprintf(t, "  %4d\t%s\t%s\n", i, step.Label, what[0])
		for _, more := range what[1:] {
			fmt.Fprintf(t, "\t\t%s\n", more)
		}
		from = step.State
	}
	return t.Flush()
}

// WritePods writes the pods at the end of the trace as kubectl get pods -o wide
// lists them.
func (r *Replayed) WritePods(w io.Writer) error {
	rows := r.Model.Pods(r.End())
	if len(rows) == 0 {
		_, err := fmt.Fprintln(w, "  No resources found.")
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintf(t, "  NAME\tREADY\tSTATUS\tNODE\n")
	for _, row := range rows {
		ready := "0/1"
		if row.Ready {
			ready = "1/1"
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\n", row.Name, ready, row.Status, row.Node)
	}
	return t.Flush()
}

// describe lists what a step changed, at least one line.
func (r *Replayed) describe(from, to model.State) []string {
	var lines []string
	for _, c := range r.Model.Changes(from, to) {
		lines = append(lines, fmt.Sprintf("%s %s → %s", c.Field, c.From, c.To))
	}
	if len(lines) == 0 {
		return []string{"nothing"}
	}
	return lines
}

// picture says where the pods of a state are.
func (r *Replayed) picture(s model.State) string {
	count := map[string]int{}
	for _, row := range r.Model.Pods(s) {
		count[row.Status+" on "+row.Node]++
	}
	if len(count) == 0 {
		return "no pods"
	}
	var parts []string
	for where, n := range count {
		parts = append(parts, fmt.Sprintf("%d %s", n, where))
	}
	slices.SortFunc(parts, func(a, b string) int { return cmp.Compare(a[strings.Index(a, " "):], b[strings.Index(b, " "):]) })
	return "pods: " + strings.Join(parts, ", ")
}
