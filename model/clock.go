package model

func (y *system) clockSteps() []step {
	tick := slow("Tick", y.tick, nil)
	if !y.Untimed {
		tick = tick.needs(calm)
	}
	return []step{tick}
}

// tick lets time pass: one tick is longer than the grace period of a node and
// shorter than a toleration. What takes milliseconds to seconds in a real
// cluster is done before: heartbeats of connected nodes, and all that the
// control plane has to do, watches included. Kubelets may take any time, and
// faults come when they like. It is disabled once nothing would age.
//
// Reads: everything: no process of the control plane may have something to
// do.
// Guard: nothing is due, and something would age.
// Effect: silences, not-ready times, the uptime and timers grow by one.
// Abstracts: the timers of nodes and tolerations by their order: renewal and
// control plane < grace < toleration or eviction delay < expiry of expectations.
//
// Untimed, there is no order: time passes whatever is due, and for connected
// nodes too, whose heartbeats then come late. Every timer may run out before
// anything else happens, which is all that can go wrong with clocks and load.
func (y *system) tick(dst []State, s *State) []State {
	if !y.Untimed && y.urgent(dst, s) {
		return dst
	}
	next := *s
	if s.expecting() {
		next.KCM.ExpectAge = min(s.KCM.ExpectAge+1, expiryTicks)
	}
	next.KCM.Uptime = y.uptime(s.KCM.Uptime + 1)
	for n := range y.Nodes {
		node := &next.Nodes[n]
		if node.Link != Up || y.Untimed || s.KCM.Stalls.Leases {
			node.Silent = min(node.Silent+1, y.silence())
		}
		if node.Quarantine > 0 {
			node.Quarantine = min(node.Quarantine+1, quarantineOver)
		}
		if v := s.kcmNode(n); v.Object && (v.Ready == False || v.Ready == Unknown && y.Version != V1_9) {
			node.NotReady = min(node.NotReady+1, y.tolerationTicks())
		}
	}
	next.KCM.Spent, next.Tainted = [MaxZones]bool{}, [MaxZones]bool{}
	for i := range s.used() {
		switch p := &next.Pods[i]; p.Timer {
		case Armed:
			p.Timer = Ticked
		case Ticked:
			p.Timer = Fired
		}
	}
	if next == *s {
		return dst
	}
	return y.settle(dst, s, &next)
}

// urgent reports whether something is due that does not wait for a tick. What
// that leads to is put behind dst, and forgotten.
func (y *system) urgent(dst []State, s *State) bool {
	known := y.facts(s)
	if known&calm == 0 {
		return true
	}
	for i := range y.control {
		if c := &y.control[i]; facts(c.Needs)&^known == 0 && len(c.NextInPlace(dst, s)) > len(dst) {
			return true
		}
	}
	return false
}

// Ages that no guard and no property can tell apart are not kept apart.

// silence is the longest silence of a node that matters.
func (y *system) silence() uint8 {
	if y.Version == V1_9 {
		return evictionTicks
	}
	return graceTicks
}

// uptime is how long the controller manager has run, as far as it matters.
func (y *system) uptime(ticks uint8) uint8 {
	if y.Version == V1_9 {
		return min(ticks, evictionTicks)
	}
	return evictionTicks
}

// tolerationTicks is how long a pod stays at least on a node that is not ready.
func (y *system) tolerationTicks() uint8 {
	if y.Version == V1_9 {
		return evictionTicks
	}
	return min(y.Toleration.ticks(), y.NotReady.ticks())
}

func (t Toleration) ticks() uint8 {
	switch t {
	case TolerateNot:
		return 0
	case TolerateShorter:
		return graceTicks
	}
	return evictionTicks
}
