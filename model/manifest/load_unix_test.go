//go:build unix

package manifest_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/model/manifest"
)

func TestLoadReadsPipes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip("no named pipes here:", err)
	}
	written := make(chan error, 1)
	go func() { written <- os.WriteFile(path, []byte(valid), 0o600) }()
	cluster, err := manifest.Load(nil, path)
	require.NoError(t, err)
	require.NoError(t, <-written)
	require.Equal(t, path+":1", cluster.ReplicaSets[0].Source)
}

func TestLoadRefusesDevices(t *testing.T) {
	_, err := manifest.Load(nil, "/dev/zero")
	require.EqualError(t, err, "/dev/zero: is neither a file nor a pipe")
}
