package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/reconverge/reconverge/check"
)

// checkFlags are the flags of verify check.
type checkFlags struct {
	scenarioFlags
	properties []string
	workers    int
	maxStates  uint64
	maxMemory  byteSize
	timeout    time.Duration
	keepGoing  bool
	noSymmetry bool
	witness    bool
	output     format
	traceDir   string
}

// defaultMemory bounds the states of a search, in bytes.
const defaultMemory = 8 << 30

func newCheck() *cobra.Command {
	f := &checkFlags{output: formatTable, maxMemory: defaultMemory}
	cmd := &cobra.Command{
		Use:   "check (-f PATH... | --scenario NAME | --mutation NAME)",
		Short: "Check every behaviour of a ReplicaSet in a cluster",
		Long: `Check explores everything that can happen to a ReplicaSet in a cluster of the
given size, with the given faults, and reports on each property. A property that
is violated comes with a behaviour that shows it, as short as one can be up to
its cycle, which is also written to a file that verify show reads.

Several ReplicaSets are checked one after another. If there are manifests of
nodes too, they say how many there are. With --scenario or --mutation alone, the
scenario has its own sizes, and only the flags given change them.

The flags of Kubernetes that set its timers count as far as they change their
order: whether pods stay on an unreachable node for less than its grace period.

Exit status: 0 everything holds, 1 a property is violated, 2 usage error or bad
input, 3 the search did not finish.`,
		Example: `  verify check -f replicaset.yaml --nodes 2
  kubectl get replicaset web -o yaml | verify check -f -
  verify check -f manifests/ -R --node-monitor-grace-period 5m
  verify check -f replicaset.yaml --fault partition=1,heal=1 --property L-BACK,ESR
  verify check -f replicaset.yaml --mutation rs.noExpectations
  verify check --scenario small --lag 2 --timeout 10m -o json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	f.scenarioFlags.register(cmd.Flags())
	flags := cmd.Flags()
	flags.StringSliceVar(&f.properties, "property", nil, "check only the properties `ID,...` (see verify properties)")
	flags.IntVar(&f.workers, "workers", 0, "goroutines that explore; the result does not depend on it (0: one per CPU)")
	flags.Uint64Var(&f.maxStates, "max-states", 0, "stop after so many states (0: no bound)")
	flags.Var(&f.maxMemory, "max-memory", "stop when the states need more memory (0: no bound)")
	flags.DurationVar(&f.timeout, "timeout", 0, "stop after this time, such as 10m (0: no bound)")
	flags.BoolVar(&f.keepGoing, "continue", false, "go on after the first violation")
	flags.BoolVar(&f.noSymmetry, "no-symmetry", false, "tell pods and nodes apart that differ in name only")
	flags.BoolVar(&f.witness, "witness", false, "show and write the traces of witnesses too")
	flags.VarP(&f.output, "output", "o", "`FORMAT`: table, json or yaml")
	flags.StringVar(&f.traceDir, "trace-dir", "verify-traces", "write traces to `DIR`, created when there is one")
	flags.SortFlags = false
	return cmd
}

func (f *checkFlags) validate() error {
	if err := bounds(f.workers, f.timeout); err != nil {
		return err
	}
	switch info, err := os.Stat(f.traceDir); {
	case f.traceDir == "":
		return errors.New("--trace-dir: empty")
	case f.set.Changed("property") && strings.Join(f.properties, "") == "":
		return errors.New("--property: empty: name one, or leave the flag out for all (see verify properties)")
	case slices.Contains(f.properties, ""):
		return errors.New("--property: there is an empty name in the list (see verify properties)")
	case err == nil && !info.IsDir():
		return fmt.Errorf("--trace-dir: %s is not a directory", f.traceDir)
	}
	return nil
}

// bounds refuses what bounds no search.
func bounds(workers int, timeout time.Duration) error {
	switch {
	case workers < 0:
		return fmt.Errorf("--workers: %d is negative", workers)
	case timeout < 0:
		return fmt.Errorf("--timeout: %v is negative", timeout)
	}
	return nil
}

// run checks all jobs, prints a report of each, and returns the worst status.
func (f *checkFlags) run(cmd *cobra.Command) error {
	if err := f.validate(); err != nil {
		return err
	}
	jobs, err := f.jobs(cmd.InOrStdin(), f.properties)
	if err != nil {
		return err
	}
	ctx, stop := interruptible(cmd.Context(), f.timeout)
	defer stop()
	var reports []*checkReport
	for i := range jobs {
		report, err := f.check(ctx, &jobs[i], cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		reports = append(reports, report)
		if f.output == formatTable {
			if i > 0 {
				fmt.Fprintln(cmd.OutOrStdout())
			}
			if err := writeReport(cmd.OutOrStdout(), report); err != nil {
				return err
			}
		}
	}
	if f.output != formatTable {
		if err := f.output.write(cmd.OutOrStdout(), document(reports)); err != nil {
			return err
		}
	}
	return worst(reports).status()
}

// check explores one scenario and writes the traces it finds.
func (f *checkFlags) check(ctx context.Context, j *job, stderr io.Writer) (*checkReport, error) {
	progress := newProgress(stderr, j.title, len(j.model.Claims))
	found, err := check.Run(ctx, j.model.Model, check.Options{
		Workers: f.workers, MaxStates: f.maxStates, MemoryBytes: int64(f.maxMemory),
		Symmetry: !f.noSymmetry, Continue: f.keepGoing, Progress: progress.show,
	})
	progress.clear()
	if err != nil {
		return nil, err
	}
	report := f.newReport(j, found)
	if err := report.addTraces(j, found, f.witness); err != nil {
		return nil, err
	}
	for i := range report.Properties {
		if err := report.writeTrace(i, f.traceDir, j); err != nil {
			fmt.Fprintf(stderr, "verify: the trace could not be written: %s\n", oneLine(err.Error()))
		}
	}
	runtime.GC() // before the next scenario
	return report, nil
}

// Why a search ended early.
var (
	errInterrupted = errors.New("interrupted")
	errTimeout     = errors.New("timeout")
)

// interruptible returns a context that ends with the first SIGINT or SIGTERM, or
// after a time; 0: never. A second signal ends the program in the way of the system.
func interruptible(parent context.Context, timeout time.Duration) (context.Context, func()) {
	if parent == nil {
		parent = context.Background()
	}
	signalled, stop := signal.NotifyContext(parent, os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithCancelCause(parent)
	context.AfterFunc(signalled, func() {
		stop()
		cancel(errInterrupted)
	})
	if timeout == 0 {
		return ctx, stop
	}
	ctx, stopTimer := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("%w %v", errTimeout, timeout))
	return ctx, func() { stopTimer(); stop() }
}
