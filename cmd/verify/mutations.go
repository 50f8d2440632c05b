package main

import (
	"github.com/spf13/cobra"

	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/traces"
)

func newMutations() *cobra.Command {
	return newList("mutations", "List the bugs and the repairs that can be planted in the model",
		`A mutation imitates a bug that Kubernetes had or guards against, to see that a
property notices it. verify check --mutation NAME finds it in a small scenario
of its own; with -f or --scenario it is planted there.

A repair is a change that Kubernetes does not have and that closes a hazard of
the true model; no property notices it. verify check -f FILE or --scenario NAME
with --mutation REPAIR shows what it changes.`,
		func() (list, error) {
			l := list{head: "NAME\tHAZARD\tNOTICED BY\tWHAT IT CHANGES"}
			for _, m := range model.Mutations() {
				l.add(m.Bug, m.Name, m.Hazard, m.KilledBy)
				s := traces.FromScenario(m.Scenario)
				l.items = append(l.items, mutationItem{m.Name, m.Hazard, m.KilledBy, m.Bug, &s, false})
			}
			for _, r := range model.Repairs() {
				l.add(r.What, r.Name, r.Hazard, "(repair)")
				l.items = append(l.items, mutationItem{Name: r.Name, Hazard: r.Hazard, Bug: r.What, Repair: true})
			}
			return l, nil
		})
}

// A mutationItem is a mutation or a repair in JSON. A repair has neither a
// property that notices it nor a scenario.
type mutationItem struct {
	Name     string           `json:"name"`
	Hazard   string           `json:"hazard"`
	KilledBy string           `json:"killedBy,omitempty"`
	Bug      string           `json:"bug"` // or what the repair changes
	Scenario *traces.Scenario `json:"scenario,omitempty"`
	Repair   bool             `json:"repair,omitempty"`
}
