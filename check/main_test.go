package check

import (
	"flag"
	"os"
	"testing"
)

// TestMain draws more random models than rapid does by default; -rapid.checks
// still decides. Each test whose name begins with TestRandom takes between 0.2
// and 2 seconds for a thousand. CI draws 20,000 for each:
//
//	go test -run Random ./check -rapid.checks=20000
//
// and this is the long mode, to be left alone for a night:
//
//	go test -run Random ./check -rapid.checks=5000000 -timeout 0
//
// A failure ends with the model and the -rapid.seed that draws it again.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "2000"); err != nil {
		panic(err)
	}
	flag.Parse()
	os.Exit(m.Run())
}
