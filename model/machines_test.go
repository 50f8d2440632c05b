package model_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
)

// The scenarios of Nodes that come and go, of kubelets that restart, and of
// nodes with room for one pod each. All that is claimed of them holds, and what
// they are about happens.
func TestMachines(t *testing.T) {
	long(t)
	one := [model.MaxNodes]uint8{1, 1}
	for _, c := range []struct {
		name     string
		s        model.Scenario
		states   uint64 // orbits under symmetry
		taken    []string
		notTaken []string
	}{
		{name: "a user deletes a Node whose kubelet lives on",
			s:        model.Scenario{Replicas: 1, Nodes: 2, Faults: model.Budget{model.NodeDelete: 1}},
			states:   365,
			taken:    []string{"PodGC.Sweep", "PodGC.Fail", "PodGC.Delete"},
			notTaken: []string{"Kubelet.Register"}}, // it has registered
		{name: "it restarts, and the Node returns",
			s:      model.Scenario{Replicas: 1, Nodes: 1, Faults: model.Budget{model.NodeDelete: 1, model.KubeletRestart: 1}},
			states: 26_581,
			taken:  []string{"PodGC.Sweep", "Kubelet.Register", "NodeLifecycle.TaintNoSchedule"}},
		{name: "the Node of a user's pod returns",
			s:      model.Scenario{BarePods: 1, Nodes: 1, Faults: model.Budget{model.NodeDelete: 1, model.KubeletRestart: 1}},
			states: 4763,
			taken:  []string{"PodGC.Sweep", "Kubelet.Register"}},
		{name: "the Node of a machine that is off is deleted, and the machine boots",
			s:      model.Scenario{Replicas: 1, Nodes: 1, Faults: model.Budget{model.NodeCrash: 1, model.NodeDelete: 1, model.NodeReturn: 1}},
			states: 207_053,
			taken:  []string{"PodGC.Delete", "Kubelet.Register", "Kubelet.Heartbeat"}},
		{name: "the Node of a machine that is cut off is deleted",
			s:        model.Scenario{Replicas: 1, Nodes: 2, Faults: model.Budget{model.Partition: 1, model.NodeDelete: 1}},
			states:   9217,
			taken:    []string{"PodGC.Delete", "TaintEviction.Delete"},
			notTaken: []string{"Kubelet.Register"}},
		{name: "v1.9: no quarantine, no phase",
			s:        model.Scenario{Version: model.V1_9, Replicas: 1, Nodes: 1, Faults: model.Budget{model.NodeDelete: 1, model.KubeletRestart: 1}},
			states:   48_898,
			taken:    []string{"PodGC.Sweep", "PodGC.Delete", "Kubelet.Register"},
			notTaken: []string{"PodGC.Fail"}},
		{name: "a machine is said to be off for good",
			s:      model.Scenario{Replicas: 1, Nodes: 2, Faults: model.Budget{model.NodeCrash: 1, model.OutOfService: 1}},
			states: 532,
			taken:  []string{"User.TaintOutOfService", "PodGC.Sweep", "PodGC.Fail", "PodGC.Delete"}},
		{name: "a kubelet restarts while a pod ends",
			s:      model.Scenario{Replicas: 1, Nodes: 1, Faults: model.Budget{model.KubeletRestart: 1, model.PodDelete: 1}},
			states: 591,
			taken:  []string{"Fault.RestartKubelet", "Kubelet.FinalDelete"}},
		{name: "room for one pod each, and a pod is deleted",
			s:        model.Scenario{Replicas: 2, Nodes: 2, Capacity: one, Faults: model.Budget{model.PodDelete: 1}},
			states:   133,
			taken:    []string{"Scheduler.Bind", "Kubelet.FinalDelete"},
			notTaken: []string{"Kubelet.Reject"}},
		{name: "room for one pod each, and a node fails",
			s:        model.Scenario{Replicas: 2, Nodes: 2, Capacity: one, Faults: model.Budget{model.NodeCrash: 1}},
			states:   54,
			taken:    []string{"TaintEviction.Delete", "ReplicaSet.Create"},
			notTaken: []string{"Scheduler.Bind"}}, // the other one is full
	} {
		t.Run(c.name, func(t *testing.T) {
			c.s.Lag, c.s.Start = 1, model.StartRunning
			r := run(t, build(t, c.s), check.Options{Symmetry: true})
			require.NoError(t, r.Err())
			require.Equal(t, c.states, r.Stats.Distinct)
			for _, res := range r.Results {
				if slices.Contains([]string{"P-GC-SAFE", "P-CAP", "P-ADMIT", "P-NORESTART", "L-ORPHAN", "L-STOP"}, res.Property) {
					require.False(t, res.Vacuous, res.Property)
				}
			}
			taken := map[string]uint64{}
			for _, a := range r.Actions {
				taken[a.Name] = a.Taken
			}
			for _, name := range c.taken {
				require.NotZero(t, taken[name], name)
			}
			for _, name := range c.notTaken {
				require.Zero(t, taken[name], name)
			}
		})
	}
}

// More ways than those of Hazards to break what the machines' claims call not
// guaranteed; each holds where its cause is taken away.
func TestMachinesNotGuaranteed(t *testing.T) {
	long(t)
	for _, c := range []struct {
		name, id   string
		s          model.Scenario
		prevention func(s *model.Scenario)
	}{
		{"B30: a restarted kubelet starts a pod that is gone", "P-NAME-RUN",
			model.Scenario{BarePods: 1, Nodes: 2, Faults: model.Budget{model.KubeletRestart: 1, model.PodDelete: 1, model.PodRecreate: 1},
				Mutations: []string{"reflector.firstListStale"}},
			func(s *model.Scenario) { s.Mutations = nil }},
		{"the room of a pod is given away before its container stops", "P-CAP-RUN",
			model.Scenario{Replicas: 1, Nodes: 1, Capacity: [model.MaxNodes]uint8{1}, Pods: 4, Faults: model.Budget{model.NodeDelete: 1, model.KubeletRestart: 1}},
			func(s *model.Scenario) { s.Faults[model.NodeDelete] = 0 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.s.Lag = 1
			m := build(t, c.s, c.id)
			require.True(t, m.WhyUnclaimed(c.id) != "" || len(c.s.Mutations) > 0)
			require.Equal(t, check.Violated, run(t, m, check.Options{Symmetry: true}).Results[0].Verdict)
			c.prevention(&c.s)
			require.Equal(t, check.Holds, run(t, build(t, c.s, c.id), check.Options{Symmetry: true}).Results[0].Verdict)
		})
	}
}

// A container can run without an object, and an object can say Running without
// a container. A machine that was cut off stops the container of a pod that was
// force-deleted meanwhile, once it hears of it.
func TestContainersAndObjects(t *testing.T) {
	long(t)
	s := model.Scenario{Replicas: 1, Nodes: 1, Lag: 1, Start: model.StartRunning,
		Faults: model.Budget{model.Partition: 1, model.NodeDelete: 1, model.Heal: 1, model.PodDelete: 1}}
	m := build(t, s, "L-STOP")
	pod := func(f func(s *model.State, p *model.Pod) bool) func(model.State) bool {
		return func(s model.State) bool {
			for i := range s.Pods {
				if f(&s, &s.Pods[i]) {
					return true
				}
			}
			return false
		}
	}
	m.Properties = append(m.Properties,
		check.Reachable("an object without a container", pod(func(_ *model.State, p *model.Pod) bool {
			return p.Stored() && p.Phase == model.Running && p.Container == model.Stopped
		})),
		check.Reachable("a container without an object", pod(func(s *model.State, p *model.Pod) bool {
			return p.Object == model.Removed && p.Container == model.Started && s.Nodes[0].Link == model.Partitioned
		})),
		check.Reachable("that stops", pod(func(_ *model.State, p *model.Pod) bool {
			return p.Object == model.Removed && p.Seen == model.SeenGone && p.Container == model.Started
		})),
	)
	require.NoError(t, run(t, m, check.Options{}).Err())
}

// A kubelet refuses a pod for which it has no room: pod GC has failed the pod
// before it, and the scheduler takes that for room, while the container still
// runs. The ReplicaSet controller replaces a refused pod at once, with one that
// is refused as well (hazard B50): no number of pods is enough.
func TestKubeletRefuses(t *testing.T) {
	s := model.Scenario{Replicas: 1, Nodes: 1, Lag: 1, Start: model.StartRunning, Capacity: [model.MaxNodes]uint8{1}, Pods: 4,
		Faults: model.Budget{model.NodeDelete: 1, model.KubeletRestart: 1}}
	m := build(t, s, "P-ADMIT")
	r := run(t, m, check.Options{Symmetry: true})
	require.ErrorIs(t, r.Results[0].Reason, check.ErrBound)
	for _, a := range r.Actions {
		require.False(t, a.Name == "Kubelet.Reject" && a.Taken == 0)
	}
	admit := check.Action[model.State]{Name: "Sabotage", Next: func(dst []model.State, s model.State) []model.State {
		for i := range s.Pods {
			if p := &s.Pods[i]; p.Stored() && p.Node != 0 && p.Seen == model.Unseen {
				p.Seen, p.Container = model.SeenLive, model.Started
				return append(dst, s)
			}
		}
		return dst
	}}
	m.Actions = append(m.Actions, admit)
	require.Equal(t, check.Violated, run(t, m, check.Options{Symmetry: true}).Results[0].Verdict)
}

// A timer of the taint eviction controller outlives the Node that it was armed
// for, even one that was ready again: only a Node of the same name without the
// taint cancels it. So a pod may be evicted from a node that was never held not
// ready for a whole toleration.
func TestTimerOutlivesNode(t *testing.T) {
	long(t)
	s := model.Scenario{Replicas: 1, Nodes: 2, Lag: 1, Start: model.StartRunning,
		Faults: model.Budget{model.Partition: 1, model.Heal: 1, model.NodeDelete: 1}}
	m := build(t, s, "P-EVICT-WHY")
	m.Properties = append(m.Properties, check.Reachable("a timer fires early", func(s model.State) bool {
		for i := range s.Pods {
			if p := &s.Pods[i]; p.Timer == model.Fired && s.Nodes[p.Node-1].NotReady < 2 {
				return true
			}
		}
		return false
	}))
	require.NoError(t, run(t, m, check.Options{Symmetry: true}).Err())
}

// A container that was ended is started again only by a planted bug.
func TestEndedContainers(t *testing.T) {
	s := model.Scenario{Replicas: 1, Nodes: 1, Lag: 1, Start: model.StartRunning, Faults: model.Budget{model.PodDelete: 1, model.KubeletRestart: 1},
		Mutations: []string{"kubelet.restartTerminated"}}
	require.Equal(t, check.Violated, run(t, build(t, s, "P-NORESTART"), check.Options{}).Results[0].Verdict)
}

// Where room is short a pod may wait for ever, and nothing is claimed of it: when
// nodes fail, break or take no more pods, and when pods that nobody owns stay.
func TestShortOfRoom(t *testing.T) {
	full := model.Scenario{Replicas: 2, Nodes: 2, Lag: 1, Start: model.StartRunning, Capacity: [model.MaxNodes]uint8{1, 1}}
	require.Empty(t, build(t, full).WhyUnclaimed("L-READY"))
	for _, faults := range []model.Budget{
		{model.NodeCrash: 1}, {model.NodeBreak: 1}, {model.DrainNode: 1}, {model.Cordon: 1, model.PodDelete: 1}, {model.Relabel: 1}, {model.Scale: 1},
	} {
		s := full
		s.Faults = faults
		t.Run(faults.String(), func(t *testing.T) {
			require.NotEmpty(t, build(t, s).WhyUnclaimed("L-READY"))
			requireViolated(t, s, "L-READY")
		})
	}
	full.Capacity = [model.MaxNodes]uint8{2, 2}
	full.Faults = model.Budget{model.DrainNode: 1}
	require.Empty(t, build(t, full).WhyUnclaimed("L-READY"))
	requireHolds(t, full, "L-READY")
}

// A pod on a node whose runtime has failed does not end, and its owner waits.
func TestOwnerOfPodsOnBrokenNodes(t *testing.T) {
	for _, p := range []model.Propagation{model.PropagateBackground, model.PropagateForeground} {
		requireHolds(t, model.Scenario{Replicas: 1, Nodes: 1, Lag: 1, Start: model.StartRunning, Propagation: p,
			Faults: model.Budget{model.NodeBreak: 1, model.NodeRepair: 1, model.OwnerDelete: 1}}, "L-OWNER")
	}
}
