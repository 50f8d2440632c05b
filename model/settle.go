package model

// settle appends next, to which from leads, with everything done that a
// process does at once when its view of the world changes: work that reads and
// writes its own memory only, and that no other process can come between. from is
// settled, or is next.
func (y *system) settle(dst []State, from, next *State) []State {
	dst = append(dst, *next)
	y.settleInPlace(from, &dst[len(dst)-1])
	return dst
}

func (y *system) settleInPlace(from, next *State) {
	y.settleNodes(from, next)
	y.settleNamedTimers(from, next)
	y.settleOwner(from, next)
	if next.KCM.ExpectAge > 0 && !next.expecting() {
		next.KCM.ExpectAge = 0
	}
	y.settleQuarantine(next)
	tainted := y.someTainted(next)
	for touched := y.touched(from, next); touched != 0; touched &= touched - 1 {
		i := touched.first()
		p := &next.Pods[i]
		if p.ExpectDel && next.kcmPod(i).ending() {
			p.ExpectDel = false
		}
		if p.Untold && !next.hidden(i) {
			p.Untold = false
		}
		if p.Late && p.Object == Removed && !p.Bare {
			p.Late = false // nothing else has its name
		}
		if (tainted || p.Timer != Off) && y.Version == V1_37 && !y.timedByName(p) {
			p.Timer = y.settleTimer(next, p.Timer, next.kcmPod(i))
		}
		if p.Assumed != 0 && p.Object == Stored && p.Node != 0 && !y.schedulable(next, i) {
			p.Assumed = 0 // the cache shows the binding
		}
		if p.Disrupted && p.entryDone(next.kcmPod(i)) {
			p.Disrupted = false
		}
		if p.Drain != NotDrained && y.drained(p) {
			p.Drain = NotDrained
		}
		if p.Seen == SeenTerminating && p.Container == NotStarted {
			p.Container = Stopped // it will not run any more: no need to tell the two apart
		}
		if p.Object == Removed && p.Removing && y.namesake(next) < 0 && !y.reusable(next, p) {
			p.Removing = false // its second write finds nothing
		}
		if p.Object == Removed && p.Seen > SeenLive && p.Container != Started && !y.bug.firstListStale && !(p.Seen == SeenTerminating && y.bug.finalDeleteNoUID) {
			p.Seen = Unseen // it has ended: whether the kubelet knows that it is gone makes no difference
		}
		if p.Object == Removed && p.forgotten() && !(p.Bare && next.kcmPod(i).Stored) && !y.bug.firstListStale {
			*p = Pod{Object: Removed}
		}
	}
}

// ending reports whether a pod is seen marked for deletion, or not at all.
func (v PodView) ending() bool { return v.Deletion || !v.Stored }

// someTainted reports whether the controller manager sees a taint that arms
// timers.
func (y *system) someTainted(s *State) bool {
	for n := range y.Nodes {
		if s.kcmNode(n).Taints&noExecute != 0 {
			return true
		}
	}
	return false
}

// forgotten reports whether no process remembers a removed pod.
func (p *Pod) forgotten() bool {
	return p.Seen == Unseen && p.Assumed == 0 && p.Timer == Off && !p.Chosen && !p.ExpectDel && !p.Condemned &&
		p.Drain == NotDrained && !p.Disrupted &&
		!p.Removing && !p.Adopting && !p.Late &&
		p.Container != Started && (p.Collect == NotCollected || !p.Bare)
}

// settleNodes is what the node controllers do when their cache advances.
func (y *system) settleNodes(from, next *State) {
	for n := range y.Nodes {
		node, v := &next.Nodes[n], next.kcmNode(n)
		if node.Link == Up && node.Object {
			node.Registered = true // a kubelet that has still to register finds its Node
		}
		if v.Ready == True {
			node.NotReady, node.InSet = 0, false
			if !y.bug.noCancel {
				node.Queued = false
			}
		}
		if y.Version == V1_9 && v.Ready != from.kcmNode(n).Ready {
			node.NotReady = 0 // the transition time is that of the last change
		}
		if node.NeedMark && (node.Ready == True || !y.podsToMark(next, n)) {
			node.NeedMark = false
		}
		if y.Version == V1_37 && node.Ready == Unknown && node.Link != Up {
			node.Silent = graceTicks // it is judged: how long it has been silent matters no more
		}
		if node.Taints&noExecute == 0 {
			node.Added = false
			node.Listed = node.Listed && next.KCM.InPass
		}
	}
}

// settleOwner is what the ReplicaSet controller does when its owner is gone, or
// has another UID: what was expected of the old one is expected no longer.
//
// Abstracts: replica_set.go:deleteRS, updateRS, syncReplicaSet (R2).
func (y *system) settleOwner(from, next *State) {
	if y.Faults[OwnerDelete] == 0 || y.bug.keepExpectations || from.kcmOwner().UID == next.kcmOwner().UID {
		return
	}
	next.KCM.ExpectAdd = 0
	for i := range next.used() {
		next.Pods[i].ExpectDel = false
	}
}

// settleTimer arms and cancels the timer of a pod by the caches of the
// controller manager. A timer that has fired stays so until the deletion is
// seen.
//
// Abstracts: tainteviction/taint_eviction.go:processPodOnNode, T1 to T5.
// Omits: pods that are terminating already: their DELETE would change nothing.
func (y *system) settleTimer(s *State, t Timer, v PodView) Timer {
	if v.ending() {
		return Off
	}
	if t == Fired {
		return t
	}
	if v.Node == 0 {
		return Off
	}
	node := s.kcmNode(int(v.Node - 1))
	if !node.Object {
		return t // a Node that goes takes its taints along, and leaves the timers
	}
	first := y.tolerated(node.Taints)
	switch {
	case first == Off && node.Taints&noExecute != 0 && y.bug.cancelOnlyIfNoTaint:
		return t
	case t == Done && first != Off:
		return t // its eviction is lost
	}
	if t == Off || first == Off || first == Fired {
		return first
	}
	return t
}

// tolerated is the timer with which a pod's toleration of the taints begins:
// of the shortest, Off if it is without limit, Fired if there is none.
func (y *system) tolerated(taints Taints) (t Timer) {
	if taints&NoExecuteUnreachable != 0 {
		t = y.Toleration.timer()
	}
	if taints&NoExecuteNotReady != 0 {
		t = max(t, y.NotReady.timer()) // a later state of a timer is nearer to its end
	}
	return t
}

func (t Toleration) timer() Timer { return [...]Timer{Armed, Ticked, Fired, Off}[t] }
