package model

// A cache of a process is the store as it was some events ago: each kind of
// object has its own watch, and nothing orders one watch against another. A
// cache is kept as the events that it has not seen yet, each with what the
// object looked like before; its content is the store with these undone. That
// is the history index of a watch cache with all but the needed suffix left
// out: a prefix of the history, never a mixture.
//
// Events that change nothing a process looks at are not in its cache: seeing
// them earlier or later makes no difference to it.
//
// A scenario bounds the lag. A write for which a cache has no room waits until
// the cache has advanced.

// A Cache holds what a process has not seen yet of one kind of object.
type Cache[View comparable] struct {
	Len    uint8
	Events [MaxLag]Event[View] // oldest first
}

// An Event is a change of one object, which is an index in State.Pods or
// State.Nodes; Before is the object as it was.
type Event[View comparable] struct {
	Object uint8
	Before View
}

// view returns an object as the process sees it, given how it is now.
func (c *Cache[View]) view(object int, now View) View {
	for i := range c.Len {
		if int(c.Events[i].Object) == object {
			return c.Events[i].Before
		}
	}
	return now
}

// publish records that an object is no longer as before; false if there is no
// room for the event.
func (c *Cache[View]) publish(object int, before, after View, lag uint8) bool {
	if before == after || lag == 0 {
		return true
	}
	if c.Len >= lag {
		return false
	}
	c.Events[c.Len] = Event[View]{uint8(object), before}
	c.Len++
	return true
}

// advance forgets the oldest event and returns it.
func (c *Cache[View]) advance() Event[View] {
	e := c.Events[0]
	copy(c.Events[:], c.Events[1:])
	c.Len--
	c.Events[c.Len] = Event[View]{}
	return e
}

// A PodView is what a process sees of a pod.
type PodView struct {
	Stored   bool
	Phase    Phase
	Node     NodeRef
	Ready    bool
	Deletion bool
}

// A NodeView is what a process sees of a Node object.
type NodeView struct {
	Object     bool
	Ready      bool
	NoSchedule bool
	NoExecute  bool
}

// What the controller manager looks at. The phase of a pod that is marked for
// deletion is nothing to it: no controller ranks such a pod.

func (p *Pod) kcmView() PodView {
	switch {
	case p.Object != Stored:
		return PodView{}
	case p.Deletion != Unmarked:
		return PodView{Stored: true, Node: p.Node, Ready: p.Ready, Deletion: true}
	}
	return PodView{Stored: true, Phase: p.Phase, Node: p.Node, Ready: p.Ready}
}

func (n *Node) kcmView() NodeView {
	return NodeView{n.Object, n.Ready, n.NoSchedule, n.NoExecute}
}

// What the scheduler looks at: whether a pod waits for a node. What becomes of
// a bound pod is nothing to it, as no node here runs out of room.

func (p *Pod) schedulerView() PodView {
	return PodView{Stored: p.Object == Stored && p.Node == 0 && p.Deletion == Unmarked && p.Phase != Terminal}
}

// schedulerView keeps what makes a node feasible: in v1.37 the taints that the
// pods do not tolerate, in v1.9 the condition.
func (y *system) schedulerView(n *Node) NodeView {
	if y.Version == V1_9 {
		return NodeView{Object: n.Object, Ready: n.Ready}
	}
	return NodeView{Object: n.Object, NoSchedule: n.NoSchedule, NoExecute: n.NoExecute && y.Toleration == TolerateNot}
}

// kcmPod returns pod i as the controller manager sees it.
func (s *State) kcmPod(i int) PodView { return s.KCM.Pods.view(i, s.Pods[i].kcmView()) }

// kcmNode returns node n as the controller manager sees it.
func (s *State) kcmNode(n int) NodeView { return s.KCM.Nodes.view(n, s.Nodes[n].kcmView()) }
