package traces_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/traces"
)

func TestText(t *testing.T) {
	for _, tt := range examples {
		t.Run(tt.name, func(t *testing.T) {
			doc := find(t, tt.scenario, tt.property)
			replayed, err := traces.Replay(doc)
			require.NoError(t, err)

			var table, pods strings.Builder
			require.NoError(t, replayed.WriteTable(&table))
			require.NoError(t, replayed.WritePods(&pods))
			for _, step := range doc.Steps {
				require.Contains(t, table.String(), step.Label)
			}
			require.Equal(t, tt.lasso, strings.Contains(table.String(), "for ever:"))
			require.Contains(t, pods.String(), "web-a ")
		})
	}
}
