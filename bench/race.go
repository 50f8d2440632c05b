package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

var errInterrupted = errors.New("interrupted")

// A bench runs programs, each in a process of its own, one at a time.
type bench struct {
	runs     int
	self     string    // this executable, which is its own child
	dir      string    // for what is compiled
	progress io.Writer // a line per run
}

func newBench(runs int, progress io.Writer) (*bench, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "bench")
	return &bench{runs, self, dir, progress}, err
}

func (b *bench) close() { _ = os.RemoveAll(b.dir) }

// A racer is a program and its runs.
type racer struct {
	name    string
	argv    []string
	parse   func([]byte) (found, error)
	initial uint64 // states that only this program counts
	samples []sample
}

// A sample is one run as seen from outside, and what the program said of it.
type sample struct {
	found
	wall, cpu time.Duration // of the process; cpu without children it does not wait for
	peak      int64         // bytes, resident; 0: unknown
}

func (b *bench) check(s system, v variant) *racer {
	name := fmt.Sprintf("check, %d worker", v.workers)
	if v.workers > 1 {
		name += "s"
	}
	if v.fingerprint {
		name += ", fingerprints"
	}
	return &racer{name: name, argv: append([]string{b.self, "-child=" + s.name}, v.args()...), parse: parseChild}
}

func (b *bench) spin(ctx context.Context, s system, p pan) (*racer, error) {
	program, err := p.compile(ctx, b.dir, s)
	if err != nil {
		return nil, err
	}
	return &racer{name: p.name, argv: append([]string{program}, p.args(*s.promela)...), parse: p.parse, initial: s.promela.initial}, nil
}

// alternate lets the racers run in turn, so that what else the machine does
// meets all of them. All must find the same number of states, in every run.
func (b *bench) alternate(ctx context.Context, system string, racers ...*racer) error {
	for range b.runs {
		for _, r := range racers {
			if err := b.once(ctx, system, r); err != nil {
				return err
			}
			if err := agree(racers[0], r); err != nil {
				return fmt.Errorf("%s: %w", system, err)
			}
		}
	}
	return nil
}

// once adds a sample to those of r.
func (b *bench) once(ctx context.Context, system string, r *racer) error {
	s, err := r.run(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", system, err)
	}
	r.samples = append(r.samples, s)
	fmt.Fprintf(b.progress, "bench: %s, run %d of %d: %s: %d states, %.2f s, own CPU %.2f s\n", system, len(r.samples), b.runs, r.name, s.States, wall(s), cpu(s))
	return nil
}

// agree compares the latest counts of two racers.
func agree(a, b *racer) error {
	x, y := a.samples[len(a.samples)-1], b.samples[len(b.samples)-1]
	if x.States != y.States {
		return fmt.Errorf("%s found %d states, %s %d: there is nothing to compare", a.name, x.States, b.name, y.States)
	}
	return nil
}

func (r *racer) run(ctx context.Context) (sample, error) {
	var out, errOut bytes.Buffer
	cmd := exec.CommandContext(ctx, r.argv[0], r.argv[1:]...)
	cmd.Dir = filepath.Dir(r.argv[0])
	cmd.Stdout, cmd.Stderr = &out, &errOut
	cmd.WaitDelay = 5 * time.Second
	group(cmd)
	start := time.Now()
	err := cmd.Run() // until all who hold stdout have ended, so pan's workers too
	wall := time.Since(start)
	if ctx.Err() != nil {
		killGroup(cmd)
		return sample{}, errInterrupted
	}
	if err != nil {
		return sample{}, fmt.Errorf("%s: %w: %s", r.name, err, lastLine(append(out.Bytes(), errOut.Bytes()...)))
	}
	f, err := r.parse(out.Bytes())
	if err != nil {
		return sample{}, err
	}
	f.States -= r.initial
	return sample{f, wall, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), peakBytes(cmd.ProcessState)}, nil
}

// median is the middle one, or the mean of the two in the middle.
func median(values []float64) float64 {
	v := slices.Sorted(slices.Values(values))
	n := len(v)
	if n == 0 {
		return 0
	}
	return (v[(n-1)/2] + v[n/2]) / 2
}

// each applies f to the samples of r.
func (r *racer) each(f func(sample) float64) []float64 {
	values := make([]float64, len(r.samples))
	for i, s := range r.samples {
		values[i] = f(s)
	}
	return values
}

func (r *racer) median(f func(sample) float64) float64 { return median(r.each(f)) }

// ratio is the median over the rounds of a's measure by b's. The machine's
// speed drifts; within a round, both met the same.
func ratio(a, b *racer, f func(sample) float64) float64 {
	values := a.each(f)
	for i, y := range b.each(f) {
		values[i] /= y
	}
	return median(values)
}

// The measures of a sample, in seconds and bytes.
func wall(s sample) float64    { return s.wall.Seconds() }
func cpu(s sample) float64     { return s.cpu.Seconds() }
func elapsed(s sample) float64 { return s.Elapsed.Seconds() }
func peak(s sample) float64    { return float64(s.peak) }
