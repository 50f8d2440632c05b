package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/internal/classic"
)

// A system is a model of internal/classic. Those that are raced are modelled a
// second time in Promela, in a file of the same name beside this one.
type system struct {
	name    string
	promela *promela // nil: not raced
	run     func(context.Context, variant) (check.Stats, error)
}

// A promela is what Spin has to be told about a system to do its best.
type promela struct {
	initial uint64 // states that only Spin counts, from a step that initialises
	depth   int    // -m: entries of the depth-first stack, a little more than it needs
	slots   int    // -w: binary logarithm of the slots that hold all states with some to spare
}

//go:embed *.pml
var sources embed.FS

func systems() []system {
	return []system{
		{"twophase_3", nil, runs(classic.TwoPhaseCommit(3))},
		{"twophase_6", nil, runs(classic.TwoPhaseCommit(6))},
		{"twophase_7", &promela{0, 1_000, 19}, runs(classic.TwoPhaseCommit(7))},
		{"twophase_8", nil, runs(classic.TwoPhaseCommit(8))},
		{"twophase_9", &promela{0, 1_000, 24}, runs(classic.TwoPhaseCommit(9))},
		{"peterson_5", &promela{1, 100_000, 19}, runs(classic.PetersonFilter(5))},
		{"peterson_6", &promela{1, 800_000, 23}, runs(classic.PetersonFilter(6))},
	}
}

// raced names the systems that Spin can run.
func raced() []string {
	var names []string
	for _, s := range systems() {
		if s.promela != nil {
			names = append(names, s.name)
		}
	}
	return names
}

func find(name string) (system, error) {
	i := slices.IndexFunc(systems(), func(s system) bool { return s.name == name })
	if i < 0 {
		return system{}, fmt.Errorf("no system %q: %w", name, errUsage)
	}
	return systems()[i], nil
}

// A variant is a way to run check: what is asked of it, and with which options.
// A new option is one more field here, its flag in register and args, and its
// place in options.
type variant struct {
	workers     int
	liveness    bool
	fingerprint bool
}

func (v *variant) register(flags *flag.FlagSet) {
	flags.IntVar(&v.workers, "workers", 1, "of -child")
	flags.BoolVar(&v.liveness, "liveness", false, "-child judges the liveness properties too")
	flags.BoolVar(&v.fingerprint, "fingerprint", false, "-child keeps fingerprints of states")
}

// args are the flags that register reads v from.
func (v variant) args() []string {
	return []string{"-workers=" + strconv.Itoa(v.workers), "-liveness=" + strconv.FormatBool(v.liveness), "-fingerprint=" + strconv.FormatBool(v.fingerprint)}
}

func (v variant) options() check.Options {
	o := check.Options{Workers: v.workers}
	if v.fingerprint {
		o.Visited = check.Fingerprint
	}
	return o
}

// runs explores m and makes sure that all its properties hold. Without
// v.liveness it is without its liveness properties, which the Promela models
// do not have.
func runs[S comparable](m *check.Model[S]) func(context.Context, variant) (check.Stats, error) {
	return func(ctx context.Context, v variant) (check.Stats, error) {
		m := *m
		if !v.liveness {
			m.Properties = slices.DeleteFunc(slices.Clone(m.Properties), func(p check.Property[S]) bool { return p.Kind().Liveness() })
		}
		r, err := check.Run(ctx, &m, v.options())
		if err == nil {
			err = r.Err()
		}
		if err != nil {
			return check.Stats{}, err
		}
		return r.Stats, nil
	}
}

// runChild is the whole work of a child process.
func runChild(ctx context.Context, name string, v variant, stdout io.Writer) error {
	s, err := find(name)
	if err != nil {
		return err
	}
	stats, err := s.run(ctx, v)
	if err != nil {
		return err
	}
	return json.NewEncoder(stdout).Encode(found{
		States: stats.Distinct, Transitions: stats.Generated, Bytes: stats.StoredBytes, Elapsed: stats.Elapsed,
	})
}

// found is what a program says about its own run.
type found struct {
	States      uint64        // distinct
	Transitions uint64        // including one for each initial state
	Bytes       int64         // of memory, by its own account
	Elapsed     time.Duration // by its own clock; Spin: not read
}

func parseChild(text []byte) (found, error) {
	var f found
	if err := json.Unmarshal(text, &f); err != nil {
		return f, fmt.Errorf("no result of check: %w", err)
	}
	if f.States == 0 {
		return f, errors.New("check found no states")
	}
	return f, nil
}
