package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/review"
	"github.com/reconverge/reconverge/traces/replay"
)

// docsFlags are the flags of verify docs.
type docsFlags struct {
	check     bool
	measure   bool
	replay    bool
	maxStates uint64
}

func newDocs() *cobra.Command {
	f := &docsFlags{}
	cmd := &cobra.Command{
		Use:   "docs [DIR]",
		Short: "Write the documentation that is generated from the model",
		Long: `Docs writes the pages in DIR (default docs) that are generated: what each action
does, from the comments of the model; what is claimed and which mutations each
property kills; the golden traces in DIR/../model/testdata with their diagrams.

Verdicts on these pages are read from DIR/verdicts.json. With --measure they are
found out first, by checking every scenario of the catalogue; a scenario with
more than --max-states states is recorded as not measured.

What became of traces in running controllers is read from DIR/replay.json. With
--replay they are replayed first, against upstream too if verify-upstream is there.

With --check nothing is written: pages that differ are listed, and the exit
status is 1.`,
		Example: `  verify docs
  verify docs --check
  verify docs --measure --max-states 5000000`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fmt.Errorf("want one directory, got %d (see verify docs --help)", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd, append(args, "docs")[0])
		},
	}
	cmd.Flags().BoolVar(&f.check, "check", false, "write nothing, list the pages that differ")
	cmd.Flags().BoolVar(&f.measure, "measure", false, "check the scenarios of the catalogue and record the verdicts")
	cmd.Flags().BoolVar(&f.replay, "replay", false, "replay all traces and record what became of them")
	cmd.Flags().Uint64Var(&f.maxStates, "max-states", 1_000_000, "with --measure, the largest scenario that is explored (0: no bound)")
	cmd.Flags().SortFlags = false
	return cmd
}

func (f *docsFlags) run(cmd *cobra.Command, dir string) error {
	if f.check && f.measure {
		return errors.New("--check and --measure exclude each other: one writes nothing, the other does")
	}
	if f.check && f.replay {
		return errors.New("--check and --replay exclude each other: one writes nothing, the other does")
	}
	if info, err := os.Stat(dir); err != nil {
		return withName(dir, err)
	} else if !info.IsDir() {
		return fmt.Errorf("%s: not a directory", dir)
	}
	if f.measure {
		if err := f.measureAll(cmd, dir); err != nil {
			return err
		}
	}
	if f.replay {
		if err := replayAll(dir); err != nil {
			return err
		}
	}
	pages, err := review.Pages(dir)
	if err != nil {
		return err
	}
	differences, err := review.Differences(dir, pages)
	if err != nil {
		return err
	}
	listDifferences(cmd.OutOrStdout(), dir, differences)
	if !f.check {
		err = review.Write(dir, differences)
	}
	switch {
	case err != nil:
		return err
	case !f.check:
		fmt.Fprintf(cmd.OutOrStdout(), "%s, %d brought up to date\n", count(len(pages), "page"), len(differences))
	case len(differences) > 0:
		fmt.Fprintf(cmd.OutOrStdout(), "%s, %d to be brought up to date: run verify docs\n", count(len(pages), "page"), len(differences))
		return statusViolated
	default:
		fmt.Fprintf(cmd.OutOrStdout(), "%s, up to date\n", count(len(pages), "page"))
	}
	return nil
}

func listDifferences(w io.Writer, dir string, all []review.Difference) {
	for _, d := range all {
		fmt.Fprintf(w, "%s %s\n", filepath.Join(dir, filepath.FromSlash(d.Path)), d.What)
	}
}

// measureAll checks one scenario after another, and writes the verdicts only
// when all are there.
func (f *docsFlags) measureAll(cmd *cobra.Command, dir string) error {
	ctx, stop := interruptible(cmd.Context(), 0)
	defer stop()
	var all []review.Verdict
	for _, n := range model.Scenarios() {
		progress := newProgress(cmd.ErrOrStderr(), "scenario "+n.Name, 0)
		verdicts, err := review.Measure(ctx, n, check.Options{MaxStates: f.maxStates, MemoryBytes: defaultMemory, Progress: progress.show})
		progress.clear()
		if ctx.Err() != nil {
			fmt.Fprintln(cmd.OutOrStdout(), "interrupted: nothing was recorded")
			return statusIncomplete
		}
		if err != nil {
			return err
		}
		all = append(all, verdicts...)
	}
	return review.WriteVerdicts(filepath.Join(dir, review.VerdictsFile), all)
}

// replayAll replays every trace, against upstream if that can be.
func replayAll(dir string) error {
	var upstream review.Replayer
	if _, err := findHelper(); err == nil {
		upstream = replayUpstream
	}
	all, err := review.Replays(dir, replay.Run, upstream)
	if err != nil {
		return err
	}
	return review.WriteReplays(filepath.Join(dir, review.ReplaysFile), all)
}
