package model

// What can be observed of a state from outside of the processes: the objects in
// the store, the caches, as their watches have filled them, and containers. The
// rest of a state is memory.

// An Observation is that, with everything else left out. Two are the same if and
// only if they are ==.
type Observation struct {
	Owner     ReplicaSet // without status
	PDB       PDB
	Pods      [MaxPods]PodObservation
	Nodes     [MaxNodes]NodeView // Object, Ready, Taints, Unschedulable of the object
	Manager   CacheObservation
	Scheduler CacheObservation
}

// A PodObservation is the object of a pod, and its container.
type PodObservation struct {
	Object     Object
	Phase      Phase
	Node       NodeRef
	Ready      bool
	Deletion   Deletion
	Lost       bool
	Bare       bool
	Owner      uint8
	Unlabelled bool
	Running    bool // the container, whether there is an object or not
}

// A CacheObservation is what the caches of a process hold.
type CacheObservation struct {
	Pods  [MaxPods]PodView
	Nodes [MaxNodes]NodeView
	Owner ReplicaSetView // of the controller manager; without status
}

// Observe returns what can be observed of a state.
func (m *Model) Observe(s *State) (o Observation) {
	o.Owner, o.PDB = s.Owner, s.PDB
	o.Owner.Status = ReplicaSetStatus{}
	for i := range s.used() {
		p := &s.Pods[i]
		o.Pods[i] = PodObservation{Object: p.Object, Running: p.Container == Started}
		if p.Stored() {
			o.Pods[i] = PodObservation{p.Object, p.Phase, p.Node, p.Ready, p.Deletion, p.Lost, p.Bare, p.Owner, p.Unlabelled, p.Container == Started}
		}
		o.Manager.Pods[i], o.Scheduler.Pods[i] = s.kcmPod(i), m.y.schedulerSees(s, i)
	}
	for n := range m.y.Nodes {
		if node := &s.Nodes[n]; node.Object {
			o.Nodes[n] = node.kcmView()
		}
		o.Manager.Nodes[n], o.Scheduler.Nodes[n] = known(s.kcmNode(n)), known(m.y.schedulerNodeView(s, n))
	}
	o.Manager.Owner = s.kcmOwner()
	o.Manager.Owner.Status = ReplicaSetStatus{}
	return o
}

// known is a node as it is seen, and nothing of one that is not.
func known(v NodeView) NodeView {
	if !v.Object {
		return NodeView{}
	}
	return v
}

// Pod is a pod of which nothing else is known.
func (p PodObservation) Pod() Pod {
	return Pod{Object: p.Object, Phase: p.Phase, Node: p.Node, Ready: p.Ready, Deletion: p.Deletion, Lost: p.Lost, Bare: p.Bare, Owner: p.Owner, Unlabelled: p.Unlabelled}
}
