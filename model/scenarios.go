package model

import (
	"fmt"
	"strings"
)

// A NamedScenario is one that is worth checking, with the story it tells.
type NamedScenario struct {
	Name, Story string
	States      uint64 // under symmetry: whoever changes the model changes the number, and says why
	Deep        bool   // it takes minutes
	Scenario    Scenario
}

// Scenarios returns the catalogue of scenarios.
func Scenarios() []NamedScenario {
	standard := Budget{NodeCrash: 1, PodDelete: 1, Restart: 1}
	return []NamedScenario{
		{"two-experiments", "a pod is deleted, a node is switched off: the story at its own size", 8_880_378, true,
			Scenario{Replicas: 5, Nodes: 2, Lag: 1, Start: StartRunning, Faults: standard}},
		{"small", "the same with two replicas", 135_096, false,
			Scenario{Replicas: 2, Nodes: 2, Lag: 1, Start: StartRunning, Faults: standard}},
		{"tiny", "the same with one replica, from an empty cluster", 39_805, false,
			Scenario{Replicas: 1, Nodes: 2, Lag: 1, Start: StartEmpty, Faults: standard}},
		{"node-returns", "a node is switched off and boots again", 455_187, false,
			Scenario{Replicas: 2, Nodes: 2, Lag: 1, Start: StartRunning, Faults: Budget{NodeCrash: 1, NodeReturn: 1}}},
		{"partition-heals", "a node loses its connection, its containers run on, and it comes back", 319_703, false,
			Scenario{Replicas: 2, Nodes: 2, Lag: 1, Start: StartRunning, Faults: Budget{Partition: 1, Heal: 1}}},
		{"scale", "a user adds and removes a replica while the controller manager restarts", 4_084, false,
			Scenario{Replicas: 2, Nodes: 2, Lag: 1, Start: StartRunning, Faults: Budget{Scale: 2, Restart: 1}}},
		{"blog-1.9", "a node is switched off under Kubernetes 1.9: eight pods listed, three of them Unknown", 23_051, false,
			Scenario{Version: V1_9, Replicas: 5, Nodes: 2, Lag: 1, Start: StartRunning, Faults: Budget{NodeCrash: 1}}},
		{"never-marked", "a node is switched off, the controller manager restarts, and the pods tolerate that for ever", 169, false,
			Scenario{Replicas: 1, Nodes: 2, Lag: 1, Start: StartRunning, Toleration: TolerateForever,
				Faults: Budget{NodeCrash: 1, Restart: 1}}},
		{"recreated-pod", "a user's own pod is deleted and created again under its name", 554, false,
			Scenario{Nodes: 1, Lag: 1, BarePods: 1, Faults: Budget{PodDelete: 1, PodRecreate: 1}}},
		{"restart-storm", "a node is switched off and the controller manager restarts without end", 404, false,
			Scenario{Replicas: 1, Nodes: 2, Lag: 1, Start: StartRunning, Faults: Budget{NodeCrash: 1, Restart: Unlimited}}},
		{"leader-overlap", "another controller manager takes over while requests of the former are on their way", 3_758, false,
			Scenario{Replicas: 1, Nodes: 2, Lag: 1, Start: StartRunning, Faults: Budget{HandOver: 1, Scale: 1}}},
		{"drain-with-pdb", "a node is drained under a PodDisruptionBudget that keeps one of two pods", 32_970, false,
			Scenario{Replicas: 2, Nodes: 2, Lag: 1, Start: StartRunning, Disruption: Disruption{Limit: MinAvailable, Value: 1},
				Faults: Budget{DrainNode: 1}}},
		{"cordon", "a node is cordoned and taken back while a pod is deleted", 11_444, false,
			Scenario{Replicas: 1, Nodes: 2, Lag: 1, Start: StartRunning, Faults: Budget{Cordon: 1, Uncordon: 1, PodDelete: 1}}},
		{"node-deleted", "the Node object of a machine that is cut off is deleted, and the connection comes back", 215_709, false,
			Scenario{Replicas: 1, Nodes: 2, Lag: 1, Start: StartRunning, Faults: Budget{Partition: 1, NodeDelete: 1, Heal: 1}}},
		{"node-registers", "a Node object is deleted, and its kubelet restarts and registers again", 26_581, false,
			Scenario{Replicas: 1, Nodes: 1, Lag: 1, Start: StartRunning, Faults: Budget{NodeDelete: 1, KubeletRestart: 1}}},
		{"out-of-service", "a node is switched off, and a user says that it is for good", 532, false,
			Scenario{Replicas: 1, Nodes: 2, Lag: 1, Start: StartRunning, Faults: Budget{NodeCrash: 1, OutOfService: 1}}},
		{"full-house", "each node has room for one pod, and one node is switched off and boots again", 2_681, false,
			Scenario{Replicas: 2, Nodes: 2, Lag: 1, Start: StartRunning, Capacity: [MaxNodes]uint8{1, 1}, Faults: Budget{NodeCrash: 1, NodeReturn: 1}}},
		{"crowded-1.9", "under Kubernetes 1.9 a user's pod, deleted and created again, competes with a replica for the room of the only node", 3_285, false,
			Scenario{Version: V1_9, Replicas: 1, BarePods: 1, Nodes: 1, Lag: 1, Start: StartEmpty, Capacity: [MaxNodes]uint8{1}, Faults: Budget{PodDelete: 1, PodRecreate: 1}}},
		{"runtime-fails", "the container runtime of a node fails and works again: its kubelet says that it is not ready", 3_632, false,
			Scenario{Replicas: 1, Nodes: 2, Lag: 1, Start: StartRunning, Faults: Budget{NodeBreak: 1, NodeRepair: 1}}},
		{"zones", "four nodes in two zones, and both of one zone are switched off", 6_826, false,
			Scenario{Replicas: 1, Nodes: 4, Zones: [MaxNodes]uint8{0, 0, 1, 1}, Lag: 1, Start: StartRunning, Faults: Budget{NodeCrash: 2}}},
		{"all-cut-off", "the connections of both nodes are lost, and one comes back: nothing is evicted while both are lost", 226_696, false,
			Scenario{Replicas: 1, Nodes: 2, Lag: 1, Start: StartRunning, Faults: Budget{Partition: 2, Heal: 1}}},
		{"leases-stall", "the watch of leases delivers nothing for a time, while a node is switched off", 1_188, false,
			Scenario{Replicas: 1, Nodes: 2, Lag: 1, Start: StartRunning, Faults: Budget{LeaseStall: 1, NodeCrash: 1}}},
		{"owner-deleted", "the ReplicaSet is deleted, its pods are let go, and it is created again", 192, false,
			Scenario{Replicas: 1, Nodes: 1, Lag: 1, Start: StartRunning, Propagation: PropagateOrphan, Faults: Budget{OwnerDelete: 1, OwnerCreate: 1}}},
		{"owner-deleted-first", "the ReplicaSet is deleted in the foreground while it is being scaled", 8_392, false,
			Scenario{Replicas: 1, Nodes: 1, Lag: 1, Start: StartEmpty, Propagation: PropagateForeground, Faults: Budget{OwnerDelete: 1, Scale: 1}}},
		{"relabelled", "a pod loses the label that the selector asks for, and gets it back", 505, false,
			Scenario{Replicas: 1, Nodes: 1, Lag: 1, Start: StartRunning, Faults: Budget{Relabel: 2}}},
		{"status", "the ReplicaSet controller writes status while a user scales", 37_249, false,
			Scenario{Replicas: 1, Nodes: 1, Lag: 1, Start: StartRunning, Status: true, Faults: Budget{Scale: 1, PodDelete: 1}}},
		{"lossy", "requests fail, and responses are lost", 10_324, false,
			Scenario{Replicas: 2, Nodes: 1, Lag: 1, Start: StartEmpty, Faults: Budget{RequestFail: 1, ResponseLost: 1}}},
		{"stalled", "a watch of the controller manager delivers nothing for a time, and lists again", 3_366, false,
			Scenario{Replicas: 2, Nodes: 1, Lag: 2, Start: StartEmpty, Faults: Budget{WatchStall: 1, Relist: 1}}},
		{"back-in-time-1.9", "under Kubernetes 1.9 a watch is cut, and the list that follows is older than the cache", 49_335, false,
			Scenario{Version: V1_9, Replicas: 1, Nodes: 1, Lag: 1, Past: 1, Start: StartEmpty, Faults: Budget{Relist: 1, Restart: 1}}},
		{"forced", "a user's pod is deleted by force, and created again while that goes on", 4_990, false,
			Scenario{Nodes: 2, Lag: 1, BarePods: 1, Start: StartRunning, Faults: Budget{ForceDelete: 1, PodRecreate: 1, NodeCrash: 1}}},
		{"untimed", "time may pass although something is due: a node that is well may be taken for lost", 139_092, false,
			Scenario{Replicas: 1, Nodes: 2, Pods: 1, Start: StartRunning, Untimed: true}},
		{"partition-heals-deep", "the same as partition-heals, while a pod is deleted", 12_814_143, true,
			Scenario{Replicas: 2, Nodes: 2, Lag: 1, Start: StartRunning, Faults: Budget{Partition: 1, Heal: 1, PodDelete: 1}}},
		{"node-deleted-deep", "the same as node-deleted, and a kubelet restarts", 10_355_271, true,
			Scenario{Replicas: 1, Nodes: 2, Lag: 1, Start: StartRunning, Faults: Budget{Partition: 1, NodeDelete: 1, Heal: 1, KubeletRestart: 1}}},
		{"leader-overlap-deep", "the same as leader-overlap, while a pod is deleted", 6_036_629, true,
			Scenario{Replicas: 1, Nodes: 2, Lag: 1, Start: StartRunning, Faults: Budget{HandOver: 1, Scale: 1, PodDelete: 1}}},
		{"zones-deep", "the same as zones, and one machine boots again", 627_234, true,
			Scenario{Replicas: 1, Nodes: 4, Zones: [MaxNodes]uint8{0, 0, 1, 1}, Lag: 1, Start: StartRunning, Faults: Budget{NodeCrash: 2, NodeReturn: 1}}},
	}
}

// ScenarioByName finds a scenario of the catalogue.
func ScenarioByName(name string) (Scenario, error) {
	var names []string
	for _, n := range Scenarios() {
		if n.Name == name {
			return n.Scenario, nil
		}
		names = append(names, n.Name)
	}
	return Scenario{}, fmt.Errorf("unknown scenario %q: use one of %s", name, strings.Join(names, ", "))
}
