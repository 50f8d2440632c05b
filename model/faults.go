package model

// Faults and users. Each happens at most as often as the scenario's budget
// says, and none is ever due: their actions are unfair.

// spend takes one of the budget of f; false if it is used up.
func (s *State) spend(f Fault) bool {
	if s.Budget[f] == 0 {
		return false
	}
	s.Budget[f]--
	return true
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

// restartKCM ends the process and starts another. It loses expectations,
// timers, queues, node health times, and what it had still to send; its first
// list is consistent in v1.37, and may be as stale as the old cache in v1.9.
//
// Abstracts: 3.5 of the protocol, with leader election merged into the restart.
// Omits: requests of the old process that arrive after the new one has started.
func (y *system) restartKCM(dst []State, s *State) []State {
	next := *s
	if !next.spend(Restart) {
		return dst
	}
	old := s.KCM
	next.KCM = ControllerManager{Replicas: s.Replicas, Uptime: y.uptime(0)}
	for n := range y.Nodes {
		node := &next.Nodes[n]
		if !y.bug.keepOldProbeTimes {
			node.Silent = 0
		}
		node.NotReady, node.NeedMark, node.Queued, node.InSet = 0, false, false, false
		node.Added = y.Version == V1_37
	}
	for i := range s.used() {
		p := &next.Pods[i]
		p.Timer, p.Chosen, p.ExpectDel, p.Condemned = Off, false, false, false
	}
	dst = append(dst, y.settle(&next, next))
	if y.Version == V1_9 && (old.Pods.Len > 0 || old.Nodes.Len > 0) {
		next.KCM.Pods, next.KCM.Nodes = old.Pods, old.Nodes
		dst = append(dst, y.settle(&next, next))
	}
	return dst
}

// userDelete deletes any pod by its name.
func (y *system) userDelete(dst []State, s *State) []State {
	for i := range s.used() {
		next := *s
		if next.spend(PodDelete) && y.deletePod(&next, i) {
			dst = append(dst, y.settle(s, next))
		}
	}
	return dst
}

// userScale adds or removes one replica.
func (y *system) userScale(dst []State, s *State) []State {
	next := *s
	if !next.spend(Scale) {
		return dst
	}
	next.Replicas++
	if y.lag == 0 {
		next.KCM.Replicas = next.Replicas
	}
	dst = append(dst, y.settle(s, next))
	if s.Replicas > 0 {
		next.Replicas -= 2
		if y.lag == 0 {
			next.KCM.Replicas = next.Replicas
		}
		dst = append(dst, y.settle(s, next))
	}
	return dst
}

// userRecreate creates the user's pod again, once the store has no object of
// its name. Deleting it first is userDelete.
func (y *system) userRecreate(dst []State, s *State) []State {
	next := *s
	if !y.mayRecreate(s) || !next.spend(PodRecreate) {
		return dst
	}
	if y.createPod(&next, Pod{Object: Stored, Bare: true}) {
		dst = append(dst, y.settle(s, next))
	}
	return dst
}

func (y *system) mayRecreate(s *State) bool {
	return y.BarePods > 0 && s.Budget[PodRecreate] > 0 && y.namesake(s) < 0
}
