package checktest_test

import (
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check/checktest"
)

// A test package that has -update need not learn another word.
func TestGoldenObeysUpdate(t *testing.T) {
	t.Chdir(t.TempDir())
	trace := checktest.Violates(t, doors(neverLocks), "never locks")
	golden := func() *recorder {
		return record(t, func(t testing.TB) { checktest.Golden(t, trace, "locked.trace") })
	}
	own := flag.CommandLine
	defer func() { flag.CommandLine = own }()

	flag.CommandLine = flag.NewFlagSet("", flag.ContinueOnError)
	flag.String("update", "", "which goldens to write: not a yes or no, so not ours to read")
	requireSaid(t, golden(), " -checktest.update")

	flag.CommandLine = flag.NewFlagSet("", flag.ContinueOnError)
	flag.Bool("update", false, "write goldens")
	requireSaid(t, golden(), " -update")
	withFlag(t, "update", func() { requireSaid(t, golden()) })
	_, err := os.Stat("testdata/locked.trace")
	require.NoError(t, err)
}

// withFlag calls f while a flag is set.
func withFlag(t *testing.T, name string, f func()) {
	t.Helper()
	require.NoError(t, flag.Set(name, "true"))
	defer func() { require.NoError(t, flag.Set(name, "false")) }()
	f()
}
