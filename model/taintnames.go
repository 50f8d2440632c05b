package model

// The taint eviction controller where a name is used again. It has one timer for
// a name. The worker that is to cancel it when the pod is gone looks the name up
// in the cache: if it finds another pod by then, that pod inherits the timer.
// And while an eviction is being carried out the name gets no new timer: a pod
// that turns up on a tainted node meanwhile, and tolerates the taint for a time,
// is passed over (#107543).
//
// In the state a timer is with the pod that it was set for, or that has
// inherited it.
//
// Omits: that an eviction, when it ends, forgets whatever timer its name has by
// then, so that this one is cancelled no more; evictions that end without
// having deleted a pod that is there (five tries have failed); timers of pods
// whose Node object is gone, which upstream keeps: they are cancelled here.

// timedByName reports whether the timer of a pod may be another's.
func (y *system) timedByName(p *Pod) bool { return p.Bare && y.reused() }

// settleNamedTimers arms, cancels and hands on the timers of the name by the
// caches of the controller manager.
func (y *system) settleNamedTimers(from, s *State) {
	if y.Version == V1_9 || !y.reused() {
		return
	}
	holder := y.seenNamesake(s)
	other := y.staleTimer(s, holder)
	if holder >= 0 {
		y.settleNamedTimer(from, s, holder, other)
	}
}

// staleTimer returns the pod, other than the one that the controller manager
// sees, that the entry of the name is for; nil if there is none. Timers that can
// have no effect any more are forgotten.
func (y *system) staleTimer(s *State, holder int) (other *Pod) {
	free := y.namesake(s) < 0 && s.Budget[PodRecreate] == 0
	for i := range s.used() {
		p := &s.Pods[i]
		if i == holder || p.Timer == Off {
			continue
		}
		switch {
		case free, p.Timer == Done, y.bug.timerOfUID && p.Timer != Fired && p.Timer != Deleting:
			p.Timer = Off
		case p.Timer != Loose && !y.bug.timerOfUID:
			other = p
		}
	}
	return other
}

// settleNamedTimer is settleTimer for the pod that the controller manager sees
// under the name.
//
// Abstracts: handleNodeUpdate, handlePodUpdate, processPodOnNode (T1 to T4);
// timed_workers.go:AddWork, which does nothing while there is an entry.
func (y *system) settleNamedTimer(from, s *State, holder int, other *Pod) {
	p, v := &s.Pods[holder], s.kcmPod(holder)
	if other != nil && other.Timer <= Ticked {
		p.Timer, other.Timer, other = other.Timer, Off, nil // inherited
	}
	if v.Node == 0 {
		return
	}
	was, is := from.kcmNode(int(v.Node-1)).Taints&noExecute, s.kcmNode(int(v.Node-1)).Taints&noExecute
	if p.Timer == Done && (is == 0 || was != is) {
		p.Timer = Off
	}
	switch first := y.tolerated(is); {
	case first == Off && was|is != 0:
		p.Timer = y.cancelled(p.Timer)
	case first == Off: // a pod that comes to a node without taints is not looked at
	case first == Fired && p.Timer <= Ticked: // at once, whatever is under way
		p.Timer = Fired
		if other != nil {
			other.Timer = y.cancelled(other.Timer)
		}
	case p.Timer == Off && other != nil:
		p.Timer = Done // passed over
	case p.Timer == Off:
		p.Timer = first
	}
}

// seenNamesake returns the user's pod that the controller manager sees; -1 if it
// sees none.
func (y *system) seenNamesake(s *State) int {
	for i := range s.used() {
		if s.Pods[i].Bare && s.kcmPod(i).Stored {
			return i
		}
	}
	return -1
}

// cancelled is what becomes of a timer that is cancelled: what it has begun goes
// on.
//
// Abstracts: timed_workers.go:CancelWork.
func (y *system) cancelled(t Timer) Timer {
	switch t {
	case Fired, Deleting:
		if y.bug.timerOfUID {
			return t
		}
		return Loose
	case Loose:
		return t
	}
	return Off
}

// taintCancel cancels the timer of a pod that is gone from the cache, if the
// worker looks before there is another of its name.
//
// Reads: the cache of pods, by name.
// Guard: the cache shows no pod of the name.
// Effect: its timer is off, unless its eviction is under way.
// Abstracts: handlePodUpdate (T5).
// Omits: nothing.
func (y *system) taintCancel(dst []State, s *State) []State {
	if y.seenNamesake(s) >= 0 {
		return dst
	}
	for i := range s.used() {
		t := s.Pods[i].Timer
		if !s.Pods[i].Bare || y.cancelled(t) == t {
			continue
		}
		next := *s
		next.Pods[i].Timer = y.cancelled(t)
		dst = y.settle(dst, s, &next)
	}
	return dst
}

// taintGet reads the pod whose timer has fired, by name and live: it may be
// another one, or none.
//
// Reads: the live object.
// Guard: the timer has fired.
// Effect: the pod is to be deleted, or the eviction is given up.
// Abstracts: addConditionAndDeletePod up to the status patch (T6).
// Omits: the DisruptionTarget condition, which nothing here reads; its patch
// carries the UID that was read, and fails no earlier than the delete would.
func (y *system) taintGet(dst []State, s *State) []State {
	for i := range s.used() {
		p := &s.Pods[i]
		if p.Timer != Fired || !y.timedByName(p) {
			continue
		}
		next := *s
		next.Pods[i].Timer = Deleting
		if target := y.named(s, i); target < 0 || target != i && y.bug.timerOfUID {
			next.Pods[i].Timer = s.finished(i)
		}
		dst = y.settle(dst, s, &next)
	}
	return dst
}

// finished is the timer of pod i after its eviction: no other is armed just
// because the pod is still there.
func (s *State) finished(i int) Timer {
	if s.kcmPod(i).Stored {
		return Done
	}
	return Off
}

// evictByName sends the delete of an eviction: it hits what has the name. With a
// UID (a repair) the API server refuses to delete another; but the next of five
// tries reads by name again.
//
// Abstracts: the DELETE in addConditionAndDeletePod.
func (y *system) evictByName(dst []State, s *State, i int) []State {
	next := *s
	p, target := &next.Pods[i], y.named(s, i)
	switch {
	case p.Timer != Deleting && p.Timer != Loose:
		return dst
	case target >= 0 && target != i && p.Timer == Deleting && y.bug.evictWithUID && !y.bug.timerOfUID:
		p.Timer = Loose
	case target < 0 || target != i && p.Timer == Deleting && y.bug.evictWithUID:
		p.Timer = s.finished(i)
	case s.Pods[target].Deletion == Unmarked && !y.deletePod(&next, target):
		return dst
	case p.Timer == Deleting:
		p.Timer = Deleted
	default:
		p.Timer = Off
	}
	return y.settle(dst, s, &next)
}

// taintFinish forgets the timer of a pod when its deletion has been answered.
//
// Reads: its own memory.
// Guard: the request to delete the pod has been sent.
// Effect: the name may get a timer again.
// Abstracts: timed_workers.go:getWrappedWorkerFunc.
// Omits: nothing.
func (y *system) taintFinish(dst []State, s *State) []State {
	for i := range s.used() {
		if s.Pods[i].Timer != Deleted {
			continue
		}
		next := *s
		next.Pods[i].Timer = s.finished(i)
		dst = y.settle(dst, s, &next)
	}
	return dst
}
