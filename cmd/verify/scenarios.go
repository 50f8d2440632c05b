package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/traces"
)

// What check assumes of a cluster unless a flag says otherwise.
const (
	defaultNodes  = 2
	defaultFaults = "node-crash=1,pod-delete=1,restart=1"
	defaultLag    = 1
	defaultStart  = model.StartRunning
)

// A namedScenario can be checked without a manifest.
type namedScenario struct {
	name, story string
	scenario    model.Scenario
}

// namedScenarios is the catalogue of verify scenarios.
func namedScenarios() []namedScenario {
	standard := model.Budget{model.NodeCrash: 1, model.PodDelete: 1, model.Restart: 1}
	return []namedScenario{
		{"two-experiments", "a pod is deleted, a node is switched off: the story at its own size",
			model.Scenario{Replicas: 5, Nodes: 2, Lag: 1, Start: defaultStart, Faults: standard}},
		{"small", "the same with two replicas",
			model.Scenario{Replicas: 2, Nodes: 2, Lag: 1, Start: defaultStart, Faults: standard}},
		{"tiny", "the same with one replica, from an empty cluster",
			model.Scenario{Replicas: 1, Nodes: 2, Lag: 1, Start: model.StartEmpty, Faults: standard}},
		{"node-returns", "a node is switched off and boots again",
			model.Scenario{Replicas: 2, Nodes: 2, Lag: 1, Start: model.StartRunning, Faults: model.Budget{model.NodeCrash: 1, model.NodeReturn: 1}}},
		{"partition-heals", "a node loses its connection, its containers run on, and it comes back",
			model.Scenario{Replicas: 2, Nodes: 2, Lag: 1, Start: model.StartRunning, Faults: model.Budget{model.Partition: 1, model.Heal: 1}}},
		{"scale", "a user adds and removes a replica while the controller manager restarts",
			model.Scenario{Replicas: 2, Nodes: 2, Lag: 1, Start: model.StartRunning, Faults: model.Budget{model.Scale: 2, model.Restart: 1}}},
		{"blog-1.9", "a node is switched off under Kubernetes 1.9: eight pods listed, three of them Unknown",
			model.Scenario{Version: model.V1_9, Replicas: 5, Nodes: 2, Lag: 1, Start: model.StartRunning, Faults: model.Budget{model.NodeCrash: 1}}},
		{"never-marked", "a node is switched off, the controller manager restarts, and the pods tolerate that for ever",
			model.Scenario{Replicas: 1, Nodes: 2, Lag: 1, Start: model.StartRunning, Toleration: model.TolerateForever,
				Faults: model.Budget{model.NodeCrash: 1, model.Restart: 1}}},
		{"recreated-pod", "a user's own pod is deleted and created again under its name",
			model.Scenario{Replicas: 0, Nodes: 1, Lag: 1, BarePods: 1, Faults: model.Budget{model.PodDelete: 1, model.PodRecreate: 1}}},
	}
}

// scenarioByName finds a scenario of the catalogue.
func scenarioByName(name string) (model.Scenario, error) {
	var names []string
	for _, n := range namedScenarios() {
		if n.name == name {
			n.scenario.Name = podPrefix
			return n.scenario, nil
		}
		names = append(names, n.name)
	}
	return model.Scenario{}, fmt.Errorf("unknown scenario %q: use one of %s", name, strings.Join(names, ", "))
}

// podPrefix names the pods of a scenario that comes from no manifest.
const podPrefix = "web"

func newScenarios() *cobra.Command {
	return newList("scenarios", "List the scenarios that check knows by name",
		`Each can be checked with verify check --scenario NAME; flags such as --nodes
change one of its sizes.`,
		func() (list, error) {
			l := list{head: "NAME\tWHAT IS CHECKED"}
			for _, n := range namedScenarios() {
				l.add(n.story, n.name)
				l.add(inWords(n.scenario), "")
				l.items = append(l.items, scenarioItem{n.name, n.story, traces.FromScenario(n.scenario)})
			}
			return l, nil
		})
}

// A scenarioItem is a named scenario in JSON.
type scenarioItem struct {
	Name     string          `json:"name"`
	Story    string          `json:"story"`
	Scenario traces.Scenario `json:"scenario"`
}
