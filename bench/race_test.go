package main

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	for _, tt := range []struct {
		values []float64
		want   float64
	}{
		{nil, 0},
		{[]float64{3}, 3},
		{[]float64{9, 1, 2}, 2},
		{[]float64{4, 1, 100, 2}, 3},
	} {
		before := append([]float64(nil), tt.values...)
		if got := median(tt.values); got != tt.want {
			t.Errorf("median(%v) = %v, want %v", before, got, tt.want)
		}
		for i := range before {
			if tt.values[i] != before[i] {
				t.Fatalf("median changed its argument: %v, was %v", tt.values, before)
			}
		}
	}
}

// The machine becomes four times slower and recovers. Within each round a takes
// twice as long as b; the ratio of their medians would be 4 by 1.
func TestRatioIsByRound(t *testing.T) {
	a, b := timed(2, 4, 8), timed(1, 2, 4)
	if got := ratio(a, b, wall); got != 2 {
		t.Errorf("got %v, want 2", got)
	}
	a, b = timed(2, 8, 8), timed(1, 4, 1)
	if got := ratio(a, b, wall); got != 2 {
		t.Errorf("got %v, want 2: the ratios are 2, 2 and 8", got)
	}
}

func TestAgree(t *testing.T) {
	a, b := timed(1), timed(1)
	a.name, b.name = "Spin", "check"
	a.samples[0].States, b.samples[0].States = 288, 288
	if err := agree(a, b); err != nil {
		t.Error(err)
	}
	b.samples[0].States = 287
	if err := agree(a, b); err == nil || err.Error() != "Spin found 288 states, check 287: there is nothing to compare" {
		t.Errorf("got %v", err)
	}
}

func TestRow(t *testing.T) {
	r := timed(3, 1, 2)
	for i := range r.samples {
		r.samples[i].found = found{States: 1000, Bytes: 40_000}
		r.samples[i].cpu = time.Second
		r.samples[i].peak = 61_000
	}
	got := row("sys", r, 1_000, false)
	if got.Wall != 2 || got.Least != 1 || got.Max != 3 || got.CPU != 0 || got.Measured != 60 || got.Reported != 40 {
		t.Errorf("got %+v", got)
	}
	if got := row("sys", r, 1_000, true); got.CPU != 1 {
		t.Errorf("got %v s of CPU, want 1", got.CPU)
	}
}

// A child prints what its parent reads, for every variant.
func TestChild(t *testing.T) {
	for _, v := range []variant{{workers: 1}, {workers: 2, liveness: true}, {workers: 2, fingerprint: true}} {
		var out bytes.Buffer
		args := append([]string{"-child=twophase_3"}, v.args()...)
		if err := run(t.Context(), args, &out, io.Discard); err != nil {
			t.Fatal(err)
		}
		f, err := parseChild(out.Bytes())
		if err != nil || f.States != 288 || f.Transitions != 1146 || f.Bytes <= 0 || f.Elapsed <= 0 {
			t.Errorf("%+v: got %+v, %v; want 288 states, 1146 transitions", v, f, err)
		}
	}
	if _, err := parseChild([]byte("panic: no\n")); err == nil {
		t.Error("a child that prints no result has one")
	}
}

func TestUsage(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"-o xml", `-o "xml": want table, markdown or json`},
		{"-runs 0", "-runs 0: want at least 1"},
		{"-parts race,speed", `-parts "speed": want some of race,liveness,growth`},
		{"twophase_8", `no system "twophase_8": want some of twophase_7`}, // not in Promela
		{"-child nonsense", `no system "nonsense"`},
		{"-nonsense", "run bench -h for help"},
	} {
		var out bytes.Buffer
		err := run(t.Context(), strings.Fields(tt.args), &out, io.Discard)
		if err == nil || !strings.Contains(err.Error(), tt.want) || out.Len() > 0 {
			t.Errorf("%s: got %v and %q, want error with %q", tt.args, err, &out, tt.want)
		}
	}
}

// A cancelled run ends at once with one clear error. The shell waits for its
// child, which holds stdout: both must have been interrupted.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	r := &racer{name: "sleeper", argv: []string{"/bin/sh", "-c", "sleep 60; true"}}
	start := time.Now()
	if _, err := r.run(ctx); err != errInterrupted {
		t.Errorf("got %v, want %v", err, errInterrupted)
	}
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("took %v", took)
	}
}

// timed is a racer that took so many seconds in each run.
func timed(seconds ...float64) *racer {
	r := &racer{}
	for _, s := range seconds {
		r.samples = append(r.samples, sample{wall: time.Duration(s * float64(time.Second))})
	}
	return r
}
