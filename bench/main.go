// Command bench races check against Spin on the same systems, and prints
// medians and ratios:
//
//	go run ./bench [-runs 5] [twophase_9 peterson_6 ...]
//
// It needs spin and gcc. Each system is a Promela model beside this file and a
// model of internal/classic. The runs alternate, each in a process of its own,
// exact and exhaustive, with all invariants and (check) with parents for traces.
// Before any time is printed, both must have found the same number of states;
// Spin counts one more where its model begins with an initialising step.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/internal/classic"
)

// A system is modelled twice.
type system struct {
	name    string // of the Promela file
	initial uint64 // states that only Spin counts
	run     func(workers int) (check.Stats, error)
}

func systems() []system {
	return []system{
		{"twophase_7", 0, safety(classic.TwoPhaseCommit(7))},
		{"twophase_9", 0, safety(classic.TwoPhaseCommit(9))},
		{"peterson_5", 1, safety(classic.PetersonFilter(5))},
		{"peterson_6", 1, safety(classic.PetersonFilter(6))},
	}
}

// safety runs a model without its liveness properties, which the Promela
// models do not have.
func safety[S comparable](m *check.Model[S]) func(int) (check.Stats, error) {
	m.Properties = slices.DeleteFunc(m.Properties, func(p check.Property[S]) bool { return p.Kind().Liveness() })
	return func(workers int) (check.Stats, error) {
		r, err := check.Run(context.Background(), m, check.Options{Workers: workers})
		if err == nil {
			err = r.Err()
		}
		if err != nil {
			return check.Stats{}, err
		}
		return r.Stats, nil
	}
}

func main() {
	runs := flag.Int("runs", 5, "runs of each")
	child := flag.String("child", "", "run this system with check, in this process")
	workers := flag.Int("workers", 1, "of the child")
	flag.Parse()
	var err error
	if *child != "" {
		err = runChild(*child, *workers)
	} else {
		err = race(*runs, flag.Args())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func runChild(name string, workers int) error {
	i := slices.IndexFunc(systems(), func(s system) bool { return s.name == name })
	if i < 0 {
		return fmt.Errorf("no system %q", name)
	}
	stats, err := systems()[i].run(workers)
	if err != nil {
		return err
	}
	fmt.Printf("%d states, stored, %d bytes\n", stats.Distinct, stats.StoredBytes)
	return nil
}

// A racer is one column of the table.
type racer struct {
	name string
	argv []string
	took []time.Duration
}

func race(runs int, names []string) error {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(out, "system\tstates\tB/state\tSpin DFS\tcheck, 1 worker\tratio\tcheck, 2 workers\tratio\t")
	for _, s := range systems() {
		if len(names) > 0 && !slices.Contains(names, s.name) {
			continue
		}
		spin, err := compile(dir, s.name)
		if err != nil {
			return err
		}
		racers := []*racer{
			{name: "spin", argv: []string{spin, "-m3000000", "-w24"}},
			{name: "check 1", argv: []string{self, "-child", s.name, "-workers", "1"}},
			{name: "check 2", argv: []string{self, "-child", s.name, "-workers", "2"}},
		}
		states, bytes, err := alternate(racers, runs, s.initial)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		spinTook, one, two := median(racers[0].took), median(racers[1].took), median(racers[2].took)
		fmt.Fprintf(out, "%s\t%d\t%.1f\t%.2f s\t%.2f s\t%.1f\t%.2f s\t%.1f\t\n", s.name, states, float64(bytes)/float64(states),
			spinTook.Seconds(), one.Seconds(), spinTook.Seconds()/one.Seconds(), two.Seconds(), spinTook.Seconds()/two.Seconds())
	}
	return out.Flush()
}

// compile makes Spin's verifier of a model: exact, depth first, no reduction,
// so that it visits what check visits.
func compile(dir, name string) (string, error) {
	source, err := filepath.Abs(filepath.Join("bench", name+".pml"))
	if err != nil {
		return "", err
	}
	program := filepath.Join(dir, name)
	for _, argv := range [][]string{
		{"spin", "-a", source},
		{"gcc", "-O3", "-DSAFETY", "-DNOREDUCE", "-DXUSAFE", "-DMEMLIM=16000", "-w", "-o", program, "pan.c"},
	} {
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Dir = dir
		if text, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%v: %w\n%s", argv, err, text)
		}
	}
	return program, nil
}

var (
	storedStates = regexp.MustCompile(`(\d+) states, stored`)
	storedBytes  = regexp.MustCompile(`stored, (\d+) bytes`)
)

// alternate runs the racers in turn. The first is Spin.
func alternate(racers []*racer, runs int, initial uint64) (states, bytes uint64, err error) {
	for range runs {
		for i, r := range racers {
			start := time.Now()
			text, err := exec.Command(r.argv[0], r.argv[1:]...).CombinedOutput()
			r.took = append(r.took, time.Since(start))
			found := number(storedStates, text)
			if i == 0 {
				found -= initial
			}
			if err != nil || found == 0 {
				return 0, 0, fmt.Errorf("%s: %w\n%s", r.name, errors.Join(err, errors.New("no count")), text)
			}
			if states != 0 && states != found {
				return 0, 0, fmt.Errorf("%s found %d states, another %d", r.name, found, states)
			}
			states, bytes = found, max(bytes, number(storedBytes, text))
		}
	}
	return states, bytes, nil
}

func number(pattern *regexp.Regexp, text []byte) uint64 {
	match := pattern.FindSubmatch(text)
	if match == nil {
		return 0
	}
	n, _ := strconv.ParseUint(string(match[1]), 10, 64)
	return n
}

func median(d []time.Duration) time.Duration {
	d = slices.Clone(d)
	slices.Sort(d)
	return d[len(d)/2]
}
