package model_test

import (
	"testing"

	"github.com/reconverge/reconverge/model"
)

// What is claimed holds with the faults together, each once.
func TestClaimsHoldUnderFaults(t *testing.T) {
	long(t)
	for name, c := range map[string]struct {
		s      model.Scenario
		states uint64
		taken  []string
	}{
		"all, with caches that do not lag": {model.Scenario{Replicas: 1, Nodes: 1,
			Faults: model.Budget{model.RequestFail: 1, model.ResponseLost: 1, model.HandOver: 1, model.Restart: 1, model.PodDelete: 1}},
			19_460, []string{"Former.Create", "Fault.RestartKCM"}},
		"watches": {model.Scenario{Replicas: 1, Nodes: 1, Lag: 1,
			Faults: model.Budget{model.RequestFail: 1, model.WatchStall: 1, model.Relist: 1, model.PodDelete: 1}},
			9_262, []string{"Fault.Relist", "Fault.StallWatch"}},
		"hand-over and a lost response": {model.Scenario{Replicas: 1, Nodes: 1, Lag: 1,
			Faults: model.Budget{model.ResponseLost: 1, model.HandOver: 1}},
			33_826, []string{"Former.Create"}},
		"1.9, hand-over and failure of a node": {model.Scenario{Version: model.V1_9, Replicas: 1, Nodes: 2, Lag: 1, Start: model.StartRunning,
			Faults: model.Budget{model.NodeCrash: 1, model.HandOver: 1, model.RequestFail: 1}},
			15_495, []string{"Former.Delete", "NodeController.Delete"}},
		"1.9, back in time": {model.Scenario{Version: model.V1_9, Replicas: 1, Nodes: 1, Lag: 1, Past: 1,
			Faults: model.Budget{model.Relist: 1, model.PodDelete: 1}},
			29_770, []string{"Fault.Relist"}},
	} {
		t.Run(name, func(t *testing.T) { counts(t, c.s, c.states, c.taken...) })
	}
}
