package checktest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/check/checktest"
)

// printed stands in for the *testing.T of a test, and prints what it is told.
type printed struct{ testing.TB }

func (printed) Helper()                           {}
func (printed) Context() context.Context          { return context.Background() }
func (printed) Logf(format string, args ...any)   { fmt.Printf(format+"\n", args...) }
func (printed) Errorf(format string, args ...any) { fmt.Printf("FAIL: "+format+"\n", args...) }

var t printed

// A lamp has two states. The claim about a broken one is never put to the test.
func ExampleHolds() {
	type lamp string
	m := &check.Model[lamp]{
		Init: []lamp{"off"},
		Actions: []check.Action[lamp]{
			{Name: "On", Next: func(dst []lamp, s lamp) []lamp { return append(dst, "on") }},
			{Name: "Off", Next: func(dst []lamp, s lamp) []lamp { return append(dst, "off") }},
			{Name: "Mend", Next: func(dst []lamp, s lamp) []lamp {
				if s == "broken" {
					dst = append(dst, "off")
				}
				return dst
			}},
		},
		Properties: []check.Property[lamp]{
			check.DeadlockFree[lamp]("can always be switched", nil),
			check.Transition("a broken lamp is mended first", func(from, to lamp) bool { return to == "off" }).
				When(func(s lamp) bool { return s == "broken" }),
		},
	}
	checktest.Holds(t, m)
	fmt.Println("and if that is expected:")
	checktest.Holds(t, m, checktest.Vacuous("a broken lamp is mended first"))
	// Output:
	// FAIL: checktest: property "a broken lamp is mended first" holds vacuously: no reachable state is one that it is about; if it should, say checktest.Vacuous("a broken lamp is mended first")
	// checktest: never taken: Mend
	// and if that is expected:
	// checktest: never taken: Mend
}

// Nothing asks the counter to go on, so it may rest anywhere.
func ExampleViolates() {
	m := &check.Model[int]{
		Init: []int{0},
		Actions: []check.Action[int]{{Name: "Count", Next: func(dst []int, n int) []int {
			return append(dst, min(n+1, 2))
		}}},
		Properties: []check.Property[int]{
			check.Invariant("never 2", func(n int) bool { return n != 2 }),
			check.Eventually("comes to 1", func(n int) bool { return n == 1 }),
		},
	}
	checktest.Violates(t, m, "never 2", "Count", "Count")
	lasso := checktest.Violates(t, m, "comes to 1", checktest.ForEver, check.Stutter)
	fmt.Println(lasso.Len(), "steps")
	// Output:
	// 2 steps
}
