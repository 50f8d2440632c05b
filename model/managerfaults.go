package model

// What befalls the controller manager.

func (y *system) managerFaults() []step {
	return []step{
		fault(Restart, "Fault.RestartKCM", y.restartKCM, nil),
	}
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
	next.KCM = ControllerManager{Uptime: y.uptime(0)}
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
		p.Timer, p.Chosen, p.ExpectDel, p.Condemned, p.Adopting = Off, false, false, false, false
	}
	dst = append(dst, y.settle(&next, next))
	if y.Version == V1_9 && (old.Pods.Len > 0 || old.Nodes.Len > 0) {
		next.KCM.Pods, next.KCM.Nodes, next.KCM.ReplicaSets = old.Pods, old.Nodes, old.ReplicaSets
		dst = append(dst, y.settle(&next, next))
	}
	return dst
}
