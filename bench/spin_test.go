package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The outputs in testdata are those of Spin 6.5.2 on peterson_5 (223,105 states
// and an initialising step), apart from dfs_uncompressed (twophase_7, whose memory
// pan does not break down) and dfs_violated.
func TestParsePan(t *testing.T) {
	dfs, exact, hashes := pans[0], pans[1], pans[2]
	for _, tt := range []struct {
		file string
		pan  pan
		want found
		err  string // part of it
	}{
		{file: "dfs", pan: dfs, want: found{States: 223106, Transitions: 741067, Bytes: megabytes(24.004)}},
		{file: "dfs_uncompressed", pan: dfs, want: found{States: 296448, Transitions: 2744706, Bytes: megabytes(21.672)}},
		{file: "bfs_exact", pan: exact, want: found{States: 223106, Transitions: 741067, Bytes: megabytes(60.691)}},
		{file: "bfs_hashes", pan: hashes, want: found{States: 223106, Transitions: 741067, Bytes: megabytes(20.886)}},
		{file: "dfs_too_deep", pan: dfs, err: "did not explore everything: error: max search depth too small"},
		{file: "bfs_table_full", pan: exact, err: "did not explore everything: cpu00: hash table is full"},
		{file: "dfs_violated", pan: dfs, err: "assertion violated"},
		{file: "bad_usage", pan: dfs, err: "printed no result"},
		// A pan compiled otherwise than we believe must not race under a wrong name.
		{file: "bfs_hashes", pan: exact, err: "stored whole states: got false, want true"},
		{file: "bfs_exact", pan: hashes, err: "stored whole states: got true, want false"},
		{file: "dfs", pan: exact, err: `used "" cores, want 2`},
	} {
		t.Run(tt.file+" as "+tt.pan.name, func(t *testing.T) {
			got, err := tt.pan.parse(captured(t, tt.file))
			if got != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("got %+v, %v; want %+v, error with %q", got, err, tt.want, tt.err)
			}
		})
	}
}

// What no captured output has, each made from one by a replacement.
func TestParsePanRefuses(t *testing.T) {
	whole := string(captured(t, "dfs"))
	for _, tt := range []struct{ name, old, new, err string }{
		{"a rounded count", "   223106 states, stored", "1.0340352e+08 states, stored", "no exact count of states"},
		{"errors", "errors: 0", "errors: 2", "found 2 errors"},
		{"long states", "State-vector 36 byte", "State-vector 52 byte", "has states of 52 bytes, want at most 48"},
		{"an interrupt", "Full statespace", "Interrupted\nFull statespace", "did not explore everything: Interrupted"},
		{"the end of memory", "\nFull statespace", "\npan: out of memory\nFull statespace", "did not explore everything: pan: out of memory"},
		{"no memory", "total actual memory usage", "", "no memory usage"},
		{"nothing at all", whole, "", "printed no result"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Replace(whole, tt.old, tt.new, 1)
			if text == whole {
				t.Fatalf("%q is not in the output", tt.old)
			}
			if got, err := pans[0].parse([]byte(text)); err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("got %+v, %v; want error with %q", got, err, tt.err)
			}
		})
	}
}

// All that bench compiles is in the binary.
func TestSources(t *testing.T) {
	for _, name := range raced() {
		if text, err := sources.ReadFile(name + ".pml"); err != nil || !strings.Contains(string(text), "active proctype") {
			t.Errorf("%s.pml: %v, %d bytes", name, err, len(text))
		}
	}
}

func captured(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func megabytes(m float64) int64 { return int64(m * (1 << 20)) }
