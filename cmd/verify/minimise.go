package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/reconverge/reconverge/impl/sim"
	"github.com/reconverge/reconverge/traces"
	"github.com/reconverge/reconverge/traces/minimise"
)

// minimiseFlags are the flags of verify minimise.
type minimiseFlags struct {
	maxStates uint64
	maxMemory byteSize
	timeout   time.Duration
	workers   int
	output    format // "": as the input is
	file      string
}

// Bounds of verify minimise: what a search does in about a second, and what
// somebody waits for.
const (
	defaultMinimiseStates  = 200_000
	defaultMinimiseTimeout = 5 * time.Minute
)

func newMinimise() *cobra.Command {
	f := &minimiseFlags{maxMemory: defaultMemory}
	cmd := &cobra.Command{
		Use:   "minimise TRACE",
		Short: "Make a counterexample smaller",
		Long: `Minimise looks for a smaller trace that shows the same property: with fewer
faults first, then with fewer objects (replicas, nodes, pods, planted bugs, lag,
settings), then with fewer steps. What it prints has been executed again.

TRACE is a file, or - for standard input: a trace that check wrote, or a schedule
of the simulated cluster that go test saved. A trace of the model is minimal when
no scenario that has less of one thing shows the property, and no shorter trace;
where a search meets its bound, steps are left out of the trace itself, and what
was not ruled out is said. Of a schedule every step is needed.

Exit status: 0 the result is minimal, 2 usage error or bad input, 3 something
smaller was not ruled out, because a bound, the time or an interrupt came first.`,
		Example: `  verify minimise verify-traces/web-1.37-P-OVER2-rs.noExpectations-b49f6275.json
  verify minimise --write small.json --max-states 2000000 trace.json
  verify minimise -o table impl/suite/testdata/violated/lag.yaml`,
		Args: oneTrace,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	flags := cmd.Flags()
	flags.Uint64Var(&f.maxStates, "max-states", defaultMinimiseStates, "end the search in each smaller scenario after so many states (0: no bound)")
	flags.Var(&f.maxMemory, "max-memory", "end it when the states need more memory (0: no bound)")
	flags.DurationVar(&f.timeout, "timeout", defaultMinimiseTimeout, "end with what was reached after this time (0: no bound)")
	flags.IntVar(&f.workers, "workers", 0, "goroutines that search; the result does not depend on it (0: one per CPU)")
	flags.VarP(&f.output, "output", "o", "`FORMAT`: table, json or yaml (default that of TRACE)")
	flags.StringVar(&f.file, "write", "", "write the result to `FILE`, in the format of TRACE, and print it only if -o is given")
	flags.SortFlags = false
	return cmd
}

func (f *minimiseFlags) validate() error {
	if err := bounds(f.workers, f.timeout); err != nil || f.file == "" {
		return err
	}
	if info, err := os.Stat(f.file); err == nil && info.IsDir() {
		return fmt.Errorf("--write: %s is a directory", f.file)
	}
	_, err := os.Stat(filepath.Dir(f.file))
	return withName("--write: "+filepath.Dir(f.file), err)
}

func (f *minimiseFlags) run(cmd *cobra.Command, path string) error {
	if err := f.validate(); err != nil {
		return err
	}
	name, data, err := readAll(path, cmd.InOrStdin())
	if err != nil {
		return err
	}
	ctx, stop := interruptible(cmd.Context(), f.timeout)
	defer stop()
	small, err := f.minimise(ctx, data, cmd.ErrOrStderr())
	switch {
	case errors.Is(err, errInterrupted) || errors.Is(err, errTimeout):
		fmt.Fprintf(cmd.ErrOrStderr(), "verify: %s: %v before it was executed once\n", name, err)
		return statusIncomplete
	case err != nil:
		return withName(name, err)
	}
	f.summarise(cmd.ErrOrStderr(), small.report)
	if err := f.write(cmd.OutOrStdout(), small); err != nil {
		return err
	}
	if !small.report.Complete() {
		return statusIncomplete
	}
	return nil
}

// A minimised trace is one of the model or a schedule.
type minimised struct {
	document any
	native   format // of its files
	table    func(io.Writer) error
	report   *minimise.Report
}

func (f *minimiseFlags) minimise(ctx context.Context, data []byte, stderr io.Writer) (*minimised, error) {
	if isSchedule(data) {
		return minimiseSchedule(ctx, data)
	}
	doc, err := traces.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	replayed, err := traces.Replay(doc)
	if err != nil {
		return nil, err
	}
	progress := newProgress(stderr, "minimise", 1)
	small, report, err := minimise.Trace(ctx, replayed, minimise.Bounds{
		MaxStates: f.maxStates, MemoryBytes: int64(f.maxMemory), Workers: f.workers, Progress: progress.show,
	})
	progress.clear()
	if err != nil {
		return nil, err
	}
	show := func(w io.Writer) error { return showTrace(w, small) }
	return &minimised{small.Document(), formatJSON, show, report}, nil
}

func minimiseSchedule(ctx context.Context, data []byte) (*minimised, error) {
	d, err := sim.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("not a schedule: %w", err)
	}
	small, report, err := minimise.Schedule(ctx, d)
	if err != nil {
		return nil, err
	}
	show := func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%s is violated: %s\n\n%s", small.Property, small.Message, small.Schedule)
		return err
	}
	return &minimised{small, formatYAML, show, report}, nil
}

// isSchedule tells the documents of both levels apart: those of the model are JSON
// and have a kind.
func isSchedule(data []byte) bool {
	text := bytes.TrimSpace(data)
	if len(text) == 0 || text[0] != '{' {
		return len(text) > 0
	}
	var fields map[string]json.RawMessage
	return json.Unmarshal(text, &fields) == nil && fields["kind"] == nil
}

// summarise says what became smaller, what that took, and what was left open.
func (f *minimiseFlags) summarise(w io.Writer, r *minimise.Report) {
	head := "nothing smaller was found"
	switch {
	case r.Smaller():
		head = "minimised"
	case r.Complete():
		head = "already minimal"
	}
	fmt.Fprintf(w, "verify: %s: %s\n", head, r.Size())
	took := []string{count(r.Tries, "execution") + " of its steps"}
	if r.Searches > 0 {
		took = append(took, count(r.Searches, "search")+" with "+thousands(r.States)+" states")
	}
	fmt.Fprintf(w, "verify: tried: %s\n", strings.Join(took, ", "))
	switch {
	case r.Stopped != nil:
		fmt.Fprintf(w, "verify: %v, not tried to the end: %s\n", r.Stopped, someOf(r.Undecided))
	case len(r.Undecided) > 0:
		fmt.Fprintf(w, "verify: not ruled out within the bounds (--max-states %d): %s\n", f.maxStates, someOf(r.Undecided))
	}
}

// someOf lists texts on one line, the first of many.
func someOf(all []string) string {
	const most = 6
	if len(all) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(all[:most], ", "), len(all)-most)
	}
	return strings.Join(all, ", ")
}

func (f *minimiseFlags) write(stdout io.Writer, m *minimised) error {
	if f.file != "" {
		err := writeWhole(f.file, func(w io.Writer) error { return m.native.write(w, m.document) })
		if err != nil {
			return fmt.Errorf("--write: %w", err)
		}
	}
	switch {
	case f.output == formatTable:
		return m.table(stdout)
	case f.output != "":
		return f.output.write(stdout, m.document)
	case f.file == "":
		return m.native.write(stdout, m.document)
	}
	return nil
}
