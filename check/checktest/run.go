package checktest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/reconverge/reconverge/check"
)

// errDeadline is why a run is incomplete that the test had no time for.
var errDeadline = errors.New("the test's deadline is near: give it more time (go test -timeout) or the model a smaller bound")

// run explores m until the test must come to its end.
func run[S comparable](t testing.TB, m *check.Model[S], o check.Options) *check.Report[S] {
	t.Helper()
	ctx := t.Context()
	if d, ok := t.(interface{ Deadline() (time.Time, bool) }); ok { // a *testing.T has one
		if end, ok := d.Deadline(); ok {
			var cancel context.CancelFunc
			ctx, cancel = context.WithDeadlineCause(ctx, end.Add(-margin(time.Until(end))), errDeadline)
			defer cancel()
		}
	}
	r, err := check.Run(ctx, m, o)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return r
}

// margin is how long before its deadline a run ends, to leave time for writing
// down what it found and for the tests that run beside it.
func margin(left time.Duration) time.Duration { return min(left/10, 10*time.Second) }

// counterexample shows how a property is violated.
func counterexample[S comparable](t testing.TB, res check.Result[S]) string {
	if res.Trace == nil {
		return ": no reachable state satisfies it"
	}
	return ":\n" + text(res.Trace) + keep(t, res)
}

// keep leaves a trace where go test -artifacts keeps it, and says how to see the
// failure again.
func keep[S comparable](t testing.TB, res check.Result[S]) string {
	path := filepath.Join(t.ArtifactDir(), regexp.MustCompile(`\W+`).ReplaceAllString(res.Property, "-")+".trace")
	if err := os.WriteFile(path, []byte(text(res.Trace)), 0o666); err != nil {
		return fmt.Sprintf("the trace could not be kept: %v", err)
	}
	if isSet("test.artifacts") {
		return "kept in " + path
	}
	return "again, keeping the trace in a file: " + command(t) + " -artifacts"
}

// command runs this test again.
func command(t testing.TB) string {
	var elements []string
	for element := range strings.SplitSeq(t.Name(), "/") {
		elements = append(elements, "^"+regexp.QuoteMeta(element)+"$")
	}
	pkg := "."
	if info, ok := debug.ReadBuildInfo(); ok && strings.HasSuffix(info.Path, ".test") {
		pkg = strings.TrimSuffix(info.Path, ".test")
	}
	return fmt.Sprintf("go test %s -run '%s'", pkg, strings.Join(elements, "/"))
}
