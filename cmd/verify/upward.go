package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/reconverge/reconverge/impl/sim"
	"github.com/reconverge/reconverge/traces"
	"github.com/reconverge/reconverge/traces/conform"
	"github.com/reconverge/reconverge/traces/replay"
)

// upwardLimit is how long a schedule may take, which takes a second at most.
const upwardLimit = time.Minute

// readAll reads what may be a trace or a schedule.
func readAll(path string, stdin io.Reader) (name string, data []byte, err error) {
	name, r, err := openInput(path, stdin)
	if err != nil {
		return name, nil, err
	}
	defer r.Close()
	data, err = io.ReadAll(io.LimitReader(r, traces.MaxBytes+1))
	return name, data, withName(name, err)
}

// upward prints the behaviour of the model that the schedule of a simulated cluster
// is, in the way that the property of its document is violated.
func (f *replayFlags) upward(cmd *cobra.Command, name string, data []byte) error {
	if f.against != againstModel {
		return withName(name, fmt.Errorf("a schedule of the simulated cluster is replayed against model, not %s", f.against))
	}
	if f.withoutMutations || f.schedule {
		return withName(name, errors.New("--without-mutations and --schedule are for traces of the model"))
	}
	d, err := sim.Decode(bytes.NewReader(data))
	if err != nil {
		return withName(name, fmt.Errorf("neither a trace of the model nor a schedule: %w", err))
	}
	ctx, stop := context.WithTimeoutCause(cmd.Context(), upwardLimit, errTimeout)
	defer stop()
	trace, err := conform.Upward(ctx, d)
	var not *conform.NotExpressibleError
	if errors.As(err, &not) {
		report := replayReport{
			SchemaVersion: traces.SchemaVersion, Kind: "ReplayReport", Property: d.Property, Claim: d.Message, Against: f.against,
			Result: replay.Result{Verdict: replay.NotExpressible, Reason: not.Reason},
		}
		if f.format == formatTable {
			return report.writeTable(cmd.OutOrStdout())
		}
		return f.format.write(cmd.OutOrStdout(), report)
	}
	if err != nil {
		return withName(name, err)
	}
	replayed, err := traces.Replay(trace)
	if err != nil {
		return withName(name, err)
	}
	if f.format == formatTable {
		return showTrace(cmd.OutOrStdout(), replayed)
	}
	return f.format.write(cmd.OutOrStdout(), replayed.Document())
}
