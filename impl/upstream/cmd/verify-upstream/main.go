// Verify-upstream is what verify replay --against upstream runs: it drives a trace of
// the model into Kubernetes' own controllers. It is a program of its own, so that
// nobody else has to build a control plane.
//
//	verify-upstream replay [--without-mutations] -
//
// It reads a trace from standard input and writes a replay.Result as JSON.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/reconverge/reconverge/impl/upstream"
	"github.com/reconverge/reconverge/traces"
	"github.com/reconverge/reconverge/traces/replay"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

const withoutMutations = "--without-mutations"

func run(args []string, in io.Reader, out io.Writer) error {
	o := replay.Options{Upstream: upstream.Configure, WithoutMutations: slices.Contains(args, withoutMutations)}
	args = slices.DeleteFunc(slices.Clone(args), func(arg string) bool { return arg == withoutMutations })
	if !slices.Equal(args, []string{"replay", "-"}) {
		return errors.New("usage: verify-upstream replay [--without-mutations] - (verify replay --against upstream runs it)")
	}
	document, err := traces.Decode(in)
	if err != nil {
		return err
	}
	trace, err := traces.Replay(document)
	if err != nil {
		return err
	}
	result, err := replay.Run(trace, o)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(result)
}
