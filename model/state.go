package model

// Sizes of the arrays in State. Scenario.Validate keeps a scenario within them.
const (
	MaxPods  = 16
	MaxNodes = 4
	MaxLag   = 2
)

// A State is everything that decides what the cluster can do next: objects in
// the store, and the memory of each process that acts on them. Two states are
// the same if and only if they are ==.
type State struct {
	Replicas  uint8 // spec.replicas in the store
	Pods      [MaxPods]Pod
	Nodes     [MaxNodes]Node
	KCM       ControllerManager
	Scheduler Scheduler
	Budget    [numFaults]uint8 // how often each fault and user action may still happen
}

// A Pod is one pod identity: a UID. Its place in State.Pods is its UID, never
// given to another pod. The first seven fields are the object in the store; the
// rest is what processes remember about it.
type Pod struct {
	Object   Object
	Phase    Phase
	Node     NodeRef // spec.nodeName
	Ready    bool    // condition Ready
	Deletion Deletion
	Lost     bool // status.reason NodeLost (v1.9)
	Bare     bool // created by a user, without owner, always under the same name

	Assumed   NodeRef   // scheduler: decided, binding not yet seen
	Seen      Seen      // kubelet of its node: what it knows of the object
	Container Container // on the machine; survives nothing but a partition
	Timer     Timer     // taint eviction controller
	Chosen    bool      // ReplicaSet controller: the current sync still has to delete it
	ExpectDel bool      // ReplicaSet controller: its deletion has not been seen yet
	Condemned bool      // node controller (v1.9): the current eviction pass still has to delete it
}

// Object says whether the store holds the object.
type Object uint8

// The life of an object: its UID is not used yet, in the store, gone for good.
const (
	Unused Object = iota
	Stored
	Removed
)

// Phase is status.phase. Succeeded and Failed are one value: nothing in this
// model tells them apart.
type Phase uint8

// The phases of a pod.
const (
	Pending Phase = iota
	Running
	Terminal
)

// Deletion is metadata.deletionTimestamp with deletionGracePeriodSeconds.
type Deletion uint8

// What a DELETE has done so far: nothing; a mark with grace; a mark with grace
// 0, after which the removal is a write of its own.
const (
	Unmarked Deletion = iota
	Graceful
	Immediate
)

// A NodeRef is 0 for no node, otherwise the index in State.Nodes plus one.
type NodeRef uint8

// Seen is the kubelet's idea of a pod.
type Seen uint8

// What a kubelet knows: nothing; that it has to run the pod; that it has to
// end it gracefully; that the object is gone.
const (
	Unseen Seen = iota
	SeenLive
	SeenTerminating
	SeenGone
)

// Container is the pod's container on the machine.
type Container uint8

// The life of a container since the machine booted: never started, running, has
// run.
const (
	NotStarted Container = iota
	Started
	Stopped
)

// Timer is the taint eviction controller's timer for a pod, in ticks.
type Timer uint8

// A timer is off, armed, one tick old, or has fired. A timer that has fired is
// not recalled.
const (
	Off Timer = iota
	Armed
	Ticked
	Fired
)

// A Node is a machine, its Node object and what the controller manager
// remembers of it. Nodes that a scenario does not have are zero.
type Node struct {
	Link       Link
	Object     bool // the Node object exists
	Ready      bool // condition Ready is True; false: Unknown
	NoSchedule bool // taint unreachable:NoSchedule
	NoExecute  bool // taint unreachable:NoExecute

	Silent   uint8 // ticks since the controller manager last saw a heartbeat, as far as it matters
	NotReady uint8 // ticks for which the controller manager has seen it not ready, as far as it matters
	NeedMark bool  // node lifecycle: this process judged it, and its pods are still to be marked not ready
	Added    bool  // node lifecycle (v1.37): new to this process, its NoExecute taint is to be taken off
	Queued   bool  // node controller (v1.9): waits for eviction
	InSet    bool  // node controller (v1.9): was evicted and has not been ready since
}

// Link is a machine and its connection to the API server.
type Link uint8

// A machine is absent from the scenario, connected, cut off, or switched off.
const (
	Absent Link = iota
	Up
	Partitioned
	Down
)

// A ControllerManager is the memory of one process of kube-controller-manager.
type ControllerManager struct {
	Replicas  uint8 // spec.replicas in its cache
	ToCreate  uint8 // creates that the current sync still has to send
	ExpectAdd uint8 // creates that have not been seen yet
	Uptime    uint8 // ticks since it started, as far as it matters
	Pods      Cache[PodView]
	Nodes     Cache[NodeView]
}

// A Scheduler is the memory of kube-scheduler, besides Pod.Assumed.
type Scheduler struct {
	Pods  Cache[PodView]
	Nodes Cache[NodeView]
}

// node returns the node that r refers to.
func (s *State) node(r NodeRef) *Node { return &s.Nodes[r-1] }

// used returns the number of pod identities that have been used. They come
// first: a new pod takes the first unused one.
func (s *State) used() int {
	for i := range s.Pods {
		if s.Pods[i].Object == Unused {
			return i
		}
	}
	return MaxPods
}

// Stored reports whether the object is in the store.
func (p Pod) Stored() bool { return p.Object == Stored }

// Active is controller.IsPodActive: neither terminal nor marked.
func (p Pod) Active() bool {
	return p.Object == Stored && p.Phase != Terminal && p.Deletion == Unmarked
}

// Terminating reports whether the object is in the store and marked.
func (p Pod) Terminating() bool { return p.Object == Stored && p.Deletion != Unmarked }
