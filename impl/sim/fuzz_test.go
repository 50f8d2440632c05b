package sim_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/reconverge/reconverge/impl/sim"
	"github.com/stretchr/testify/require"
)

// What can be read is written so that it is read again as the same.
func FuzzParseSchedule(f *testing.F) {
	f.Add("release kcm/keeper create pods default/web-* (late) #2\nlose  kcm list pods\n\n# a comment\nadvance 1m30s\n")
	f.Add("stale kcm list pods @7\nstall kcm watch pods\npartition kcm silent\nheal kcm")
	f.Add("user delete pods default/web-bbbbb --grace=0\nuser scale replicasets default/web 2")
	f.Add("advance -1s\nuser dance\nrelease")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := sim.ParseSchedule(text)
		if err != nil {
			return
		}
		again, err := sim.ParseSchedule(s.String())
		require.NoError(t, err)
		require.Equal(t, s, again)
	})
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte("schemaVersion: 1\ntitle: a\nactors: [kcm]\noptions: {nodes: \"2\"}\nseed: 7\nsteps:\n- release kcm list pods\n- advance 1s\n"))
	f.Add([]byte(`{"schemaVersion":1,"property":"P-ATMOST","mutations":[],"manifests":"kind: Pod\n---\n","steps":[]}`))
	f.Add([]byte("schemaVersion: 2\n"))
	f.Add([]byte("schemaVersion: 1\nsteps: [dance]\nunknown: 1\n"))
	path := filepath.Join(f.TempDir(), "document.yaml")
	f.Fuzz(func(t *testing.T, text []byte) {
		require.NoError(t, os.WriteFile(path, text, 0o600))
		d, err := sim.Load(path)
		if err != nil {
			return
		}
		require.NoError(t, sim.Save(path, d))
		first, err := os.ReadFile(path)
		require.NoError(t, err)
		d, err = sim.Load(path)
		require.NoError(t, err)
		require.NoError(t, sim.Save(path, d))
		second, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, string(first), string(second))
	})
}
