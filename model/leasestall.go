package model

// The watch of leases may stall: then nodes look silent that are not. v1.37
// reads the lease live before it judges a node, and if that shows a renewal
// that the cache lacks, its passes skip every node until the cache has caught
// up: none is judged, and none that is ready again is cleaned up.

func (y *system) leaseSteps() []step {
	if y.Version == V1_9 {
		return nil
	}
	steps := []step{fault(LeaseStall, "Fault.LeaseStall", y.leaseStall, nil)}
	if y.Faults[LeaseStall] == 0 {
		return steps
	}
	return append(steps,
		fair("NodeLifecycle.TripBreaker", y.nlcTripBreaker, nil),
		slow("NodeLifecycle.SeeLeases", y.nlcSeesLeases, nil),
	)
}

// leaseStall stops the watch of leases of the controller manager: what it holds
// of them grows old, while kubelets go on renewing.
//
// Reads: nothing.
// Guard: the budget has a stall left; the watch is not stalled.
// Effect: the cache of leases stays as it is until nlcSeesLeases.
func (y *system) leaseStall(dst []State, s *State) []State {
	next := *s
	if s.KCM.Stalls.Leases || !next.spend(LeaseStall) {
		return dst
	}
	next.KCM.Stalls.Leases = true
	return y.settle(dst, s, &next)
}

// nlcSeesLeases ends a stall: every renewal is seen.
//
// Abstracts: the reflector of the lease informer; consistencyStore.EnsureReady.
// Omits: renewals before a node was lost during the stall: see relink.
func (y *system) nlcSeesLeases(dst []State, s *State) []State {
	if !s.KCM.Stalls.Leases {
		return dst
	}
	next := *s
	next.KCM.Stalls.Leases, next.KCM.Breaker = false, false
	for n := range y.Nodes {
		if next.Nodes[n].Link == Up {
			next.Nodes[n].Silent = 0
		}
	}
	return y.settle(dst, s, &next)
}

// renewedUnseen reports whether node n is about to be judged for want of a
// renewal that the cache does not show.
func (s *State) renewedUnseen(n int) bool {
	node := &s.Nodes[n]
	return s.KCM.Stalls.Leases && node.Link == Up && node.Object && node.Silent >= graceTicks && node.Ready != Unknown
}

// nlcTripBreaker finds by a live read that a lease was renewed.
//
// Reads: the lease, live. Guard: the node is due to be judged.
// Effect: nodes are skipped until the cache has caught up, and the pass leaves
// out those that it has not come to. handleDisruption counts the others
// only: if none of these is ready, it takes that for full disruption.
//
// Abstracts: tryUpdateNodeHealth (L2), NodeControllerLeaseCircuitBreaker.
// Omits: that a node which is not ready meanwhile is not queued for its taint;
// other wrong states of a zone, in which evictions go on or the zone is
// stopped until the next pass; that the states of zones without nodes in the
// pass are forgotten, which matters to the times reset on leaving only.
func (y *system) nlcTripBreaker(dst []State, s *State) []State {
	if s.KCM.Breaker || y.bug.noLiveLeaseCheck || y.untainting(s) {
		return dst
	}
	for n := range y.Nodes {
		if !s.renewedUnseen(n) {
			continue
		}
		next := *s
		next.KCM.Breaker = true
		y.closePass(&next)
		dst = y.settle(dst, s, &next)
		if y.looksFull(s) && !y.bug.decideOnWholePass {
			next = *s
			next.KCM.Breaker = true
			y.beginPass(&next)
			y.enterDisruption(&next)
			for _, z := range y.Zones[:y.Nodes] {
				next.KCM.Zones[z] = FullDisruption
			}
			dst = y.settle(dst, s, &next)
		}
		return dst
	}
	return dst
}

// looksFull reports whether a pass that comes to nodes that are not ready only
// takes that for full disruption.
func (y *system) looksFull(s *State) bool {
	for n := range y.Nodes {
		if s.kcmNode(n).Object && s.found(n) != True && s.KCM.Zones[y.Zones[n]] != FullDisruption {
			return true
		}
	}
	return false
}
