package model

import (
	"iter"
	"math/bits"
)

// Sizes of the arrays in State. Scenario.Validate keeps a scenario within them.
const (
	MaxPods  = 16
	MaxNodes = 4
	MaxZones = 2
	MaxLag   = 3
)

// A State is everything that decides what the cluster can do next: objects in
// the store, and the memory of each process that acts on them. Two states are
// the same if and only if they are ==. What a scenario never uses stays zero.
type State struct {
	Owner     ReplicaSet // in the store
	PDB       PDB        // in the store
	Pods      [MaxPods]Pod
	Nodes     [MaxNodes]Node
	KCM       ControllerManager
	Former    Former
	Scheduler Scheduler
	Tainted   [MaxZones]bool   // a node of the zone was tainted within the last interval of the eviction rate
	Budget    [numFaults]uint8 // how often each fault and user action may still happen
}

// A ReplicaSet is the object in the store. UID 0: there is none.
type ReplicaSet struct {
	UID       uint8 // 1 for the first, counted up when it is created again
	Replicas  uint8 // spec.replicas
	Finalizer Finalizer
	Status    ReplicaSetStatus
}

// Finalizer says for which of the owner's finalizers a deletion waits; with
// none the object is not being deleted.
type Finalizer uint8

// A ReplicaSet is not being deleted; waits for its dependents to be gone; waits
// for them to be let go.
const (
	NoFinalizer Finalizer = iota
	Foreground
	Orphan
)

// ReplicaSetStatus is the part of status that is computed from the pods, and
// whether observedGeneration is that of the spec. It stays zero in scenarios
// without status writes.
type ReplicaSetStatus struct {
	Replicas, Ready uint8
	Observed        bool
}

// PDB is the status of a PodDisruptionBudget; the pods in disruptedPods have
// Pod.Disrupted.
type PDB struct {
	Allowed uint8 // disruptionsAllowed
	Met     bool  // currentHealthy is at least desiredHealthy, and that is not 0; false if nobody asks
}

// A Pod is one pod identity: a UID. Its place in State.Pods is its UID, never
// given to another pod. The first fields are the object in the store; the rest
// is what processes remember about it.
type Pod struct {
	Object     Object
	Phase      Phase
	Node       NodeRef // spec.nodeName
	Ready      bool    // condition Ready
	Deletion   Deletion
	Lost       bool  // status.reason NodeLost (v1.9)
	Bare       bool  // created by a user, without owner, always under the same name
	Owner      uint8 // UID of the ReplicaSet that controls it; 0: none
	Unlabelled bool  // its labels do not match the selector

	Assumed   NodeRef   // scheduler: decided, binding not yet seen
	Seen      Seen      // kubelet of its node: what it knows of the object
	Container Container // on the machine; survives nothing but a partition and a restart of the kubelet
	Timer     Timer     // taint eviction controller
	Chosen    bool      // ReplicaSet controller: the current sync still has to delete it
	ExpectDel bool      // ReplicaSet controller: its deletion has not been seen yet
	Condemned bool      // node controller (v1.9): the current eviction pass still has to delete it
	Late      bool      // a former leader's request to delete it is still on its way
	Untold    bool      // ReplicaSet controller: this process was not told that it was created, and does not see it yet
	Drain     Drain     // kubectl drain and the eviction API
	Disrupted bool      // in status.disruptedPods of the PodDisruptionBudget
	Collect   Collect   // pod GC
	Removing  bool      // a force delete by name is between its two writes
	Adopting  bool      // ReplicaSet controller: the current sync still has to adopt it
	Spared    bool      // history, for P-ORPHAN: let go by an owner whose deletion found it known to the garbage collector, and not adopted by a living one since
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

// A timer is off, armed, one tick before its end, or has fired. A timer that has
// fired is not recalled. Then the controller reads the pod and, in a request of its own,
// deletes it; it forgets the timer when that is answered. The last four values
// are of timers whose name may be used again.
const (
	Off Timer = iota
	Armed
	Ticked
	Fired
	Deleting // the pod has been read
	Deleted  // the request to delete it has been sent
	Loose    // the timer is forgotten, and what it has begun goes on
	Done     // nothing is armed for this pod before the taints of its node change
)

// Drain is how far kubectl drain has come with a pod.
type Drain uint8

// Drain has nothing to do with a pod; has listed it and is to evict it; the API
// server has admitted the eviction and is to delete the pod.
const (
	NotDrained Drain = iota
	Listed
	Admitted
)

// Collect is how far pod GC has come with a pod.
type Collect uint8

// Pod GC has nothing to do with a pod; has found in its current round that it
// is one to remove, and is to write that it has failed; is to delete it by name.
const (
	NotCollected Collect = iota
	InRound
	Doomed
)

// A Node is a machine, its Node object and what the controller manager
// remembers of it. Nodes that a scenario does not have are zero.
type Node struct {
	Link       Link
	Registered bool // the running kubelet has registered: it does not do so again
	Broken     bool // its container runtime is down: the kubelet reports Ready=False

	Object        bool // the Node object exists
	Ready         Condition
	Taints        Taints
	Unschedulable bool

	Silent     uint8 // ticks since the controller manager last saw a heartbeat, as far as it matters
	NotReady   uint8 // ticks for which the controller manager has seen it not ready, as far as it matters
	NeedMark   bool  // node lifecycle: this process judged it, and its pods are still to be marked not ready
	Known      bool  // node lifecycle: has been seen by a pass of this process
	Added      bool  // node lifecycle (v1.37): new to this process, its NoExecute taints are to be taken off
	Queued     bool  // waits for its eviction (v1.9) or for the NoExecute taint
	InSet      bool  // node controller (v1.9): was evicted and has not been ready since
	Listed     bool  // node lifecycle: had a NoExecute taint in the list that the current pass began with
	Quarantine uint8 // pod GC: 1 and the ticks since it was found missing (v1.9: swept); 0: it was not
	Draining   bool  // a user drains it
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

// Condition is the condition Ready of a Node.
type Condition uint8

// The condition is True, False (said by the kubelet), or Unknown (said of it).
const (
	True Condition = iota
	False
	Unknown
)

// Taints is the set of the taints of a Node.
type Taints uint8

// The taints that the protocol knows: what a controller puts on a node that is
// not ready, unreachable or unschedulable, and what a user puts on one that is
// switched off for good.
const (
	NoScheduleNotReady Taints = 1 << iota
	NoScheduleUnreachable
	NoScheduleUnschedulable
	NoExecuteNotReady
	NoExecuteUnreachable
	OutOfServiceTaint

	noSchedule = NoScheduleNotReady | NoScheduleUnreachable | NoScheduleUnschedulable
	noExecute  = NoExecuteNotReady | NoExecuteUnreachable
)

// A ControllerManager is the memory of one process of kube-controller-manager.
type ControllerManager struct {
	Pods        Cache[PodView]
	Nodes       Cache[NodeView]
	ReplicaSets Cache[ReplicaSetView]

	Sync      uint8 // ReplicaSet controller: UID of the owner that the current sync is about; 0 where no owner is deleted
	ToCreate  uint8 // creates that the current sync still has to send
	Batch     uint8 // of these, in the batch under way; 0 in scenarios where every request ends well
	BatchSize uint8 // of the batch under way
	ExpectAdd uint8 // creates that have not been seen yet
	ExpectAge uint8 // ticks since something was expected, as far as it matters
	Status    PendingStatus
	Uptime    uint8 // ticks since it started, as far as it matters

	Zones   [MaxZones]ZoneState
	InPass  bool           // node lifecycle: a pass has judged a node and its end is still to come
	Breaker bool           // node lifecycle: no node is judged until the cache of leases has caught up
	Spent   [MaxZones]bool // the zone's limiter has given its token

	NewPDB PendingPDB
	Stalls Stalls
}

// PendingStatus is a status that the ReplicaSet controller has computed and not
// yet written.
type PendingStatus struct {
	Pending bool
	Status  ReplicaSetStatus
}

// PendingPDB is a status that the disruption controller has computed and not
// yet written.
type PendingPDB struct {
	Pending bool
	PDB
}

// ZoneState is what the node controllers hold a zone to be.
type ZoneState uint8

// The states of a zone.
const (
	Normal ZoneState = iota
	PartialDisruption
	FullDisruption
)

// Stalls says which watches of the controller manager deliver nothing at
// present, however long that takes.
type Stalls struct {
	Pods, Nodes, Leases bool
}

// Former is what is left of a controller manager that was the leader: requests
// that are still on their way. Pod.Late has its deletes.
type Former struct {
	Creates uint8
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

// A podSet is a set of indexes in State.Pods.
type podSet uint16

func (p podSet) len() int { return bits.OnesCount16(uint16(p)) }

// first returns the least element of a set that is not empty.
func (p podSet) first() int { return bits.TrailingZeros16(uint16(p)) }

// all yields the set in ascending order.
func (p podSet) all() iter.Seq[int] {
	return func(yield func(int) bool) {
		for ; p != 0; p &= p - 1 {
			if !yield(bits.TrailingZeros16(uint16(p))) {
				return
			}
		}
	}
}

// slots counts the pods that take up room on node n: bound and not terminal.
func (s *State) slots(n int) (taken int) {
	for i := range s.used() {
		if p := &s.Pods[i]; p.Stored() && p.Phase != Terminal && p.Node == NodeRef(n+1) {
			taken++
		}
	}
	return taken
}

// Stored reports whether the object is in the store.
func (p *Pod) Stored() bool { return p.Object == Stored }

// Active is controller.IsPodActive: neither terminal nor marked.
func (p *Pod) Active() bool {
	return p.Object == Stored && p.Phase != Terminal && p.Deletion == Unmarked
}

// Terminating reports whether the object is in the store and marked.
func (p *Pod) Terminating() bool { return p.Object == Stored && p.Deletion != Unmarked }

// Deleting reports whether the ReplicaSet is in the store and being deleted.
func (r *ReplicaSet) Deleting() bool { return r.Finalizer != NoFinalizer }
