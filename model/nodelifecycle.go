package model

// The node lifecycle controller,
// pkg/controller/nodelifecycle/node_lifecycle_controller.go, and what it shares
// with the node controller of v1.9. Its passes are split where they write.
//
// Zones, rates and the end of a pass are in zones.go, stalled leases in
// leasestall.go.
//
// A taint is decided on by the cached node and written to the live one: the
// PATCH carries the revision of a node read for it, and is tried again on a
// live read if that was too old. The condition is not looked at again.
//
// Omits: taints for memory and disk pressure, the start-up grace of new nodes;
// a taint that is on its way when its limiter is stopped: hazard B21 has its
// consequence.

func (y *system) nodeLifecycleSteps() []step {
	steps := []step{
		fair("NodeLifecycle.Judge", y.nlcJudge, y.nodeStep).needs(judging),
		fair("NodeLifecycle.MarkPod", y.nlcMarkPod, y.podStep).needs(marking),
	}
	if y.Version == V1_9 {
		return steps
	}
	steps = append(steps,
		fair("NodeLifecycle.TaintNoSchedule", y.nlcTaintNoSchedule, y.nodeStep).needs(unwell),
		fair("NodeLifecycle.TaintNoExecute", y.nlcTaintNoExecute, y.nodeStep).needs(unwell),
		fair("NodeLifecycle.Untaint", y.nlcUntaint, y.nodeStep).needs(tainted),
	)
	if y.Faults[NodeBreak] > 0 {
		steps = append(steps, fair("NodeLifecycle.SwapNoExecute", y.nlcSwapNoExecute, y.nodeStep).needs(unwell))
	}
	return steps
}

// nlcJudge writes Ready=Unknown for a node without a heartbeat. The heartbeat
// counts as seen when it is sent, unless the watch of leases stalls.
//
// Reads: the cached node, the live one on a conflict, the live lease (v1.37).
// Guard: silent for the grace period, not Unknown yet, the lease not renewed.
// Effect: Unknown, whatever it was before; a pass is under way; if the node was
// ready its pods are to be marked.
//
// Abstracts: tryUpdateNodeHealth (L2, L3); v1.9 N2.
func (y *system) nlcJudge(dst []State, s *State) []State {
	for n := range y.Nodes {
		node := s.Nodes[n]
		if !node.Object || node.Silent < graceTicks || node.Ready == Unknown || s.kcmNode(n).Ready == Unknown {
			continue
		}
		if s.KCM.Breaker || s.renewedUnseen(n) && !y.bug.noLiveLeaseCheck || y.untainting(s) {
			continue
		}
		next := *s
		y.beginPass(&next)
		judged := next.Nodes[n]
		judged.NeedMark = judged.NeedMark || node.Ready == True
		judged.Ready = Unknown
		if y.putNode(&next, n, judged) {
			dst = y.settle(dst, s, &next)
		}
	}
	return dst
}

// eachNode appends a successor for each node that f, which is also given the
// cached one, changes and the API server accepts.
func (y *system) eachNode(dst []State, s *State, f func(node Node, v NodeView) (Node, bool)) []State {
	for n := range y.Nodes {
		node := s.Nodes[n]
		if !node.Object {
			continue
		}
		v := s.kcmNode(n)
		if !v.Object {
			continue
		}
		node, ok := f(node, v)
		if !ok {
			continue
		}
		next := *s
		if y.putNode(&next, n, node) {
			dst = y.settle(dst, s, &next)
		}
	}
	return dst
}

// nlcMarkPod writes Ready=False for a pod of a node that this process has just
// judged. The write carries the revision of the pod that was read: the cached
// one (v1.37), so it is refused while the cache is behind; the live one (v1.9).
// A failure is made good in the next pass in v1.37. In v1.9 it is logged, and
// the pods that were still to be marked stay ready: their list is what failed.
//
// Reads: the pod: cached (v1.37) or live (v1.9).
// Guard: its node was just judged, the pod is ready, and the revision that
// was read is the live one.
// Effect: writes condition Ready=False of one pod.
// Abstracts: MarkPodsNotReady (L8); v1.9 N5.
// Omits: processPod for pods that turn up later on such a node: they are not
// ready, as nobody there makes them so.
func (y *system) nlcMarkPod(dst []State, s *State) []State {
	for i := range s.used() {
		p := s.Pods[i]
		if p.Node == 0 || p.Object != Stored || !y.marks(s, int(p.Node-1)) {
			continue
		}
		v := y.markView(s, i)
		if !v.Ready || v != p.kcmView() && !y.bug.noConflict {
			continue
		}
		if y.Version == V1_9 {
			failed := *s
			failed.node(p.Node).NeedMark = false
			dst = y.ends(dst, s, &failed, RequestFail)
		}
		p.Ready = false
		next := *s
		if y.putPod(&next, i, p) {
			dst = y.settle(dst, s, &next)
		}
	}
	return dst
}

// marks reports whether the pods of node n are to be marked not ready.
func (y *system) marks(s *State, n int) bool {
	return s.Nodes[n].NeedMark || y.bug.markLevelTriggered && s.kcmNode(n).Ready != True
}

// markView is the pod that nlcMarkPod reads.
func (y *system) markView(s *State, i int) PodView {
	if y.Version == V1_9 {
		return s.Pods[i].kcmView()
	}
	return s.kcmPod(i)
}

// podsToMark reports whether a node has pods that are read as ready.
func (y *system) podsToMark(s *State, n int) bool {
	for i := range s.used() {
		if v := y.markView(s, i); v.Stored && v.Node == NodeRef(n+1) && v.Ready {
			return true
		}
	}
	return false
}

// nlcTaintNoSchedule keeps the NoSchedule taints equal to what the cached node
// says of itself: first those that are missing, then, in another write, those
// that are too many.
//
// Reads: the cache of nodes.
// Guard: taint and condition disagree, and the revision that was read is the
// live one.
// Effect: adds or removes the taint unreachable:NoSchedule.
// Abstracts: doNoScheduleTaintingPass (L4).
func (y *system) nlcTaintNoSchedule(dst []State, s *State) []State {
	return y.eachNode(dst, s, func(node Node, v NodeView) (Node, bool) {
		wanted := noScheduleFor(v)
		before := node.Taints
		if missing := wanted &^ v.Taints; missing&^node.Taints != 0 {
			node.Taints |= missing
		} else {
			node.Taints &^= v.Taints & noSchedule &^ wanted
		}
		return node, node.Taints != before
	})
}

func noScheduleFor(v NodeView) (wanted Taints) {
	switch v.Ready {
	case False:
		wanted = NoScheduleNotReady
	case Unknown:
		wanted = NoScheduleUnreachable
	}
	if v.Unschedulable {
		wanted |= NoScheduleUnschedulable
	}
	return wanted
}

// noExecuteFor is the NoExecute taint of a node in a condition that is not True.
func noExecuteFor(c Condition) Taints {
	if c == False {
		return NoExecuteNotReady
	}
	return NoExecuteUnreachable
}

// nlcTaintNoExecute adds the NoExecute taint that starts the eviction of a
// node's pods, if the limiter of its zone has a token. Every pass queues all
// nodes that are not ready and have no such taint: the queue is not kept.
//
// Reads: the cache of nodes, all of them for the state of the zone.
// Guard: a node is not ready, not tainted and not new to this process,
// evictions are not stopped, and the revision that was read is the live one.
// Effect: adds the taint unreachable:NoExecute.
// Abstracts: processTaintBaseEviction, doNoExecuteTaintingPass (L5, L6).
func (y *system) nlcTaintNoExecute(dst []State, s *State) []State {
	for n := range y.Nodes {
		if !y.taintDue(s, n) || !y.hasToken(s, n) {
			continue
		}
		next := *s
		y.takeToken(&next, n)
		node := s.Nodes[n]
		node.Taints |= noExecuteFor(s.kcmNode(n).Ready)
		if y.putNode(&next, n, node) {
			dst = y.settle(dst, s, &next)
		}
	}
	return dst
}

// taintDue reports whether node n waits for its NoExecute taint. One whose
// taint the current pass has listed, and taken off since, is not queued by it.
func (y *system) taintDue(s *State, n int) bool {
	node, v := &s.Nodes[n], s.kcmNode(n)
	return y.Version != V1_9 && node.Object && v.Object && v.Ready != True && (v.Taints|node.Taints)&noExecute == 0 &&
		!node.Added && !node.Listed && !y.stopped(s, n)
}

// nlcSwapNoExecute gives a node whose condition is now another one the taint of
// that, and takes the other taint off: two writes, at once and without a token.
// The taint is not on the node that the current pass has listed.
//
// Abstracts: processTaintBaseEviction (L5), SwapNodeControllerTaint.
func (y *system) nlcSwapNoExecute(dst []State, s *State) []State {
	if y.untainting(s) || s.KCM.Breaker {
		return dst
	}
	return y.eachNode(dst, s, func(node Node, v NodeView) (Node, bool) {
		wanted := noExecuteFor(v.Ready)
		opposite := noExecute &^ wanted
		if v.Ready == True || node.Added || v.Taints&opposite == 0 {
			return node, false
		}
		before := node.Taints
		if node.Taints&wanted == 0 {
			node.Taints |= wanted
			node.Listed = false
		} else {
			node.Taints &^= opposite
		}
		return node, node.Taints != before
	})
}

// nlcUntaint takes the NoExecute taints off a node, one by one: if the cached
// node shows them and is ready again, and a pass comes to it; if it is new to
// this process; if the pass that entered master disruption mode had listed it
// with one.
//
// Reads: the cache of nodes, all of them for the state of the zone.
// Guard: a tainted node is ready, new to this process, or all look dead; the
// revision that was read is the live one.
// Effect: removes the taint unreachable:NoExecute.
// Abstracts: markNodeAsReachable (L7, also for every node after a restart) and
// handleDisruption (L9).
func (y *system) nlcUntaint(dst []State, s *State) []State {
	for n := range y.Nodes {
		node, v := s.Nodes[n], s.kcmNode(n)
		taints := node.Taints & noExecute
		back := v.Ready == True && v.Taints&taints != 0 && !s.KCM.Breaker
		owed := node.Listed && !s.KCM.InPass
		if !node.Object || taints == 0 || !(back || node.Added || owed) {
			continue
		}
		next := *s
		if node.Added && !owed {
			y.beginPass(&next) // it is the first thing that a pass does
		}
		node = next.Nodes[n]
		if taints != noExecute {
			node.Taints, node.Added = node.Taints&^noExecute, false
		} else {
			node.Taints &^= NoExecuteUnreachable
		}
		if y.putNode(&next, n, node) {
			dst = y.settle(dst, s, &next)
		}
	}
	return dst
}
