package main

import (
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"slices"
)

// A report is everything that was measured. Times are medians, in seconds.
type report struct {
	Machine    string
	Runs       int   // of each program
	EmptyBytes int64 `json:",omitempty"` // resident in a run of check with next to no states
	Race       []raceRow
	Liveness   []livenessRow
	Growth     []growthRow
	Protocol   []protocolRow `json:",omitempty"`
}

// A raceRow is one program on one system.
type raceRow struct {
	System           string
	States           uint64
	Program          string
	Wall, Least, Max float64
	CPU              float64  `json:",omitempty"` // 0: not known
	PeakBytes        float64  `json:",omitempty"` // 0: not known
	Measured         float64  `json:",omitempty"` // bytes per state, from PeakBytes
	Reported         float64  // bytes per state, by the program's own account
	Faster           []faster `json:",omitempty"` // of check
}

// A faster is by how much check was faster than a program of Spin.
type faster struct {
	Than      string
	Wall, CPU float64 // times; CPU 0: not known
}

// race is check against Spin: one worker against the depth-first search, which
// is sequential, and two workers against the breadth-first search on two cores.
func (b *bench) race(ctx context.Context, r *report, names []string) error {
	empty, err := find("twophase_3")
	if err != nil {
		return err
	}
	tiny := b.check(empty, variant{workers: 1})
	if err := b.alternate(ctx, empty.name, tiny); err != nil {
		return err
	}
	r.EmptyBytes = int64(tiny.median(peak))

	for _, name := range names {
		s, err := find(name)
		if err != nil {
			return err
		}
		one, two := b.check(s, variant{workers: 1}), b.check(s, variant{workers: 2})
		hashed := b.check(s, variant{workers: 1, fingerprint: true})
		racers := []*racer{one, two, hashed}
		for _, p := range pans {
			spin, err := b.spin(ctx, s, p)
			if err != nil {
				return err
			}
			racers = append(racers, spin)
		}
		if err := b.alternate(ctx, name, racers...); err != nil {
			return err
		}
		for i, p := range pans {
			r.Race = append(r.Race, row(name, racers[3+i], 0, p.cores == 0))
		}
		oneRow, twoRow := row(name, one, tiny.median(peak), true), row(name, two, tiny.median(peak), true)
		for i, p := range pans {
			if spin := racers[3+i]; p.cores == 0 {
				oneRow.Faster = append(oneRow.Faster, faster{p.name, ratio(spin, one, wall), ratio(spin, one, cpu)})
			} else {
				twoRow.Faster = append(twoRow.Faster, faster{Than: p.name, Wall: ratio(spin, two, wall)})
			}
		}
		r.Race = append(r.Race, oneRow, twoRow, row(name, hashed, tiny.median(peak), true))
	}
	return nil
}

// row sums up the runs of a program, which needs so many bytes without states.
// cpu says whether the processor time of its process is all of it.
func row(system string, r *racer, empty float64, wholeCPU bool) raceRow {
	states := float64(r.samples[0].States)
	w := raceRow{
		System: system, Program: r.name, States: r.samples[0].States,
		Wall: r.median(wall), Least: slices.Min(r.each(wall)), Max: slices.Max(r.each(wall)),
		PeakBytes: r.median(peak),
		Reported:  r.median(func(s sample) float64 { return float64(s.Bytes) }) / states,
	}
	if wholeCPU {
		w.CPU = r.median(cpu)
	}
	if w.PeakBytes > 0 {
		w.Measured = (w.PeakBytes - empty) / states
	}
	return w
}

// A livenessRow is what the liveness properties of a system cost.
type livenessRow struct {
	System           string
	Workers          int
	States           uint64
	Safety, Liveness float64 // seconds, by the clock of check
	Ratio            float64
}

func (b *bench) liveness(ctx context.Context, r *report) error {
	s, err := find("peterson_5")
	if err != nil {
		return err
	}
	for _, workers := range []int{1, 2} {
		safety, live := b.check(s, variant{workers: workers}), b.check(s, variant{workers: workers, liveness: true})
		live.name += ", liveness"
		if err := b.alternate(ctx, s.name, safety, live); err != nil {
			return err
		}
		r.Liveness = append(r.Liveness, livenessRow{
			s.name, workers, live.samples[0].States, safety.median(elapsed), live.median(elapsed), ratio(live, safety, elapsed),
		})
	}
	return nil
}

// A growthRow is the cost of one state in a system of some size. In a larger
// system a state has more successors: the cost of a transition leaves that out.
type growthRow struct {
	System                   string
	States, Transitions      uint64
	PerState, PerTransition  float64 // nanoseconds, one worker, by the clock of check
	StateTimes, TransitTimes float64 // as much as in the smallest of the family
}

func (b *bench) growth(ctx context.Context, r *report) error {
	for _, family := range [][]string{
		{"twophase_6", "twophase_7", "twophase_8", "twophase_9"},
		{"peterson_5", "peterson_6"},
	} {
		var racers []*racer
		for _, name := range family {
			s, err := find(name)
			if err != nil {
				return err
			}
			racers = append(racers, b.check(s, variant{workers: 1}))
		}
		for range b.runs {
			for i, racer := range racers {
				if err := b.once(ctx, family[i], racer); err != nil {
					return err
				}
			}
		}
		for i, racer := range racers {
			r.Growth = append(r.Growth, growthRow{
				family[i], racer.samples[0].States, racer.samples[0].Transitions,
				racer.median(perState), racer.median(perTransition),
				ratio(racer, racers[0], perState), ratio(racer, racers[0], perTransition),
			})
		}
	}
	return nil
}

func perState(s sample) float64 { return float64(s.Elapsed.Nanoseconds()) / float64(s.States) }
func perTransition(s sample) float64 {
	return float64(s.Elapsed.Nanoseconds()) / float64(s.Transitions)
}

// machine is what the numbers are true of.
func machine(ctx context.Context) string {
	m := fmt.Sprintf("%s/%s, %d cores, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	for _, argv := range [][]string{{"spin", "-V"}, {"gcc", "--version"}} {
		if text, err := exec.CommandContext(ctx, argv[0], argv[1:]...).Output(); err == nil {
			m += ", " + firstLine(text)
		}
	}
	return m
}
