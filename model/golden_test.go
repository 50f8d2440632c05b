package model_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/model"
)

// The two traces that the reference of the protocol gives as golden (appendix
// A): two replicas, one on each of two nodes, and the first node is cut off. The
// numbers are those of the reference.

// A story is a behaviour of a model, told action by action.
type story struct {
	t     *testing.T
	m     *model.Model
	state model.State
}

// tell begins with one pod on each node.
func tell(t *testing.T, version model.Version, faults model.Budget) *story {
	m := build(t, model.Scenario{Name: "web", Version: version, Replicas: 2, Nodes: 2, Lag: 1, Status: true, Start: model.StartRunning, Faults: faults})
	i := slices.IndexFunc(m.Init, func(s model.State) bool { return s.Pods[0].Node == 1 && s.Pods[1].Node == 2 })
	require.GreaterOrEqual(t, i, 0)
	return &story{t, m, m.Init[i]}
}

// enabled are the steps that can be taken, by their labels.
func (s *story) enabled() map[string]model.State {
	all := map[string]model.State{}
	for _, a := range s.m.Actions {
		for _, next := range a.Successors(nil, &s.state) {
			label := a.Name
			if a.Label != nil {
				label = a.Label(s.state, next)
			}
			all[label] = next
		}
	}
	return all
}

// does takes these steps. After each of them all caches catch up.
func (s *story) does(labels ...string) {
	s.t.Helper()
	for _, label := range labels {
		next, ok := s.enabled()[label]
		require.True(s.t, ok, "%s is not possible here, but %q", label, s.possible())
		s.state = next
		s.catchUp()
	}
}

func (s *story) catchUp() {
	for {
		all := s.possible()
		i := slices.IndexFunc(all, func(label string) bool { return strings.Contains(label, ".See") })
		if i < 0 {
			return
		}
		s.state = s.enabled()[all[i]]
	}
}

func (s *story) possible() (labels []string) {
	for label := range s.enabled() {
		labels = append(labels, label)
	}
	slices.Sort(labels)
	return labels
}

// shows asserts what kubectl get pods -o wide lists.
func (s *story) shows(rows ...string) {
	s.t.Helper()
	var got []string
	for _, p := range s.m.Pods(s.state) {
		ready := 0
		if p.Ready {
			ready = 1
		}
		got = append(got, fmt.Sprintf("%s %d/1 %s %s", p.Name, ready, p.Status, p.Node))
	}
	require.Equal(s.t, rows, got)
}

// cannot asserts that nothing of a kind is possible.
func (s *story) cannot(prefixes ...string) {
	s.t.Helper()
	for _, label := range s.possible() {
		for _, prefix := range prefixes {
			require.False(s.t, strings.HasPrefix(label, prefix), label)
		}
	}
}

// hasStatus asserts the status of the ReplicaSet.
func (s *story) hasStatus(replicas, ready uint8) {
	s.t.Helper()
	require.Equal(s.t, model.ReplicaSetStatus{Replicas: replicas, Ready: ready, Observed: true}, s.state.Owner.Status)
}

// writesStatus does so until the status is that of the cache.
func (s *story) writesStatus() {
	s.t.Helper()
	for {
		possible := s.possible()
		i := slices.IndexFunc(possible, func(label string) bool { return strings.HasSuffix(label, "Status") })
		if i < 0 {
			return
		}
		s.does(possible[i])
	}
}

var (
	replace = []string{"ReplicaSet.Decide", "ReplicaSet.Create(web-c)"}
	place   = []string{"Scheduler.Assume(web-c, node-2)", "Scheduler.Bind(web-c, node-2)"}
	start   = []string{"Kubelet.Observe(web-c)", "Kubelet.Start(web-c)", "Kubelet.ReportRunning(web-c)"}
)

// replaced tells how the ReplicaSet gets its second pod back, on the other node,
// while the first node's container runs on: 7 to 10.
func (s *story) replaced(old string) {
	s.t.Helper()
	s.does(replace...) // 7
	s.shows(old, "web-b 1/1 Running node-2", "web-c 0/1 Pending <none>")
	s.does(place...) // 8
	s.does(start...) // 9
	s.writesStatus() // 10
	s.hasStatus(2, 2)
	s.shows(old, "web-b 1/1 Running node-2", "web-c 1/1 Running node-2")
	require.Equal(s.t, model.Started, s.state.Pods[0].Container, "its container still runs")
}

// healed tells how the pod ends once its kubelet hears of its deletion: 11.
func (s *story) healed() {
	s.t.Helper()
	s.does("Fault.Heal(node-1)", "Kubelet.Heartbeat(node-1)", "Kubelet.Observe(web-a)", "Kubelet.Stop(web-a)",
		"Kubelet.ReportTerminal(web-a)", "Kubelet.FinalDelete(web-a)", "API.Remove(web-a)")
	s.shows("web-b 1/1 Running node-2", "web-c 1/1 Running node-2")
	require.NotEqual(s.t, model.Started, s.state.Pods[0].Container)
	require.Equal(s.t, model.True, s.state.Nodes[0].Ready)
}

// lost tells how the node is found not ready, and its pod with it: 1 to 4.
func (s *story) lost() {
	s.t.Helper()
	s.writesStatus()
	s.hasStatus(2, 2)
	s.does("Fault.Partition(node-1)", "Tick") // 1
	s.does("NodeLifecycle.Judge(node-1)")     // 2
	s.does("NodeLifecycle.MarkPod(web-a)")    // 3
	s.writesStatus()                          // 4
	s.hasStatus(2, 1)
	s.shows("web-a 0/1 Running node-1", "web-b 1/1 Running node-2")
	s.cannot("ReplicaSet.Decide")
}

func TestGolden1_9(t *testing.T) {
	s := tell(t, model.V1_9, model.Budget{model.Partition: 1, model.Heal: 1})
	s.lost()                                       // 1 to 4
	s.does("Tick", "NodeController.Queue(node-1)") // 5
	s.does("NodeController.Condemn(node-1)")       // 6
	s.does("NodeController.MarkLost(web-a)", "NodeController.Delete(web-a)")
	const old = "web-a 0/1 Unknown node-1"
	s.shows(old, "web-b 1/1 Running node-2")
	s.replaced(old) // 7 to 10
	s.healed()      // 11
	require.False(t, s.state.Nodes[0].Queued || s.state.Nodes[0].InSet)
	require.Empty(t, s.possible())
}

// With the replicas of both nodes lost nothing is evicted.
func TestGolden1_9BothLost(t *testing.T) {
	s := tell(t, model.V1_9, model.Budget{model.Partition: 2})
	s.lost()
	s.does("Fault.Partition(node-2)", "Tick", "NodeController.Queue(node-1)") // 5
	s.does("NodeLifecycle.Judge(node-2)", "NodeLifecycle.MarkPod(web-b)", "NodeLifecycle.EndPass")
	require.False(t, s.state.Nodes[0].Queued, "the queues are cleared")
	s.writesStatus()
	for range 4 { // the node may be queued again, and that is all
		s.cannot("NodeController.Condemn", "NodeController.Delete", "ReplicaSet")
		if slices.Contains(s.possible(), "Tick") {
			s.does("Tick")
		}
	}
	s.shows("web-a 0/1 Running node-1", "web-b 0/1 Running node-2")
}

func TestGolden1_37(t *testing.T) {
	tainted := func(t *testing.T, faults model.Budget) *story {
		s := tell(t, model.V1_37, faults)
		s.lost() // 1 to 3
		s.does("NodeLifecycle.TaintNoSchedule(node-1)")
		s.does("NodeLifecycle.TaintNoExecute(node-1)")       // 4
		require.Equal(t, model.Armed, s.state.Pods[0].Timer) // 5
		return s
	}
	const old = "web-a 0/1 Terminating node-1"
	t.Run("6a: it returns in time", func(t *testing.T) {
		s := tainted(t, model.Budget{model.Partition: 1, model.Heal: 1})
		s.does("Tick", "Fault.Heal(node-1)", "Kubelet.Heartbeat(node-1)")
		s.does("NodeLifecycle.TaintNoSchedule(node-1)", "NodeLifecycle.Untaint(node-1)")
		require.Equal(t, model.Off, s.state.Pods[0].Timer)
		require.Empty(t, s.state.Nodes[0].Taints)
		s.does("Kubelet.ReportRunning(web-a)")
		s.writesStatus()
		s.hasStatus(2, 2)
		s.shows("web-a 1/1 Running node-1", "web-b 1/1 Running node-2")
		require.Empty(t, s.possible())
	})
	t.Run("6b: it does not", func(t *testing.T) {
		s := tainted(t, model.Budget{model.Partition: 1, model.Heal: 1})
		s.does("Tick", "Tick", "TaintEviction.Delete(web-a)") // 6b
		s.shows(old, "web-b 1/1 Running node-2")
		s.replaced(old) // as (9) from 7
		s.healed()
	})
	t.Run("7: its Node is deleted", func(t *testing.T) {
		s := tainted(t, model.Budget{model.Partition: 1, model.Heal: 1, model.NodeDelete: 1})
		s.does("NodeLifecycle.EndPass", "User.DeleteNode(node-1)")
		s.does("Tick", "PodGC.Sweep(node-1)", "PodGC.Fail(web-a)")
		s.shows("web-a 0/1 Terminal node-1", "web-b 1/1 Running node-2")
		s.does("PodGC.Delete(web-a)", "API.Remove(web-a)")
		s.does(replace...)
		s.does(place...)
		s.does(start...)
		s.shows("web-b 1/1 Running node-2", "web-c 1/1 Running node-2")
		require.Equal(t, model.Started, s.state.Pods[0].Container, "its container still runs")
		s.does("Fault.Heal(node-1)", "Kubelet.Observe(web-a)", "Kubelet.Stop(web-a)")
		require.NotEqual(t, model.Started, s.state.Pods[0].Container)
	})
}
