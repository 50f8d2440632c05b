package main

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReadmeTranscripts runs the commands of the README that are marked with a
// comment, and compares what they print with what the README says they print.
// A line "..." stands for any lines; times, rates and memory are not compared.
func TestReadmeTranscripts(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)    go run ./cmd/verify ([^\n]+)\n\n<!-- transcript: (\\w+) -->\n```\n(.*?)```\n").FindAllStringSubmatch(string(text), -1)
	require.Len(t, blocks, 2)
	for _, block := range blocks {
		command, name, want := block[1], block[2], block[3]
		t.Run(name, func(t *testing.T) {
			if name == "check" && os.Getenv("RECONVERGE_FULL") == "" {
				t.Skip("explores the whole scenario: set RECONVERGE_FULL=1")
			}
			t.Chdir("../..")
			var out, errs bytes.Buffer
			run(append(strings.Fields(command), "--trace-dir", t.TempDir()), strings.NewReader(""), &out, &errs)
			got := strings.Split(strip(out.String()), "\n")
			for _, line := range strings.Split(strings.TrimSpace(strip(want)), "\n") {
				if strings.TrimSpace(line) == "..." {
					continue
				}
				i := indexOf(got, line)
				require.GreaterOrEqual(t, i, 0, "not printed, or not in this order: %q\n%s", line, out.String())
				got = got[i+1:]
			}
		})
	}
}

func indexOf(lines []string, want string) int {
	for i, line := range lines {
		if strings.TrimRight(line, " ") == strings.TrimRight(want, " ") {
			return i
		}
	}
	return -1
}

// strip replaces what differs from run to run.
func strip(s string) string {
	s = regexp.MustCompile(`[\d.,]+ (s,|states/s|[KMG]iB)`).ReplaceAllString(s, "# $1")
	return regexp.MustCompile(`\S+\.json`).ReplaceAllString(s, "FILE")
}
