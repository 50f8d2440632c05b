package model

// Zones, shared by the node lifecycle controller and the node controller of
// v1.9: how many nodes of a zone are lost decides how fast its nodes are
// evicted, and when every zone is lost nothing is: then the controller itself
// is more likely to be cut off than all nodes to be dead (master disruption
// mode).
//
// The states of the zones are memory of the process. They are decided at the
// end of a monitor pass, from what the pass found; the evictor works on beside
// it. A pass is in the state only where its end can change something, from its
// first write or, if the nodes themselves say that they are not ready, from the
// list that shows all of them so. v1.9 does not use that list, so there the end
// of a pass is a step by itself.

func (y *system) zoneSteps() (steps []step) {
	if y.disrupts {
		if y.Version != V1_9 {
			steps = append(steps, fair("NodeLifecycle.BeginPass", y.nlcBeginPass, nil))
		}
		steps = append(steps, fair("NodeLifecycle.EndPass", y.nlcEndPass, nil))
	}
	if y.rated {
		steps = append(steps, fair("NodeLifecycle.Refill", y.nlcRefill, nil))
	}
	return steps
}

// failing returns how many nodes may be not ready at the same time: those that
// fail, those that have just been registered again, and all where heartbeats
// may be late.
func (s *Scenario) failing() int {
	if s.Untimed {
		return s.Nodes
	}
	again := min(s.Faults[NodeDelete], s.Faults[NodeReturn]+s.Faults[KubeletRestart])
	return min(int(s.Faults[NodeCrash]+s.Faults[Partition]+s.Faults[NodeBreak]+again), s.Nodes)
}

// zoneSize returns the number of nodes in the zone of node n.
func (s *Scenario) zoneSize(n int) (size int) {
	for k := range s.Nodes {
		if s.Zones[k] == s.Zones[n] {
			size++
		}
	}
	return size
}

// mayDisrupt reports whether a zone can come into a state that stops evictions:
// all nodes fail or are deleted, or three of four; or a pass is cut short.
func (s *Scenario) mayDisrupt() bool {
	failing := s.failing()
	return failing > 0 && failing+int(s.Faults[NodeDelete]) >= s.Nodes || failing > 2 && s.zoneSize(0) > 3 || s.Faults[LeaseStall] > 0
}

// mayQueue reports whether two nodes of one zone can wait for their eviction.
func (s *Scenario) mayQueue() bool {
	for n := range s.Nodes {
		if s.zoneSize(n) > 1 && s.failing() > 1 {
			return true
		}
	}
	return false
}

// found returns the condition of node n that a pass which ends now has found:
// what it has written itself, or else what it has read.
func (s *State) found(n int) Condition {
	if s.Nodes[n].Ready == Unknown {
		return Unknown
	}
	return s.kcmNode(n).Ready
}

// zoneStates returns the states of the zones by the conditions of their nodes.
//
// Abstracts: node_lifecycle_controller.go:ComputeZoneState.
func (y *system) zoneStates(s *State) (states [MaxZones]ZoneState) {
	var ready, lost [MaxZones]int
	for n := range y.Nodes {
		switch z := y.Zones[n]; {
		case !s.kcmNode(n).Object:
		case s.found(n) == True:
			ready[z]++
		default:
			lost[z]++
		}
	}
	for z := range states {
		switch {
		case lost[z] > 0 && ready[z] == 0:
			states[z] = FullDisruption
		case lost[z] > 2 && lost[z]*100 >= 55*(lost[z]+ready[z]):
			states[z] = PartialDisruption
		}
	}
	return states
}

// everyZoneFull reports whether each zone that has a node is fully disrupted.
func (y *system) everyZoneFull(s *State, states *[MaxZones]ZoneState) bool {
	some := false
	for n := range y.Nodes {
		if s.kcmNode(n).Object {
			some = true
			if states[y.Zones[n]] != FullDisruption {
				return false
			}
		}
	}
	return some
}

// disrupted reports whether the process is in master disruption mode.
func (y *system) disrupted(s *State) bool { return y.everyZoneFull(s, &s.KCM.Zones) }

// stopped reports whether the limiter of the zone of node n gives no tokens: in
// master disruption mode, and in a small zone that is partially disrupted.
//
// Abstracts: setLimiterInZone and ReducedQPSFunc, for zones of up to 50 nodes.
func (y *system) stopped(s *State, n int) bool {
	return y.disrupts && (y.disrupted(s) && !y.bug.noMasterDisruptionMode || s.KCM.Zones[y.Zones[n]] == PartialDisruption)
}

// beginPass makes s the first state of a pass, if there is none yet: it lists
// the nodes.
func (y *system) beginPass(s *State) {
	if !y.disrupts || y.Version == V1_9 || s.KCM.InPass {
		return
	}
	s.KCM.InPass = true
	for n := range y.Nodes {
		s.Nodes[n].Listed = s.kcmNode(n).Taints&noExecute != 0
	}
}

// untainting reports whether a pass has ended but for the taints that it takes
// off because of full disruption. The next one begins after that.
func (y *system) untainting(s *State) bool {
	if !y.disrupts || s.KCM.InPass {
		return false
	}
	for n := range y.Nodes {
		if s.Nodes[n].Listed {
			return true
		}
	}
	return false
}

// nlcBeginPass begins a pass that finds every node not ready, and judges none.
//
// Reads: the cached nodes. Guard: it would enter master disruption mode.
// Effect: the list is captured.
//
// Abstracts: monitorNodeHealth, its list.
// Omits: passes that change nothing, and those that change the zones in other
// ways: their list is not used later.
func (y *system) nlcBeginPass(dst []State, s *State) []State {
	states := y.zoneStates(s)
	if s.KCM.InPass || s.KCM.Breaker || y.untainting(s) || !y.everyZoneFull(s, &states) || y.disrupted(s) {
		return dst
	}
	next := *s
	y.beginPass(&next)
	return y.settle(dst, s, &next)
}

// nlcEndPass decides the states of the zones.
//
// Reads: what the pass found. Guard: a pass has begun, or would find a change.
// Effect: the limiters; on entering master disruption mode the queues are
// emptied, and (v1.37) the taints of the nodes that showed one in the list are
// to be taken off; on leaving it all times are set to now.
//
// Abstracts: handleDisruption (L9, N7).
// Omits: that the taints go before the limiters stop: a taint put on in between
// could have been put on before as well.
func (y *system) nlcEndPass(dst []State, s *State) []State {
	states := y.zoneStates(s)
	full, was := y.everyZoneFull(s, &states), y.disrupted(s)
	entering := full && !was
	if !s.KCM.InPass && (states == s.KCM.Zones || entering && y.Version != V1_9 || s.KCM.Breaker || y.untainting(s)) {
		return dst
	}
	next := *s
	switch {
	case entering:
		y.enterDisruption(&next)
	case was && !full:
		y.leaveDisruption(&next)
		fallthrough
	default:
		y.closePass(&next)
	}
	next.KCM.Zones = states
	y.drainBuckets(s, &next)
	return y.settle(dst, s, &next)
}

// closePass ends a pass that takes no taints off.
func (y *system) closePass(s *State) {
	s.KCM.InPass = false
	for n := range y.Nodes {
		s.Nodes[n].Listed = false
	}
}

func (y *system) enterDisruption(s *State) {
	s.KCM.InPass = false
	for n := range y.Nodes {
		node := &s.Nodes[n]
		switch {
		case y.bug.noMasterDisruptionMode:
			node.Listed = false
		case y.Version == V1_9:
			node.Queued, node.InSet = false, false
		case y.bug.readLiveOnUntaint:
			node.Listed = node.Taints&noExecute != 0
		}
	}
}

// leaveDisruption sets all probe and transition times to now. Uptime counts
// from there, too: it says since when the process may hold a node's silence
// against it.
func (y *system) leaveDisruption(s *State) {
	s.KCM.Uptime = y.uptime(0)
	for n := range y.Nodes {
		node := &s.Nodes[n]
		if !y.bug.noResetOnExit {
			node.Silent = 0
		}
		if !y.bug.noResetOnExit && y.Version == V1_9 {
			node.NotReady = 0
		}
		if y.bug.cancelOnExit {
			node.Queued = false
		}
	}
}

// drainBuckets empties the buckets of zones whose limiters gave no tokens and
// do so again.
//
// Abstracts: rate_limited_queue.go:SwapLimiter.
func (y *system) drainBuckets(from, next *State) {
	for n := range y.Nodes {
		if y.rated && y.stopped(from, n) && !y.stopped(next, n) {
			next.KCM.Spent[y.Zones[n]] = true
		}
	}
}

// The rate: a zone's limiter gives one token per interval (10 s), and evicting
// a node takes one. State.Tainted remembers the same over a restart: it is what
// a user sees, not what a process knows.

// hasToken reports whether the limiter of the zone of node n has a token.
func (y *system) hasToken(s *State, n int) bool { return !s.KCM.Spent[y.Zones[n]] || y.bug.noLimiter }

func (y *system) takeToken(s *State, n int) {
	if y.rated {
		s.KCM.Spent[y.Zones[n]], s.Tainted[y.Zones[n]] = true, true
	}
}

// nlcRefill lets an interval of the rate pass in a zone. It is shorter than the
// grace period of a node, so a node that waits for the token gets it before.
//
// Guard: a node of the zone waits. Without one, the next tick does it.
//
// Abstracts: the token bucket of scheduler/rate_limited_queue.go with burst 1.
// Omits: tokens that are taken for a node that turns out to be ready.
func (y *system) nlcRefill(dst []State, s *State) []State {
	for z := range s.Tainted {
		if (s.KCM.Spent[z] || s.Tainted[z]) && y.waiting(s, z) {
			next := *s
			next.KCM.Spent[z], next.Tainted[z] = false, false
			dst = y.settle(dst, s, &next)
		}
	}
	return dst
}

// waiting reports whether a node of zone z waits for a token.
func (y *system) waiting(s *State, z int) bool {
	for n := range y.Nodes {
		if int(y.Zones[n]) == z && (y.taintDue(s, n) || y.evictionDue(s, n)) {
			return true
		}
	}
	return false
}
