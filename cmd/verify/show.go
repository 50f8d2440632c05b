package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/reconverge/reconverge/traces"
)

func newShow() *cobra.Command {
	format := traceFormat{formatTable}
	cmd := &cobra.Command{
		Use:   "show TRACE",
		Short: "Execute a trace again and show it",
		Long: `Show reads a trace that check wrote, executes it on the model again, and prints
it. A trace that is not a behaviour of the model, or does not show what it says
it shows, is bad input: the exit status is 2. TRACE is a file, or - for standard
input.

As mermaid it is a sequence diagram, as dot a graph for Graphviz, as itf the
Informal Trace Format that tools for TLA+ read.`,
		Example: `  verify show verify-traces/web-1.37-P-OVER2-rs.noExpectations-b49f6275.json
  verify show -o dot trace.json | dot -Tsvg > trace.svg`,
		Args: oneTrace,
		RunE: func(cmd *cobra.Command, args []string) error {
			replayed, err := openTrace(args[0], cmd.InOrStdin())
			if err != nil {
				return err
			}
			if format.format == formatTable {
				return showTrace(cmd.OutOrStdout(), replayed)
			}
			if write, ok := pictures[format.format]; ok {
				return write(replayed, cmd.OutOrStdout())
			}
			return format.write(cmd.OutOrStdout(), replayed.Document())
		},
	}
	cmd.Flags().VarP(&format, "output", "o", "`FORMAT`: table, json, yaml, mermaid, dot or itf")
	return cmd
}

// pictures are the formats of a trace besides those that every command has.
var pictures = map[format]func(*traces.Replayed, io.Writer) error{
	"mermaid": (*traces.Replayed).WriteMermaid,
	"dot":     (*traces.Replayed).WriteDOT,
	"itf":     (*traces.Replayed).WriteITF,
}

// A traceFormat is a value of -o for traces.
type traceFormat struct{ format }

// Set parses a value of the flag.
func (f *traceFormat) Set(s string) error {
	if _, ok := pictures[format(s)]; ok {
		f.format = format(s)
		return nil
	}
	if f.format.Set(s) != nil {
		return errors.New("use table, json, yaml, mermaid, dot or itf")
	}
	return nil
}

// oneTrace refuses any other number of arguments.
func oneTrace(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("want one trace, got %d (see %s --help)", len(args), cmd.CommandPath())
	}
	return nil
}

// openInput opens a file, or standard input if its path is -, and returns its name
// in messages.
func openInput(path string, stdin io.Reader) (string, io.ReadCloser, error) {
	if path == "-" {
		return "<stdin>", io.NopCloser(stdin), nil
	}
	f, err := os.Open(path)
	return path, f, withName(path, err)
}

// openTrace reads a trace and executes it. Its errors begin with the file.
func openTrace(path string, stdin io.Reader) (*traces.Replayed, error) {
	name, r, err := openInput(path, stdin)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return readTrace(name, r)
}

// readTrace is openTrace of what is open.
func readTrace(name string, r io.Reader) (*traces.Replayed, error) {
	doc, err := traces.Decode(r)
	if err != nil {
		return nil, withName(name, err)
	}
	replayed, err := traces.Replay(doc)
	return replayed, withName(name, err)
}

// withName puts a file's name before an error, once.
func withName(name string, err error) error {
	var pathErr *fs.PathError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &pathErr):
		err = pathErr.Err
	}
	return fmt.Errorf("%s: %w", name, err)
}

func showTrace(w io.Writer, r *traces.Replayed) error {
	var b bytes.Buffer
	paragraph(&b, "", inWords(r.Scenario))
	fmt.Fprintln(&b)
	if err := writeTrace(&b, r); err != nil {
		return err
	}
	fmt.Fprint(&b, "\nthe trace was executed again on the model: valid\n")
	_, err := w.Write(trimLines(b.Bytes()))
	return err
}
