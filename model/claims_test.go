package model_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
)

// Every property can be asked of every scenario, also where there is nothing to
// judge.
func TestEveryPropertyFitsEveryScenario(t *testing.T) {
	for _, n := range model.Scenarios() {
		for _, c := range model.Catalogue() {
			_, err := check.Run(t.Context(), build(t, n.Scenario, c.ID).Model, check.Options{MaxStates: 1})
			require.NoError(t, err, "%s in %s", c.ID, n.Name)
		}
	}
}
