package main

import (
	"github.com/spf13/cobra"

	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/review"
)

func newProperties() *cobra.Command {
	return newList("properties", "List what can be claimed of a scenario",
		`The status of a property says who vouches for it: G is guaranteed, A is
guaranteed under the assumption named, L is a liveness property that needs
fairness, N is not guaranteed and has a known counterexample, W is a witness
that something can happen. Check claims all but N of every scenario that they
concern; any can be asked for with --property.`,
		func() (list, error) {
			l := list{head: "ID\tSTATUS\tKIND\tCLAIM"}
			for _, c := range model.Catalogue() {
				kind := review.KindName(c.Kind())
				l.add(c.Claim, c.ID, string(c.Status), kind)
				if c.Assumption != "" {
					l.add("(assuming "+c.Assumption+")", "", "", "")
				}
				l.items = append(l.items, propertyItem{c.ID, c.Claim, string(c.Status), kind, c.Assumption, c.Source})
			}
			return l, nil
		})
}

// A propertyItem is a property in JSON.
type propertyItem struct {
	ID         string `json:"id"`
	Claim      string `json:"claim"`
	Status     string `json:"status"`
	Kind       string `json:"kind"`
	Assumption string `json:"assumption"`
	Source     string `json:"source"`
}
