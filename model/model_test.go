package model_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
)

// small is a scenario with every process at work: two replicas, a node that
// fails, a pod that is deleted, a controller manager that restarts.
var small = model.Scenario{
	Name: "web", Replicas: 2, Nodes: 2, Lag: 1, Start: model.StartRunning,
	Faults: model.Budget{model.NodeCrash: 1, model.Restart: 1, model.PodDelete: 1},
}

// long skips a test of many states with -short: CI runs that with the race
// detector, which ten thousand states of one scenario tell no more than a
// hundred of another.
func long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("explores many states: leave -short out")
	}
}

func run(t *testing.T, m *model.Model, o check.Options) *check.Report[model.State] {
	t.Helper()
	r, err := check.Run(context.Background(), m.Model, o)
	require.NoError(t, err)
	return r
}

func build(t *testing.T, s model.Scenario, properties ...string) *model.Model {
	t.Helper()
	m, err := model.New(s, properties...)
	require.NoError(t, err)
	return m
}

func TestClaimsHoldInSmallScenarios(t *testing.T) {
	with := func(change func(s *model.Scenario)) model.Scenario {
		s := small
		s.Replicas = 1
		change(&s)
		return s
	}
	for name, s := range map[string]model.Scenario{
		"two replicas": small,
		"from empty":   with(func(s *model.Scenario) { s.Start = model.StartEmpty }),
		"lag 2":        with(func(s *model.Scenario) { s.Lag = 2 }),
		"lag 0":        with(func(s *model.Scenario) { s.Lag = 0 }),
		"three nodes": with(func(s *model.Scenario) {
			s.Nodes, s.Faults[model.PodDelete] = 3, 0
		}),
		"node returns": with(func(s *model.Scenario) { s.Faults = model.Budget{model.NodeCrash: 1, model.NodeReturn: 1} }),
		"partition heals": with(func(s *model.Scenario) {
			s.Faults = model.Budget{model.Partition: 1, model.Heal: 1}
		}),
		"scale":          with(func(s *model.Scenario) { s.Faults = model.Budget{model.Scale: 1, model.Restart: 1} }),
		"tolerates less": with(func(s *model.Scenario) { s.Toleration = model.TolerateShorter }),
		"tolerates ever": with(func(s *model.Scenario) { s.Toleration = model.TolerateForever }),
		"no grace":       with(func(s *model.Scenario) { s.NoGrace = true }),
		"all nodes fail": with(func(s *model.Scenario) { s.Faults = model.Budget{model.NodeCrash: 2} }),
		"v1.9":           with(func(s *model.Scenario) { s.Version = model.V1_9 }),
		"v1.9, partition": with(func(s *model.Scenario) {
			s.Version, s.Faults = model.V1_9, model.Budget{model.Partition: 1, model.Heal: 1}
		}),
		"a user's pod": {Name: "web", Nodes: 1, BarePods: 1, Lag: 1,
			Faults: model.Budget{model.PodDelete: 1, model.PodRecreate: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && name == "two replicas" {
				t.Skip("the largest of them")
			}
			r := run(t, build(t, s), check.Options{Symmetry: true, Continue: true})
			require.NoError(t, r.Err())
			require.NotEmpty(t, r.Results)
		})
	}
}

// The counts say that nobody changed the model without noticing. A change is
// accepted by editing the number, with the reason in the commit.
func TestStateCounts(t *testing.T) {
	for _, c := range []struct {
		name                string
		s                   model.Scenario
		states, orbits      uint64
		generated, quotient uint64
		depth               int
	}{
		{name: "one replica, one node, nothing fails",
			s:      model.Scenario{Replicas: 1, Nodes: 1, Lag: 1},
			states: 24, orbits: 24, generated: 37, quotient: 37, depth: 13},
		{name: "a pod is deleted",
			s:      model.Scenario{Replicas: 1, Nodes: 1, Lag: 1, Faults: model.Budget{model.PodDelete: 1}},
			states: 560, orbits: 560, generated: 1415, quotient: 1415, depth: 31},
		{name: "a node fails",
			s:      model.Scenario{Replicas: 1, Nodes: 2, Lag: 1, Start: model.StartRunning, Faults: model.Budget{model.NodeCrash: 1}},
			states: 180, orbits: 90, generated: 298, quotient: 150, depth: 28},
		{name: "a node fails, v1.9",
			s:      model.Scenario{Version: model.V1_9, Replicas: 2, Nodes: 2, Lag: 1, Start: model.StartRunning, Faults: model.Budget{model.NodeCrash: 1}},
			states: 959, orbits: 313, generated: 2019, quotient: 637, depth: 42},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := build(t, c.s)
			full, quotient := run(t, m, check.Options{}), run(t, m, check.Options{Symmetry: true})
			require.NoError(t, full.Err())
			require.NoError(t, quotient.Err())
			require.Equal(t, [5]uint64{c.states, c.orbits, c.generated, c.quotient, uint64(c.depth)},
				[5]uint64{full.Stats.Distinct, quotient.Stats.Distinct, full.Stats.Generated, quotient.Stats.Generated, uint64(quotient.Stats.Depth)},
				"states, orbits, steps, steps between orbits, levels")
		})
	}
}

// Each planted bug is noticed by the property that the catalogue names, and by
// a trace that the validator accepts (Run rejects any other).
func TestMutationsAreKilled(t *testing.T) {
	long(t)
	for _, mutation := range model.Mutations() {
		t.Run(mutation.Name, func(t *testing.T) {
			s := mutation.Scenario
			sound := run(t, build(t, s, mutation.KilledBy), check.Options{Symmetry: true})
			require.Equal(t, check.Holds, sound.Results[0].Verdict, "without the bug: %v", sound.Results[0].Reason)

			s.Mutations = []string{mutation.Name}
			for _, symmetry := range []bool{false, true} {
				r := run(t, build(t, s, mutation.KilledBy), check.Options{Symmetry: symmetry})
				require.Equal(t, check.Violated, r.Results[0].Verdict, "symmetry %v: %v", symmetry, r.Results[0].Reason)
			}
		})
	}
}

// Properties that no mutation of the catalogue breaks are seen failing here: by
// an action that does what nobody may do, or without one that somebody owes.
func TestPropertiesNotice(t *testing.T) {
	long(t)
	type state = model.State
	pods := func(s state, f func(p *model.Pod) bool) (state, bool) {
		for i := range s.Pods {
			if s.Pods[i].Object != model.Unused && f(&s.Pods[i]) {
				return s, true
			}
		}
		return s, false
	}
	for name, sabotage := range map[string]func(p *model.Pod) bool{
		"P-NOREVIVE": func(p *model.Pod) bool {
			marked := p.Terminating()
			p.Deletion = model.Unmarked
			return marked
		},
		"P-NOREVIVE a container": func(p *model.Pod) bool {
			gone := p.Object == model.Removed
			p.Container = model.Started
			return gone
		},
		"P-UID": func(p *model.Pod) bool {
			gone := p.Object == model.Removed
			p.Object = model.Stored
			return gone
		},
		"P-DT": func(p *model.Pod) bool {
			marked := p.Stored() && p.Deletion == model.Immediate
			p.Deletion = model.Graceful
			return marked
		},
		"P-NODE1": func(p *model.Pod) bool {
			bound := p.Stored() && p.Node != 0
			p.Node = 3 - p.Node
			return bound
		},
		"P-NOBIND-T": func(p *model.Pod) bool {
			marked := p.Terminating() && p.Node == 0
			p.Node = 1
			return marked
		},
		"P-PHASE": func(p *model.Pod) bool {
			final := p.Stored() && p.Phase == model.Terminal
			p.Phase = model.Running
			return final
		},
	} {
		t.Run(name, func(t *testing.T) {
			id, _, _ := strings.Cut(name, " ")
			m := build(t, small, id)
			m.Actions = append(m.Actions, check.Action[state]{Name: "Sabotage", Next: func(dst []state, s state) []state {
				if bad, ok := pods(s, sabotage); ok {
					dst = append(dst, bad)
				}
				return dst
			}})
			require.Equal(t, check.Violated, run(t, m, check.Options{}).Results[0].Verdict)
		})
	}
	without := func(id, action string, s model.Scenario) {
		t.Run(id+" without "+action, func(t *testing.T) {
			m := build(t, s, id)
			n := len(m.Actions)
			m.Actions = slices.DeleteFunc(m.Actions, func(a check.Action[state]) bool { return a.Name == action })
			require.Len(t, m.Actions, n-1)
			require.Equal(t, check.Violated, run(t, m, check.Options{Symmetry: true}).Results[0].Verdict)
		})
	}
	one := small
	one.Replicas = 1
	without("ESR", "ReplicaSet.Create", one)
	without("L-READY", "Kubelet.Start", one)
	without("L-EVICT", "TaintEviction.Delete", one)
	without("L-GONE", "Kubelet.FinalDelete", one)
	crash := one
	crash.Faults = model.Budget{model.NodeCrash: 1}
	without("W-EIGHT", "NodeLifecycle.TaintNoExecute", crash)
	returning := one
	returning.Faults = model.Budget{model.NodeCrash: 1, model.NodeReturn: 1}
	without("L-BACK", "NodeLifecycle.Untaint", returning)

	t.Run("P-REPL", func(t *testing.T) {
		m := build(t, small, "P-REPL")
		i := slices.IndexFunc(m.Actions, func(a check.Action[state]) bool { return a.Name == "ReplicaSet.Create" })
		m.Actions[i].NextInPlace, m.Actions[i].Needs = nil, 0
		m.Actions[i].Next = func(dst []state, s state) []state {
			if bad, ok := pods(s, func(p *model.Pod) bool {
				gone := p.Object == model.Removed
				p.Object = model.Stored
				return gone
			}); ok {
				dst = append(dst, bad)
			}
			return dst
		}
		require.Equal(t, check.Violated, run(t, m, check.Options{}).Results[0].Verdict)
	})
	t.Run("P-UNDER", func(t *testing.T) {
		s := model.Scenario{Replicas: 2, Nodes: 1, Lag: 1, Start: model.StartRunning, Faults: model.Budget{model.PodDelete: 1, model.Scale: 1},
			Mutations: []string{"rs.countTerminating"}}
		require.Equal(t, check.Violated, run(t, build(t, s, "P-UNDER"), check.Options{Symmetry: true}).Results[0].Verdict)
	})
}

// What the reference calls not guaranteed has a counterexample in the true model.
func TestNotGuaranteed(t *testing.T) {
	s := model.Scenario{Replicas: 1, Nodes: 2, Lag: 1, Start: model.StartRunning, Faults: model.Budget{model.NodeCrash: 1, model.Restart: 1}}
	s.Toleration = model.TolerateForever // otherwise the pods are evicted in the end, ready or not
	r := run(t, build(t, s, "L-NOTREADY"), check.Options{Symmetry: true})
	require.Equal(t, check.Violated, r.Results[0].Verdict, "hazard B16")
	s.Faults[model.Restart] = 0
	r = run(t, build(t, s, "L-NOTREADY"), check.Options{Symmetry: true})
	require.Equal(t, check.Holds, r.Results[0].Verdict, "without a restart nobody forgets")

	stale := model.Scenario{Version: model.V1_9, Replicas: 1, Nodes: 1, Lag: 1, Faults: model.Budget{model.Restart: 1}}
	r = run(t, build(t, stale, "P-OVER2"), check.Options{Symmetry: true})
	require.Equal(t, check.Violated, r.Results[0].Verdict, "1.9: a restart on a stale list creates again")
	r = run(t, build(t, model.Scenario{Version: model.V1_37, Replicas: 1, Nodes: 1, Lag: 1, Faults: model.Budget{model.Restart: 1}}, "P-OVER2"), check.Options{Symmetry: true})
	require.Equal(t, check.Holds, r.Results[0].Verdict)
}

// In 1.9 a binding names a pod, not its UID.
func TestBindingByName(t *testing.T) {
	s := model.Scenario{Version: model.V1_9, Nodes: 1, BarePods: 1, Lag: 1, Faults: model.Budget{model.PodDelete: 1, model.PodRecreate: 1}}
	require.NotEmpty(t, build(t, s).WhyUnclaimed("P-BIND-UID"))
	require.Equal(t, check.Violated, run(t, build(t, s, "P-BIND-UID"), check.Options{}).Results[0].Verdict)
}

// Three dead nodes of four are a partial disruption: nothing is evicted, and
// what rests on eviction is neither true nor claimed.
func TestPartialDisruption(t *testing.T) {
	long(t)
	s := model.Scenario{Replicas: 1, Nodes: 4, Lag: 1, Start: model.StartRunning, Faults: model.Budget{model.NodeCrash: 3}}
	require.NotEmpty(t, build(t, s).WhyUnclaimed("L-EVICT"))
	require.Equal(t, check.Violated, run(t, build(t, s, "L-EVICT"), check.Options{Symmetry: true}).Results[0].Verdict)
}

// What has nothing to say in a scenario is vacuous when it is asked for.
func TestVacuity(t *testing.T) {
	long(t)
	s := small
	s.Replicas = 1
	for _, id := range []string{"P-UNDER", "P-FULL", "P-CANCEL"} {
		require.True(t, run(t, build(t, s, id), check.Options{Symmetry: true}).Results[0].Vacuous, id)
	}
	for _, res := range run(t, build(t, s), check.Options{Symmetry: true}).Results {
		require.False(t, res.Vacuous, res.Property)
	}
}

// The story in its full size: eight pods listed, five of them running on the
// surviving node, three Unknown (1.9) or Terminating (1.37).
func TestEightPodsListed(t *testing.T) {
	long(t)
	for version, status := range map[model.Version]string{model.V1_9: "Unknown", model.V1_37: "Terminating"} {
		t.Run(version.String(), func(t *testing.T) {
			s := model.Scenario{Name: "replicaset-exp", Version: version, Replicas: 5, Nodes: 2, Lag: 1, Start: model.StartRunning,
				Faults: model.Budget{model.NodeCrash: 1}}
			m := build(t, s, "W-EIGHT")
			res := run(t, m, check.Options{Symmetry: true}).Results[0]
			require.Equal(t, check.Holds, res.Verdict)
			seen := map[string]int{}
			for _, row := range m.Pods(res.Trace.Stem[len(res.Trace.Stem)-1].State) {
				seen[row.Status]++
			}
			require.Equal(t, map[string]int{"Running": 5, status: 3}, seen)
		})
	}
}

func TestScenarioValidate(t *testing.T) {
	for want, s := range map[string]model.Scenario{
		"nodes is 0":           {Replicas: 1},
		"nodes is 9":           {Replicas: 1, Nodes: 9},
		"replicas is -1":       {Replicas: -1, Nodes: 1},
		"at most 16":           {Replicas: 10000, Nodes: 1},
		"lag is 9":             {Replicas: 1, Nodes: 1, Lag: 9},
		"no leases in 1.9":     {Version: model.V1_9, Replicas: 1, Nodes: 1, Faults: model.Budget{model.LeaseStall: 1}},
		"needs 31":             {Replicas: 15, Nodes: 2, Faults: model.Budget{model.NodeCrash: 1, model.PodDelete: 1}},
		"node-crash=99":        {Replicas: 1, Nodes: 1, Faults: model.Budget{model.NodeCrash: 99}},
		`unknown mutation "x"`: {Replicas: 1, Nodes: 1, Mutations: []string{"x"}},
		"bound on pods is 17":  {Replicas: 1, Nodes: 1, Pods: 17},
		"less than the 2":      {Replicas: 2, Nodes: 1, Pods: 1},
		"disruption out":       {Replicas: 2, Nodes: 1, Disruption: model.Disruption{Limit: model.MinAvailable, Value: 101, Percent: true}},
		"1.37 only":            {Replicas: 2, Nodes: 1, Version: model.V1_9, Disruption: model.Disruption{Limit: model.MinAvailable, Value: 1}},
	} {
		_, err := model.New(s)
		require.ErrorContains(t, err, want)
	}
	_, err := model.New(small, "P-NONE")
	require.ErrorContains(t, err, `unknown property "P-NONE"`)
	_, err = model.New(small, "ESR", "ESR")
	require.ErrorContains(t, err, "twice")
}

// A bound on pod identities that is too small is a hole in the proof, and said.
func TestPodBoundIsReported(t *testing.T) {
	long(t)
	bare := model.Scenario{Nodes: 1, BarePods: 1, Lag: 1, Pods: 1, Faults: model.Budget{model.PodDelete: 1, model.PodRecreate: 1}}
	require.ErrorIs(t, run(t, build(t, bare), check.Options{}).Result("P-UID").Reason, check.ErrBound)

	s := small
	s.Pods = 3
	r := run(t, build(t, s), check.Options{Symmetry: true})
	require.Equal(t, check.Incomplete, r.Verdict())
	require.ErrorIs(t, r.Result("P-UID").Reason, check.ErrBound)
}

// Pods that do not tolerate the taint are evicted as soon as it is seen, again
// and again while the scheduler still puts their replacements on the node: no
// number of pods is enough, and no verdict is given.
func TestEvictionAtOnceIsUnbounded(t *testing.T) {
	long(t)
	s := small
	s.Replicas, s.Toleration = 1, model.TolerateNot
	r := run(t, build(t, s), check.Options{Symmetry: true})
	require.ErrorIs(t, r.Result("P-UID").Reason, check.ErrBound)
	s.Lag, s.Faults = 0, model.Budget{model.NodeCrash: 1}
	require.NoError(t, run(t, build(t, s), check.Options{Symmetry: true}).Err())
}
