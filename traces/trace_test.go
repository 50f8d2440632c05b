package traces_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/traces"
)

func TestRoundTrip(t *testing.T) {
	for _, tt := range examples {
		t.Run(tt.name, func(t *testing.T) {
			doc := find(t, tt.scenario, tt.property)
			require.Equal(t, tt.shows, doc.Shows)
			require.Equal(t, tt.lasso, doc.CycleStart > 0)

			read, err := traces.Decode(bytes.NewReader(encode(t, doc)))
			require.NoError(t, err)
			require.Equal(t, doc, read)

			replayed, err := traces.Replay(read)
			require.NoError(t, err)
			require.Equal(t, tt.property, replayed.Claim.ID)
			require.Len(t, replayed.Steps(), len(doc.Steps))
			for i, step := range replayed.Steps() {
				require.Equal(t, doc.Steps[i].Label, step.Label, "step %d", i)
			}

			// What was executed again is the same document again.
			require.Equal(t, doc, replayed.Document())

			// Whatever the file says for readers, the model has the last word.
			read.Claim, read.Status, read.Steps[1].Label = "all is well", model.Guaranteed, "Nothing"
			replayed, err = traces.Replay(read)
			require.NoError(t, err)
			require.Equal(t, doc, replayed.Document())
		})
	}
}

func TestFromWithoutTrace(t *testing.T) {
	require.Nil(t, traces.From(overshoot, nil, model.Claim{}, check.Result[model.State]{}))
}
