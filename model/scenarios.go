package model

import (
	"fmt"
	"strings"
)

// A NamedScenario is one that is worth checking, with the story it tells.
type NamedScenario struct {
	Name, Story string
	Scenario    Scenario
}

// Scenarios returns the catalogue of scenarios.
func Scenarios() []NamedScenario {
	standard := Budget{NodeCrash: 1, PodDelete: 1, Restart: 1}
	return []NamedScenario{
		{"two-experiments", "a pod is deleted, a node is switched off: the story at its own size",
			Scenario{Replicas: 5, Nodes: 2, Lag: 1, Start: StartRunning, Faults: standard}},
		{"small", "the same with two replicas",
			Scenario{Replicas: 2, Nodes: 2, Lag: 1, Start: StartRunning, Faults: standard}},
		{"tiny", "the same with one replica, from an empty cluster",
			Scenario{Replicas: 1, Nodes: 2, Lag: 1, Start: StartEmpty, Faults: standard}},
		{"node-returns", "a node is switched off and boots again",
			Scenario{Replicas: 2, Nodes: 2, Lag: 1, Start: StartRunning, Faults: Budget{NodeCrash: 1, NodeReturn: 1}}},
		{"partition-heals", "a node loses its connection, its containers run on, and it comes back",
			Scenario{Replicas: 2, Nodes: 2, Lag: 1, Start: StartRunning, Faults: Budget{Partition: 1, Heal: 1}}},
		{"scale", "a user adds and removes a replica while the controller manager restarts",
			Scenario{Replicas: 2, Nodes: 2, Lag: 1, Start: StartRunning, Faults: Budget{Scale: 2, Restart: 1}}},
		{"blog-1.9", "a node is switched off under Kubernetes 1.9: eight pods listed, three of them Unknown",
			Scenario{Version: V1_9, Replicas: 5, Nodes: 2, Lag: 1, Start: StartRunning, Faults: Budget{NodeCrash: 1}}},
		{"never-marked", "a node is switched off, the controller manager restarts, and the pods tolerate that for ever",
			Scenario{Replicas: 1, Nodes: 2, Lag: 1, Start: StartRunning, Toleration: TolerateForever,
				Faults: Budget{NodeCrash: 1, Restart: 1}}},
		{"recreated-pod", "a user's own pod is deleted and created again under its name",
			Scenario{Replicas: 0, Nodes: 1, Lag: 1, BarePods: 1, Faults: Budget{PodDelete: 1, PodRecreate: 1}}},
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
