package checktest_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/reconverge/reconverge/check"
)

// A recorder is a test whose failure is looked at. What it is not asked for it
// leaves to the test that made it.
type recorder struct {
	testing.TB
	artifacts     string
	failed, ended bool
	said          strings.Builder
}

func (r *recorder) Helper()             {}
func (r *recorder) ArtifactDir() string { return r.artifacts }

func (r *recorder) Logf(format string, args ...any) { fmt.Fprintf(&r.said, format+"\n", args...) }

func (r *recorder) Errorf(format string, args ...any) {
	r.failed = true
	r.Logf(format, args...)
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.ended = true
	r.Errorf(format, args...)
	runtime.Goexit()
}

// record runs a test to its end.
func record(t *testing.T, test func(t testing.TB)) *recorder {
	r := &recorder{TB: t, artifacts: t.TempDir()}
	r.run(func() { test(r) })
	return r
}

func (r *recorder) run(test func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		test()
	}()
	<-done
}

// A hurried test has a deadline.
type hurried struct {
	*recorder
	left time.Duration
}

func (h hurried) Deadline() (time.Time, bool) { return time.Now().Add(h.left), true }

// A door opens and closes, until somebody locks it and nobody unlocks it.
type door string

func move(name string, fair check.Fairness, from, to door) check.Action[door] {
	return check.Action[door]{Name: name, Fair: fair, Next: func(dst []door, s door) []door {
		if s == from {
			dst = append(dst, to)
		}
		return dst
	}}
}

func doors(properties ...check.Property[door]) *check.Model[door] {
	return &check.Model[door]{
		Init: []door{"closed"},
		Actions: []check.Action[door]{
			move("Open", check.Weak, "closed", "open"),
			move("Close", check.Weak, "open", "closed"),
			move("Lock", check.Unfair, "closed", "locked"),
			move("Burn", check.Unfair, "on fire", "ashes"),
		},
		Properties: properties,
	}
}

func is(want door) func(door) bool     { return func(s door) bool { return s == want } }
func isNot(other door) func(door) bool { return func(s door) bool { return s != other } }

var (
	neverBurns = check.Invariant("never burns", isNot("ashes"))
	neverLocks = check.Invariant("never locks", isNot("locked"))
	opensAgain = check.AlwaysEventually("opens again", is("open"))
	canBurn    = check.Reachable("can burn", is("ashes"))
	opens      = check.Reachable("opens", is("open"))
	coolsDown  = check.Invariant("cools down", is("ashes")).When(is("ashes"))
)

// endless has more states than anybody has time for.
func endless() *check.Model[uint64] {
	return &check.Model[uint64]{
		Init: []uint64{0},
		Actions: []check.Action[uint64]{
			{Name: "Count", Next: func(dst []uint64, n uint64) []uint64 { return append(dst, n+1) }},
			{Name: "Rest", Next: func(dst []uint64, _ uint64) []uint64 { return dst }},
		},
		Properties: []check.Property[uint64]{
			check.Invariant("stays small", func(n uint64) bool { return n < 1<<63 }),
		},
	}
}

func after(s, text string) string {
	_, s, _ = strings.Cut(s, text)
	return s
}
