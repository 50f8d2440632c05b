package model

// What befalls machines and their connections.

func (y *system) nodeFaults() []step {
	return []step{
		fault(NodeCrash, "Fault.NodeCrash", y.nodeCrash, y.nodeStep),
		fault(NodeReturn, "Fault.NodeReturn", y.nodeReturn, y.nodeStep),
		fault(Partition, "Fault.Partition", y.partition, y.nodeStep),
		fault(Heal, "Fault.Heal", y.heal, y.nodeStep),
	}
}

// relink changes the link of each node in one of the given states.
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
				if to == Down {
					y.switchOff(&next, n)
				}
				dst = append(dst, y.settle(s, next))
			}
		}
	}
	return dst
}

// switchOff ends the containers of a machine and its kubelet's memory.
func (y *system) switchOff(s *State, n int) {
	for i := range s.used() {
		p := &s.Pods[i]
		if p.Node != NodeRef(n+1) {
			continue
		}
		p.Seen, p.Container = Unseen, NotStarted // what ran before the boot is nothing to the machine
	}
}

func (y *system) nodeCrash(dst []State, s *State) []State {
	return y.relink(dst, s, NodeCrash, Down, Up, Partitioned)
}

func (y *system) nodeReturn(dst []State, s *State) []State {
	return y.relink(dst, s, NodeReturn, Up, Down)
}

func (y *system) partition(dst []State, s *State) []State {
	return y.relink(dst, s, Partition, Partitioned, Up)
}

func (y *system) heal(dst []State, s *State) []State {
	return y.relink(dst, s, Heal, Up, Partitioned)
}
