package main

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
)

// neverTaken explores a scenario and returns the actions that it never takes.
func neverTaken(t *testing.T, s model.Scenario) (names []string) {
	t.Helper()
	m, err := model.New(s, "P-UID")
	require.NoError(t, err)
	report, err := check.Run(t.Context(), m.Model, check.Options{Symmetry: true})
	require.NoError(t, err)
	require.Equal(t, check.Holds, report.Verdict())
	for _, a := range report.Actions {
		if a.Taken == 0 {
			names = append(names, a.Name)
		}
	}
	return names
}

// Every action that a scenario never takes has a reason, and the faults that
// the reason names make it happen.
func TestWhyNever(t *testing.T) {
	if testing.Short() {
		t.Skip("explores every scenario of the catalogue: leave -short out")
	}
	type Budget = model.Budget
	// The deep ones take long, and a bound on pods cuts the untimed one.
	scenarios := slices.DeleteFunc(model.Scenarios(), func(n model.NamedScenario) bool { return n.Deep || n.Scenario.Untimed })
	add := func(story string, s model.Scenario) {
		s.Lag = max(s.Lag, 1)
		scenarios = append(scenarios, model.NamedScenario{Name: story, Scenario: s})
	}
	running := model.Scenario{Replicas: 1, Nodes: 2, Start: model.StartRunning}
	with := func(s model.Scenario, faults Budget) model.Scenario { s.Faults = faults; return s }
	one, forever, old, noGrace := running, running, running, running
	one.Nodes = 1
	forever.Toleration = model.TolerateForever
	old.Version = model.V1_9
	noGrace.NoGrace = true
	add("nothing happens", running)
	add("a restart", with(running, Budget{model.Restart: 1}))
	add("a deletion", with(running, Budget{model.PodDelete: 1}))
	add("the only node", with(one, Budget{model.NodeCrash: 1}))
	add("the only node comes back", with(one, Budget{model.NodeCrash: 1, model.NodeReturn: 1}))
	add("for ever", with(forever, Budget{model.NodeCrash: 1}))
	add("for ever and back", with(forever, Budget{model.NodeCrash: 1, model.NodeReturn: 1}))
	add("for ever and healed", with(forever, Budget{model.Partition: 1, model.Heal: 1}))
	add("1.9 restarts", with(old, Budget{model.Restart: 1}))
	add("1.9 restarts and deletes", with(old, Budget{model.Restart: 1, model.PodDelete: 1}))
	add("1.9, the only node", with(model.Scenario{Version: model.V1_9, Replicas: 1, Nodes: 1, Start: model.StartRunning}, Budget{model.Partition: 1}))
	add("no grace", with(noGrace, Budget{model.PodDelete: 1}))
	add("returns without a crash", with(running, Budget{model.NodeReturn: 1, model.Heal: 1}))
	add("nothing wanted", model.Scenario{Nodes: 1, Faults: Budget{model.PodDelete: 1}})
	add("wanted later", model.Scenario{Nodes: 1, Faults: Budget{model.Scale: 1}})
	add("a user's pod stays", model.Scenario{Nodes: 1, BarePods: 1, Faults: Budget{model.PodRecreate: 1}})
	add("a Node is deleted", model.Scenario{Replicas: 1, Nodes: 1, Start: model.StartRunning, Faults: Budget{model.NodeDelete: 1}})
	add("no more room", model.Scenario{Replicas: 2, Nodes: 2, Capacity: [model.MaxNodes]uint8{1, 1}, Faults: Budget{model.PodDelete: 1}})
	add("from nothing", model.Scenario{Replicas: 1, Nodes: 1})
	for _, n := range scenarios {
		if n.Scenario.Pods > 0 {
			continue // the bound ends the search, and then no reason is given
		}
		t.Run(n.Name, func(t *testing.T) {
			s := n.Scenario
			s.Replicas = min(s.Replicas, 1) // what is never taken does not depend on it
			reasons := map[string][]string{}
			for _, action := range neverTaken(t, s) {
				why := whyNever(s, action, true)
				require.NotEqual(t, notKnown, why, action)
				reasons[why] = append(reasons[why], action)
			}
			for why, actions := range reasons {
				better, ok := advised(t, s, why)
				if !ok || total(better.Faults) > 2 { // more takes long
					continue
				}
				never := neverTaken(t, better)
				for _, action := range actions {
					require.False(t, slices.Contains(never, action), "%s: %s", action, why)
				}
			}
		})
	}
	require.Equal(t, notKnown, whyNever(running, "No.Such", true))
}

func total(faults model.Budget) (n uint8) {
	for _, count := range faults {
		n += count
	}
	return n
}

var advice = regexp.MustCompile(`--fault (\S+)`)

// advised is the scenario with the faults that a reason names first.
func advised(t *testing.T, s model.Scenario, why string) (model.Scenario, bool) {
	t.Helper()
	found := advice.FindStringSubmatch(why)
	if found == nil {
		return s, false
	}
	for part := range strings.SplitSeq(found[1], ",") {
		name, text, _ := strings.Cut(part, "=")
		fault, err := model.ParseFault(name)
		require.NoError(t, err)
		n, err := strconv.Atoi(text)
		require.NoError(t, err, fmt.Sprint(found))
		s.Faults[fault] = max(s.Faults[fault], uint8(n))
	}
	return s, true
}
