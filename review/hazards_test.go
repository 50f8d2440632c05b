package review_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/traces"
)

const golden = "../model/testdata"

// Each hazard is shown by a golden trace, which is the one that the search
// finds, and is closed by its cure.
func TestHazards(t *testing.T) {
	if testing.Short() {
		t.Skip("searches every golden trace again: leave -short out")
	}
	files := map[string]bool{}
	for _, h := range model.Hazards() {
		require.False(t, files[h.Name+".json"], h.Name)
		files[h.Name+".json"] = true
		t.Run(h.Name, func(t *testing.T) {
			m := claimed(t, h.Scenario, h.Property)
			require.NotEmpty(t, m.WhyUnclaimed(h.Property), "it is claimed of this scenario")
			if h.Name == "evicted-unseen" {
				guideToUnseen(t, m)
			}
			found := search(t, m)
			require.Equal(t, check.Violated, found.Verdict)
			doc := traces.From(h.Scenario, m, m.Claims[0], found)
			_, err := traces.Replay(doc) // on the model as it is
			require.NoError(t, err)
			requireGolden(t, doc, h.Name)

			cured := search(t, claimed(t, h.Cured, h.Property))
			require.Equal(t, check.Holds, cured.Verdict, "%s: %v", h.Cure, cured.Reason)
		})
	}
	entries, err := os.ReadDir(golden)
	require.NoError(t, err)
	for _, e := range entries {
		require.True(t, files[e.Name()], "%s is the trace of no hazard", e.Name())
	}
}

// What is not guaranteed is a hazard, and so is what rests on an assumption,
// unless only a planted bug makes that fail.
func TestHazardsAreComplete(t *testing.T) {
	for _, c := range model.Catalogue() {
		if c.Status != model.NotGuaranteed && c.Status != model.Assumed {
			continue
		}
		shown := slices.ContainsFunc(model.Hazards(), func(h model.Hazard) bool { return h.Property == c.ID })
		killed := c.Status == model.Assumed && slices.ContainsFunc(model.Mutations(), func(m model.Mutation) bool { return m.KilledBy == c.ID })
		require.True(t, shown || killed, c.ID)
	}
}

func claimed(t *testing.T, s model.Scenario, property string) *model.Model {
	t.Helper()
	m, err := model.New(s, property)
	require.NoError(t, err)
	return m
}

func search(t *testing.T, m *model.Model) check.Result[model.State] {
	t.Helper()
	report, err := check.Run(t.Context(), m.Model, check.Options{Symmetry: true})
	require.NoError(t, err)
	return report.Results[0]
}

func requireGolden(t *testing.T, doc *traces.Trace, name string) {
	t.Helper()
	var text bytes.Buffer
	require.NoError(t, traces.Encode(&text, doc))
	file := filepath.Join(golden, name+".json")
	if *update {
		require.NoError(t, os.MkdirAll(golden, 0o755))
		require.NoError(t, os.WriteFile(file, text.Bytes(), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), text.String(), "if it should be this: go test ./review -update, and review the file")
}

// guideToUnseen makes a search short that would be one of many million states:
// no pod ends, and the drain begins when all are running.
func guideToUnseen(t *testing.T, m *model.Model) {
	t.Helper()
	m.Actions = slices.DeleteFunc(m.Actions, func(a check.Action[model.State]) bool {
		return slices.Contains([]string{"Tick", "Kubelet.Stop", "Kubelet.ReportTerminal"}, a.Name)
	})
	i := slices.IndexFunc(m.Actions, func(a check.Action[model.State]) bool { return a.Name == "User.Drain" })
	require.GreaterOrEqual(t, i, 0)
	drain := m.Actions[i].NextInPlace
	m.Actions[i].NextInPlace = func(dst []model.State, s *model.State) []model.State {
		if slices.ContainsFunc(s.Pods[:3], func(p model.Pod) bool { return !p.Ready }) {
			return dst
		}
		return drain(dst, s)
	}
}
