package main

import (
	"fmt"
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

func TestClusterAssumptionsDefault(t *testing.T) {
	cluster := &manifest.Cluster{
		ReplicaSets: []manifest.ReplicaSet{{Name: "web"}},
		Nodes:       []manifest.Node{{Name: "n1", Zone: "a", PodCapacity: 110}, {Name: "n2", Zone: "a", PodCapacity: model.MaxPods}, {Name: "n3", Zone: "a"}},
	}
	require.Empty(t, clusterAssumptions(cluster, nil), "plain nodes are modelled in full")
	cluster.Nodes[1].PodCapacity--
	room := fmt.Sprintf("n2: at most %d pods, not modelled: a node takes as many as there are", model.MaxPods-1)
	require.Equal(t, []string{room}, clusterAssumptions(cluster, nil))
}
