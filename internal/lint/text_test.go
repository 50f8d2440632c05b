package lint

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// root is the repository as seen from this package, where go test runs us.
const root = "../.."

// maxLines of a Go file that is not a test: beyond it there is a second idea
// that wants a file of its own.
const maxLines = 900

// bubbles are the packages whose users have virtual time: sleeping costs nothing in
// it and is exact.
var bubbles = []string{"testing/synctest", module + "/impl/sim"}

var (
	adrName = regexp.MustCompile(`^([0-9]{4})-[a-z0-9]+(-[a-z0-9]+)*\.md$`)
	// homePath is somebody's home directory: a file that names one works, or
	// makes sense, on one machine only. It must not match its own source.
	homePath  = regexp.MustCompile(`(^|[^A-Za-z0-9_.-])/(ro` + `ot|ho` + `me|Us` + `ers)/[A-Za-z0-9_.]`)
	generated = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)
)

func TestDecisionsAreNumbered(t *testing.T) {
	entries, err := os.ReadDir(filepath.Join(root, "docs/adr"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries { // in the order of their names
		names = append(names, e.Name())
	}
	for _, complaint := range misnumbered(names) {
		t.Error("docs/adr/" + complaint)
	}
}

func TestGoFiles(t *testing.T) {
	documented := map[string]bool{} // by directory
	for name, text := range readRepository(t) {
		if path.Ext(name) != ".go" || strings.Contains("/"+name, "/testdata/") {
			continue
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Error(err)
			continue
		}
		if strings.HasSuffix(name, "_test.go") {
			for _, pos := range sleeps(file) {
				t.Errorf("%s: time.Sleep in a test: wait for the event, or use testing/synctest", fset.Position(pos))
			}
			continue
		}
		if n := bytes.Count(text, []byte("\n")); n > maxLines && !generated.Match(text) {
			t.Errorf("%s has %d lines, more than %d: look for the second idea", name, n, maxLines)
		}
		documented[path.Dir(name)] = documented[path.Dir(name)] || file.Doc.Text() != ""
	}
	for _, dir := range slices.Sorted(maps.Keys(documented)) {
		if !documented[dir] {
			t.Errorf("package %s has no package comment", dir)
		}
	}
}

func TestNoHomePaths(t *testing.T) {
	files := readRepository(t)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if bytes.IndexByte(files[name], 0) >= 0 {
			continue // not text
		}
		for i, line := range bytes.Split(files[name], []byte("\n")) {
			if homePath.Match(line) {
				t.Errorf("%s:%d: path into a home directory: %s", name, i+1, bytes.TrimSpace(line))
			}
		}
	}
}

// The rules above, seen to fail.
func TestTextRules(t *testing.T) {
	for _, tt := range []struct {
		names string
		want  int
	}{
		{"0001-import-direction.md 0002-state.md", 0},
		{"0001-import-direction.md 0003-state.md", 1},
		{"0001-import-direction.md 0001-state.md", 1},
		{"0002-state.md", 1},
		{"1-state.md", 1},
		{"0001-State.md", 1},
		{"0001-state.txt", 1},
		{"", 1},
	} {
		if got := misnumbered(strings.Fields(tt.names)); len(got) != tt.want {
			t.Errorf("misnumbered(%s): got %q, want %d complaints", tt.names, got, tt.want)
		}
	}

	for _, tt := range []struct {
		line string
		want bool
	}{
		{"see /ho" + "me/ann/notes", true},
		{`"/ro` + `ot/go/pkg"`, true},
		{"file:///Us" + "ers/ann", true},
		{"https://kubernetes.io/docs/ho" + "me/overview", false},
		{"$HOME/go", false},
		{"the /ro" + "ot/ directory", false},
	} {
		if got := homePath.MatchString(tt.line); got != tt.want {
			t.Errorf("homePath on %q: got %t, want %t", tt.line, got, tt.want)
		}
	}

	for _, tt := range []struct {
		imports string
		want    int
	}{
		{`"time"`, 1},
		{`"time"; "testing/synctest"`, 0},
		{`"time"; "` + module + `/impl/sim"`, 0},
		{`"time"; "` + module + `/impl/apiserver"`, 1},
	} {
		src := "package p; import (" + tt.imports + "); func f() { time.Sleep(1) }"
		file, err := parser.ParseFile(token.NewFileSet(), "p_test.go", src, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := sleeps(file); len(got) != tt.want {
			t.Errorf("sleeps with %s: got %d, want %d", tt.imports, len(got), tt.want)
		}
	}
}

// misnumbered complains about the sorted names of docs/adr: 0001-title.md and
// so on without a gap. A decision is superseded, never deleted.
func misnumbered(names []string) []string {
	if len(names) == 0 {
		return []string{": no decisions"}
	}
	var complaints []string
	for i, name := range names {
		m := adrName.FindStringSubmatch(name)
		if m == nil {
			complaints = append(complaints, name+": want NNNN-lower-case-title.md")
		} else if want := fmt.Sprintf("%04d", i+1); m[1] != want {
			complaints = append(complaints, name+": want number "+want)
		}
	}
	return complaints
}

// sleeps finds the calls of time.Sleep in real time.
func sleeps(file *ast.File) []token.Pos {
	for _, imp := range file.Imports {
		if slices.Contains(bubbles, strings.Trim(imp.Path.Value, `"`)) {
			return nil
		}
	}
	var found []token.Pos
	ast.Inspect(file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == "Sleep" {
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == "time" {
				found = append(found, sel.Pos())
			}
		}
		return true
	})
	return found
}

// readRepository returns every file by its slash-separated name below root,
// except in hidden directories other than .ci, such as .git.
func readRepository(t *testing.T) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // written and removed meanwhile, by another package's test or an editor
		} else if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		switch {
		case d.IsDir() && rel != "." && rel != ".ci" && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case !d.Type().IsRegular():
			return nil
		}
		text, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		files[rel] = text
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := files["go.mod"]; !ok {
		t.Fatalf("no go.mod in %s: not the root of the repository", root)
	}
	return files
}
