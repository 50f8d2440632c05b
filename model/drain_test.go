package model_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
)

var (
	keepOne  = model.Disruption{Limit: model.MinAvailable, Value: 1}
	keepAll  = model.Disruption{Limit: model.MaxUnavailable, Value: 0}
	spareOne = model.Disruption{Limit: model.MaxUnavailable, Value: 1}
)

// drained is a scenario in which one of two nodes is drained.
func drained(replicas int, d model.Disruption, more ...model.Fault) model.Scenario {
	s := model.Scenario{Name: "web", Replicas: replicas, Nodes: 2, Lag: 1, Start: model.StartRunning, Disruption: d, Faults: model.Budget{model.DrainNode: 1}}
	for _, f := range more {
		s.Faults[f]++
	}
	return s
}

// What is claimed of a drain holds, and the steps are taken that it speaks of.
func TestDrain(t *testing.T) {
	long(t)
	throughBudget := []string{"User.Drain", "Drain.List", "Drain.Evict", "Eviction.Delete", "Disruption.Compute", "Disruption.Write"}
	beside := drained(1, spareOne)
	beside.Nodes, beside.BarePods, beside.Start, beside.Lag = 1, 1, model.StartEmpty, 0
	for _, c := range []struct {
		name   string
		s      model.Scenario
		states uint64 // 0: not counted
		orbits uint64
		taken  []string
		claims []string
	}{
		{"one of two has to stay", drained(2, keepOne), 0, 32_970, throughBudget, []string{"P-PDB", "P-PDB-H", "L-DRAIN"}},
		{"without a budget", drained(1, model.Disruption{}), 5202, 2601, throughBudget[:3], []string{"L-DRAIN"}},
		{"all have to stay", drained(2, keepAll), 99, 50, throughBudget[:2], []string{"P-PDB"}},
		{"the controller manager restarts", drained(1, spareOne, model.Restart), 12_740, 6370, throughBudget, []string{"P-PDB", "P-PDB-H", "L-DRAIN"}},
		{"cordoned and back", model.Scenario{Replicas: 1, Nodes: 2, Lag: 1, Faults: model.Budget{model.Cordon: 2, model.Uncordon: 1}}, 5880, 2952, []string{"User.Cordon", "User.Uncordon"}, []string{"L-READY"}},
		{"the node crashes", drained(1, spareOne, model.NodeCrash), 0, 42_092, throughBudget, []string{"P-PDB"}},
		{"another node is cordoned for a time", drained(1, spareOne, model.Cordon, model.Uncordon), 0, 50_785, throughBudget, []string{"P-PDB", "P-PDB-H"}},
		{"beside a pod of a user", beside, 2280, 2280, throughBudget, []string{"P-PDB", "P-PDB-H"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := build(t, c.s)
			r := run(t, m, check.Options{Symmetry: true})
			require.NoError(t, r.Err())
			for _, id := range c.claims {
				require.Equal(t, check.Holds, r.Result(id).Verdict, id)
				require.False(t, r.Result(id).Vacuous, id)
			}
			for _, a := range r.Actions {
				if slices.Contains(throughBudget, a.Name) || slices.Contains(c.taken, a.Name) {
					require.Equal(t, slices.Contains(c.taken, a.Name), a.Taken > 0, a.Name)
				}
			}
			require.Equal(t, c.orbits, r.Stats.Distinct, "orbits")
			if c.states > 0 {
				full := run(t, m, check.Options{})
				require.NoError(t, full.Err())
				require.Equal(t, c.states, full.Stats.Distinct, "states")
			}
		})
	}
}

// A budget guarantees what its status allows, whatever happens. That pods stay
// ready rests on nothing else making them unready: the status lags behind.
func TestStatusLagsBehindReadiness(t *testing.T) {
	for _, f := range []model.Fault{model.NodeCrash, model.PodDelete, model.Scale} {
		s := drained(2, keepOne, f)
		m := build(t, s, "P-PDB-H")
		require.Contains(t, m.WhyUnclaimed("P-PDB-H"), "its assumption fails")
		require.Equal(t, check.Violated, run(t, m, check.Options{Symmetry: true}).Results[0].Verdict, f)
	}
}

// The disruption controller drops the entry of an evicted pod that its cache
// does not show yet, and counts the pod as healthy once it sees it. So three
// pods are evicted at once where one has to stay, by evictions alone. It would
// not happen if the controller kept such entries.
func TestEvictedBeforeItIsSeen(t *testing.T) {
	long(t)
	s := model.Scenario{Replicas: 3, Nodes: 1, Lag: 3, Disruption: keepOne, Pods: 3, Faults: model.Budget{model.DrainNode: 1}}
	m := build(t, s, "P-PDB-H")
	require.Contains(t, m.WhyUnclaimed("P-PDB-H"), "before the disruption controller sees it")
	// No pod ends, and the drain begins when all are running: fewer states.
	m.Actions = slices.DeleteFunc(m.Actions, func(a check.Action[model.State]) bool {
		return slices.Contains([]string{"Tick", "Kubelet.Stop", "Kubelet.ReportTerminal"}, a.Name)
	})
	change(m, "User.Drain", func(from *model.State, next []model.State) []model.State {
		if slices.ContainsFunc(from.Pods[:3], func(p model.Pod) bool { return !p.Ready }) {
			return nil
		}
		return next
	})
	require.Equal(t, check.Violated, run(t, m, check.Options{Symmetry: true}).Results[0].Verdict)

	change(m, "Disruption.Write", func(from *model.State, next []model.State) []model.State {
		for k := range next {
			for i := range from.Pods {
				next[k].Pods[i].Disrupted = from.Pods[i].Disrupted
			}
		}
		return next
	})
	repaired := run(t, m, check.Options{Symmetry: true})
	require.ErrorIs(t, repaired.Results[0].Reason, check.ErrBound, "there are no replacements, to have fewer states")
	require.Equal(t, uint64(22_761), repaired.Stats.Distinct, "all others")
}

// change replaces what an action leads to.
func change(m *model.Model, action string, f func(from *model.State, next []model.State) []model.State) {
	i := slices.IndexFunc(m.Actions, func(a check.Action[model.State]) bool { return a.Name == action })
	next := m.Actions[i].NextInPlace
	m.Actions[i].NextInPlace = func(dst []model.State, s *model.State) []model.State {
		return append(dst, f(s, next(nil, s))...)
	}
}

// A drain evicts by name: what the user has created meanwhile under the name of
// a listed pod is deleted in its place.
func TestDrainEvictsByName(t *testing.T) {
	long(t)
	s := model.Scenario{Nodes: 1, BarePods: 1, Lag: 1, Faults: model.Budget{model.DrainNode: 1, model.PodDelete: 1}}
	require.Equal(t, check.Holds, run(t, build(t, s, "P-DEL-TARGET-DRAIN"), check.Options{}).Results[0].Verdict)
	s.Faults[model.PodRecreate] = 1
	require.Equal(t, check.Violated, run(t, build(t, s, "P-DEL-TARGET-DRAIN"), check.Options{}).Results[0].Verdict, "hazard B11")
	r := run(t, build(t, s), check.Options{Symmetry: true})
	require.NoError(t, r.Err())
	require.Equal(t, uint64(17_266), r.Stats.Distinct)
}

// Which pods an eviction deletes without taking from a budget that has nothing
// to give.
func TestEvictionWithoutBudget(t *testing.T) {
	long(t)
	const pending, ready, needed, spare = "pending", "ready", "not ready, and the status is not met", "not ready, and the status is met"
	kind := func(s *model.State, p *model.Pod) string {
		switch {
		case p.Phase == model.Pending:
			return pending
		case p.Ready:
			return ready
		case s.PDB.Met:
			return spare
		}
		return needed
	}
	crash := drained(1, keepAll, model.NodeCrash)
	crash.Toleration = model.TolerateForever
	always, empty, healthy := crash, drained(1, keepAll), crash
	always.Disruption.AlwaysAllow = true
	empty.Start = model.StartEmpty
	healthy.Replicas, healthy.Disruption = 2, keepOne
	for _, c := range []struct {
		name string
		s    model.Scenario
		kind string
		want check.Verdict
	}{
		{"a pending pod", empty, pending, check.Violated},
		{"a ready pod", empty, ready, check.Holds},
		{"an unready pod, by policy", always, needed, check.Violated},
		{"an unready pod that is needed", crash, needed, check.Holds},
		{"an unready pod whose status is old", crash, spare, check.Violated},
		{"an unready pod beside enough healthy ones", healthy, spare, check.Violated},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := build(t, c.s, "P-PDB")
			m.Properties = append(m.Properties, check.TransitionInPlace("stays", func(from, to *model.State) bool {
				for i := range to.Pods {
					a, b := &from.Pods[i], &to.Pods[i]
					if a.Active() && !b.Active() && kind(from, a) == c.kind {
						return false
					}
				}
				return true
			}, "Drain.Evict"))
			r := run(t, m, check.Options{Symmetry: true})
			require.Equal(t, c.want, r.Result("stays").Verdict)
		})
	}
}

// A drain is not atomic with the scheduler: a pod that was assumed on the node
// before it was cordoned is bound to it after the list.
func TestPodArrivesAfterTheList(t *testing.T) {
	s := drained(1, model.Disruption{})
	s.Start = model.StartEmpty
	m := build(t, s, "P-RV")
	m.Properties = append(m.Properties, check.Reachable("missed", func(s model.State) bool {
		for i := range s.Pods {
			if p := &s.Pods[i]; p.Stored() && p.Ready && p.Drain == model.NotDrained {
				n := s.Nodes[p.Node-1]
				return n.Unschedulable && !n.Draining
			}
		}
		return false
	}))
	r := run(t, m, check.Options{Symmetry: true})
	require.Equal(t, check.Holds, r.Result("missed").Verdict)
	after := 0
	for _, step := range r.Result("missed").Trace.Stem {
		switch {
		case step.Action == "Drain.List":
			after++
		case step.Action == "Scheduler.Bind" && after == 0:
			t.Fatal("bound before the list")
		}
	}
	require.Equal(t, 1, after)
}

// A drain asks for ever where the budget allows nothing, or nothing any more.
func TestDrainMayNeverEnd(t *testing.T) {
	alone := drained(2, keepOne)
	alone.Nodes = 1 // the replacements have nowhere to go
	for _, s := range []model.Scenario{drained(2, keepAll), alone} {
		m := build(t, s, "L-DRAIN", "P-PDB")
		require.NotEmpty(t, m.WhyUnclaimed("L-DRAIN"))
		require.Equal(t, check.Violated, run(t, m, check.Options{Symmetry: true}).Result("L-DRAIN").Verdict)
	}
	m := build(t, drained(1, model.Disruption{}), "L-DRAIN")
	m.Actions = slices.DeleteFunc(m.Actions, func(a check.Action[model.State]) bool { return a.Name == "Drain.Evict" })
	require.Equal(t, check.Violated, run(t, m, check.Options{Symmetry: true}).Results[0].Verdict, "nobody asks")
}

// Evictions that the API server must not accept are noticed.
func TestBudgetNotices(t *testing.T) {
	for _, c := range []struct {
		name  string
		d     model.Disruption
		wrong func(*model.State, *model.Pod)
	}{
		{"takes nothing", spareOne, func(_ *model.State, p *model.Pod) { p.Disrupted = true }},
		{"takes where nothing is left", keepAll, func(_ *model.State, p *model.Pod) { p.Disrupted = true }},
		{"leaves no entry", spareOne, func(s *model.State, _ *model.Pod) { s.PDB.Allowed = 0 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := build(t, drained(1, c.d), "P-PDB")
			change(m, "Drain.Evict", func(from *model.State, _ []model.State) (next []model.State) {
				for i := range from.Pods {
					if s := *from; s.Pods[i].Drain == model.Listed {
						s.Pods[i].Drain = model.Admitted
						c.wrong(&s, &s.Pods[i])
						next = append(next, s)
					}
				}
				return next
			})
			require.Equal(t, check.Violated, run(t, m, check.Options{}).Results[0].Verdict)
		})
	}
}
