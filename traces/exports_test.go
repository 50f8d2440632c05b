package traces_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/traces"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// hostile is a name that has a meaning in every format, were it not escaped.
const hostile = "a.b;c#d<br>\"e\"\\ %%{init} end $$"

func TestExports(t *testing.T) {
	for _, tt := range []struct {
		file     string
		scenario model.Scenario
		property string
	}{
		{"overshoot", overshoot, "P-OVER2"},
		{"stuck", stuck, "L-BACK"},
		{"replaced", replaced, "W-EIGHT"},
		{"hostile", named(overshoot, hostile), "P-OVER2"},
	} {
		r := replay(t, tt.scenario, tt.property)
		for _, export := range []struct {
			format string
			write  func(*traces.Replayed, io.Writer) error
			valid  func(*testing.T, *traces.Replayed, string)
		}{
			{"mermaid", (*traces.Replayed).WriteMermaid, requireMermaid},
			{"dot", (*traces.Replayed).WriteDOT, requireDOT},
			{"itf", (*traces.Replayed).WriteITF, requireITF},
		} {
			t.Run(tt.file+"."+export.format, func(t *testing.T) {
				var b bytes.Buffer
				require.NoError(t, export.write(r, &b))
				export.valid(t, r, b.String())
				if export.format != "itf" { // of which one is read, and all are checked
					golden(t, tt.file+"."+export.format, b.Bytes())
				} else if tt.file == "stuck" {
					golden(t, "stuck.itf.json", b.Bytes())
				}
			})
		}
	}
}

func named(s model.Scenario, name string) model.Scenario {
	s.Name = name
	return s
}

func replay(t *testing.T, s model.Scenario, property string) *traces.Replayed {
	t.Helper()
	r, err := traces.Replay(find(t, s, property))
	require.NoError(t, err)
	return r
}

// golden compares got with a file of testdata; -update writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(name, got, 0o644))
	}
	want, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "if it should be this: go test ./traces -update, and review the file")
}

var (
	mermaidText        = `(?:[^;#<>"&%$` + "`" + `]|#(?:\d+|lt|gt|quot|amp);|<br/>)+`
	mermaidParticipant = regexp.MustCompile(`^  participant (p\d+) as ` + mermaidText + `$`)
	mermaidArrow       = regexp.MustCompile(`^ +(p\d+)->>(p\d+): (\d+)\. ` + mermaidText + `$`)
	mermaidNote        = regexp.MustCompile(`^ +Note over (p\d+)(?:,(p\d+))?: (\d+)\. ` + mermaidText + `$`)
)

// requireMermaid checks that each line has one of the forms that are used, that
// lifelines are declared, steps numbered, and the loop is closed.
func requireMermaid(t *testing.T, r *traces.Replayed, text string) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	require.Equal(t, "sequenceDiagram", lines[0])
	declared := map[string]bool{"": true}
	step := 0
	for _, line := range lines[1:] {
		switch {
		case mermaidParticipant.MatchString(line):
			declared[mermaidParticipant.FindStringSubmatch(line)[1]] = true
			continue
		case line == "  loop for ever":
			require.Equal(t, len(r.Trace.Stem), step)
			continue
		case line == "  end":
			require.NotEmpty(t, r.Trace.Cycle)
			continue
		}
		m := mermaidArrow.FindStringSubmatch(line)
		if m == nil {
			m = mermaidNote.FindStringSubmatch(line)
		}
		require.NotNil(t, m, "not a line of a sequence diagram: %q", line)
		require.Equal(t, strconv.Itoa(step), m[3])
		require.True(t, declared[m[1]] && declared[m[2]], line)
		step++
	}
	require.Equal(t, len(r.Steps()), step)
	lasso := len(r.Trace.Cycle) > 0
	require.Equal(t, lasso, strings.Contains(text, "  loop for ever\n"))
	require.Equal(t, lasso, strings.HasSuffix(text, "\n  end\n"))
}

var (
	dotString = `"(?:[^"\\]|\\[\\"n])*"`
	dotLine   = regexp.MustCompile(`^  (?:label=` + dotString + `|labelloc=t|node \[shape=box, style=rounded\]|s\d+ \[label=` + dotString + `\]|s(\d+) -> s(\d+) \[label=` + dotString + `(?:, style=bold)?\])$`)
)

// requireDOT checks each line, and that the edges are a path, closed for a lasso.
func requireDOT(t *testing.T, r *traces.Replayed, text string) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	require.Equal(t, "digraph trace {", lines[0])
	require.Equal(t, "}", lines[len(lines)-1])
	var edges [][2]string
	for _, line := range lines[1 : len(lines)-1] {
		m := dotLine.FindStringSubmatch(line)
		require.NotNil(t, m, "not a line of the graph: %q", line)
		if m[1] != "" {
			edges = append(edges, [2]string{m[1], m[2]})
		}
	}
	last := len(r.Steps()) - 1
	require.Len(t, edges, last)
	for i, e := range edges {
		to := i + 1
		if to == last && len(r.Trace.Cycle) > 0 {
			to = len(r.Trace.Stem) - 1
			require.Equal(t, r.End(), r.Trace.Stem[to].State, "the edge that closes the cycle leads elsewhere")
		}
		require.Equal(t, [2]string{strconv.Itoa(i), strconv.Itoa(to)}, e)
	}
}

// requireITF checks what ADR 015 asks for: every state gives all variables a
// value of an allowed form.
func requireITF(t *testing.T, r *traces.Replayed, text string) {
	var doc struct {
		Meta struct {
			VarTypes map[string]string `json:"varTypes"`
		} `json:"#meta"`
		Vars   []string
		Loop   *int
		States []map[string]any
	}
	require.NoError(t, json.Unmarshal([]byte(text), &doc))
	require.Len(t, doc.States, len(r.Steps()))
	require.Len(t, doc.Meta.VarTypes, len(doc.Vars))
	for i, state := range doc.States {
		require.Equal(t, map[string]any{"index": float64(i)}, state["#meta"])
		require.Len(t, state, len(doc.Vars)+1)
		require.Equal(t, r.Steps()[i].Label, state["action"])
		for _, v := range doc.Vars {
			require.Contains(t, state, v)
			require.NotEmpty(t, doc.Meta.VarTypes[v])
		}
		for k, pod := range state["pods"].([]any) {
			require.Equal(t, r.Steps()[i].State.Pods[k].Phase.String(), pod.(map[string]any)["phase"])
		}
	}
	if len(r.Trace.Cycle) == 0 {
		require.Nil(t, doc.Loop)
		return
	}
	require.Equal(t, len(r.Trace.Stem), *doc.Loop)
}

// A diagram shows kubelets apart, writes as arrows, and faults over all.
func TestMermaidLifelines(t *testing.T) {
	var b strings.Builder
	require.NoError(t, replay(t, replaced, "W-EIGHT").WriteMermaid(&b))
	text := b.String()
	require.Regexp(t, `participant p\d as Kubelet node-\d\n`, text)
	require.Regexp(t, `participant p\d as API server\n`, text)
	require.Regexp(t, `Note over p1,p\d+: \d+\. Fault.NodeCrash\(node-\d\)<br/>`, text)
	require.Regexp(t, `(p\d+)->>p\d+: \d+\. Create\(web-b\)<br/>object unused → stored<br/>`, text)
	require.Regexp(t, `Note over p\d: \d+\. Decide<br/>kcm.toCreate 0 → 1<br/>`, text)
}

// A field that is new is in the store or is not: an arrow or a note.
func TestFieldsAreInTheStoreOrNot(t *testing.T) {
	for _, tt := range []struct {
		prefix string
		of     reflect.Type
	}{{"", reflect.TypeFor[model.State]()}, {"pods.", reflect.TypeFor[model.Pod]()}, {"nodes.", reflect.TypeFor[model.Node]()}} {
		for _, f := range reflect.VisibleFields(tt.of) {
			require.Contains(t, traces.Stored, tt.prefix+traces.FieldName(f.Name), "is it in the store? say so in picture.go")
		}
	}
}

// The trace of a stuttering process and one that never moves have diagrams too.
func TestExportOfNothing(t *testing.T) {
	m, err := model.New(overshoot)
	require.NoError(t, err)
	start := check.Step[model.State]{State: m.Init[0]}
	stutter := check.Step[model.State]{Action: check.Stutter, Label: check.Stutter, State: m.Init[0]}
	for _, r := range []*traces.Replayed{
		{Model: m, Trace: &check.Trace[model.State]{Stem: []check.Step[model.State]{start}}},
		{Model: m, Trace: &check.Trace[model.State]{Stem: []check.Step[model.State]{start}, Cycle: []check.Step[model.State]{stutter}}},
	} {
		var mermaid, dot, itf strings.Builder
		require.NoError(t, r.WriteMermaid(&mermaid))
		requireMermaid(t, r, mermaid.String())
		require.NoError(t, r.WriteDOT(&dot))
		requireDOT(t, r, dot.String())
		require.NoError(t, r.WriteITF(&itf))
		requireITF(t, r, itf.String())
	}
}
