package main

import (
	"bytes"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

// A list is what there is of something, for people and for programs.
type list struct {
	head  string   // tab-separated
	rows  []string // tab-separated
	items []any    // the same for JSON
}

// add appends a row. Its last cell is prose, which is wrapped.
func (l *list) add(text string, cells ...string) {
	before := strings.Join(append(cells, ""), "\t")
	for _, line := range wrap(text, textWidth-20) {
		l.rows = append(l.rows, before+line)
		before = strings.Repeat("\t", len(cells))
	}
}

// newList makes a command that prints a list.
func newList(name, short, long string, get func() (list, error)) *cobra.Command {
	format := formatTable
	cmd := &cobra.Command{
		Use: name, Short: short, Long: short + ".\n\n" + long, Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := get()
			if err != nil {
				return err
			}
			if format != formatTable {
				return format.write(cmd.OutOrStdout(), l.items)
			}
			var b bytes.Buffer
			t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
			fmt.Fprintln(t, l.head)
			for _, row := range l.rows {
				fmt.Fprintln(t, row)
			}
			t.Flush()
			_, err = cmd.OutOrStdout().Write(trimLines(b.Bytes()))
			return err
		},
	}
	cmd.Flags().VarP(&format, "output", "o", "`FORMAT`: table, json or yaml")
	return cmd
}

// trimLines removes the padding at the ends of lines.
func trimLines(text []byte) []byte {
	var b bytes.Buffer
	for line := range bytes.Lines(text) {
		b.Write(bytes.TrimRight(line, " \n"))
		b.WriteByte('\n')
	}
	return b.Bytes()
}
