package findings

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the quotations of the pages in docs/findings")

const pages = "../../../docs/findings"

// Quotations of a page: what stands in the blocks of these names.
const (
	quotedCluster  = "cluster"
	quotedSchedule = "schedule"
	quotedSeen     = "seen"
)

// checkPage compares what a page quotes with the schedule and what it has shown, and
// the title and the verdict with those of the document.
func checkPage(t *testing.T, name string, f *finding) {
	t.Helper()
	path := filepath.Join(pages, name+".md")
	page, err := os.ReadFile(path)
	if *update && os.IsNotExist(err) {
		page, err = []byte("```yaml cluster\n```\n\n```text schedule\n```\n\n```text seen\n```\n"), nil
	}
	require.NoError(t, err)
	want := string(page)
	for block, text := range map[string]string{
		quotedCluster: f.document.Manifests, quotedSchedule: f.document.Schedule.String(), quotedSeen: f.String(),
	} {
		fence := regexp.MustCompile("(?s)(```[a-z]+ " + block + "\n).*?(```\n)")
		require.Regexp(t, fence, want, "the page quotes no %s", block)
		want = fence.ReplaceAllLiteralString(want, fmt.Sprintf("```%s %s\n%s```\n", language[block], block, text))
	}
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(want), 0o644))
		return
	}
	require.Equal(t, want, string(page), "go test -update rewrites the quotations")
	requirePage(t, name, f.document.Title, f.document.Message)
}

// requirePage checks that a page has the title and the verdict, and names the test.
func requirePage(t *testing.T, name, title, verdict string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(pages, name+".md"))
	require.NoError(t, err)
	page := string(text)
	require.True(t, strings.HasPrefix(page, "# "+title+"\n"), "the title is not %q", title)
	require.Contains(t, page, "**Verdict:** "+verdict)
	require.Contains(t, page, "go test -run '^"+t.Name()+"$' ./impl/upstream/findings")
}

var language = map[string]string{quotedCluster: "yaml", quotedSchedule: "text", quotedSeen: "text"}

// elsewhere are the pages whose tests are in other packages.
var elsewhere = []string{"README", "replicaset-deletion-age-division-by-zero"}

// Every page names a test that there is, and every test has a page; the index has both.
func TestPagesAndTestsAreInStep(t *testing.T) {
	tests := map[string]bool{}
	sources, err := filepath.Glob("*_test.go")
	require.NoError(t, err)
	for _, path := range sources {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`).FindAllStringSubmatch(string(text), -1) {
			tests[m[1]] = m[1] != t.Name() && m[1] != "TestMain"
		}
	}
	index, err := os.ReadFile(filepath.Join(pages, "README.md"))
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join(pages, "*.md"))
	require.NoError(t, err)
	named := map[string]bool{}
	for _, path := range files {
		name := strings.TrimSuffix(filepath.Base(path), ".md")
		if slices.Contains(elsewhere, name) {
			continue
		}
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		m := regexp.MustCompile(`go test -run '\^(Test\w+)\$' \./impl/upstream/findings`).FindStringSubmatch(string(text))
		require.NotNil(t, m, "%s names no test", path)
		require.True(t, tests[m[1]], "%s names %s, which there is not", path, m[1])
		verdict := regexp.MustCompile(`\*\*Verdict:\*\* (\w+)`).FindStringSubmatch(string(text))
		require.NotNil(t, verdict, "%s has no verdict", path)
		require.Contains(t, string(index), fmt.Sprintf("(%s.md) | %s |", name, verdict[1]), "the index")
		require.Regexp(t, regexp.MustCompile(regexp.QuoteMeta("("+name+".md)")+".*`"+m[1]+"`"), string(index))
		named[m[1]] = true
	}
	for name, counts := range tests {
		if counts {
			require.True(t, named[name], "%s has no page", name)
		}
	}
}
