package model

import (
	"errors"
	"fmt"
	"slices"
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

// A Fault is something that nobody promises to do or to refrain from: a
// failure, or a user's action. A scenario says how often each may happen.
type Fault uint8

// The faults and user actions.
const (
	NodeCrash   Fault = iota // a machine is switched off: its containers and its kubelet's memory are gone
	NodeReturn               // a machine that was switched off boots
	Partition                // a machine loses its connection to the API server; its containers run on
	Heal                     // the connection is back
	Restart                  // kube-controller-manager restarts
	PodDelete                // a user deletes a pod
	Scale                    // a user adds or removes one replica
	PodRecreate              // a user deletes a pod of their own and creates another of the same name
	numFaults
)

var faultNames = [numFaults]string{"node-crash", "node-return", "partition", "heal", "restart", "pod-delete", "scale", "pod-recreate"}

func (f Fault) String() string { return faultNames[f] }

// ParseFault is the inverse of Fault.String.
func ParseFault(s string) (Fault, error) {
	if i := slices.Index(faultNames[:], s); i >= 0 {
		return Fault(i), nil
	}
	return 0, fmt.Errorf("unknown fault %q: use one of %s", s, strings.Join(faultNames[:], ", "))
}

// Budget says how often each fault may happen in one behaviour.
type Budget [numFaults]uint8

func (b Budget) String() string {
	var parts []string
	for f, n := range b {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%v=%d", Fault(f), n))
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
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

// A Scenario is one ReplicaSet in one cluster, and what may happen to it. It
// fixes the size of the model; a verdict is about one scenario.
type Scenario struct {
	Name       string // of the ReplicaSet, for traces
	Version    Version
	Replicas   int
	Nodes      int
	Toleration Toleration
	NoGrace    bool // terminationGracePeriodSeconds is 0
	Start      Start
	Lag        int // events of one kind that a cache may be behind
	Pods       int // pod identities; 0: as many as the scenario needs at most
	BarePods   int // pods that a user has created beside the ReplicaSet
	Faults     Budget
	Mutations  []string // names of planted bugs, see Mutations
}

// The age at which a timer of the ordered time has run out, in ticks.
const (
	graceTicks    = 1 // a node without a heartbeat
	evictionTicks = 2 // a toleration, and the eviction delay of v1.9
)

// pods returns the number of pod identities that no behaviour of s exceeds,
// unless a controller creates more than it should: the replicas, one for each
// that a user deletes or adds, and one for each that a failing node can take.
func (s *Scenario) pods() int {
	if s.Pods > 0 {
		return s.Pods
	}
	lost := int(s.Faults[NodeCrash] + s.Faults[Partition])
	if s.Faults[Heal]+s.Faults[NodeReturn] == 0 {
		lost = min(lost, s.Nodes) // each node fails once
	}
	n := s.Replicas + int(s.Faults[PodDelete]+s.Faults[Scale]) + s.BarePods + int(s.Faults[PodRecreate])
	n += lost*(s.Replicas+int(s.Faults[Scale])) + s.spares()
	if s.Version == V1_9 { // a controller manager that restarts on a stale list creates pods again
		n += int(s.Faults[Restart]) * s.Replicas
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
	case s.Replicas > MaxPods || s.BarePods < 0 || s.BarePods > MaxPods:
		return fmt.Errorf("replicas is %d, the model takes at most %d pods", max(s.Replicas, s.BarePods), MaxPods)
	case s.Pods < 0 || s.Pods > MaxPods:
		return fmt.Errorf("the bound on pods is %d, the model takes 0 (as many as are needed) to %d", s.Pods, MaxPods)
	case s.Start > StartRunning || s.Toleration > TolerateForever || s.Version > V1_9:
		return errors.New("start, toleration or version out of range")
	case s.Start == StartRunning && s.BarePods > 0:
		return errors.New("a scenario with pods of a user starts empty")
	}
	for f, n := range s.Faults {
		if n > maxBudget {
			return fmt.Errorf("fault %v=%d, the model takes at most %d of a kind", Fault(f), n, maxBudget)
		}
	}
	if n := s.pods(); n > MaxPods {
		return fmt.Errorf("this needs %d pod identities and the model has %d: fewer replicas or faults, or a bound with --max-pods", n, MaxPods)
	}
	if s.Pods > 0 && s.Pods < s.Replicas+s.BarePods {
		return fmt.Errorf("a bound of %d pods is less than the %d that exist from the start", s.Pods, s.Replicas+s.BarePods)
	}
	for _, name := range s.Mutations {
		if _, err := MutationByName(name); err != nil {
			return err
		}
	}
	return nil
}

// system is a scenario as the actions use it.
type system struct {
	Scenario
	lag   uint8
	limit int // pod identities
	bug   bugs

	control []nextFunc // the actions of the control plane
}

func newSystem(s Scenario) (*system, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	y := &system{Scenario: s, lag: uint8(s.Lag), limit: s.pods()}
	for _, name := range s.Mutations {
		m, _ := MutationByName(name)
		m.plant(&y.bug)
	}
	return y, nil
}

// initial returns the initial states.
func (y *system) initial() []State {
	var s State
	s.Replicas, s.KCM.Replicas = uint8(y.Replicas), uint8(y.Replicas)
	s.KCM.Uptime = evictionTicks // long ago
	s.Budget = y.Faults
	for n := range y.Nodes {
		s.Nodes[n] = Node{Link: Up, Object: true, Ready: true}
	}
	for i := range y.BarePods {
		s.Pods[i] = Pod{Object: Stored, Bare: true}
	}
	if y.Start == StartEmpty {
		return []State{s}
	}
	var all []State
	var place func(s State, i, from int)
	place = func(s State, i, from int) {
		if i == y.Replicas {
			all = append(all, s)
			return
		}
		for n := from; n < y.Nodes; n++ {
			s.Pods[i] = Pod{Object: Stored, Phase: Running, Node: NodeRef(n + 1), Ready: true, Seen: SeenLive, Container: Started}
			place(s, i+1, n)
		}
	}
	place(s, 0, 0)
	return all
}

// podName and nodeName are for people. A pod identity never changes its name,
// and a user's pods share one.
func (y *system) podName(s *State, i int) string {
	if s.Pods[i].Bare {
		return fmt.Sprintf("mypod(uid %d)", i+1)
	}
	name := y.Name
	if name == "" {
		name = "pod"
	}
	return fmt.Sprintf("%s-%c", name, 'a'+i)
}
