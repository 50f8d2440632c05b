package manifest_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/model/manifest"
)

func TestLoadReadsWhatKubectlPrints(t *testing.T) {
	for _, c := range []struct {
		file string
		want []manifest.ReplicaSet
	}{
		{"testdata/kubectl-get.yaml", []manifest.ReplicaSet{{
			Name: "web-6d4cf56db6", Namespace: "shop", Replicas: 3, MinReadySeconds: 10, GraceSeconds: 60,
			PodLabels:             map[string]string{"app": "web", "pod-template-hash": "6d4cf56db6"},
			Selector:              "app=web,pod-template-hash=6d4cf56db6",
			NotReadyToleration:    manifest.Toleration{Seconds: 300},
			UnreachableToleration: manifest.Toleration{Seconds: 15},
			NotReadyByDefault:     true,
			Abstracted: []string{
				"metadata.ownerReferences",
				"spec.template.spec.containers[].resources",
				"spec.template.spec.containers[].readinessProbe",
			},
			Source: "testdata/kubectl-get.yaml:5",
		}}},
		{"testdata/several.yaml", []manifest.ReplicaSet{{
			Name: "first", Namespace: "tools",
			PodLabels:             map[string]string{"app": "shared", "tier": "one"},
			Selector:              "app=shared",
			NotReadyToleration:    manifest.Toleration{Seconds: 300},
			UnreachableToleration: manifest.Toleration{Seconds: 300},
			NotReadyByDefault:     true,
			UnreachableByDefault:  true,
			Source:                "testdata/several.yaml:5",
		}, {
			Name: "second", Namespace: "default", Replicas: 1, GraceSeconds: 30,
			PodLabels:             map[string]string{"app": "shared", "tier": "two"},
			Selector:              "app,tier in (one,two)",
			NotReadyToleration:    manifest.Toleration{Forever: true},
			UnreachableToleration: manifest.Toleration{Forever: true},
			SchedulesOnNotReady:   true, SchedulesOnUnreachable: true,
			Source: "testdata/several.yaml:25",
		}}},
		{"testdata/server-list.json", []manifest.ReplicaSet{{
			Name: "a", Namespace: "default", Replicas: 2, GraceSeconds: 30,
			PodLabels: map[string]string{"app": "a"}, Selector: "app=a",
			NotReadyToleration:    manifest.Toleration{Seconds: 300},
			UnreachableToleration: manifest.Toleration{Seconds: 300},
			NotReadyByDefault:     true,
			UnreachableByDefault:  true,
			Source:                "testdata/server-list.json:6",
		}, {
			Name: "b", Namespace: "default", Replicas: 1, GraceSeconds: 30,
			PodLabels: map[string]string{"app": "b"}, Selector: "app=b",
			NotReadyToleration:    manifest.Toleration{Seconds: 300},
			UnreachableToleration: manifest.Toleration{Seconds: 300},
			NotReadyByDefault:     true,
			UnreachableByDefault:  true,
			Source:                "testdata/server-list.json:22",
		}}},
	} {
		got, err := manifest.Load(nil, c.file)
		require.NoError(t, err)
		require.Equal(t, &manifest.Cluster{ReplicaSets: c.want}, got, c.file)
	}
}

func TestLoadKeepsTheOrderOfItsPaths(t *testing.T) {
	cluster, err := manifest.Load(strings.NewReader(valid), "testdata/several.yaml", "-", "testdata/server-list.json")
	require.NoError(t, err)
	var got []string
	for _, s := range cluster.ReplicaSets {
		got = append(got, s.Key())
	}
	require.Equal(t, []string{"tools/first", "default/second", "default/web", "default/a", "default/b"}, got)
}

func TestLoadRefusesPaths(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	sparse := file("sparse.yaml", "")
	require.NoError(t, os.Truncate(sparse, 1<<30))
	web := file("web.yaml", valid)
	for _, c := range []struct{ name, path, want string }{
		{"absent", filepath.Join(dir, "absent.yaml"), filepath.Join(dir, "absent.yaml") + ": no such file or directory"},
		{"no name", "", `"": no such file or directory`},
		{"URL", "https://example.com/web.yaml", `https://example.com/web.yaml: is a URL: fetch it first, and pipe it to "-f -"`},
		{"gigabyte", sparse, sparse + ": is larger than 4 MiB, too large for a manifest"},
		{"empty", file("empty.yaml", ""), filepath.Join(dir, "empty.yaml") + ": has no manifest in it"},
		{"comments", file("comments.yaml", "# one\n---\n\n# two\n--- # three\n~\n"), filepath.Join(dir, "comments.yaml") + ": has no manifest in it"},
		{"empty list", file("list.yaml", "apiVersion: v1\nkind: List\nitems: []\n"), filepath.Join(dir, "list.yaml") + ": has no manifest in it"},
		{"newline in a name", file("a\nb\x1b.yaml", ""), filepath.Join(dir, "a b?.yaml") + ": has no manifest in it"},
		{"fault", file("bad.yaml", "\n"+strings.Replace(valid, "5", "-5", 1)), filepath.Join(dir, "bad.yaml") + `:7: spec.replicas: "-5": must be 0 or more`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := manifest.Load(nil, web, c.path)
			require.EqualError(t, err, c.want)
			require.Nil(t, got)
			require.ErrorAs(t, err, new(*manifest.Error))
		})
	}
	_, err := manifest.Load(nil, filepath.Join(dir, "absent.yaml"))
	require.ErrorIs(t, err, fs.ErrNotExist)

	_, err = manifest.Load(nil, filepath.Join(dir, "bad.yaml"))
	want := manifest.Error{File: filepath.Join(dir, "bad.yaml"), Line: 7, Field: "spec.replicas", Text: `"-5": must be 0 or more`}
	require.Equal(t, &want, err)
}

func TestLoadRefusesStdin(t *testing.T) {
	_, err := manifest.Load(nil)
	require.EqualError(t, err, `no manifest was named: name a file, or "-" for standard input`)
	_, err = manifest.Load(nil, "-")
	require.EqualError(t, err, "<stdin>: is not open")
	_, err = manifest.Load(strings.NewReader(valid), "-", "-")
	require.EqualError(t, err, "<stdin>: is named twice: it can be read only once")

	broken := errors.New("connection reset\nby peer")
	_, err = manifest.Load(io.MultiReader(strings.NewReader(valid), failing{broken}), "-")
	require.EqualError(t, err, "<stdin>: connection reset by peer")
	require.ErrorIs(t, err, broken)
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// endless counts what is read of a stream without end.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '#'
	}
	e.read += len(p)
	return len(p), nil
}

func TestLoadReadsABoundedPartOfAStream(t *testing.T) {
	var r endless
	_, err := manifest.Load(&r, "-")
	require.EqualError(t, err, "<stdin>: is larger than 4 MiB, too large for a manifest")
	require.Equal(t, 4<<20+1, r.read)

	blank := strings.Repeat(" ", 4<<20-len(valid)-len("\n---\n")) + "\n---\n"
	require.Equal(t, "web", loadOne(t, blank+valid).Name)
	requireFault(t, blank+valid+" ", " is larger than 4 MiB, too large for a manifest")
}

func TestLoadRefusesTwoReplicaSetsOfOneName(t *testing.T) {
	requireFault(t, valid+"---\n"+valid,
		`23: metadata.name: "web" is the name of another ReplicaSet in namespace "default", at <stdin>:1`)

	_, err := manifest.Load(strings.NewReader(strings.Replace(valid, "web", "second", 1)), "testdata/several.yaml", "-")
	require.EqualError(t, err, `<stdin>:4: metadata.name: "second" is the name of another ReplicaSet in namespace "default", at testdata/several.yaml:25`)

	other := strings.Replace(valid, "name: web", "name: web\n  namespace: other", 1)
	cluster, err := load(valid + "---\n" + other)
	require.NoError(t, err)
	require.Len(t, cluster.ReplicaSets, 2)
}
