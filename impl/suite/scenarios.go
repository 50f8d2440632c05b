package suite

import (
	"fmt"
	"slices"
	"time"

	"github.com/reconverge/reconverge/impl/claims"
)

// Scenarios are the clusters that are tested.
func Scenarios() []Scenario {
	return []Scenario{
		{Name: "pod-deletion", Title: "pods are deleted", Replicas: 2, Nodes: 2,
			Moves: []Move{podDeletes()}},
		{Name: "node-crash", Title: "nodes lose power, for good or for some time", Replicas: 2, Nodes: 2,
			Moves: nodesFail()},
		{Name: "partition", Title: "nodes are cut off, and connected again", Replicas: 2, Nodes: 2,
			Moves: append(partitions(), kubeletRestarts())},
		{Name: "manager-restart", Title: "the controller manager restarts while pods are deleted", Replicas: 2, Nodes: 2,
			Moves: []Move{podDeletes(), restarts(managerActor, claims.ManagerRestart)}},
		{Name: "leader-overlap", Title: "two controller managers act at a time", Replicas: 2, Nodes: 1,
			Moves: append(overlaps(), podDeletes(), scales(3))},
		{Name: "scale", Title: "the ReplicaSet is scaled up and down", Replicas: 2, Nodes: 1,
			Moves: []Move{scales(4)}},
		{Name: "drain", Title: "nodes are drained under a PodDisruptionBudget", Replicas: 3, Available: 2, Nodes: 3,
			Moves: append([]Move{restarts(drainActor, claims.Evicted)}, onNodes("uncordon", "uncordon %s"), slow(managerActor+"/disruption"), focus(managerActor+"/disruption"), focus(drainActor)), Recovery: recoveryOfBudgets},
		{Name: "drain-unseen", Title: "a node is drained, and the disruption controller does not see it", Replicas: 3, Available: 2, Nodes: 2,
			Moves: append(lag(managerActor+" watch pods"), restarts(drainActor, claims.Evicted), onNodes("uncordon", "uncordon %s")), Recovery: recoveryOfBudgets},
		{Name: "drain-race", Title: "pods are evicted between the steps of the disruption controller", Replicas: 4, Available: 2, Nodes: 2,
			Moves: []Move{restarts(drainActor, claims.Evicted), onNodes("uncordon", "uncordon %s"),
				slow(managerActor + "/disruption"), focus(managerActor + "/disruption"), focus(managerActor + " watch poddisruptionbudgets"), focus(drainActor)}, Recovery: recoveryOfBudgets},
		{Name: "lossy", Title: "requests and answers are lost", Replicas: 2, Nodes: 1,
			Moves: append(lossy(""), podDeletes()), Recovery: recoveryOfExpectations},
		{Name: "lag", Title: "watches lag, break and expire", Replicas: 2, Nodes: 1,
			Moves: slices.Concat(lag(""), cuts(""), []Move{podDeletes()}), Recovery: recoveryOfExpectations},
		{Name: "node-deletion", Title: "Nodes are deleted and lose power", Replicas: 2, Nodes: 2,
			Moves: append(nodesFail(), onNodes("a Node is deleted", "delete nodes %s", claims.NodeDeleted))},
		{Name: "name-reuse", Title: "a pod is deleted and created again under its name", Replicas: -1, Pod: "task", Nodes: 2,
			Moves: append(resubmits(), kubeletRestarts())},
		{Name: "owner-deletion", Title: "the ReplicaSet is deleted", Replicas: 2, Nodes: 1,
			Moves: ownerDeletes()},

		// Small ones, each about one thing.
		{Name: "node-lost", Title: "a node is lost for good", Replicas: 2, Nodes: 2, Lost: true,
			Moves: nodesFail()[:1]},
		{Name: "scale-lag", Title: "the ReplicaSet is scaled while the controller manager lags", Replicas: 3, Nodes: 1,
			Moves: slices.Concat(lag(managerActor+" watch pods"), lag(managerActor+" watch replicasets"), []Move{scales(3), prices(), focus(managerActor), focus(managerActor + " watch pods")})},
		{Name: "scaled-twice", Title: "the ReplicaSet is scaled down again before the first pod is seen to be gone", Replicas: 3, Nodes: 1,
			Moves: []Move{scalesDown(), scales(3), unseenPrices(), focus(managerActor + " watch pods")}},
		{Name: "late-events-1.9", Title: "events arrive between the steps of a sync", Replicas: 2, Nodes: 1, V1_9: true,
			Moves: append(lag(managerActor+" watch pods"), podDeletes(), touches(), slow(managerActor+"/replicaset", " get "), focus(managerActor), focus(managerActor+" watch pods"))},
		{Name: "long-lag", Title: "the watch of pods lags for longer than expectations last", Replicas: 1, Nodes: 1,
			Moves: append(lag(managerActor+" watch pods"), podDeletes(), waits("6m"), touches())},
		{Name: "unseen", Title: "pods come and go while the controller manager does not look", Replicas: 1, Nodes: 1, Recovery: recoveryOfExpectations,
			Moves: slices.Concat(lag(managerActor+" watch pods"), cuts(managerActor+" watch pods"), []Move{podDeletes(), podDeletes()})},
		{Name: "owner-again", Title: "the ReplicaSet is deleted and created again", Replicas: 1, Nodes: 1, Recovery: recoveryOfBudgets,
			Moves: append(lag(managerActor+" watch pods"), scales(2), ownerDeletes()[0], deploys(), waits("2m"), focus(managerActor), focus(deployerActor))},
		{Name: "relabelled", Title: "pods are let go and taken back", Replicas: 2, Nodes: 1,
			Moves: slices.Concat(relabels(), lag(managerActor+" watch"), []Move{ownerDeletes()[2], podDeletes(), slow(managerActor + "/replicaset"), focus(managerActor)})},
		{Name: "taken-back", Title: "the ReplicaSet is deleted and lets its pods go while it adopts one", Replicas: 2, Nodes: 1,
			Moves: []Move{letsGo(), takesBack(), heavier(3, ownerDeletes()[2])}},
		{Name: "bound-again", Title: "a pod that waits for its node is deleted and created again", Replicas: -1, Pod: "task", Nodes: 1,
			Moves: append(resubmits(), waitsForNode(), replaces(""), slow(schedulerActor), focus(schedulerActor), focus(submitterActor))},
		{Name: "forced", Title: "pods are deleted by force, and created again while that goes on", Replicas: -1, Pod: "task", Nodes: 1,
			Moves: slices.Concat(resubmits(), stops(kubeletPrefix), []Move{
				user("the pod is deleted by force", "delete pods default/task --grace=0", claims.ForceDeleted),
				ends(), replaces(" --grace=0", claims.ForceDeleted), slow(kubeletPrefix), focus(kubeletPrefix, " patch ", " delete ", " get "), focus(submitterActor)})},
		{Name: "rebooted", Title: "a node loses power while its pod ends", Replicas: -1, Pod: "task", Nodes: 1,
			Moves: slices.Concat(resubmits(), nodesFail(), []Move{endsInTheDark()})},
		{Name: "full-house", Title: "a Node is deleted, and its kubelet registers it again", Replicas: 1, Nodes: 1, Room: 1,
			Moves: []Move{scales(2), onNodes("a Node is deleted", "delete nodes %s", claims.NodeDeleted), kubeletRestarts(), waits("3s")}},
		{Name: "old-lists", Title: "processes start on old lists, if they accept them", Replicas: 1, Nodes: 1,
			Moves: slices.Concat(slices.Repeat(nodesFail(), 2), []Move{podDeletes(), podDeletes(), restarts(managerActor, claims.ManagerRestart), stale(kubeletPrefix), startsInThePast(), stale(managerActor)})},
		{Name: "node-registers", Title: "a Node is deleted, and registers while the controller manager lags", Replicas: 1, Nodes: 1,
			Moves: append(lag(managerActor+" watch nodes"), onNodes("a Node is deleted", "delete nodes %s", claims.NodeDeleted), kubeletRestarts())},
		{Name: "patient", Title: "runtimes fail, then nodes; pods wait for lost nodes for ever", Replicas: 1, Nodes: 2, Patient: true,
			Moves: append(nodesFail(), stops(runtimePrefix, claims.NodeDown)...)},
		{Name: "flapping-1.9", Title: "nodes are cut off and connected again", Replicas: 1, Nodes: 3, V1_9: true,
			Moves: append(partitions(), restarts(managerActor, claims.ManagerRestart), waits("30s"))},
		{Name: "queued-1.9", Title: "nodes are cut off, wait for their eviction, and are connected again", Replicas: 3, Nodes: 3, V1_9: true, Interval: 30 * time.Second,
			Moves: append(partitions(), waits("10s"))},
		{Name: "leases-lag", Title: "the watch of leases lags", Replicas: 1, Nodes: 2,
			Moves: append(lag(managerActor+" watch leases"), waits("30s"))},
		{Name: "all-lost", Title: "many nodes are lost at a time", Replicas: 2, Nodes: 3,
			Moves: append(nodesFail(), waits("30s"))},
	}
}

// ScenarioByName returns a scenario.
func ScenarioByName(name string) (Scenario, error) {
	for _, s := range Scenarios() {
		if s.Name == name {
			return s, nil
		}
	}
	return Scenario{}, fmt.Errorf("suite: unknown scenario %q", name)
}
