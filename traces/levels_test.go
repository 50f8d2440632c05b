package traces_test

import (
	"testing"

	"github.com/reconverge/reconverge/impl/claims"
	"github.com/reconverge/reconverge/impl/suite"
	"github.com/reconverge/reconverge/model"
	"github.com/stretchr/testify/require"
)

// What is written down twice, for the model and for running controllers, has the
// same names: a counterexample can be compared, and a planted bug is the same bug.
func TestLevelsShareTheirNames(t *testing.T) {
	properties := map[string]model.Claim{}
	for _, c := range model.Catalogue() {
		properties[c.ID] = c
	}
	for _, c := range claims.All() {
		require.Contains(t, properties, c.ID, "a claim about running controllers")
	}
	mutations := map[string]model.Mutation{}
	for _, m := range model.Mutations() {
		mutations[m.Name] = m
	}
	seen := map[string]bool{}
	for _, m := range suite.Mutations() {
		require.Contains(t, mutations, m.Name)
		require.Equal(t, mutations[m.Name].KilledBy, m.Property, m.Name)
		seen[m.Name] = true
	}
	for name := range mutations {
		require.True(t, seen[name], "%s is not planted in running controllers", name)
	}
}
