package model

// What befalls machines and their connections.

func (y *system) nodeFaults() []step {
	return []step{
		fault(NodeCrash, "Fault.NodeCrash", y.nodeCrash, y.nodeStep),
		fault(NodeReturn, "Fault.NodeReturn", y.nodeReturn, y.nodeStep),
		fault(Partition, "Fault.Partition", y.partition, y.nodeStep),
		fault(Heal, "Fault.Heal", y.heal, y.nodeStep),
		fault(KubeletRestart, "Fault.RestartKubelet", y.restartKubelet, y.nodeStep),
		fault(NodeBreak, "Fault.NodeBreak", y.nodeBreak, y.nodeStep),
		fault(NodeRepair, "Fault.NodeRepair", y.nodeRepair, y.nodeStep),
	}
}

// relink changes the link of each node in one of the given states. What a node
// has renewed before it is lost, the controller manager sees in the end: while
// its watch of leases stalls, the silence begins here.
func (y *system) relink(dst []State, s *State, f Fault, to Link, from ...Link) []State {
	if s.Budget[f] == 0 {
		return dst
	}
	for n := range y.Nodes {
		for _, link := range from {
			if s.Nodes[n].Link == link {
				next := *s
				next.spend(f)
				next.Nodes[n].Link = to
				switch {
				case link == Down:
					next.Nodes[n].Registered = s.Nodes[n].Object
				case link == Up && s.KCM.Stalls.Leases:
					next.Nodes[n].Silent = 0
				}
				if to == Down {
					y.switchOff(&next, n)
				}
				dst = y.settle(dst, s, &next)
			}
		}
	}
	return dst
}

// switchOff ends the containers of a machine and its kubelet's memory. When it
// boots, its container runtime works.
func (y *system) switchOff(s *State, n int) {
	s.Nodes[n].Broken = false
	for i := range s.used() {
		p := &s.Pods[i]
		if p.Node != NodeRef(n+1) {
			continue
		}
		p.Seen, p.Container = Unseen, NotStarted // what ran before the boot is nothing to the machine
	}
}

// nodeCrash switches a machine off, at any moment.
//
// Reads: nothing.
// Guard: the budget has a crash left; the machine is on.
// Effect: its containers and its kubelet's memory are gone; the store keeps what it has.
func (y *system) nodeCrash(dst []State, s *State) []State {
	return y.relink(dst, s, NodeCrash, Down, Up, Partitioned)
}

// nodeReturn boots a machine that was switched off.
//
// Reads: nothing.
// Guard: the budget has a return left; the machine is off.
// Effect: the machine is on and connected, without containers.
func (y *system) nodeReturn(dst []State, s *State) []State {
	return y.relink(dst, s, NodeReturn, Up, Down)
}

// partition cuts the connection of a machine to the API server.
//
// Reads: nothing.
// Guard: the budget has a partition left; the machine is connected.
// Effect: its kubelet neither sees nor writes anything; its containers run on.
func (y *system) partition(dst []State, s *State) []State {
	return y.relink(dst, s, Partition, Partitioned, Up)
}

// heal restores the connection of a machine.
//
// Reads: nothing.
// Guard: the budget has a heal left; the machine is cut off.
// Effect: its kubelet sees and writes again, with the memory that it had.
func (y *system) heal(dst []State, s *State) []State {
	return y.relink(dst, s, Heal, Up, Partitioned)
}

// restartKubelet ends a kubelet and starts another, which knows of no pod until
// it has listed them, and has to register. Containers run on.
//
// Reads: nothing.
// Guard: the machine is on.
// Effect: the kubelet's memory is gone.
// Abstracts: pkg/kubelet, its start; protocol 4.3.
// Omits: a first list that is stale (see reflector.firstListStale).
func (y *system) restartKubelet(dst []State, s *State) []State {
	for n := range y.Nodes {
		next := *s
		node := &next.Nodes[n]
		if node.Link == Down || !next.spend(KubeletRestart) {
			continue
		}
		node.Registered = node.Object && node.Link == Up
		for i := range s.used() {
			if p := &next.Pods[i]; p.Node == NodeRef(n+1) {
				p.Seen = Unseen
			}
		}
		dst = y.settle(dst, s, &next)
	}
	return dst
}

// nodeBreak takes the container runtime of a node down: its kubelet reports
// Ready=False. The containers run on, and what it says of pods stays.
//
// Abstracts: kubelet/kubelet_node_status.go:setNodeStatusFuncs, runtime errors.
func (y *system) nodeBreak(dst []State, s *State) []State {
	return y.eachRuntime(dst, s, NodeBreak, func(n *Node) bool { return !n.Broken && n.Link != Down })
}

// nodeRepair brings it up again.
func (y *system) nodeRepair(dst []State, s *State) []State {
	return y.eachRuntime(dst, s, NodeRepair, func(n *Node) bool { return n.Broken })
}

// eachRuntime changes the state of the runtime of each node that ok allows.
func (y *system) eachRuntime(dst []State, s *State, f Fault, ok func(n *Node) bool) []State {
	for n := range y.Nodes {
		next := *s
		if ok(&s.Nodes[n]) && next.spend(f) {
			next.Nodes[n].Broken = !next.Nodes[n].Broken
			dst = y.settle(dst, s, &next)
		}
	}
	return dst
}
