package model

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
)

// Version selects the protocol of a Kubernetes release.
type Version uint8

// The versions of the protocol: v1.37.2, and v1.9.2 whose node controller
// deletes pods itself.
const (
	V1_37 Version = iota
	V1_9
)

func (v Version) String() string {
	if v == V1_9 {
		return "1.9"
	}
	return "1.37"
}

// ParseVersion is the inverse of Version.String.
func ParseVersion(s string) (Version, error) {
	switch strings.TrimPrefix(s, "v") {
	case "1.37":
		return V1_37, nil
	case "1.9":
		return V1_9, nil
	}
	return 0, fmt.Errorf("version %q is not modelled: use 1.37 or 1.9", s)
}

// Toleration says how long a pod tolerates the NoExecute taint of a node that
// is not ready.
type Toleration uint8

// A toleration in the ordered time of this model: longer than the grace period
// of a node (the default 300 s is), shorter than it, not at all, for ever.
const (
	TolerateLonger Toleration = iota
	TolerateShorter
	TolerateNot
	TolerateForever
)

func (t Toleration) String() string {
	return [...]string{"longer than the node's grace period", "shorter than the node's grace period", "not at all", "for ever"}[t]
}

// Start is where behaviours begin.
type Start uint8

// A behaviour begins with an empty cluster and a ReplicaSet just created, or
// with all its pods running, spread over the nodes in every way.
const (
	StartEmpty Start = iota
	StartRunning
)

func (s Start) String() string { return [...]string{"empty", "running"}[s] }

// Propagation is how a user deletes the ReplicaSet.
type Propagation uint8

// The dependents are deleted after the owner, or before it, or are let go.
const (
	PropagateBackground Propagation = iota
	PropagateForeground
	PropagateOrphan
)

func (p Propagation) String() string { return [...]string{"background", "foreground", "orphan"}[p] }

// A Disruption is the specification of a PodDisruptionBudget that selects the
// pods of the ReplicaSet.
type Disruption struct {
	Limit       Limit
	Value       int  // pods, or percent of the ReplicaSet's replicas
	Percent     bool // rounded up
	AlwaysAllow bool // unhealthyPodEvictionPolicy
}

// Limit says which of its two forms a PodDisruptionBudget has.
type Limit uint8

// There is no budget, or it has one of these fields.
const (
	NoLimit Limit = iota
	MinAvailable
	MaxUnavailable
)

// A Scenario is one ReplicaSet in one cluster, and what may happen to it. It
// fixes the size of the model; a verdict is about one scenario.
type Scenario struct {
	Name        string // of the ReplicaSet, for traces
	Version     Version
	Replicas    int
	Nodes       int
	Zones       [MaxNodes]uint8 // the zone of each node
	Capacity    [MaxNodes]uint8 // pods that each node has room for; 0: as many as there are
	Cordoned    [MaxNodes]bool  // nodes that are cordoned from the start
	Toleration  Toleration      // of an unreachable node
	NotReady    Toleration      // of a node that says itself that it is not ready
	NoGrace     bool            // terminationGracePeriodSeconds is 0
	Disruption  Disruption
	Propagation Propagation // of OwnerDelete
	Status      bool        // the ReplicaSet controller writes status, which nothing else here reads
	Untimed     bool        // time may pass although something is due
	Start       Start
	Lag         int // events of one kind that a cache may be behind
	Past        int // events of one kind that a cache may go back (v1.9, or by a planted bug)
	Pods        int // pod identities; 0: as many as the scenario needs at most
	BarePods    int // pods that a user has created beside the ReplicaSet
	Faults      Budget
	Mutations   []string // names of planted bugs and of repairs, see Mutations and Repairs
}

// The age at which a timer of the ordered time has run out, in ticks.
const (
	graceTicks    = 1 // a node without a heartbeat
	evictionTicks = 2 // a toleration, and the eviction delay of v1.9
	expiryTicks   = 3 // an expectation
)

// maxOwners is how many UIDs the ReplicaSet may have, one after the other.
const maxOwners = 3

// pods returns the number of pod identities that no behaviour of s exceeds,
// unless a controller creates more than it should: the replicas, one for each
// that a user deletes or adds, and one for each that a failing node or
// a drain can take.
func (s *Scenario) pods() int {
	if s.Pods > 0 {
		return s.Pods
	}
	lost := int(s.Faults[NodeCrash] + s.Faults[Partition] + s.Faults[NodeBreak] + s.Faults[NodeDelete])
	if s.Faults[Heal]+s.Faults[NodeReturn]+s.Faults[NodeRepair]+s.Faults[KubeletRestart] == 0 {
		lost = min(lost, s.Nodes) // each node fails once
	}
	n := s.Replicas + int(s.Faults[PodDelete]+s.Faults[ForceDelete]+s.Faults[Scale]) + s.BarePods + int(s.Faults[PodRecreate])
	n += (lost+int(s.Faults[DrainNode]))*(s.Replicas+int(s.Faults[Scale])) + s.spares()
	n += int(s.Faults[Relabel])                                                                        // a pod that is released is replaced
	n += int(s.Faults[OwnerCreate])*s.Replicas + int(min(s.Faults[OwnerCreate], s.Faults[WatchStall])) // and the delete of one too many is decided again
	n += int(s.Faults[ResponseLost])                                                                   // a create or a delete that is decided again
	late := s.Replicas + 2*int(s.Faults[Scale])                                                        // creates, and deletes of a scale-down
	if lost > 0 {
		late += s.Replicas // and of an eviction
	}
	n += int(s.Faults[HandOver]) * late
	if s.Version == V1_9 { // a controller manager that restarts on a stale list, or relists, creates pods again
		n += int(s.Faults[Restart]+s.Faults[Relist])*s.Replicas + int(s.Faults[WatchStall])*s.Lag
		n += int(s.Faults[NodeDelete]) * (s.Replicas + int(s.Faults[Scale])) // no quarantine: replaced onto the Node that the scheduler still sees
		n += int(min(s.Faults[Restart], s.Faults[NodeDelete])) * s.Replicas  // and so is what was created again
	}
	return n
}

// spares leaves room for planted bugs to show themselves.
func (s *Scenario) spares() int {
	if len(s.Mutations) > 0 {
		return 1
	}
	return 0
}

// Validate reports why s cannot be modelled.
func (s *Scenario) Validate() error {
	switch {
	case s.Replicas < 0:
		return fmt.Errorf("replicas is %d, it cannot be negative", s.Replicas)
	case s.Nodes < 1 || s.Nodes > MaxNodes:
		return fmt.Errorf("nodes is %d, the model takes 1 to %d", s.Nodes, MaxNodes)
	case s.Lag < 0 || s.Lag > MaxLag:
		return fmt.Errorf("lag is %d, the model takes 0 to %d", s.Lag, MaxLag)
	case s.Replicas > MaxPods:
		return fmt.Errorf("replicas is %d, the model takes at most %d pods", s.Replicas, MaxPods)
	case s.BarePods < 0 || s.BarePods > 1:
		return fmt.Errorf("there are %d pods of a user, and as they share a name at most one can be", s.BarePods)
	case s.Pods < 0 || s.Pods > MaxPods:
		return fmt.Errorf("the bound on pods is %d, the model takes 0 (as many as are needed) to %d", s.Pods, MaxPods)
	case s.Start > StartRunning || s.Toleration > TolerateForever || s.Version > V1_9:
		return errors.New("start, toleration or version out of range")
	case s.Propagation > PropagateOrphan:
		return errors.New("propagation out of range")
	case s.Faults[OwnerCreate] > maxOwners-1:
		return fmt.Errorf("fault %v, and the model has %d UIDs for the ReplicaSet: at most owner-create=%d", Budget{OwnerCreate: s.Faults[OwnerCreate]}, maxOwners, maxOwners-1)
	case s.Past < 0 || s.Lag+s.Past > maxEvents:
		return fmt.Errorf("past is %d, with lag the model takes at most %d", s.Past, maxEvents)
	case s.Faults[OutOfService] > 0 && s.Version == V1_9:
		return errors.New("there is no out-of-service taint in 1.9")
	case s.Disruption.Limit > MaxUnavailable || s.Disruption.Value < 0 || s.Disruption.Percent && s.Disruption.Value > 100:
		return errors.New("disruption out of range")
	case s.Disruption.Limit != NoLimit && s.Version == V1_9:
		return errors.New("a PodDisruptionBudget is modelled in 1.37 only: in 1.9 its controller writes old numbers over an eviction (#82149)")
	case s.Faults[LeaseStall] > 0 && s.Version == V1_9:
		return errors.New("nodes have no leases in 1.9")
	case !s.nodesInOrder():
		return errors.New("nodes that start alike must follow one another: zones and capacities in ascending order, cordoned ones last")
	}
	for f, n := range s.Faults {
		if n > Unlimited {
			return fmt.Errorf("fault %v=%d, the model takes at most %d of a kind", Fault(f), n, Unlimited-1)
		}
	}
	if n := s.pods(); n > MaxPods {
		return fmt.Errorf("this needs %d pod identities and the model has %d: fewer replicas or faults, or a bound with --max-pods", n, MaxPods)
	}
	if s.Pods > 0 && s.Pods < s.Replicas+s.BarePods {
		return fmt.Errorf("a bound of %d pods is less than the %d that exist from the start", s.Pods, s.Replicas+s.BarePods)
	}
	for _, name := range s.Mutations {
		if _, err := switchByName(name); err != nil {
			return err
		}
	}
	return nil
}

// class is the same for nodes that start alike, and orders them.
func (s *Scenario) class(n int) uint64 {
	class := uint64(s.Zones[n])<<6 | uint64(s.Capacity[n])<<1
	if s.Cordoned[n] {
		class |= 1
	}
	return class
}

// nodesInOrder reports whether the nodes that start alike are next to one
// another; then renaming them in order keeps each among its like.
func (s *Scenario) nodesInOrder() bool {
	for n := 1; n < s.Nodes; n++ {
		if s.class(n-1) > s.class(n) {
			return false
		}
		if s.Zones[n] >= MaxZones || s.Capacity[n] > MaxPods {
			return false
		}
	}
	return true
}

// system is a scenario as the actions use it.
type system struct {
	Scenario
	lag, past  uint8
	limit      int // pod identities
	limited    bool
	budgeted   bool    // a PodDisruptionBudget guards the pods, and somebody asks for evictions
	disrupts   bool    // the states of the zones matter
	rated      bool    // the rate of evictions matters
	unsettling bool    // a step may leave something to settle of any pod: see touched
	repels     Taints  // keep the scheduler from placing a pod
	spendable  []Fault // those with a budget
	bug        bugs

	control     []step   // the actions of the control plane
	actionNames []string // of all actions
}

func newSystem(s Scenario) (*system, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	y := &system{Scenario: s, lag: uint8(s.Lag), past: uint8(s.Past), limit: s.pods(), repels: noSchedule | OutOfServiceTaint}
	y.disrupts, y.rated = s.mayDisrupt(), s.mayQueue()
	y.limited = s.Capacity != [MaxNodes]uint8{}
	y.budgeted = s.Disruption.Limit != NoLimit && s.Faults[DrainNode] > 0
	if s.Toleration == TolerateNot {
		y.repels |= NoExecuteUnreachable
	}
	if s.NotReady == TolerateNot {
		y.repels |= NoExecuteNotReady
	}
	for f, n := range s.Faults {
		if n > 0 {
			y.spendable = append(y.spendable, Fault(f))
		}
	}
	for _, name := range s.Mutations {
		plant, _ := switchByName(name) // Validate has found it
		plant(&y.bug)
	}
	y.unsettling = s.BarePods > 0 || y.bug != (bugs{})
	return y, nil
}

// initial returns the initial states.
func (y *system) initial() []State {
	var s State
	s.Owner = ReplicaSet{UID: 1, Replicas: uint8(y.Replicas)}
	s.KCM.Uptime = evictionTicks // long ago
	s.Budget = y.Faults
	for n := range y.Nodes {
		s.Nodes[n] = Node{Link: Up, Registered: true, Object: true, Known: true}
		if y.Cordoned[n] {
			s.Nodes[n].Unschedulable = true
			if y.Version == V1_37 {
				s.Nodes[n].Taints = NoScheduleUnschedulable
			}
		}
	}
	if y.Start == StartRunning {
		return y.placed(nil, s, 0, 0)
	}
	for i := range y.BarePods {
		s.Pods[i] = Pod{Object: Stored, Bare: true}
	}
	return []State{s}
}

// placed appends every state in which the pods from i on run on the nodes from n
// on, as far as there is room; the rest are pending. A user's pods come first.
func (y *system) placed(all []State, s State, i, n int) []State {
	if i == y.BarePods+y.Replicas {
		if y.budgeted {
			s.PDB = y.pdbStatus(&s)
		}
		return append(all, s)
	}
	if i == y.BarePods {
		n = 0 // pods of one kind are alike: in ascending order of their nodes
	}
	p := Pod{Object: Stored, Bare: i < y.BarePods}
	if !p.Bare {
		p.Owner = s.Owner.UID
	}
	full := true
	for m := range y.Nodes {
		if y.Capacity[m] > 0 && s.slots(m) >= int(y.Capacity[m]) {
			continue
		}
		full = false
		if m >= n {
			p.Phase, p.Node, p.Ready, p.Seen, p.Container = Running, NodeRef(m+1), true, SeenLive, Started
			next := s
			next.Pods[i] = p
			all = y.placed(all, next, i+1, m)
		}
	}
	if full {
		s.Pods[i] = p
		all = y.placed(all, s, i+1, n)
	}
	return all
}

// podName and nodeName are for people. A pod identity never changes its name,
// and a user's pods share one.
func (y *system) podName(s *State, i int) string {
	if s.Pods[i].Bare {
		return fmt.Sprintf("mypod(uid %d)", i+1)
	}
	return fmt.Sprintf("%s-%c", cmp.Or(y.Name, "pod"), 'a'+i)
}

func (y *system) ownerName() string { return cmp.Or(y.Name, "replicaset") }
