package model

// What befalls the controller manager: it restarts, or another one becomes the
// leader while requests of the former are still on their way.

func (y *system) managerFaults() []step {
	return []step{
		fault(Restart, "Fault.RestartKCM", y.restartKCM, nil),
		fault(HandOver, "Fault.HandOver", y.handOver, nil),
		fault(HandOver, "Former.Create", y.formerCreate, y.podStep).needs(0),
		fault(HandOver, "Former.Delete", y.formerDelete, y.podStep).needs(0),
	}
}

// restartKCM ends the process and starts another. It loses expectations,
// timers, queues, node health times, and what it had still to send.
//
// Reads: its first lists. Guard: none. Effect: memory is as in a new process.
// Abstracts: 3.5 of the protocol, with leader election merged into the restart.
// Omits: requests of the old process that arrive after the new one has started
// (see handOver); the time without any controller manager.
func (y *system) restartKCM(dst []State, s *State) []State {
	next := *s
	if !next.spend(Restart) {
		return dst
	}
	y.newProcess(&next)
	return y.firstLists(dst, &next)
}

// handOver lets another controller manager take over. What the former one was
// sending may still arrive: each create and delete of its syncs and evictions
// once, or never.
//
// Reads: its first lists. Guard: none. Effect: memory is as in a new process.
// Abstracts: leaderelection.go, which is no fencing: a request in flight, a
// process that is paused past its lease and resumes for a moment (#66150).
// Omits: late deletes of pod GC; late writes to nodes and of status, which carry a revision and are
// refused once the object has changed; a former leader that decides anew.
func (y *system) handOver(dst []State, s *State) []State {
	next := *s
	if !next.spend(HandOver) {
		return dst
	}
	next.Former.Creates += s.KCM.ToCreate
	for i := range s.used() {
		if p := &next.Pods[i]; p.Chosen || p.Condemned || p.Timer == Fired || p.Timer == Deleting {
			p.Late = true
		}
	}
	y.newProcess(&next)
	return y.firstLists(dst, &next)
}

// formerCreate lets a create of a former leader arrive. The new leader was not
// told: only its cache will show the pod, and lower an expectation for it.
//
// Reads: nothing. Guard: the create is on its way. Effect: the pod is stored.
// Abstracts: RealPodControl.CreatePods. Omits: an owner that is gone meanwhile.
func (y *system) formerCreate(dst []State, s *State) []State {
	if s.Former.Creates == 0 || s.Owner.UID == 0 {
		return dst
	}
	next := *s
	next.Former.Creates--
	if y.lag == 0 {
		next.KCM.lowerAdd(1) // seen at once
	}
	if y.createPod(&next, Pod{Object: Stored, Owner: s.Owner.UID, Untold: y.Version == V1_37}) {
		dst = y.settle(dst, s, &next)
	}
	return dst
}

// formerDelete lets a delete of a former leader arrive. It names the pod.
//
// Reads: nothing. Guard: the delete is on its way, and its pod or a namesake is
// in the store. Effect: as deletePod.
// Abstracts: RealPodControl.DeletePod, tainteviction deletePodHandler.
// Omits: a delete of a pod that is marked already, which changes nothing.
func (y *system) formerDelete(dst []State, s *State) []State {
	for i := range s.used() {
		if !s.Pods[i].Late {
			continue
		}
		target := i
		if s.Pods[i].Bare {
			target = y.namesake(s)
		}
		next := *s
		next.Pods[i].Late = false
		if target >= 0 && y.deletePod(&next, target) {
			dst = y.settle(dst, s, &next)
		}
	}
	return dst
}

// newProcess forgets what a controller manager knows, but for its caches: those
// of the new one are a list of their own.
func (y *system) newProcess(s *State) {
	s.KCM = ControllerManager{Uptime: y.uptime(0), Pods: s.KCM.Pods, Nodes: s.KCM.Nodes, ReplicaSets: s.KCM.ReplicaSets}
	for n := range y.Nodes {
		node := &s.Nodes[n]
		if !y.bug.keepOldProbeTimes {
			node.Silent = 0
		}
		node.NotReady, node.Quarantine, node.NeedMark, node.Queued, node.InSet = 0, 0, false, false, false
		node.Added = y.Version == V1_37
	}
	for i := range s.used() {
		p := &s.Pods[i]
		p.Timer, p.Chosen, p.ExpectDel, p.Condemned, p.Adopting, p.Collect = Off, false, false, false, false, NotCollected
	}
}

// firstLists appends a state for every choice of the lists that a new process
// begins with. In v1.37 each is consistent; in v1.9 a watch cache serves it, and
// it may be as old as anything that the model remembers.
//
// Abstracts: reflector.go:watchList; (9) the list with resourceVersion 0.
func (y *system) firstLists(dst []State, from *State) []State {
	k, stale := &from.KCM, y.Version == V1_9 || y.bug.kcmFirstListStale
	for pods := oldestList(k.Pods.Len, stale); pods <= k.Pods.Len; pods++ {
		for nodes := oldestList(k.Nodes.Len, stale); nodes <= k.Nodes.Len; nodes++ {
			for owner := oldestList(k.ReplicaSets.Len, stale); owner <= k.ReplicaSets.Len; owner++ {
				next, past := *from, y.kcmPast(from)
				next.KCM.Pods.seek(pods, past)
				next.KCM.Nodes.seek(nodes, past)
				next.KCM.ReplicaSets.seek(owner, past)
				for i := range next.used() {
					next.Pods[i].Untold = y.Version == V1_37 && next.Pods[i].Stored() && next.hidden(i)
				}
				dst = y.settle(dst, &next, &next)
			}
		}
	}
	return dst
}
