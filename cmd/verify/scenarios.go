package main

import (
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

// podPrefix names the pods of a scenario that comes from no manifest.
const podPrefix = "web"

func newScenarios() *cobra.Command {
	return newList("scenarios", "List the scenarios that check knows by name",
		`Each can be checked with verify check --scenario NAME; flags such as --nodes
change one of its sizes. The states are those that are left when pods and nodes
are not told apart that differ in name only.`,
		func() (list, error) {
			l := list{head: "NAME\tWHAT IS CHECKED"}
			for _, n := range model.Scenarios() {
				l.add(n.Story, n.Name)
				l.add(inWords(n.Scenario)+"; "+count(int(n.States), "state"), "")
				l.items = append(l.items, scenarioItem{n.Name, n.Story, n.States, n.Deep, traces.FromScenario(n.Scenario)})
			}
			return l, nil
		})
}

// A scenarioItem is a named scenario in JSON.
type scenarioItem struct {
	Name     string          `json:"name"`
	Story    string          `json:"story"`
	States   uint64          `json:"states"`
	Deep     bool            `json:"deep"` // it takes minutes
	Scenario traces.Scenario `json:"scenario"`
}
