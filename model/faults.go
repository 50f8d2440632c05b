package model

import (
	"fmt"
	"slices"
	"strings"
)

// Faults and users. Each happens at most as often as the scenario's budget
// says, and none is ever due: their actions are unfair.

// A Fault is something that nobody promises to do or to refrain from: a
// failure, or a user's action. A scenario says how often each may happen.
type Fault uint8

// The faults and user actions.
const (
	NodeCrash      Fault = iota // a machine is switched off: its containers and its kubelet's memory are gone
	NodeReturn                  // a machine that was switched off boots
	Partition                   // a machine loses its connection to the API server; its containers run on
	Heal                        // the connection is back
	Restart                     // kube-controller-manager restarts
	PodDelete                   // a user deletes a pod
	Scale                       // a user adds or removes one replica
	PodRecreate                 // a user creates a pod of their own again under the same name
	HandOver                    // another controller manager becomes the leader while requests of the former are on their way
	KubeletRestart              // a kubelet restarts; its containers run on
	NodeDelete                  // a user deletes a Node object
	NodeBreak                   // a node's container runtime fails: its kubelet reports Ready=False
	NodeRepair                  // the runtime works again
	Cordon                      // a user cordons a node
	Uncordon                    // a user makes a cordoned node schedulable again
	DrainNode                   // a user drains a node: cordons it and evicts its pods
	ForceDelete                 // a user deletes a pod with grace period 0, by name
	OutOfService                // a user taints a node as out of service
	Relabel                     // a user takes a pod out of the selector, or puts it back
	OwnerDelete                 // a user deletes the ReplicaSet
	OwnerCreate                 // a user creates the ReplicaSet again
	RequestFail                 // a request fails and has no effect
	ResponseLost                // a request takes effect, and its client is told that it failed
	Relist                      // a watch of the controller manager is cut, and its cache lists again
	WatchStall                  // a watch of the controller manager delivers nothing for a time
	LeaseStall                  // its watch of leases does so
	numFaults
)

var faultNames = [numFaults]string{
	"node-crash", "node-return", "partition", "heal", "restart", "pod-delete", "scale", "pod-recreate",
	"hand-over", "kubelet-restart", "node-delete", "node-break", "node-repair", "cordon", "uncordon", "drain",
	"force-delete", "out-of-service", "relabel", "owner-delete", "owner-create",
	"request-fail", "response-lost", "relist", "watch-stall", "lease-stall",
}

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

// Unlimited in a Budget lets a fault happen again and again.
const Unlimited = 1<<4 - 1

func (b Budget) String() string {
	var parts []string
	for f, n := range b {
		switch {
		case n == Unlimited:
			parts = append(parts, fmt.Sprintf("%v without limit", Fault(f)))
		case n > 0:
			parts = append(parts, fmt.Sprintf("%v=%d", Fault(f), n))
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

// outcome reports whether a fault is no step of its own but a way in which
// another step may end.
func (f Fault) outcome() bool { return f == RequestFail || f == ResponseLost }

// spend takes one of the budget of f; false if it is used up.
func (s *State) spend(f Fault) bool {
	if s.Budget[f] == 0 {
		return false
	}
	if s.Budget[f] < Unlimited {
		s.Budget[f]--
	}
	return true
}
