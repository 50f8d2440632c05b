package model

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// drawSystem draws what the layout of a state depends on.
func drawSystem(t *rapid.T) *system {
	y := &system{Scenario: Scenario{Nodes: rapid.IntRange(1, MaxNodes).Draw(t, "nodes"), Status: rapid.Bool().Draw(t, "status")}, limit: MaxPods}
	y.lag = rapid.Uint8Range(0, MaxLag).Draw(t, "lag")
	y.past = rapid.Uint8Range(0, maxEvents-y.lag).Draw(t, "past")
	for f := range numFaults {
		if rapid.Bool().Draw(t, f.String()) {
			y.spendable = append(y.spendable, f)
			y.Faults[f] = 1
		}
	}
	for n := 1; n < y.Nodes; n++ {
		y.Capacity[n] = y.Capacity[n-1] + rapid.Uint8Range(0, 1).Draw(t, "class")
	}
	return y
}

// drawState draws any state that the layout has room for, reachable or not.
func drawState(t *rapid.T, y *system) (s State) {
	small := func(label string, n int) uint8 { return uint8(rapid.IntRange(0, n-1).Draw(t, label)) }
	flag := func(label string) bool { return rapid.Bool().Draw(t, label) }
	node := func(label string) NodeRef { return NodeRef(small(label, y.Nodes+1)) }
	status := func() (st ReplicaSetStatus) {
		if y.Status {
			st = ReplicaSetStatus{small("status", 32), small("ready", 32), flag("observed")}
		}
		return st
	}
	used := rapid.IntRange(0, MaxPods).Draw(t, "used")
	for i := range used {
		s.Pods[i] = Pod{
			Object: Object(1 + small("object", 2)), Phase: Phase(small("phase", 3)), Node: node("node"), Ready: flag("ready"),
			Deletion: Deletion(small("deletion", 3)), Lost: flag("lost"), Bare: flag("bare"), Owner: small("owner", 4), Unlabelled: flag("label"),
			Assumed: node("assumed"), Seen: Seen(small("seen", 4)), Container: Container(small("container", 3)), Timer: Timer(small("timer", 8)),
			Chosen: flag("chosen"), ExpectDel: flag("expected"), Condemned: flag("condemned"), Late: flag("late"),
			Drain: Drain(small("drain", 3)), Disrupted: flag("disrupted"), Collect: Collect(small("collect", 3)), Removing: flag("removing"),
			Adopting: flag("adopting"), Spared: flag("spared"), Untold: flag("untold"),
		}
	}
	for n := range y.Nodes {
		s.Nodes[n] = Node{
			Link: Link(small("link", 4)), Registered: flag("registered"), Broken: flag("broken"), Object: flag("object"),
			Ready: Condition(small("ready", 3)), Taints: Taints(small("taints", 64)), Unschedulable: flag("cordoned"),
			Silent: small("silent", 4), NotReady: small("not ready", 4), NeedMark: flag("mark"), Known: flag("known"), Added: flag("added"),
			Queued: flag("queued"), InSet: flag("in set"), Listed: flag("listed"), Quarantine: small("quarantine", 4), Draining: flag("draining"),
		}
	}
	for _, c := range []*Cache[PodView]{&s.KCM.Pods, &s.Scheduler.Pods} {
		c.Len = small("events", int(y.lag+y.past)+1)
		c.Seen = small("seen", int(c.Len)+1)
		for i := range c.Len {
			c.Events[i] = Event[PodView]{small("pod", max(used, 1)), PodView{
				flag("stored"), Phase(small("phase", 3)), node("node"), flag("ready"), flag("deletion"), small("owner", 4), flag("label")}}
		}
	}
	for _, c := range []*Cache[NodeView]{&s.KCM.Nodes, &s.Scheduler.Nodes} {
		c.Len = small("events", int(y.lag+y.past)+1)
		c.Seen = small("seen", int(c.Len)+1)
		for i := range c.Len {
			c.Events[i] = Event[NodeView]{small("node", y.Nodes), NodeView{flag("object"), Condition(small("ready", 3)), Taints(small("taints", 64)), flag("cordoned")}}
		}
	}
	c := &s.KCM.ReplicaSets
	c.Len = small("events", int(y.lag+y.past)+1)
	c.Seen = small("seen", int(c.Len)+1)
	for i := range c.Len {
		c.Events[i] = Event[ReplicaSetView]{0, ReplicaSetView{small("uid", 4), small("replicas", 32), flag("deleting"), status()}}
	}
	s.Owner = ReplicaSet{small("uid", 4), small("replicas", 32), Finalizer(small("finalizer", 3)), status()}
	s.PDB = PDB{small("allowed", 32), flag("met")}
	k := &s.KCM
	if y.Faults[OwnerDelete] > 0 {
		k.Sync = small("sync", 4)
	}
	k.ToCreate, k.Batch, k.BatchSize = small("create", 32), small("batch", 16), small("batch size", 16)
	k.ExpectAdd, k.ExpectAge, k.Uptime = small("expect", 32), small("age", 8), small("uptime", 4)
	if y.Status {
		k.Status = PendingStatus{flag("pending"), status()}
	}
	for z := range k.Zones {
		k.Zones[z], k.Spent[z], s.Tainted[z] = ZoneState(small("zone", 3)), flag("spent"), flag("tainted")
	}
	k.InPass, k.Breaker = flag("in pass"), flag("breaker")
	k.NewPDB = PendingPDB{flag("pending"), PDB{small("allowed", 32), flag("met")}}
	k.Stalls = Stalls{flag("pods"), flag("nodes"), flag("leases")}
	s.Former.Creates = small("late", 32)
	for _, f := range y.spendable {
		s.Budget[f] = small("budget", Unlimited+1)
	}
	return s
}

func TestPackLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		y := drawSystem(t)
		s := drawState(t, y)
		var words [maxWords]uint64
		require.LessOrEqual(t, (y.bits()+63)/64, maxWords)
		y.encode(&s, words[:(y.bits()+63)/64])
		require.Equal(t, s, decoded(y, words[:]))
	})
}

// Renaming pods and nodes does not change the representative.
func decoded(y *system, words []uint64) (s State) {
	y.decode(words, &s)
	return s
}

func canonical(y *system, s State) State {
	y.canonical(&s)
	return s
}

func TestCanonicalForgetsNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		y := drawSystem(t)
		s := drawState(t, y)
		renamed := s
		order := identity
		for n := range y.Nodes { // within the class
			to := n + rapid.IntRange(0, y.Nodes-1-n).Draw(t, "node names")
			if y.class(to) == y.class(n) {
				order[n], order[to] = order[to], order[n]
			}
		}
		renamed.renameNodes(order)
		if used := s.used(); used > 0 {
			renamed.swapPods(rapid.IntRange(0, used-1).Draw(t, "pod"), rapid.IntRange(0, used-1).Draw(t, "other pod"))
		}
		require.True(t, canonical(y, s) == canonical(y, renamed), "another representative for\n%+v\nthan for\n%+v", renamed, s)
		require.True(t, canonical(y, s) == canonical(y, canonical(y, s)), "not idempotent for\n%+v", s)
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
