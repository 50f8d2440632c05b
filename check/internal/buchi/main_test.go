package buchi_test

import (
	"flag"
	"os"
	"testing"
)

// TestMain draws more random formulas than rapid does by default;
// -rapid.checks still decides.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "2000"); err != nil {
		panic(err)
	}
	flag.Parse()
	os.Exit(m.Run())
}
