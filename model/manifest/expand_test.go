package manifest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/model/manifest"
)

// tree makes a directory with those files in it; a name may have directories.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return dir
}

func TestExpand(t *testing.T) {
	dir := tree(t, map[string]string{
		"b.yaml": "", "a.json": "", "c.yml": "", "README.md": "", "d.YAML": "", "yaml": "",
		"sub.yaml/e.yaml": "", "sub.yaml/deep/f.yaml": "", "above/g.yml": "",
	})
	in := func(names ...string) (paths []string) {
		for _, name := range names {
			paths = append(paths, filepath.Join(dir, filepath.FromSlash(name)))
		}
		return paths
	}
	got, err := manifest.Expand(false, dir)
	require.NoError(t, err)
	require.Equal(t, in("a.json", "b.yaml", "c.yml"), got)

	got, err = manifest.Expand(true, dir+"/")
	require.NoError(t, err)
	require.Equal(t, in("a.json", "above/g.yml", "b.yaml", "c.yml", "sub.yaml/deep/f.yaml", "sub.yaml/e.yaml"), got)

	others := []string{"-", "", "no-such", "https://example.com/web.yaml", filepath.Join(dir, "README.md")}
	got, err = manifest.Expand(true, others...)
	require.NoError(t, err)
	require.Equal(t, others, got)

	t.Chdir(dir)
	got, err = manifest.Expand(false, ".", "sub.yaml")
	require.NoError(t, err)
	require.Equal(t, []string{"a.json", "b.yaml", "c.yml", filepath.FromSlash("sub.yaml/e.yaml")}, got)
}

func TestExpandFollowsNoLinksToDirectories(t *testing.T) {
	dir := tree(t, map[string]string{"real/web.yaml": valid})
	link := filepath.Join(dir, "link.yaml")
	if err := os.Symlink(filepath.Join(dir, "real"), link); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	require.NoError(t, os.Symlink(dir, filepath.Join(dir, "real", "loop")))

	cluster, err := manifest.Load(nil, link) // unless it is named itself
	require.NoError(t, err)
	require.Equal(t, filepath.Join(link, "web.yaml")+":1", cluster.ReplicaSets[0].Source)

	files, err := manifest.Expand(true, filepath.Join(dir, "real"))
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(dir, "real", "web.yaml")}, files)
	for _, recursive := range []bool{false, true} {
		_, err = manifest.Expand(recursive, dir)
		require.EqualError(t, err, link+": is a link to a directory, which is not followed")
	}
}

func TestExpandRefusesDirectories(t *testing.T) {
	dir := tree(t, map[string]string{"README.md": "", "sub/web.yaml": valid})
	_, err := manifest.Expand(false, dir)
	require.EqualError(t, err, dir+": is a directory without a file that ends in .json, .yaml or .yml")
	require.ErrorAs(t, err, new(*manifest.Error))

	many := map[string]string{}
	for i := range 1000 {
		many[fmt.Sprintf("%d.yaml", i)] = ""
	}
	dir = tree(t, many)
	files, err := manifest.Expand(false, dir)
	require.NoError(t, err)
	require.Len(t, files, 1000)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "one-more.yaml"), nil, 0o600))
	_, err = manifest.Expand(false, dir)
	require.EqualError(t, err, dir+": has more than 1000 manifests in it")
}

func TestLoadReadsDirectories(t *testing.T) {
	dir := tree(t, map[string]string{
		"budget.yaml": validBudget, "nodes.yml": validNode, "web.yaml": valid, "notes.txt": "not YAML: [", "sub/other.yaml": "kind: Service",
	})
	cluster, err := manifest.Load(strings.NewReader(strings.Replace(valid, "name: web", "name: piped", 1)), dir, "-")
	require.NoError(t, err)
	require.Len(t, cluster.ReplicaSets, 2)
	require.Equal(t, filepath.Join(dir, "web.yaml")+":1", cluster.ReplicaSets[0].Source)
	require.Equal(t, "default/piped", cluster.ReplicaSets[1].Key())
	require.Len(t, cluster.Budgets, 1)
	require.Len(t, cluster.Nodes, 1)

	_, err = manifest.Load(nil, dir, filepath.Join(dir, "web.yaml"))
	require.ErrorContains(t, err, `"web" is the name of another ReplicaSet`)
	require.NoError(t, os.Remove(filepath.Join(dir, "web.yaml")))
	_, err = manifest.Load(nil, dir)
	require.EqualError(t, err, filepath.Join(dir, "budget.yaml")+", "+filepath.Join(dir, "nodes.yml")+": there is no ReplicaSet to check")
}
