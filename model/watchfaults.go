package model

// What befalls the watches of the controller manager. Its caches jump when a
// watch is cut and lists again, and stand still when one delivers nothing.

func (y *system) watchFaults() []step {
	steps := []step{
		fault(Relist, "Fault.Relist", y.relist, watchStep),
		fault(WatchStall, "Fault.StallWatch", y.stallWatch, watchStep),
	}
	if y.Faults[WatchStall] > 0 {
		steps = append(steps, slow("KCM.ResumeWatch", y.resumeWatch, watchStep))
	}
	return steps
}

// relist replaces the cache of pods or that of nodes by a list. In v1.37 that
// is not older than the cache; in v1.9 it may be as old as the scenario's past
// allows. What came in between is not seen: a pod that was created and deleted,
// or that turns up marked for deletion, leaves its create expected until that
// expires.
//
// Reads: no object; the list is served from a watch cache.
// Guard: any position that the history has.
// Effect: handlers see the difference of the two lists; a stall is over.
// Abstracts: reflector.go:ListAndWatch after 410 Gone; DeltaFIFO.Replace.
// Omits: that in v1.9 a cache takes up a list key by key, so that it is for
// some microseconds a mixture of both; relists of ReplicaSets, as there is one.
func (y *system) relist(dst []State, s *State) []State {
	dst = relistCache(y, dst, s, func(s *State) *Cache[PodView] { s.KCM.Stalls.Pods = false; return &s.KCM.Pods })
	return relistCache(y, dst, s, func(s *State) *Cache[NodeView] { s.KCM.Stalls.Nodes = false; return &s.KCM.Nodes })
}

// relistCache appends a state for each list that a cache may get. What cache
// returns is connected again.
func relistCache[View comparable](y *system, dst []State, s *State, cache func(*State) *Cache[View]) []State {
	if s.Budget[Relist] == 0 {
		return dst
	}
	next := *s
	next.spend(Relist)
	c := *cache(&next)
	for at := oldestList(c.Seen+1, y.Version == V1_9 || y.bug.cacheDivergent); at <= c.Len; at++ {
		if at == c.Seen {
			continue
		}
		jumped := next
		cache(&jumped).seek(at, y.kcmPast(&jumped))
		for i := range s.used() {
			jumped.handlePod(i, s.kcmPod(i))
		}
		dst = y.settle(dst, s, &jumped)
	}
	return dst
}

// oldestList is the oldest position in the history of a cache from which a list
// may be served to a client that asks for one no older than at, if it asks, or
// if the server keeps to it.
func oldestList(at uint8, stale bool) uint8 {
	if stale {
		return 0
	}
	return at
}

// stallWatch lets the watch of pods or that of nodes deliver nothing, for any
// time. The cache is still behind by no more than its lag: writes wait.
//
// Reads: nothing. Guard: the watch delivers. Effect: it does not.
// Abstracts: a connection that hangs, a watch cache that does not advance (#129795).
// Omits: that nodes bring the heartbeats of v1.9. A healthy node is not judged
// for want of them: that write conflicts with the next heartbeat, and is decided
// again on a live read (node_controller.go:monitorNodeStatus).
func (y *system) stallWatch(dst []State, s *State) []State { return y.switchWatches(dst, s, true) }

// resumeWatch ends a stall: the watch goes on where it was. It is owed, and
// time passes meanwhile.
//
// Reads: nothing. Guard: the watch delivers nothing. Effect: it does.
// Abstracts: a new connection with the last resourceVersion.
// Omits: nothing; a connection that has to list again is relist.
func (y *system) resumeWatch(dst []State, s *State) []State { return y.switchWatches(dst, s, false) }

func (y *system) switchWatches(dst []State, s *State, stalled bool) []State {
	was := s.KCM.Stalls
	for _, is := range [...]Stalls{{stalled, was.Nodes, was.Leases}, {was.Pods, stalled, was.Leases}} {
		next := *s
		if is == was || stalled && !next.spend(WatchStall) {
			continue
		}
		next.KCM.Stalls = is
		dst = y.settle(dst, s, &next)
	}
	return dst
}

// watchStep names the watch that a step is about.
func watchStep(from, to *State) string {
	if from.KCM.Nodes != to.KCM.Nodes || from.KCM.Stalls.Nodes != to.KCM.Stalls.Nodes {
		return "nodes"
	}
	return "pods"
}

// hidden reports whether the creation of pod i is an event that the controller
// manager has not seen.
func (s *State) hidden(i int) bool {
	for _, e := range s.KCM.Pods.Events[s.KCM.Pods.Seen:s.KCM.Pods.Len] {
		if int(e.Object) == i && !e.Before.Stored {
			return true
		}
	}
	return false
}

// countDeletion is a planted bug: it lowers the expectation of deletes by the
// number of a pod's events, not by its name. A pod that is marked and then
// removed counts twice.
func (y *system) countDeletion(dst []State, s *State, next State, before, after PodView) []State {
	marked := before.Stored && !before.Deletion && after.Deletion
	if gone := before.Stored && !after.Stored; marked || gone {
		for i := range next.used() {
			if next.Pods[i].ExpectDel {
				counted := next
				counted.Pods[i].ExpectDel = false
				dst = y.settle(dst, s, &counted)
			}
		}
		if next.expecting() {
			return dst
		}
	}
	return y.settle(dst, s, &next)
}
