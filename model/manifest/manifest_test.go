package manifest_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/model/manifest"
)

// valid is the manifest that the tests spoil, one edit at a time.
const valid = `apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: web
spec:
  replicas: 5
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
        ver: "1.0"
    spec:
      containers:
      - name: pod-sample
        image: nginx
`

// podField indents a field of the pod, which may be appended to valid.
const podField = "      "

// edit replaces the one occurrence of old in valid.
func edit(t *testing.T, old, replacement string) string {
	t.Helper()
	require.Equal(t, 1, strings.Count(valid, old), "occurrences of %q in the valid manifest", old)
	return strings.Replace(valid, old, replacement, 1)
}

// load reads a text as standard input.
func load(text string) (*manifest.Cluster, error) {
	return manifest.Load(strings.NewReader(text), manifest.Stdin)
}

// loadOne reads a text that holds one ReplicaSet.
func loadOne(t *testing.T, text string) manifest.ReplicaSet {
	t.Helper()
	cluster, err := load(text)
	require.NoError(t, err)
	require.Len(t, cluster.ReplicaSets, 1)
	return cluster.ReplicaSets[0]
}

// requireFault checks that loading failed with a message, which begins with
// the line of standard input: "6: spec.replicas: ...".
func requireFault(t *testing.T, text, want string) {
	t.Helper()
	cluster, err := load(text)
	require.Error(t, err, "loaded %+v, want %q", cluster, want)
	require.Equal(t, "<stdin>:"+want, err.Error())
	var fault *manifest.Error
	require.ErrorAs(t, err, &fault)
	require.Nil(t, cluster)
}
