package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/traces"
)

// example is the manifest that the README begins with.
const example = "../../examples/replicaset.yaml"

// verify runs a command line in this process.
func verify(t testing.TB, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	status = run(args, strings.NewReader(""), &out, &err)
	return status, out.String(), err.String()
}

func TestStatus(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct {
		args string
		want int
	}{
		{"check --scenario recreated-pod", 0},
		{"check --mutation rs.noExpectations", 1},
		{"check --scenario tiny --fault none --property W-EIGHT", 1},
		{"check --mutation bogus", 2},
		{"check -f no-such.yaml", 2},
		{"show no-such.json", 2},
		{"bogus", 2},
		{"check --scenario small --max-states 100", 3},
		{"check --scenario small --timeout 1ns", 3},
	} {
		args := strings.Fields(tt.args)
		if args[0] == "check" {
			args = append(args, "--trace-dir", dir)
		}
		got, stdout, stderr := verify(t, args...)
		require.Equal(t, tt.want, got, "verify %s\n%s%s", tt.args, stdout, stderr)
		if got == 2 {
			require.Empty(t, stdout)
			require.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
		}
	}
}

// contract is what the documentation promises of verify check -o json.
const contract = `{"schemaVersion": "v1alpha1", "kind": "CheckReport", "verdict": "holds|violated|incomplete", "scenario": {},
 "properties": [{"id": "P-OVER2", "claim": "...", "kind": "invariant|transition|reachable|liveness|...", "status": "G|A|N|L",
                 "assumption": "...", "verdict": "holds|violated|incomplete", "vacuous": false, "traceFile": "...", "traceLength": 0}],
 "actions": [{"name": "...", "taken": 0}], "unreachedActions": [], "assumptions": [], "bounds": [], "reductions": [],
 "omissionProbability": 0,
 "stats": {"distinctStates": 0, "generatedStates": 0, "depth": 0, "elapsedSeconds": 0, "peakMemoryBytes": 0, "workers": 0}}`

func TestJSONContract(t *testing.T) {
	var want any
	require.NoError(t, json.Unmarshal([]byte(contract), &want))
	for _, tt := range []struct {
		args, verdict string
		status        int
	}{
		{"--scenario recreated-pod", "holds", 0},
		{"--mutation rs.noExpectations", "violated", 1},
		{"--scenario small --max-states 100", "incomplete", 3},
	} {
		t.Run(tt.verdict, func(t *testing.T) {
			dir := t.TempDir()
			args := append([]string{"check", "-o", "json", "--trace-dir", dir}, strings.Fields(tt.args)...)
			status, stdout, stderr := verify(t, args...)
			require.Equal(t, tt.status, status)
			require.NotContains(t, stderr, "verify:")
			var got map[string]any
			require.NoError(t, json.Unmarshal([]byte(stdout), &got))
			requireShape(t, "report", want, got)
			require.Equal(t, tt.verdict, got["verdict"])

			var report checkReport
			require.NoError(t, json.Unmarshal([]byte(stdout), &report))
			require.Positive(t, report.Stats.Distinct)
			require.Positive(t, report.Stats.PeakMemory)
			require.LessOrEqual(t, report.Stats.Distinct, report.Stats.Generated)
			for _, u := range report.Unreached {
				require.NotEmpty(t, u.Reason, u.Name)
			}
			for _, p := range report.Properties {
				if p.Verdict == violated {
					require.Equal(t, filepath.Join(dir, "web-1.37-P-OVER2-rs.noExpectations-6725057a.json"), p.TraceFile)
					require.Positive(t, p.TraceLength)
					requireTrace(t, p.TraceFile)
				}
				require.Equal(t, p.Verdict == incomplete, p.Reason != "")
			}
		})
	}
}

// requireShape checks that got has every field of want with a value of the same
// JSON type, and that an element of a list has those of want's element.
func requireShape(t *testing.T, path string, want, got any) {
	t.Helper()
	require.Equal(t, reflect.TypeOf(want), reflect.TypeOf(got), path)
	switch want := want.(type) {
	case map[string]any:
		for name, value := range want {
			require.Contains(t, got, name, path)
			requireShape(t, path+"."+name, value, got.(map[string]any)[name])
		}
	case []any:
		if len(want) > 0 {
			require.NotEmpty(t, got, path)
			requireShape(t, path+"[0]", want[0], got.([]any)[0])
		}
	}
}

func requireTrace(t *testing.T, file string) {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	doc, err := traces.Decode(f)
	require.NoError(t, err)
	_, err = traces.Replay(doc)
	require.NoError(t, err)
}

// The first SIGINT ends the search with a report.
func TestInterrupt(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "verify", "check", "-f", example, "-o", "json", "--lag", "2")
	var stdout bytes.Buffer
	cmd.Stdout = &stdout
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())

	// The first line of progress says that the search is on, and what it says.
	lines := bufio.NewScanner(stderr)
	require.True(t, lines.Scan(), lines.Err())
	var line progressLine
	require.NoError(t, json.Unmarshal(lines.Bytes(), &line), lines.Text())
	require.Equal(t, "Progress", line.Kind)
	require.Equal(t, "search", line.Phase)
	require.Positive(t, line.States)
	require.Equal(t, "unknown", line.ETA)

	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	for lines.Scan() { // until the program ends
	}
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &exit)
	require.Equal(t, 3, exit.ExitCode())
	var report checkReport
	require.NoError(t, json.Unmarshal(stdout.Bytes(), &report))
	require.Equal(t, incomplete, report.Verdict)
	require.Equal(t, "interrupted", report.Reason)
}

// The manifest of the README at its own size. It takes minutes and gigabytes,
// so it runs when asked for, and in CI.
func TestExampleHolds(t *testing.T) {
	if os.Getenv("RECONVERGE_FULL") == "" {
		t.Skip("takes minutes: set RECONVERGE_FULL=1")
	}
	status, stdout, stderr := verify(t, "check", "-f", example, "--nodes", "2", "-o", "json")
	require.Equal(t, 0, status, stderr)
	var report checkReport
	require.NoError(t, json.Unmarshal([]byte(stdout), &report))
	require.Equal(t, holds, report.Verdict)
	require.Equal(t, 5, report.Scenario.Replicas)
	for _, p := range report.Properties {
		require.False(t, p.Vacuous, p.ID)
	}
}

// A report that cannot be written is an error, whatever it would have said.
func TestOutputFails(t *testing.T) {
	full := errors.New("no space left")
	for _, args := range [][]string{
		{"check", "--scenario", "recreated-pod"},
		{"check", "--scenario", "recreated-pod", "-o", "json"},
		{"check", "--mutation", "rs.noExpectations", "--trace-dir", t.TempDir()},
		{"properties"},
	} {
		var stderr bytes.Buffer
		require.Equal(t, 2, run(args, nil, failingWriter{full}, &stderr))
		require.Regexp(t, `(^|\n)verify: the report could not be written: no space left\n$`, stderr.String())
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

// Every scenario of the catalogue, and of every mutation, is one that the model
// takes.
func TestScenariosAreValid(t *testing.T) {
	for _, n := range model.Scenarios() {
		s, err := model.ScenarioByName(n.Name)
		require.NoError(t, err)
		require.NoError(t, s.Validate(), n.Name)
	}
	for _, m := range model.Mutations() {
		require.NoError(t, m.Scenario.Validate(), m.Name)
	}
}
