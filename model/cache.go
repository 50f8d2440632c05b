package model

// A cache of a process is the store as it was some events ago: each kind of
// object has its own watch, and nothing orders one watch against another. A
// cache is kept as the events that it has not seen yet, each with what the
// object looked like before; its content is the store with these undone. That
// is the history index of a watch cache with all but the needed suffix left
// out: a prefix of the history, never a mixture.
//
// Where a cache may go back (v1.9: a relist, or the first list of a new
// process), the last events that it has seen are kept as well.
//
// Events that change nothing a process looks at are not in its cache: seeing
// them earlier or later makes no difference to it.
//
// A scenario bounds the lag. A write for which a cache has no room waits until
// the cache has advanced.

// maxEvents is how many events a Cache has room for: lag and past together.
const maxEvents = 4

// A Cache holds what a process has not seen yet of one kind of object, and,
// before that, what it has seen last and may see again.
type Cache[View comparable] struct {
	Len    uint8
	Seen   uint8                  // events that have been seen
	Events [maxEvents]Event[View] // oldest first
}

// An Event is a change of one object, which is an index in State.Pods or
// State.Nodes; Before is the object as it was.
type Event[View comparable] struct {
	Object uint8
	Before View
}

// behind returns an object as the process sees it, if that is not as it is now
// because an event about it has not been seen.
func (c *Cache[View]) behind(object int) *View {
	for i := c.Seen; i < c.Len; i++ {
		if int(c.Events[i].Object) == object {
			return &c.Events[i].Before
		}
	}
	return nil
}

// after returns an object as event i left it, given how it is now.
func (c *Cache[View]) after(i uint8, now View) View {
	for k := i + 1; k < c.Len; k++ {
		if c.Events[k].Object == c.Events[i].Object {
			return c.Events[k].Before
		}
	}
	return now
}

// unseen returns the number of events that have not been seen.
func (c *Cache[View]) unseen() uint8 { return c.Len - c.Seen }

// next returns the index of the object that the next event is about.
func (c *Cache[View]) next() int { return int(c.Events[c.Seen].Object) }

// publish records that an object is no longer as before; false if there is no
// room for the event.
func (c *Cache[View]) publish(object int, before, after View, y *system) bool {
	if before == after || y.lag == 0 {
		return true
	}
	if c.unseen() >= y.lag {
		return false
	}
	c.Events[c.Len] = Event[View]{uint8(object), before}
	c.Len++
	return true
}

// seek makes a number of the events that the cache holds those that have been
// seen, and forgets all of these but the last, as many as past says.
func (c *Cache[View]) seek(seen, past uint8) {
	for c.Seen = seen; c.Seen > past; c.Seen-- {
		copy(c.Events[:], c.Events[1:])
		c.Len--
		c.Events[c.Len] = Event[View]{}
	}
}

// advance makes the next event one that has been seen.
func (c *Cache[View]) advance(past uint8) { c.seek(c.Seen+1, past) }

// A PodView is what a process sees of a pod.
type PodView struct {
	Stored     bool
	Phase      Phase
	Node       NodeRef
	Ready      bool
	Deletion   bool
	Owner      uint8
	Unlabelled bool
}

// A NodeView is what a process sees of a Node object.
type NodeView struct {
	Object        bool
	Ready         Condition
	Taints        Taints
	Unschedulable bool
}

// A ReplicaSetView is what a process sees of a ReplicaSet; UID 0: nothing.
type ReplicaSetView struct {
	UID      uint8
	Replicas uint8
	Deleting bool
	Status   ReplicaSetStatus
}

// What the controller manager looks at. The phase of a pod that is marked for
// deletion is nothing to it: no controller ranks such a pod.

func (p *Pod) kcmView() PodView {
	switch {
	case p.Object != Stored:
		return PodView{}
	case p.Deletion != Unmarked:
		return PodView{Stored: true, Node: p.Node, Ready: p.Ready, Deletion: true, Owner: p.Owner, Unlabelled: p.Unlabelled}
	}
	return PodView{Stored: true, Phase: p.Phase, Node: p.Node, Ready: p.Ready, Owner: p.Owner, Unlabelled: p.Unlabelled}
}

func (n *Node) kcmView() NodeView {
	return NodeView{n.Object, n.Ready, n.Taints, n.Unschedulable}
}

func (r *ReplicaSet) kcmView() ReplicaSetView {
	return ReplicaSetView{r.UID, r.Replicas, r.Deleting(), r.Status}
}

// What the scheduler looks at: whether a pod waits for a node, and, where nodes
// have limited room, which node a pod takes up.

func (y *system) schedulerPod(p *Pod) PodView {
	switch {
	case p.Object != Stored || p.Phase == Terminal:
		return PodView{}
	case p.Node == 0:
		return PodView{Stored: p.Deletion == Unmarked}
	case y.limited:
		return PodView{Stored: true, Node: p.Node}
	}
	return PodView{}
}

// schedulerNode keeps what makes a node feasible: in v1.37 the taints that the
// pods do not tolerate, in v1.9 the condition; and whether it is cordoned.
func (y *system) schedulerNode(n *Node) NodeView {
	if y.Version == V1_9 {
		return NodeView{Object: n.Object, Ready: n.Ready, Unschedulable: n.Unschedulable}
	}
	return NodeView{Object: n.Object, Taints: n.Taints & y.repels, Unschedulable: n.Unschedulable}
}

// kcmPast is how many events back a cache of the controller manager may go yet.
func (y *system) kcmPast(s *State) uint8 {
	if s.Budget[Relist]+s.Budget[Restart]+s.Budget[HandOver] == 0 || y.Version == V1_37 && !y.bug.cacheDivergent && !y.bug.kcmFirstListStale {
		return 0
	}
	return y.past
}

// kcmPod returns pod i as the controller manager sees it.
func (s *State) kcmPod(i int) PodView {
	if v := s.KCM.Pods.behind(i); v != nil {
		return *v
	}
	return s.Pods[i].kcmView()
}

// kcmNode returns node n as the controller manager sees it.
func (s *State) kcmNode(n int) NodeView {
	if v := s.KCM.Nodes.behind(n); v != nil {
		return *v
	}
	return s.Nodes[n].kcmView()
}

// kcmOwner returns the ReplicaSet as the controller manager sees it.
func (s *State) kcmOwner() ReplicaSetView {
	if v := s.KCM.ReplicaSets.behind(0); v != nil {
		return *v
	}
	return s.Owner.kcmView()
}
