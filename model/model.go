package model

import (
	"fmt"

	"github.com/reconverge/reconverge/check"
)

// A Model is a scenario made ready to be explored.
type Model struct {
	*check.Model[State]
	Claims []Claim // one per property of the check.Model, in its order
	y      *system
}

// New builds the model of a scenario with the properties of the given ids, or,
// if there are none, with all that Claims says are claimed of it.
func New(s Scenario, properties ...string) (*Model, error) {
	y, err := newSystem(s)
	if err != nil {
		return nil, err
	}
	m := &Model{y: y, Model: &check.Model[State]{
		Name:      s.Name,
		Init:      y.initial(),
		Actions:   y.actions(),
		Canonical: y.canonical,
		Packing:   check.Pack(pack, unpack),
		Bounds: []check.Bound[State]{{
			Name: "pod identities",
			At:   func(s State) bool { return s.used() == y.limit && (s.KCM.ToCreate > 0 || y.mayRecreate(&s)) },
		}},
	}}
	if m.Claims, err = y.claimed(properties); err != nil {
		return nil, err
	}
	for _, c := range m.Claims {
		m.Properties = append(m.Properties, c.property(y))
	}
	return m, nil
}

// actions lists what the processes of a version do, in the order of
// exploration. Everything a process owes is weakly fair; faults and users owe
// nothing.
func (y *system) actions() []check.Action[State] {
	pod, node := y.podStep, y.nodeStep
	control := y.controlActions()
	for _, a := range control {
		y.control = append(y.control, a.NextInPlace)
	}
	all := append(control,
		fair("Kubelet.Observe", y.kubeletObserve, pod),
		fair("Kubelet.Start", y.kubeletStart, pod),
		fair("Kubelet.Stop", y.kubeletStop, pod),
		fair("Kubelet.ReportRunning", y.kubeletReportRunning, pod),
		fair("Kubelet.ReportTerminal", y.kubeletReportTerminal, pod),
		fair("Kubelet.FinalDelete", y.kubeletFinalDelete, pod),
		fair("Kubelet.Heartbeat", y.kubeletHeartbeat, node),
		fair("Tick", y.tick, nil),
	)
	for _, act := range []struct {
		fault Fault
		name  string
		next  nextFunc
		label labelFunc
	}{
		{NodeCrash, "Fault.NodeCrash", y.nodeCrash, node}, {NodeReturn, "Fault.NodeReturn", y.nodeReturn, node},
		{Partition, "Fault.Partition", y.partition, node}, {Heal, "Fault.Heal", y.heal, node},
		{Restart, "Fault.RestartKCM", y.restartKCM, nil},
		{PodDelete, "User.Delete", y.userDelete, pod}, {Scale, "User.Scale", y.userScale, nil},
		{PodRecreate, "User.Recreate", y.userRecreate, pod},
	} {
		if y.Faults[act.fault] > 0 {
			all = append(all, check.Action[State]{Name: act.name, Fair: check.Unfair, NextInPlace: act.next, Label: label(act.name, act.label)})
		}
	}
	return all
}

// controlActions lists what the control plane does: see tick.
func (y *system) controlActions() []check.Action[State] {
	pod, node := y.podStep, y.nodeStep
	all := []check.Action[State]{
		fair("ReplicaSet.Decide", y.rsDecide, nil),
		fair("ReplicaSet.Create", y.rsCreate, pod),
		fair("ReplicaSet.Delete", y.rsDelete, pod),
		fair("Scheduler.Assume", y.schedAssume, pod),
		fair("Scheduler.Bind", y.schedBind, pod),
		fair("API.Remove", y.remove, pod),
		fair("PodGC.Remove", y.podGC, pod),
		fair("NodeLifecycle.Judge", y.nlcJudge, node),
		fair("NodeLifecycle.MarkPod", y.nlcMarkPod, pod),
		fair("KCM.SeePod", y.kcmSeesPod, y.podEvent(func(s *State) *Cache[PodView] { return &s.KCM.Pods })),
		fair("KCM.SeeNode", y.kcmSeesNode, nodeEvent(func(s *State) *Cache[NodeView] { return &s.KCM.Nodes })),
		fair("KCM.SeeReplicaSet", y.kcmSeesReplicaSet, nil),
		fair("Scheduler.SeePod", y.schedulerSeesPod, y.podEvent(func(s *State) *Cache[PodView] { return &s.Scheduler.Pods })),
		fair("Scheduler.SeeNode", y.schedulerSeesNode, nodeEvent(func(s *State) *Cache[NodeView] { return &s.Scheduler.Nodes })),
	}
	if y.Version == V1_9 {
		return append(all,
			fair("NodeController.Queue", y.ncQueue, node),
			fair("NodeController.Condemn", y.ncCondemn, node),
			fair("NodeController.MarkLost", y.ncMarkLost, pod),
			fair("NodeController.Delete", y.ncDelete, pod),
		)
	}
	return append(all,
		fair("NodeLifecycle.TaintNoSchedule", y.nlcTaintNoSchedule, node),
		fair("NodeLifecycle.TaintNoExecute", y.nlcTaintNoExecute, node),
		fair("NodeLifecycle.Untaint", y.nlcUntaint, node),
		fair("TaintEviction.Delete", y.taintEvict, pod),
	)
}

type nextFunc = func(dst []State, s *State) []State

// fair declares an action that a process owes.
//
// It is fair as a family: if one of its instances stays enabled, one is taken
// again and again. That asks less than fairness of each instance, so what
// holds under it holds under that too.
func fair(name string, next nextFunc, of labelFunc) check.Action[State] {
	return check.Action[State]{Name: name, Fair: check.Weak, NextInPlace: next, Label: label(name, of)}
}

// Assumptions lists what every verdict about the scenario rests on besides its
// budgets: what the model takes for granted of the world.
func (m *Model) Assumptions() []string {
	all := []string{
		"time is an order: what the control plane has to do takes less than the grace period of a node, and that less than a toleration; kubelets may take any time",
		fmt.Sprintf("no cache is behind by more than %s that it looks at, of one kind of object", events(m.y.Lag)),
		"no request fails and no response is lost; a request that a process has not sent yet dies with it",
		"every node has room for every pod; containers start, become ready and stop when told to",
	}
	if m.y.Version == V1_37 {
		all = append(all, "the first list of a restarted controller manager is consistent (WatchList, no fallback)")
	}
	if m.y.Start == StartRunning {
		all = append(all, "behaviours begin with all replicas running, spread over the nodes in every way")
	}
	return all
}

func events(n int) string {
	if n == 1 {
		return "1 event"
	}
	return fmt.Sprintf("%d events", n)
}
