package model

import (
	"cmp"

	"github.com/reconverge/reconverge/check"
)

// The liveness properties. Budgets make faults stop, so each is of the form
// "from some point on, always". They rest on weak fairness of every action
// that a process owes.

func livenessClaims() []Claim {
	const fair = "weak fairness of every action that is neither a fault nor a user's; faults stop"
	return []Claim{
		{ID: "ESR", Status: Liveness, Assumption: fair,
			Claim:    "in the end the number of active pods equals replicas, for ever (eventually stable reconciliation; of an owner that nobody deletes)",
			Source:   "Anvil, OSDI'24: liveness_theorem.rs of its ReplicaSet controller",
			property: finally("ESR", func(y *system, s *State) bool { return !s.Owner.lives() || s.active() == int(s.Owner.Replicas) })},
		{ID: "L-READY", Status: Liveness, Assumption: fair,
			Claim: "while a node is alive and not cordoned, in the end exactly replicas pods are ready on ready nodes, for ever (of an owner that nobody deletes)",
			unless: func(y *system) string {
				if why := y.short(); why != "" {
					return why
				}
				if why := toleratesForever(y); why != "" {
					return why
				}
				return cmp.Or(partialDisruption(y), evictionLost(y))
			},
			Source: "protocol 6.4",
			property: finally("L-READY", func(y *system, s *State) bool {
				if !s.someNodeUsable(y.Nodes) || !s.Owner.lives() {
					return true
				}
				ready := 0
				for i := range s.used() {
					if p := &s.Pods[i]; s.replica(p) && p.Ready && s.node(p.Node).Ready == True {
						ready++
					}
				}
				return ready == int(s.Owner.Replicas)
			})},
		{ID: "L-EVICT", Status: Liveness, Assumption: fair,
			Claim:  "while another node is alive, in the end every pod on a dead node is marked for deletion and replaced, for ever",
			Source: "tainteviction/taint_eviction.go; (9) node_controller.go:doEvictionPass",
			unless: func(y *system) string {
				return cmp.Or(partialDisruption(y), needsNodeFault(y), evictionLost(y))
			},
			property: finally("L-EVICT", func(y *system, s *State) bool {
				if !s.someNodeUp(y.Nodes) {
					return true
				}
				left := s.anyPod(func(p *Pod) bool { return p.Active() && p.Node != 0 && !s.node(p.Node).works() })
				return !left && (!s.Owner.lives() || s.active() >= int(s.Owner.Replicas))
			})},
		{ID: "L-BACK", Status: Liveness, Assumption: fair,
			Claim:  "in the end a connected node whose runtime works, and that has its Node object, is ready and without taints but those of a user's wish, and its surviving pods are ready, for ever",
			Source: "pkg/kubelet/status/status_manager.go:syncBatch; node_lifecycle_controller.go:markNodeAsReachable",
			property: finally("L-BACK", func(y *system, s *State) bool {
				for n := range y.Nodes {
					if node := &s.Nodes[n]; node.works() && node.Object && (node.Ready != True || node.Taints&^(OutOfServiceTaint|NoScheduleUnschedulable) != 0) {
						return false
					}
				}
				return !s.anyPod(func(p *Pod) bool { return p.Active() && p.Node != 0 && s.node(p.Node).works() && !p.Ready })
			})},
		{ID: "L-GONE", Status: Liveness, Assumption: fair,
			Claim:  "in the end no terminating pod is left on a connected node whose runtime works, on none, on one whose Node object is gone, or on one that is out of service",
			Source: "pkg/kubelet/status/status_manager.go:canBeDeleted",
			property: finally("L-GONE", func(y *system, s *State) bool {
				return !s.anyPod(func(p *Pod) bool {
					if !p.Terminating() || p.Node == 0 {
						return p.Terminating()
					}
					node := s.node(p.Node)
					return node.works() || !node.Object || node.Ready != True && node.Taints&OutOfServiceTaint != 0
				})
			})},
		{ID: "L-NOTREADY", Status: NotGuaranteed, Assumption: fair,
			Claim:  "in the end no pod of a dead node is ready",
			Source: "fails by #48681 and #135205 (hazard B16): a controller manager that restarts between judging a node and marking its pods forgets them",
			property: finally("L-NOTREADY", func(y *system, s *State) bool {
				return !s.anyPod(func(p *Pod) bool { return p.Stored() && p.Ready && p.Node != 0 && s.node(p.Node).Link != Up })
			})},
	}
}

// finally makes the claim that ok holds from some point on.
func finally(id string, ok func(y *system, s *State) bool) func(*system) check.Property[State] {
	return func(y *system) check.Property[State] {
		return check.EventuallyAlwaysInPlace(id, func(s *State) bool { return ok(y, s) })
	}
}

// lives reports whether there is a ReplicaSet that somebody wants.
func (r *ReplicaSet) lives() bool { return r.UID != 0 && !r.Deleting() }

// someNodeUp reports whether there is a node that pods can run on.
func (s *State) someNodeUp(nodes int) bool {
	for n := range nodes {
		if s.Nodes[n].serves() {
			return true
		}
	}
	return false
}

// someNodeUsable reports whether a node is alive and takes new pods.
func (s *State) someNodeUsable(nodes int) bool {
	for n := range nodes {
		if s.Nodes[n].serves() && !s.Nodes[n].Unschedulable {
			return true
		}
	}
	return false
}

// serves reports whether a node can run pods and nobody has said that it is gone.
func (n *Node) serves() bool { return n.works() && n.Object && n.Taints&OutOfServiceTaint == 0 }

// works reports whether a node can run pods and say so.
func (n *Node) works() bool { return n.Link == Up && !n.Broken }
