package traces_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/traces"
)

// A field that a document forgets would make a trace of another scenario.
func TestScenarioKeepsEveryField(t *testing.T) {
	full := model.Scenario{
		Name: "web", Version: model.V1_9, Replicas: 1, Nodes: 2, Toleration: model.TolerateForever, NoGrace: true,
		Zones: [model.MaxNodes]uint8{0, 1}, Capacity: [model.MaxNodes]uint8{3, 0}, Cordoned: [model.MaxNodes]bool{false, true}, NotReady: model.TolerateNot,
		Disruption:  model.Disruption{Limit: model.MaxUnavailable, Value: 25, Percent: true, AlwaysAllow: true},
		Propagation: model.PropagateOrphan, Status: true, Untimed: true,
		Start: model.StartRunning, Lag: 1, Past: 2, Pods: 7, BarePods: 1, Mutations: []string{"nc.noCancel"},
	}
	for f := range full.Faults {
		full.Faults[f] = uint8(f%model.Unlimited + 1)
	}
	v := reflect.ValueOf(full)
	for i := range v.NumField() {
		require.False(t, v.Field(i).IsZero(), "the test leaves %s out", v.Type().Field(i).Name)
	}
	doc := traces.FromScenario(full)
	back, err := doc.Model()
	require.NoError(t, err)
	require.Equal(t, full, back)

	for _, name := range []model.Toleration{model.TolerateLonger, model.TolerateShorter, model.TolerateNot, model.TolerateForever} {
		full.Toleration = name
		doc := traces.FromScenario(full)
		back, err := doc.Model()
		require.NoError(t, err)
		require.Equal(t, full, back)
	}
}

func TestScenarioRefuses(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*traces.Scenario)
		want   string
	}{
		{"version", func(s *traces.Scenario) { s.Version = "1.20" }, `"1.20"`},
		{"toleration", func(s *traces.Scenario) { s.Toleration = "a while" }, `"a while"`},
		{"start", func(s *traces.Scenario) { s.Start = "full" }, `"full"`},
		{"fault", func(s *traces.Scenario) { s.Faults = map[string]int{"meteor": 1} }, `"meteor"`},
		{"count", func(s *traces.Scenario) { s.Faults = map[string]int{"restart": 256} }, "restart=256"},
		{"negative count", func(s *traces.Scenario) { s.Faults = map[string]int{"restart": -2} }, "restart=-2"},
		{"not ready", func(s *traces.Scenario) { s.NotReady = "a while" }, `"a while"`},
		{"propagation", func(s *traces.Scenario) { s.Propagation = "sideways" }, `"sideways"`},
		{"zone", func(s *traces.Scenario) { s.Zones = make([]int, s.Nodes); s.Zones[0] = model.MaxZones }, "zones[0] is 2"},
		{"too few zones", func(s *traces.Scenario) { s.Nodes, s.Zones = 2, []int{1} }, "1 numbers for 2 nodes"},
		{"too few cordoned", func(s *traces.Scenario) { s.Nodes, s.Cordoned = 2, []bool{true} }, "1 values for 2 nodes"},
		{"too many nodes", func(s *traces.Scenario) { s.Nodes, s.Capacity = 9, make([]int, 9) }, "9 numbers for 9 nodes"},
		{"no limit", func(s *traces.Scenario) { s.Disruption = &traces.Disruption{} }, "minAvailable"},
		{"control character", func(s *traces.Scenario) { s.Name = "web\x1b[2J" }, `'\x1b'`},
		{"long name", func(s *traces.Scenario) { s.Name = strings.Repeat("x", 254) }, "253"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			doc := traces.FromScenario(overshoot)
			tt.change(&doc)
			_, err := doc.Model()
			require.ErrorContains(t, err, tt.want)
		})
	}
}

// MaxFault is what the model takes, and not one more.
func TestMaxFault(t *testing.T) {
	s := model.Scenario{Nodes: 1, Faults: model.Budget{model.Restart: traces.MaxFault}}
	require.NoError(t, s.Validate())
	s.Faults[model.Restart] = model.Unlimited + 1
	require.Error(t, s.Validate())
	_, err := traces.ParseBudget(map[string]int{"restart": traces.MaxFault + 1})
	require.ErrorContains(t, err, "the model takes 0 to 14 of a kind")
}
