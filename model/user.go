package model

// What users do. A user deletes and creates by name, and waits for nothing.

func (y *system) userSteps() []step {
	steps := []step{
		fault(PodDelete, "User.Delete", y.userDelete, y.podStep),
		fault(Scale, "User.Scale", y.userScale, nil),
		fault(PodRecreate, "User.Recreate", y.userRecreate, y.podStep),
		fault(ForceDelete, "User.ForceDelete", y.userForceDelete, y.podStep),
		fault(Relabel, "User.Relabel", y.userRelabel, y.podStep),
		fault(OwnerDelete, "User.DeleteReplicaSet", y.userDeleteOwner, nil),
		fault(OwnerCreate, "User.CreateReplicaSet", y.userCreateOwner, nil),
		fault(NodeDelete, "User.DeleteNode", y.userDeleteNode, y.nodeStep),
	}
	if y.Version != V1_9 { // which knows no such taint
		steps = append(steps, fault(OutOfService, "User.TaintOutOfService", y.userOutOfService, y.nodeStep))
	}
	return steps
}

// userDelete deletes any pod by its name.
//
// Reads: the live object.
// Guard: the budget has a deletion left, and a pod is stored and not marked.
// Effect: marks the pod for deletion.
func (y *system) userDelete(dst []State, s *State) []State {
	for i := range s.used() {
		next := *s
		if next.spend(PodDelete) && y.deletePod(&next, i) {
			dst = y.settle(dst, s, &next)
		}
	}
	return dst
}

// userForceDelete deletes any pod by its name, with grace period 0: its object
// goes without asking whether its container has ended.
//
// Reads: nothing.
// Guard: the pod is in the store.
// Effect: it is marked with grace 0, or removed if it was.
// Abstracts: kubectl delete --grace-period=0 --force.
// Omits: finalizers, which no pod here has.
func (y *system) userForceDelete(dst []State, s *State) []State {
	for i := range s.used() {
		next := *s
		if next.spend(ForceDelete) && y.forceDelete(&next, i) {
			dst = y.settle(dst, s, &next)
		}
	}
	return dst
}

// userScale adds or removes one replica.
//
// Reads: spec.replicas.
// Guard: the budget has a change of scale left.
// Effect: writes spec.replicas, one more or one less.
func (y *system) userScale(dst []State, s *State) []State {
	for _, by := range [...]int{1, -1} {
		next := *s
		after := s.Owner
		if after.UID == 0 || int(after.Replicas)+by < 0 || !next.spend(Scale) {
			continue
		}
		after.Replicas = uint8(int(after.Replicas) + by)
		if y.putOwner(&next, after) {
			dst = y.settle(dst, s, &next)
		}
	}
	return dst
}

// userRecreate creates the user's pod again, once the store has no object of
// its name. Deleting it first is userDelete.
//
// Reads: the live objects.
// Guard: the budget has a creation left, and no stored pod has the name.
// Effect: stores the user's pod under a new UID.
func (y *system) userRecreate(dst []State, s *State) []State {
	next := *s
	if !y.mayRecreate(s) || !next.spend(PodRecreate) {
		return dst
	}
	if y.createPod(&next, Pod{Object: Stored, Bare: true}) {
		dst = y.settle(dst, s, &next)
	}
	return dst
}

func (y *system) mayRecreate(s *State) bool {
	return y.BarePods > 0 && s.Budget[PodRecreate] > 0 && y.namesake(s) < 0
}

// userRelabel takes the label that the selector asks for off a pod of a
// ReplicaSet, or puts it back.
//
// Reads: nothing.
// Guard: the pod is in the store; a user's bare pods never had the label.
// Effect: the pod's labels.
// Abstracts: kubectl label.
// Omits: a selector that is changed (apps/v1 has it immutable).
func (y *system) userRelabel(dst []State, s *State) []State {
	for i := range s.used() {
		p := s.Pods[i]
		next := *s
		if !p.Stored() || p.Bare || !next.spend(Relabel) {
			continue
		}
		p.Unlabelled = !p.Unlabelled
		if y.putPod(&next, i, p) {
			dst = y.settle(dst, s, &next)
		}
	}
	return dst
}

// userDeleteOwner deletes the ReplicaSet by its name, with the propagation of
// the scenario.
//
// Reads: nothing.
// Guard: it is there and not being deleted; a second DELETE changes nothing.
// Effect: background: it is removed; otherwise it is marked and has a finalizer.
// Abstracts: registry/generic/registry/store.go:Delete,
// deletionFinalizersForGarbageCollection; ReplicaSets have no grace period.
// Omits: another propagation policy in a second DELETE.
func (y *system) userDeleteOwner(dst []State, s *State) []State {
	next := *s
	if !s.Owner.lives() || !next.spend(OwnerDelete) {
		return dst
	}
	var after ReplicaSet
	switch y.Propagation {
	case PropagateForeground:
		after = s.Owner
		after.Finalizer = Foreground
	case PropagateOrphan:
		after = s.Owner
		after.Finalizer = Orphan
		for i := range s.used() {
			p := &next.Pods[i]
			p.Spared = p.Spared || s.owns(p) && s.kcmPod(i).Owner == p.Owner
		}
	}
	if y.putOwner(&next, after) {
		dst = y.settle(dst, s, &next)
	}
	return dst
}

// userCreateOwner creates the ReplicaSet again under its name, as it was at
// first, with a UID that was never used.
//
// Reads: nothing.
// Guard: the store has no ReplicaSet of the name.
// Effect: a new ReplicaSet.
// Abstracts: registry/generic/registry/store.go:Create.
// Omits: nothing.
func (y *system) userCreateOwner(dst []State, s *State) []State {
	next := *s
	if s.Owner.UID != 0 || !next.spend(OwnerCreate) {
		return dst
	}
	created := y.Faults[OwnerCreate] - next.Budget[OwnerCreate]
	if y.putOwner(&next, ReplicaSet{UID: 1 + created, Replicas: uint8(y.Replicas)}) {
		dst = y.settle(dst, s, &next)
	}
	return dst
}

// userDeleteNode deletes a Node object, whatever its machine does. Its pods, and
// what the controllers remember by its name, stay. A Node that does not exist
// is kept as not ready: nobody says that it is.
//
// Reads: nothing.
// Guard: the Node exists.
// Effect: it is gone; a running kubelet does not create it again.
// Abstracts: kubectl delete node; registry/core/node.
// Omits: what the node lifecycle controller still holds of the name if a new
// Node comes between two of its passes (nodeHealthMap, knownNodeSet): the new
// one has a heartbeat of its own and no NoExecute taints to take off.
func (y *system) userDeleteNode(dst []State, s *State) []State {
	for n := range y.Nodes {
		next, node := *s, s.Nodes[n]
		if !node.Object || !next.spend(NodeDelete) {
			continue
		}
		node.Object, node.Ready, node.Taints, node.Unschedulable = false, Unknown, 0, false
		if y.putNode(&next, n, node) {
			dst = y.settle(dst, s, &next)
		}
	}
	return dst
}

// userOutOfService says of a node that its machine is off for good. A user is
// told to make sure of that; here they look at the Node only.
//
// Reads: the Node.
// Guard: it is not ready.
// Effect: the taint out-of-service, which stays.
// Abstracts: kubectl taint nodes NAME node.kubernetes.io/out-of-service:NoSchedule.
// Omits: the effect NoExecute, which marks the pods at once; here they are
// marked by the eviction from a node that is not ready.
func (y *system) userOutOfService(dst []State, s *State) []State {
	for n := range y.Nodes {
		next, node := *s, s.Nodes[n]
		if !node.Object || node.Ready == True || node.Taints&OutOfServiceTaint != 0 || !next.spend(OutOfService) {
			continue
		}
		node.Taints |= OutOfServiceTaint
		if y.putNode(&next, n, node) {
			dst = y.settle(dst, s, &next)
		}
	}
	return dst
}
