package model_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
)

// failing is one pod on nodes that fail.
func failing(version model.Version, nodes, lag int, faults model.Budget, switches ...string) model.Scenario {
	return model.Scenario{Version: version, Replicas: 1, Nodes: nodes, Lag: lag, Start: model.StartRunning, Faults: faults, Mutations: switches}
}

// verdict checks one property.
func verdict(t *testing.T, s model.Scenario, id string) check.Result[model.State] {
	t.Helper()
	return run(t, build(t, s, id), check.Options{Symmetry: true}).Results[0]
}

// requireHolds asks for a verdict that had something to judge.
func requireHolds(t *testing.T, s model.Scenario, id string) {
	t.Helper()
	res := verdict(t, s, id)
	require.Equal(t, check.Holds, res.Verdict, "%s: %v", id, res.Reason)
	require.False(t, res.Vacuous, id)
}

// requireViolated returns the actions of the counterexample.
func requireViolated(t *testing.T, s model.Scenario, id string) (actions []string) {
	t.Helper()
	res := verdict(t, s, id)
	require.Equal(t, check.Violated, res.Verdict, "%s: %v", id, res.Reason)
	for _, step := range slices.Concat(res.Trace.Stem, res.Trace.Cycle) {
		actions = append(actions, step.Action)
	}
	return actions
}

// Everything that is claimed holds, the states are counted, and what the
// scenario is about happens in it.
func TestNodeControllers(t *testing.T) {
	long(t)
	crashes := model.Budget{model.NodeCrash: 2}
	back := model.Budget{model.NodeCrash: 2, model.NodeReturn: 1}
	breaks := model.Budget{model.NodeBreak: 1, model.NodeRepair: 1}
	zoned := func(s model.Scenario) model.Scenario {
		s.Zones = [model.MaxNodes]uint8{0, 0, 1, 1}
		return s
	}
	swap := failing(model.V1_37, 2, 0, model.Budget{model.NodeBreak: 1, model.Partition: 1})
	swap.NotReady = model.TolerateShorter
	for _, c := range []struct {
		name   string
		s      model.Scenario
		states uint64
		taken  []string
	}{
		{"all nodes fail, one returns", failing(model.V1_37, 2, 0, back), 17995,
			[]string{"NodeLifecycle.EndPass", "NodeLifecycle.Untaint", "TaintEviction.Delete"}},
		{"all nodes fail, one returns, v1.9", failing(model.V1_9, 2, 0, back), 4162,
			[]string{"NodeLifecycle.EndPass", "NodeController.Queue", "NodeController.Condemn"}},
		{"a dead zone beside a live one", zoned(failing(model.V1_37, 4, 0, crashes)), 1219,
			[]string{"NodeLifecycle.Refill", "TaintEviction.Delete"}},
		{"a dead zone beside a live one, v1.9", zoned(failing(model.V1_9, 4, 0, crashes)), 1122,
			[]string{"NodeLifecycle.Refill", "NodeController.Condemn"}},
		{"two dead zones", zoned(model.Scenario{Nodes: 4, Start: model.StartRunning, Faults: model.Budget{model.NodeCrash: 4}}), 14275,
			[]string{"NodeLifecycle.Refill", "NodeLifecycle.EndPass", "NodeLifecycle.Untaint"}},
		{"two dead zones, v1.9", zoned(failing(model.V1_9, 4, 0, model.Budget{model.NodeCrash: 4})), 23980,
			[]string{"NodeLifecycle.Refill", "NodeLifecycle.EndPass", "NodeController.Condemn"}},
		{"partial disruption", failing(model.V1_37, 4, 0, model.Budget{model.NodeCrash: 3}), 4123,
			[]string{"NodeLifecycle.EndPass", "NodeLifecycle.TaintNoExecute"}},
		{"a broken node", failing(model.V1_37, 2, 1, breaks), 3632,
			[]string{"Fault.NodeRepair", "NodeLifecycle.Untaint", "TaintEviction.Delete"}},
		{"a broken node, v1.9", failing(model.V1_9, 2, 1, breaks), 1542,
			[]string{"Fault.NodeRepair", "NodeController.Condemn"}},
		{"a broken node is cut off", swap, 1543,
			[]string{"NodeLifecycle.SwapNoExecute", "NodeLifecycle.EndPass", "TaintEviction.Delete"}},
		{"stalled leases", failing(model.V1_37, 2, 1, model.Budget{model.NodeCrash: 1, model.LeaseStall: 1}), 1188,
			[]string{"NodeLifecycle.TripBreaker", "NodeLifecycle.SeeLeases", "NodeLifecycle.EndPass"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := run(t, build(t, c.s), check.Options{Symmetry: true, Continue: true})
			require.NoError(t, r.Err())
			require.Equal(t, c.states, r.Stats.Distinct)
			for _, action := range c.taken {
				require.NotContains(t, r.Unreached(), action)
			}
		})
	}
}

// Hazard B21: a taint that is put on while the pass goes on that finds every
// node not ready is not in the list with which that pass began, and stays.
func TestFullDisruptionRace(t *testing.T) {
	for nodes := 1; nodes <= 2; nodes++ {
		s := failing(model.V1_37, nodes, 1, model.Budget{model.NodeCrash: uint8(nodes)})
		require.Contains(t, build(t, s).WhyUnclaimed("P-FULL"), "B21")
		trace := requireViolated(t, s, "P-FULL")
		tainted, entered := slices.Index(trace, "NodeLifecycle.TaintNoExecute"), slices.Index(trace, "NodeLifecycle.EndPass")
		require.Greater(t, tainted, slices.Index(trace, "NodeLifecycle.Judge"), "%q", trace)
		require.Greater(t, entered, tainted, "%q", trace)
		require.Equal(t, "Tick", trace[len(trace)-1], "a toleration runs out: %q", trace)

		s.Mutations = []string{"nlc.readLiveOnUntaint"}
		require.Empty(t, build(t, s).WhyUnclaimed("P-FULL"))
		requireHolds(t, s, "P-FULL")
		s.Toleration = model.TolerateNot
		require.NotEmpty(t, build(t, s).WhyUnclaimed("P-FULL"))
	}
	requireHolds(t, failing(model.V1_9, 2, 1, model.Budget{model.NodeCrash: 2}), "P-FULL")
}

// A NoExecute taint, and with it a toleration that is running, is lost by a
// restart, and by a pass that the circuit breaker cuts short after a dead node:
// it takes one node of one for all.
func TestTaintsAreLost(t *testing.T) {
	requireHolds(t, failing(model.V1_37, 2, 1, model.Budget{model.NodeCrash: 1}), "P-TAINT-KEPT")
	restart := requireViolated(t, failing(model.V1_37, 2, 1, model.Budget{model.NodeCrash: 1, model.Restart: 1}), "P-TAINT-KEPT")
	require.Equal(t, []string{"Fault.RestartKCM", "NodeLifecycle.Untaint"}, restart[len(restart)-2:])

	stall := failing(model.V1_37, 2, 1, model.Budget{model.NodeCrash: 1, model.LeaseStall: 1})
	tripped := requireViolated(t, stall, "P-TAINT-KEPT")
	require.Equal(t, []string{"NodeLifecycle.TripBreaker", "NodeLifecycle.Untaint"}, tripped[len(tripped)-2:])
	stall.Mutations = []string{"nlc.decideOnWholePass"}
	requireHolds(t, stall, "P-TAINT-KEPT")
}

// Leases that stall again and again put an eviction off for ever.
func TestStallsPostponeEviction(t *testing.T) {
	s := failing(model.V1_37, 2, 0, model.Budget{model.NodeCrash: 1, model.LeaseStall: model.Unlimited})
	requireViolated(t, s, "L-EVICT")
	s.Mutations = []string{"nlc.decideOnWholePass"}
	requireHolds(t, s, "L-EVICT")
}

// While the breaker is tripped no node that is ready again is cleaned up, and
// the toleration runs on.
func TestTrippedBreakerCancelsNothing(t *testing.T) {
	s := failing(model.V1_37, 2, 0, model.Budget{model.Partition: 1, model.Heal: 1})
	requireHolds(t, s, "P-CANCEL")
	s.Faults[model.LeaseStall] = 1
	require.Contains(t, build(t, s).WhyUnclaimed("P-CANCEL"), "breaker")
	requireViolated(t, s, "P-CANCEL")
}

// The live look at a lease keeps a renewed node from being judged.
func TestLeasesAreReadLive(t *testing.T) {
	requireHolds(t, failing(model.V1_37, 2, 1, model.Budget{model.NodeCrash: 1, model.LeaseStall: 1}), "P-EVICT-FRESH")
}

// One node per zone and interval: by a token of one process. In 1.9 a new one
// waits for longer than the interval before it evicts anything.
func TestEvictionRate(t *testing.T) {
	for _, version := range []model.Version{model.V1_37, model.V1_9} {
		requireHolds(t, failing(version, 3, 0, model.Budget{model.NodeCrash: 2}), "P-RATE")
	}
	restart := model.Budget{model.NodeCrash: 2, model.Restart: 1}
	requireHolds(t, failing(model.V1_9, 3, 0, restart), "P-RATE")
	s := failing(model.V1_37, 3, 0, restart)
	require.NotEmpty(t, build(t, s).WhyUnclaimed("P-RATE"))
	requireViolated(t, s, "P-RATE")
}

// A zone that is lost alone is evicted at the usual rate; of three lost nodes of
// four none is evicted once the pass is over.
func TestZoneStates(t *testing.T) {
	evicted := func(s model.State, n int) bool { return s.Nodes[n].Taints&model.NoExecuteUnreachable != 0 }
	s := failing(model.V1_37, 4, 0, model.Budget{model.NodeCrash: 2})
	s.Zones = [model.MaxNodes]uint8{0, 0, 1, 1}
	m := build(t, s, "P-UID")
	m.Properties = append(m.Properties, check.Reachable("both nodes of a lost zone are tainted", func(s model.State) bool {
		return evicted(s, 0) && evicted(s, 1) && !evicted(s, 2) && !evicted(s, 3)
	}))
	require.NoError(t, run(t, m, check.Options{}).Err())

	requireViolated(t, failing(model.V1_37, 4, 0, model.Budget{model.NodeCrash: 3}), "L-EVICT")
}

// In 1.9 nodes are queued in master disruption mode as well, and evicted when
// it is left.
func TestEvictionAfterDisruption(t *testing.T) {
	s := failing(model.V1_9, 2, 1, model.Budget{model.Partition: 2, model.Heal: 1})
	trace := requireViolated(t, s, "P-EVICT-EXIT")
	require.Greater(t, slices.Index(trace, "NodeController.Queue"), slices.Index(trace, "NodeLifecycle.EndPass"), "%q", trace)
	s.Mutations = []string{"nc.cancelOnExit"}
	require.Equal(t, check.Holds, verdict(t, s, "P-EVICT-EXIT").Verdict)
}

// Pods stay ready on a node that says itself that it is not (B18), and on one
// that was judged by a process that died over it (B16).
func TestPodsStayReady(t *testing.T) {
	broken := failing(model.V1_37, 2, 1, model.Budget{model.NodeBreak: 1})
	broken.NotReady = model.TolerateForever
	died := failing(model.V1_37, 2, 1, model.Budget{model.NodeCrash: 1, model.Restart: 1})
	died.Toleration = model.TolerateForever
	for id, s := range map[string]model.Scenario{"L-NOTREADY-FALSE": broken, "L-NOTREADY": died} {
		requireViolated(t, s, id)
		s.Mutations = []string{"nlc.markLevelTriggered"}
		requireHolds(t, s, id)
	}
}
