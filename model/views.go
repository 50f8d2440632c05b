package model

// What a process sees of an object, for who compares a model with a cluster: in a
// state, or of an object that is like this.

// ManagerPod returns pod i as the controller manager sees it.
func (m *Model) ManagerPod(s *State, i int) PodView { return s.kcmPod(i) }

// ManagerNode returns node n as the controller manager sees it.
func (m *Model) ManagerNode(s *State, n int) NodeView { return s.kcmNode(n) }

// ManagerOwner returns the ReplicaSet as the controller manager sees it.
func (m *Model) ManagerOwner(s *State) ReplicaSetView { return s.kcmOwner() }

// SchedulerPod returns pod i as the scheduler sees it.
func (m *Model) SchedulerPod(s *State, i int) PodView { return m.y.schedulerSees(s, i) }

// SchedulerNode returns node n as the scheduler sees it.
func (m *Model) SchedulerNode(s *State, n int) NodeView { return m.y.schedulerNodeView(s, n) }

// ManagerViewOfPod is what the controller manager looks at of a pod.
func (m *Model) ManagerViewOfPod(p *Pod) PodView { return p.kcmView() }

// ManagerViewOfNode is what the controller manager looks at of a node.
func (m *Model) ManagerViewOfNode(n *Node) NodeView { return n.kcmView() }

// ManagerViewOfOwner is what the controller manager looks at of a ReplicaSet.
func (m *Model) ManagerViewOfOwner(r *ReplicaSet) ReplicaSetView { return r.kcmView() }

// SchedulerViewOfPod is what the scheduler looks at of a pod.
func (m *Model) SchedulerViewOfPod(p *Pod) PodView { return m.y.schedulerPod(p) }

// SchedulerViewOfNode is what the scheduler looks at of a node.
func (m *Model) SchedulerViewOfNode(n *Node) NodeView { return m.y.schedulerNode(n) }
