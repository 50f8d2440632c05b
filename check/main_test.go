package check

import (
	"flag"
	"os"
	"testing"
)

// TestMain draws more random models than rapid does by default; -rapid.checks
// still decides.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "5000"); err != nil {
		panic(err)
	}
	flag.Parse()
	os.Exit(m.Run())
}
