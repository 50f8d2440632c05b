package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// writers are the forms of a report, by the name that -o has for them.
var writers = map[string]func(io.Writer, *report) error{
	"table":    func(w io.Writer, r *report) error { return writeTables(w, r, table.text) },
	"markdown": func(w io.Writer, r *report) error { return writeTables(w, r, table.markdown) },
	"json": func(w io.Writer, r *report) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(r)
	},
}

// A table is text in rows and columns. The first of them is left aligned.
type table struct {
	title string
	head  []string
	rows  [][]string
	notes []string
}

func writeTables(w io.Writer, r *report, form func(table, io.Writer)) error {
	var b strings.Builder
	for _, t := range []table{raceTable(r), livenessTable(r), growthTable(r), protocolTable(r)} {
		if len(t.rows) > 0 {
			form(t, &b)
		}
	}
	fmt.Fprintf(&b, "Medians of %d runs on %s.\n", r.Runs, r.Machine)
	_, err := io.WriteString(w, b.String())
	return err
}

func (t table) text(w io.Writer) {
	fmt.Fprintf(w, "%s\n\n", t.title)
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{t.head}, t.rows...) {
		fmt.Fprintln(out, strings.Join(row, "\t"))
	}
	_ = out.Flush() // to memory
	fmt.Fprintln(w)
	for _, note := range t.notes {
		fmt.Fprintf(w, "%s\n", note)
	}
	fmt.Fprintln(w)
}

func (t table) markdown(w io.Writer) {
	fmt.Fprintf(w, "**%s**\n\n", t.title)
	line := func(cells []string) { fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | ")) }
	line(t.head)
	align := make([]string, len(t.head))
	for i, cell := range t.rows[0] {
		align[i] = "---"
		if strings.ContainsAny(cell[:min(1, len(cell))], "-0123456789") {
			align[i] = "---:"
		}
	}
	line(align)
	for _, row := range t.rows {
		line(row)
	}
	fmt.Fprintln(w)
	for _, note := range t.notes {
		fmt.Fprintf(w, "- %s\n", note)
	}
	fmt.Fprintln(w)
}

func raceTable(r *report) table {
	t := table{
		title: "check against Spin",
		head:  []string{"system", "states", "program", "wall s", "from-to", "CPU s", "peak MiB", "B/state", "reported", "times faster"},
		notes: []string{
			"All programs found the same states, except that Spin counts one more where its Promela model begins with a step that initialises; it is left out.",
			"Spin BFS_PAR, exact (-DNO_HC) keeps whole states, as Spin DFS and check do. By default (hashes) it keeps 95 bits for each and could miss states, though here it found as many.",
			"CPU of BFS_PAR is not known: its first process does not wait for the others.",
			"Peak is the resident set of one process. For BFS_PAR that is the first, with all pages of the shared memory that it touched; what the others have to themselves is not in it.",
			fmt.Sprintf("B/state is peak by states; for check, less the %.1f MiB of a run with 288 states. Reported: the same by the program's own account of its memory.", float64(r.EmptyBytes)/(1<<20)),
			"Times faster: wall of Spin by wall of check, the median over rounds in which each program ran once; under 1, check is slower.",
		},
	}
	if share, busy := leastShare(r.Race); busy {
		t.notes = append(t.notes, fmt.Sprintf("The machine was busy: a sequential search had a core for only %.0f %% of its time. Do not quote these times; programs on two cores suffer most.", 100*share))
	}
	for _, row := range r.Race {
		var faster []string
		for _, f := range row.Faster {
			text := fmt.Sprintf("%.2f than %s", f.Wall, f.Than)
			if f.CPU > 0 {
				text += fmt.Sprintf(" (by CPU %.2f)", f.CPU)
			}
			faster = append(faster, text)
		}
		t.rows = append(t.rows, []string{
			row.System, fmt.Sprint(row.States), row.Program,
			fmt.Sprintf("%.2f", row.Wall), fmt.Sprintf("%.2f-%.2f", row.Least, row.Max), known("%.2f", row.CPU),
			known("%.0f", row.PeakBytes/(1<<20)), known("%.1f", row.Measured), fmt.Sprintf("%.1f", row.Reported),
			strings.Join(faster, ", "),
		})
	}
	return t
}

// leastShare is the least part of its time for which Spin's sequential search,
// which never waits, had a core. busy says that others needed the cores too.
func leastShare(rows []raceRow) (share float64, busy bool) {
	share = 1
	for _, row := range rows {
		if row.Program == pans[0].name {
			share = min(share, row.CPU/row.Wall)
		}
	}
	return share, share < 0.9
}

func livenessTable(r *report) table {
	t := table{
		title: "check with liveness against check without",
		head:  []string{"system", "states", "workers", "safety s", "with liveness s", "times"},
		notes: []string{"Times is the median over rounds, as in the race; seconds are those that check reports, without the start of the process."},
	}
	for _, row := range r.Liveness {
		t.rows = append(t.rows, []string{
			row.System, fmt.Sprint(row.States), fmt.Sprint(row.Workers),
			fmt.Sprintf("%.2f", row.Safety), fmt.Sprintf("%.2f", row.Liveness), fmt.Sprintf("%.1f", row.Ratio),
		})
	}
	return t
}

func growthTable(r *report) table {
	t := table{
		title: "The cost of a state as systems grow, check with one worker",
		head:  []string{"system", "states", "transitions", "ns/state", "times the first", "ns/transition", "times the first"},
		notes: []string{"A state of a larger system has more successors: ns/transition leaves that out, and what remains is memory that is no longer in the caches."},
	}
	for _, row := range r.Growth {
		t.rows = append(t.rows, []string{
			row.System, fmt.Sprint(row.States), fmt.Sprint(row.Transitions),
			fmt.Sprintf("%.0f", row.PerState), fmt.Sprintf("%.2f", row.StateTimes),
			fmt.Sprintf("%.1f", row.PerTransition), fmt.Sprintf("%.2f", row.TransitTimes),
		})
	}
	return t
}

// known formats a measure that is 0 where there is none.
func known(format string, x float64) string {
	if x == 0 {
		return "-"
	}
	return fmt.Sprintf(format, x)
}
