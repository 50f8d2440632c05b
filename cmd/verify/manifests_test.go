package main

import (
	"fmt"
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
	require.Empty(t, clusterAssumptions(cluster, nil), "plain nodes are modelled in full")
	cluster.Nodes[1].PodCapacity--
	room := fmt.Sprintf("n2: at most %d pods, not modelled: a node takes as many as there are", model.MaxPods-1)
	require.Equal(t, []string{room}, clusterAssumptions(cluster, nil))
}
