package model

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// drawState draws any state that the layout has room for, reachable or not.
func drawState(t *rapid.T) (s State) {
	small := func(label string, n int) uint8 { return uint8(rapid.IntRange(0, n-1).Draw(t, label)) }
	flag := func(label string) bool { return rapid.Bool().Draw(t, label) }
	for i := range s.Pods {
		s.Pods[i] = Pod{
			Object: Object(small("object", 3)), Phase: Phase(small("phase", 3)), Node: NodeRef(small("node", MaxNodes+1)), Ready: flag("ready"),
			Deletion: Deletion(small("deletion", 3)), Lost: flag("lost"), Bare: flag("bare"), Assumed: NodeRef(small("assumed", MaxNodes+1)),
			Seen: Seen(small("seen", 4)), Container: Container(small("container", 3)), Timer: Timer(small("timer", 4)),
			Chosen: flag("chosen"), ExpectDel: flag("expected"), Condemned: flag("condemned"),
		}
	}
	for n := range s.Nodes {
		s.Nodes[n] = Node{
			Link: Link(small("link", 4)), Object: flag("object"), Ready: flag("ready"), NoSchedule: flag("no schedule"), NoExecute: flag("no execute"),
			Silent: small("silent", 3), NotReady: small("not ready", 3), NeedMark: flag("mark"), Added: flag("added"), Queued: flag("queued"), InSet: flag("in set"),
		}
	}
	for _, c := range []*Cache[PodView]{&s.KCM.Pods, &s.Scheduler.Pods} {
		c.Len = small("events", MaxLag+1)
		for i := range c.Len {
			c.Events[i] = Event[PodView]{small("pod", MaxPods), PodView{flag("stored"), Phase(small("phase", 3)), NodeRef(small("node", MaxNodes+1)), flag("ready"), flag("deletion")}}
		}
	}
	for _, c := range []*Cache[NodeView]{&s.KCM.Nodes, &s.Scheduler.Nodes} {
		c.Len = small("events", MaxLag+1)
		for i := range c.Len {
			c.Events[i] = Event[NodeView]{small("node", MaxNodes), NodeView{flag("object"), flag("ready"), flag("no schedule"), flag("no execute")}}
		}
	}
	s.Replicas, s.KCM.Replicas = small("replicas", 32), small("cached", 32)
	s.KCM.ToCreate, s.KCM.ExpectAdd, s.KCM.Uptime = small("create", 32), small("expect", 32), small("uptime", 3)
	for f := range s.Budget {
		s.Budget[f] = small("budget", maxBudget+1)
	}
	return s
}

func TestPackLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawState(t)
		require.True(t, s == unpack(pack(s)), "got %+v\nwant %+v", unpack(pack(s)), s)
	})
}

// Renaming pods and nodes does not change the representative.
func TestCanonicalForgetsNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		y := &system{Scenario: Scenario{Nodes: rapid.IntRange(1, MaxNodes).Draw(t, "nodes")}}
		s := drawState(t)
		for n := y.Nodes; n < MaxNodes; n++ {
			s.Nodes[n] = Node{}
		}
		inRange := func(r NodeRef) NodeRef { return min(r, NodeRef(y.Nodes)) }
		for i := range s.Pods {
			s.Pods[i].Node, s.Pods[i].Assumed = inRange(s.Pods[i].Node), inRange(s.Pods[i].Assumed)
		}
		for _, c := range []*Cache[PodView]{&s.KCM.Pods, &s.Scheduler.Pods} {
			for i := range c.Events {
				c.Events[i].Before.Node = inRange(c.Events[i].Before.Node)
			}
		}
		for _, c := range []*Cache[NodeView]{&s.KCM.Nodes, &s.Scheduler.Nodes} {
			for i := range c.Events {
				c.Events[i].Object = min(c.Events[i].Object, uint8(y.Nodes-1))
			}
		}
		renamed := s
		order := identity
		copy(order[:], rapid.Permutation(order[:y.Nodes]).Draw(t, "node names"))
		renamed.renameNodes(order)
		renamed.swapPods(rapid.IntRange(0, MaxPods-1).Draw(t, "pod"), rapid.IntRange(0, MaxPods-1).Draw(t, "other pod"))
		require.True(t, y.canonical(s) == y.canonical(renamed), "another representative for\n%+v\nthan for\n%+v", renamed, s)
		require.True(t, y.canonical(s) == y.canonical(y.canonical(s)), "not idempotent for\n%+v", s)
	})
}

func (s *State) swapPods(i, j int) {
	s.Pods[i], s.Pods[j] = s.Pods[j], s.Pods[i]
	for _, c := range []*Cache[PodView]{&s.KCM.Pods, &s.Scheduler.Pods} {
		for k := range c.Len {
			switch e := &c.Events[k]; int(e.Object) {
			case i:
				e.Object = uint8(j)
			case j:
				e.Object = uint8(i)
			}
		}
	}
}
