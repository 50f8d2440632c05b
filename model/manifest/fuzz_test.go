package manifest_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/reconverge/reconverge/model/manifest"
)

// FuzzLoad checks that no input panics, and that every message is one short
// printable line that begins with the name of the input.
func FuzzLoad(f *testing.F) {
	files, err := filepath.Glob("testdata/*.*")
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	for _, seed := range []string{
		valid, validBudget + "---\n" + valid, validNode + "---\n" + valid, strings.Replace(validNode, "20", "1e30", 1), strings.Replace(validBudget, "2", "101%", 1), strings.Replace(valid, "5", "-5", 1), strings.Replace(valid, "replicas", "replica", 1),
		"a: &a [*a]\n", "{{},<<}", "? ? a\n: b\n", "<<: [{a: 1}, *x]\n", "- !!binary a\n", "a:\n.\n-\n", "#\n-\n-\n0\n",
		"kind: List\napiVersion: v1\nitems: [1]\nitems: [{}, {}]\n", `{"kind": "List", "apiVersion": "v1", "items": [null]}`,
		"\xef\xbb\xbf--- #\r\n...\r\n", "{yes: 1, true: 2, ~: 3, 1.0: 4}", "kind: ReplicaSet\napiVersion: apps/v1\n<<: {spec: {yes: 1}}\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		cluster, err := load(text)
		if err == nil {
			if len(cluster.ReplicaSets) == 0 {
				t.Fatalf("%q: got neither a ReplicaSet nor an error", text)
			}
			return
		}
		message := err.Error()
		if !errors.As(err, new(*manifest.Error)) || cluster != nil {
			t.Fatalf("%q: got %T and %v, want *manifest.Error and nil", text, err, cluster)
		}
		if !strings.HasPrefix(message, "<stdin>:") || utf8.RuneCountInString(message) > 1000 {
			t.Fatalf("%q: got %q, want a short message that begins with the name", text, message)
		}
		if strings.ContainsFunc(message, func(r rune) bool { return !unicode.IsPrint(r) }) || !utf8.ValidString(message) {
			t.Fatalf("%q: got %q, want one printable line", text, message)
		}
	})
}
