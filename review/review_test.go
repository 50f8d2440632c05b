package review_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/review"
	"github.com/reconverge/reconverge/traces"
)

var update = flag.Bool("update", false, "rewrite the generated pages of docs")

// docs is the directory in the repository.
const docs = "../docs"

func TestPagesAreUpToDate(t *testing.T) {
	differences := compare(t, docs)
	if *update {
		require.NoError(t, review.Write(docs, differences))
		return
	}
	for _, d := range differences {
		t.Errorf("docs/%s %s: run verify docs, or go test ./review -update, and read what changed", d.Path, d.What)
	}
}

func compare(t *testing.T, docs string) []review.Difference {
	t.Helper()
	pages, err := review.Pages(docs)
	require.NoError(t, err)
	require.NotEmpty(t, pages)
	differences, err := review.Differences(docs, pages)
	require.NoError(t, err)
	return differences
}

// repository makes an empty one and returns its docs.
func repository(t *testing.T) string {
	root := t.TempDir()
	for _, dir := range []string{"docs/model", "model/testdata"} {
		require.NoError(t, os.MkdirAll(filepath.Join(root, dir), 0o755))
	}
	return filepath.Join(root, "docs")
}

func write(t *testing.T, text string, path ...string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(path...), []byte(text), 0o644))
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	require.NoError(t, err)
	return string(text)
}

func TestDifferences(t *testing.T) {
	docs := repository(t)
	missing := compare(t, docs)
	for _, d := range missing {
		require.Equal(t, "is missing", d.What, d.Path)
	}
	require.NoError(t, review.Write(docs, missing))
	require.Empty(t, compare(t, docs))

	page := read(t, docs, "properties.md")
	write(t, strings.ReplaceAll(page, "\n", "\r\n"), docs, "properties.md")
	require.Empty(t, compare(t, docs), "line ends of a checkout")

	write(t, strings.Replace(page, "P-OVER2", "P-OVER3", 1), docs, "properties.md")
	write(t, page, docs, "model", "retired.md")
	write(t, "# By hand\n", docs, "model", "notes.md")
	differences := compare(t, docs)
	require.Len(t, differences, 2)
	require.Equal(t, "properties.md differs", differences[0].Path+" "+differences[0].What)
	require.Equal(t, "model/retired.md is generated no more", differences[1].Path+" "+differences[1].What)
	require.NoError(t, review.Write(docs, differences))
	require.Empty(t, compare(t, docs))
	require.Equal(t, page, read(t, docs, "properties.md"))
	require.NoFileExists(t, filepath.Join(docs, "model", "retired.md"))
	require.FileExists(t, filepath.Join(docs, "model", "notes.md"))
}

// What a reader looks for is on the pages.
func TestPagesSayWhatThereIs(t *testing.T) {
	pages, err := review.Pages(docs)
	require.NoError(t, err)
	text := map[string]string{}
	for _, p := range pages {
		text[p.Path] = p.Text
	}
	for _, c := range model.Catalogue() {
		require.Contains(t, text["properties.md"], "\n## "+c.ID+"\n")
	}
	for _, m := range model.Mutations() {
		require.Contains(t, text["properties.md"], "verify check --mutation "+m.Name+"`")
	}
	for _, n := range model.Scenarios() {
		require.Contains(t, text["model/README.md"], "`"+n.Name+"`")
	}
	components, err := model.Documentation()
	require.NoError(t, err)
	for _, c := range components {
		page := text["model/"+strings.ToLower(c.Name)+".md"]
		for _, a := range c.Actions {
			require.Contains(t, page, "\n## "+a.Name+"\n")
			require.Contains(t, page, "`"+a.Function+"`")
		}
	}
}

// record checks a property of a scenario and saves its trace.
func record(t *testing.T, s model.Scenario, property, file string) {
	t.Helper()
	m, err := model.New(s, property)
	require.NoError(t, err)
	report, err := check.Run(t.Context(), m.Model, check.Options{Symmetry: true})
	require.NoError(t, err)
	f, err := os.Create(file)
	require.NoError(t, err)
	require.NoError(t, traces.Encode(f, traces.From(s, m, m.Claims[0], report.Results[0])))
	require.NoError(t, f.Close())
}

func TestTracePages(t *testing.T) {
	docs := repository(t)
	golden := filepath.Join(docs, "..", "model", "testdata")
	m, err := model.MutationByName("rs.noExpectations")
	require.NoError(t, err)
	s := m.Scenario
	s.Name, s.Mutations = "web", []string{m.Name}
	record(t, s, m.KilledBy, filepath.Join(golden, "a-pod-too-many.json"))

	require.NoError(t, review.Write(docs, compare(t, docs)))
	page := read(t, docs, "traces", "a-pod-too-many.md")
	for _, part := range []string{
		"[P-OVER2](../properties.md#p-over2) is violated: active pods never exceed replicas",
		"`verify check --mutation rs.noExpectations --property P-OVER2`",
		"`verify show model/testdata/a-pod-too-many.json`",
		"```mermaid\nsequenceDiagram\n",
		"  STEP  ACTION ",
		`| web | 1.37 | 2 | 1 | longer | longer | background | empty | 1 | \["rs.noExpectations"\] |`,
	} {
		require.Contains(t, page, part)
	}
	require.Contains(t, read(t, docs, "properties.md"), "- **Trace:** [a-pod-too-many](traces/a-pod-too-many.md)\n")

	// A trace that the model no longer has is an error, not a page.
	text := read(t, golden, "a-pod-too-many.json")
	write(t, strings.ReplaceAll(text, "ReplicaSet.Decide", "ReplicaSet.Dream"), golden, "a-pod-too-many.json")
	_, err = review.Pages(docs)
	require.ErrorContains(t, err, "a-pod-too-many: step 1: ")
	write(t, text[:len(text)/2], golden, "a-pod-too-many.json")
	_, err = review.Pages(docs)
	require.ErrorContains(t, err, "a-pod-too-many.json: truncated")
}
