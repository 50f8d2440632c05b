package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/model/manifest"
)

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
	require.Empty(t, clusterAssumptions(cluster), "plain nodes are modelled in full")
	cluster.Nodes[1].ExcludeFromDisruption = true
	require.Equal(t, []string{"n2: excluded from disruption checks, not modelled: it counts as the others do"}, clusterAssumptions(cluster))
}

// The model numbers nodes by zone and room.
func TestApplyNodes(t *testing.T) {
	var s model.Scenario
	require.NoError(t, applyNodes(&s, []manifest.Node{
		{Name: "n1", Zone: "a", PodCapacity: 3}, {Name: "n2", Zone: "b", PodCapacity: 1}, {Name: "n3", Zone: "a", PodCapacity: 2}, {Name: "n4", Zone: "b", PodCapacity: model.MaxPods, Unschedulable: true},
	}))
	require.Equal(t, [model.MaxNodes]bool{false, false, true, false}, s.Cordoned)
	require.Equal(t, [model.MaxNodes]uint8{0, 0, 1, 1}, s.Zones)
	require.Equal(t, [model.MaxNodes]uint8{2, 3, 0, 1}, s.Capacity)
}
