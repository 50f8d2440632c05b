package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/model/manifest"
)

func TestToleration(t *testing.T) {
	for _, tt := range []struct {
		toleration manifest.Toleration
		version    model.Version
		want       model.Toleration
	}{
		{manifest.Toleration{Forever: true}, model.V1_37, model.TolerateForever},
		{manifest.Toleration{}, model.V1_37, model.TolerateNot},
		{manifest.Toleration{Seconds: 1}, model.V1_37, model.TolerateShorter},
		{manifest.Toleration{Seconds: 49}, model.V1_37, model.TolerateShorter},
		{manifest.Toleration{Seconds: 50}, model.V1_37, model.TolerateLonger},
		{manifest.Toleration{Seconds: 300}, model.V1_37, model.TolerateLonger},
		{manifest.Toleration{Seconds: 39}, model.V1_9, model.TolerateShorter},
		{manifest.Toleration{Seconds: 40}, model.V1_9, model.TolerateLonger},
	} {
		require.Equal(t, tt.want, toleration(tt.toleration, tt.version), "%v in %v", tt.toleration, tt.version)
	}
}

func TestManifestAssumptionsDefault(t *testing.T) {
	seconds := manifest.Toleration{Seconds: manifest.DefaultTolerationSeconds}
	set := &manifest.ReplicaSet{Name: "web", NotReadyToleration: seconds, UnreachableToleration: seconds}
	require.Empty(t, manifestAssumptions(set, model.V1_37), "a plain manifest is modelled in full")
	require.Len(t, manifestAssumptions(set, model.V1_9), 1)
}
