package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/reconverge/reconverge/traces"
	"github.com/reconverge/reconverge/traces/replay"
)

// Where a trace can be replayed.
const (
	againstModel    = "model"
	againstImpl     = "impl"
	againstUpstream = "upstream"
)

// upstreamHelper is the program that runs Kubernetes' own controllers: this one does
// without them, and so does whoever builds it.
const upstreamHelper = "verify-upstream"

// replayFlags are the flags of verify replay.
type replayFlags struct {
	against          string
	withoutMutations bool
	schedule         bool
	format           format
}

func newReplay() *cobra.Command {
	f := &replayFlags{format: formatTable}
	cmd := &cobra.Command{
		Use:   "replay TRACE",
		Short: "Drive a trace of the model into running controllers, and a schedule up into the model",
		Long: `Replay reads a trace that check wrote, executes it on the model again, and drives
it into a simulated cluster of running controllers, step by step, by choosing what
the API server lets pass. The claims of the cluster, which know nothing of the
model, judge what happens. The verdict is one of

  reproduced        the same property is violated in the cluster
  prevented         at the step that is named the implementation did something else
  not expressible   the cluster has no counterpart of something in the trace

Against impl the controllers are those of this project, against upstream those of
Kubernetes, for which the program ` + upstreamHelper + ` has to be beside this one or
on the PATH. Against model the trace is only executed.

Bugs that are planted in the trace's scenario are planted in the controllers of
impl too; with --without-mutations they are not, and the trace shows what the
guard is good for that they take away.

TRACE may also be a schedule of the simulated cluster that go test saved, with
--against model: then what happens in the cluster is held against the model, and
the behaviour of the model that it is is printed, a trace for show and check.

The exit status is 0 whatever the verdict, and 2 for what is no trace. TRACE is a
file, or - for standard input.`,
		Example: `  verify replay --against impl model/testdata/create-late.json
  verify replay --against impl -o json trace.json
  verify replay --against model impl/suite/testdata/mutations/rs.noExpectations.yaml`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("want one trace, got %d (see verify replay --help)", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	cmd.Flags().StringVar(&f.against, "against", "", "`LEVEL`: impl, upstream or model")
	cmd.Flags().BoolVar(&f.withoutMutations, "without-mutations", false, "leave out the bugs that are planted in the trace's scenario")
	cmd.Flags().BoolVar(&f.schedule, "schedule", false, "print every step that the cluster took")
	cmd.Flags().VarP(&f.format, "output", "o", "`FORMAT`: table, json or yaml")
	cmd.Flags().SortFlags = false
	return cmd
}

// A replayReport is what verify replay prints as JSON.
type replayReport struct {
	SchemaVersion    string `json:"schemaVersion"`
	Kind             string `json:"kind"`
	Property         string `json:"property"`
	Claim            string `json:"claim"`
	Against          string `json:"against"`
	WithoutMutations bool   `json:"withoutMutations"`
	Steps            int    `json:"steps"` // of the trace
	replay.Result
}

func (f *replayFlags) run(cmd *cobra.Command, path string) error {
	levels := []string{againstImpl, againstUpstream, againstModel}
	if !slices.Contains(levels, f.against) {
		return fmt.Errorf("--against %q: use %s", f.against, strings.Join(levels, ", "))
	}
	name, data, err := readAll(path, cmd.InOrStdin())
	if err != nil {
		return err
	}
	if isSchedule(data) {
		return f.upward(cmd, name, data)
	}
	trace, err := readTrace(name, bytes.NewReader(data))
	if err != nil {
		return err
	}
	result, err := f.replay(trace)
	if err != nil {
		return withName(path, err)
	}
	if !f.schedule {
		result.Schedule = nil
	}
	report := replayReport{
		SchemaVersion: traces.SchemaVersion, Kind: "ReplayReport",
		Property: trace.Claim.ID, Claim: trace.Claim.Claim, Against: f.against, WithoutMutations: f.withoutMutations,
		Steps: len(trace.Steps()) - 1, Result: result,
	}
	if f.format == formatTable {
		return report.writeTable(cmd.OutOrStdout())
	}
	return f.format.write(cmd.OutOrStdout(), report)
}

func (f *replayFlags) replay(trace *traces.Replayed) (replay.Result, error) {
	options := replay.Options{WithoutMutations: f.withoutMutations}
	switch f.against {
	case againstImpl:
		return replay.Run(trace, options)
	case againstUpstream:
		return replayUpstream(trace, options)
	}
	// openTrace has executed it, and it shows what it says it shows.
	return replay.Result{Verdict: replay.Reproduced, Step: len(trace.Steps()) - 1, Reason: "the model takes every step, and " + trace.Claim.ID + " is violated"}, nil
}

// helperLimit is how long the helper may take, which takes less than a second: a
// goroutine that waits for a mutex counts as running, and then no step ever ends.
const helperLimit = 8 * time.Second

// replayUpstream asks the helper, which reads the trace and writes a Result.
func replayUpstream(trace *traces.Replayed, o replay.Options) (result replay.Result, err error) {
	helper, err := findHelper()
	if err != nil {
		return result, err
	}
	var document, answer, complaint bytes.Buffer
	if err := traces.Encode(&document, trace.Document()); err != nil {
		return result, err
	}
	args := []string{"replay", "-"}
	if o.WithoutMutations {
		args = append(args, "--without-mutations")
	}
	ctx, cancel := context.WithTimeout(context.Background(), helperLimit)
	defer cancel()
	c := exec.CommandContext(ctx, helper, args...)
	c.Stdin, c.Stdout, c.Stderr = &document, &answer, &complaint
	switch err := c.Run(); {
	case ctx.Err() != nil:
		return replay.Result{Verdict: replay.NotExpressible, Reason: fmt.Sprintf("the cluster did not come to rest within %s: "+
			"part of a controller holds a lock while it waits for a request that the trace does not let pass", helperLimit)}, nil
	case err != nil:
		return result, fmt.Errorf("%s: %w: %s", upstreamHelper, err, oneLine(complaint.String()))
	}
	if err := json.Unmarshal(answer.Bytes(), &result); err != nil {
		return result, fmt.Errorf("%s: its answer is no result: %w", upstreamHelper, err)
	}
	return result, nil
}

// findHelper looks beside this program, and then on the PATH.
func findHelper() (string, error) {
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), upstreamHelper)
		if info, err := os.Stat(beside); err == nil && !info.IsDir() {
			return beside, nil
		}
	}
	found, err := exec.LookPath(upstreamHelper)
	if err != nil && !errors.Is(err, exec.ErrDot) {
		return "", fmt.Errorf("there is no %s beside verify or on the PATH: build it in a clone of this project with go build -C impl/upstream ./cmd/%s", upstreamHelper, upstreamHelper)
	}
	return found, err
}

func (r *replayReport) writeTable(w io.Writer) error {
	var b bytes.Buffer
	paragraph(&b, "", fmt.Sprintf("%s: %s.", r.Property, r.Claim))
	fmt.Fprintln(&b)
	against := "against " + r.Against
	if r.WithoutMutations {
		against += ", without the planted bugs"
	}
	fmt.Fprintf(&b, "%s %s\n", r.Verdict, against)
	switch {
	case r.Step == 0:
	case r.Action == "":
		fmt.Fprintf(&b, "  after the %d steps of the trace\n", max(r.Step-1, len(r.Path)))
	default:
		fmt.Fprintf(&b, "  at step %d, %s\n", r.Step, r.Action)
	}
	paragraph(&b, "  ", r.Reason)
	if r.Elapsed > 0 {
		fmt.Fprintf(&b, "  %s of virtual time after the initial state\n", r.Elapsed.Round(time.Millisecond))
	}
	if len(r.Path) > 0 {
		fmt.Fprintf(&b, "\nin another order of the trace, which the model has too:\n")
		for i, label := range r.Path {
			fmt.Fprintf(&b, "%6d  %s\n", i+1, label)
		}
	}
	if len(r.Schedule) > 0 {
		fmt.Fprintf(&b, "\nwhat the cluster did, from its beginning:\n%s", r.Schedule)
	}
	_, err := w.Write(trimLines(b.Bytes()))
	return err
}
