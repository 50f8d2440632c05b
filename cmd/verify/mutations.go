package main

import (
	"github.com/spf13/cobra"

	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/traces"
)

func newMutations() *cobra.Command {
	return newList("mutations", "List the bugs that can be planted in the model",
		`A mutation imitates a bug that Kubernetes had or guards against, to see that a
property notices it. verify check --mutation NAME finds it in a small scenario
of its own; with -f or --scenario it is planted there.`,
		func() (list, error) {
			l := list{head: "NAME\tHAZARD\tNOTICED BY\tTHE BUG"}
			for _, m := range model.Mutations() {
				l.add(m.Bug, m.Name, m.Hazard, m.KilledBy)
				l.items = append(l.items, mutationItem{m.Name, m.Hazard, m.KilledBy, m.Bug, traces.FromScenario(m.Scenario)})
			}
			return l, nil
		})
}

// A mutationItem is a mutation in JSON.
type mutationItem struct {
	Name     string          `json:"name"`
	Hazard   string          `json:"hazard"`
	KilledBy string          `json:"killedBy"`
	Bug      string          `json:"bug"`
	Scenario traces.Scenario `json:"scenario"`
}
