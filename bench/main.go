// Command bench races check against Spin on the same systems, and check against
// itself: with and without liveness, and at growing sizes; and measures how the
// model of the protocol grows.
//
//	go run ./bench [-runs 5] [-parts race,liveness,growth,protocol] [-o table] [twophase_9 peterson_6 ...]
//
// The race needs spin and gcc. README.md says what is compared, how fair that
// is, and what the numbers do not say.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
)

// parts are what -parts can name, in the order in which they run.
var parts = []string{"race", "liveness", "growth", "protocol"}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// errUsage marks what the caller got wrong.
var errUsage = errors.New("run bench -h for help")

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: bench [flags] [systems of the race: "+strings.Join(raced(), " ")+"]")
		flags.PrintDefaults()
	}
	runs := flags.Int("runs", 5, "runs of each program")
	output := flags.String("o", "table", "table, markdown or json")
	list := flags.String("parts", strings.Join(parts, ","), "what to measure")
	child := flags.String("child", "", "run this system with check in this process; used by bench itself")
	var v variant
	v.register(flags)
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return err
	} else if err != nil {
		return errUsage // flags has printed what is wrong
	}
	if *child != "" {
		return runChild(ctx, *child, v, stdout)
	}

	write, ok := writers[*output]
	if !ok {
		return fmt.Errorf("-o %q: want table, markdown or json: %w", *output, errUsage)
	}
	if *runs < 1 {
		return fmt.Errorf("-runs %d: want at least 1: %w", *runs, errUsage)
	}
	chosen := strings.Split(*list, ",")
	for _, p := range chosen {
		if !slices.Contains(parts, p) {
			return fmt.Errorf("-parts %q: want some of %s: %w", p, strings.Join(parts, ","), errUsage)
		}
	}
	names := flags.Args()
	if len(names) == 0 {
		names = []string{"twophase_9", "peterson_6"}
	}
	for _, name := range names {
		if !slices.Contains(raced(), name) {
			return fmt.Errorf("no system %q: want some of %s: %w", name, strings.Join(raced(), " "), errUsage)
		}
	}

	b, err := newBench(*runs, stderr)
	if err != nil {
		return err
	}
	defer b.close()
	var r report
	for _, p := range parts {
		if !slices.Contains(chosen, p) {
			continue
		}
		switch p {
		case "race":
			err = b.race(ctx, &r, names)
		case "liveness":
			err = b.liveness(ctx, &r)
		case "growth":
			err = b.growth(ctx, &r)
		case "protocol":
			err = b.protocol(ctx, &r)
		}
		if err != nil {
			return err
		}
	}
	r.Machine, r.Runs = machine(ctx), *runs
	return write(stdout, &r)
}
