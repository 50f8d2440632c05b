package checktest

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reconverge/reconverge/check"
)

// updateFlag has a name of its own. A test package may define -update, or import
// another that does, and it would do so after this one: too late to ask.
const updateFlag = "checktest.update"

var update = flag.Bool(updateFlag, false, "rewrite the traces that checktest.Golden compares")

// Golden compares a trace, one step a line and states by Model.Format, with a
// file below testdata.
//
//	go test -checktest.update
//
// writes the file instead. So does -update in a test package that defines a
// boolean flag of that name.
func Golden[S comparable](t testing.TB, trace *check.Trace[S], file string) {
	t.Helper()
	if trace == nil {
		t.Fatalf("checktest: no trace to compare with %s", file)
	}
	path, got := filepath.Join("testdata", file), text(trace)
	if updating() {
		err := os.MkdirAll(filepath.Dir(path), 0o777)
		if err == nil {
			err = os.WriteFile(path, []byte(got), 0o666)
		}
		if err != nil {
			t.Fatalf("checktest: %v", err)
		}
		return
	}
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("checktest: %v", err)
	}
	accept := "if it should be this, accept it and review the file:\n  " + command(t) + " -" + acceptFlag()
	want := strings.ReplaceAll(string(data), "\r\n", "\n") // as some checkouts have it
	switch {
	case err != nil:
		t.Errorf("checktest: %s does not exist, the trace is\n%s%s", path, got, accept)
	case got != want:
		t.Errorf("checktest: %s has another trace (- file, + got):\n%s%s", path, diff(lines(want), lines(got)), accept)
	}
}

func updating() bool { return *update || isSet("update") }

// acceptFlag is the flag that a reader of the test package would expect.
func acceptFlag() string {
	if f := flag.Lookup("update"); f != nil && isBool(f) {
		return f.Name
	}
	return updateFlag
}

// isSet reports whether the test binary has a boolean flag that is set.
func isSet(name string) bool {
	f := flag.Lookup(name)
	return f != nil && isBool(f) && f.Value.String() == "true"
}

func isBool(f *flag.Flag) bool {
	b, ok := f.Value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
}

func lines(text string) []string { return strings.Split(strings.TrimSuffix(text, "\n"), "\n") }
