package model

// The node lifecycle controller,
// pkg/controller/nodelifecycle/node_lifecycle_controller.go, and what it shares
// with the node controller of v1.9. Its passes are split where they write.
//
// Omits: rates other than none (nodes go in any order), zones (all nodes are in
// one), kubelets that report Ready=False themselves, NoSchedule
// taints other than unreachable, the start-up grace of new nodes.

func (y *system) nodeLifecycleSteps() []step {
	steps := []step{
		fair("NodeLifecycle.Judge", y.nlcJudge, y.nodeStep),
		fair("NodeLifecycle.MarkPod", y.nlcMarkPod, y.podStep),
	}
	if y.Version == V1_9 {
		return steps
	}
	return append(steps,
		fair("NodeLifecycle.TaintNoSchedule", y.nlcTaintNoSchedule, y.nodeStep),
		fair("NodeLifecycle.TaintNoExecute", y.nlcTaintNoExecute, y.nodeStep),
		fair("NodeLifecycle.Untaint", y.nlcUntaint, y.nodeStep),
	)
}

// nlcJudge writes Ready=Unknown for a node without a heartbeat. The heartbeat
// counts as seen when it is sent, which is what the live look at the lease
// (v1.37) ensures.
//
// Abstracts: tryUpdateNodeHealth (L2, L3); v1.9 N2.
func (y *system) nlcJudge(dst []State, s *State) []State {
	return y.eachNode(dst, s, func(node Node, v NodeView) (Node, bool) {
		if node.Silent < graceTicks || node.Ready != True || v.Ready != True {
			return node, false
		}
		node.Ready, node.NeedMark = Unknown, true
		return node, true
	})
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
			dst = append(dst, y.settle(s, next))
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
// Abstracts: MarkPodsNotReady (L8); v1.9 N5.
// Omits: processPod for pods that turn up later on such a node: they are not
// ready, as nobody there makes them so.
func (y *system) nlcMarkPod(dst []State, s *State) []State {
	for i := range s.used() {
		p := s.Pods[i]
		if p.Node == 0 || p.Object != Stored || !s.node(p.Node).NeedMark {
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
			dst = append(dst, y.settle(s, next))
		}
	}
	return dst
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

// stopped reports whether no eviction is begun: every node looks dead, or more
// than two and at least 55 % of them do, which sets the rate of a small zone to 0.
//
// Abstracts: ComputeZoneState and setLimiterInZone, for one zone of up to 50 nodes.
func (y *system) stopped(s *State) bool {
	notReady := 0
	for n := range y.Nodes {
		if s.kcmNode(n).Ready != True {
			notReady++
		}
	}
	return y.fullDisruption(s) || notReady > 2 && notReady*100 >= 55*y.Nodes
}

// fullDisruption reports whether the controller manager sees no ready node.
//
// Abstracts: ComputeZoneState and the master disruption mode, for one zone.
func (y *system) fullDisruption(s *State) bool {
	if y.bug.noMasterDisruptionMode {
		return false
	}
	for n := range y.Nodes {
		if s.kcmNode(n).Ready == True {
			return false
		}
	}
	return true
}

// nlcTaintNoSchedule keeps the NoSchedule taint equal to the condition; so it
// takes off the one that a Node is born with.
//
// Abstracts: doNoScheduleTaintingPass (L4). The patch carries the revision of
// the node that was read.
func (y *system) nlcTaintNoSchedule(dst []State, s *State) []State {
	return y.eachNode(dst, s, func(node Node, v NodeView) (Node, bool) {
		const taints = NoScheduleNotReady | NoScheduleUnreachable
		want := [...]Taints{True: 0, False: NoScheduleNotReady, Unknown: NoScheduleUnreachable}[v.Ready]
		if v.Taints&taints == want || v != node.kcmView() && !y.bug.noConflict {
			return node, false
		}
		node.Taints = node.Taints&^taints | want
		return node, true
	})
}

// nlcTaintNoExecute adds the NoExecute taint that starts the eviction of a
// node's pods, unless all nodes look dead.
//
// Abstracts: processTaintBaseEviction, doNoExecuteTaintingPass (L5, L6).
func (y *system) nlcTaintNoExecute(dst []State, s *State) []State {
	if y.stopped(s) {
		return dst
	}
	return y.eachNode(dst, s, func(node Node, v NodeView) (Node, bool) {
		if v.Ready == True || v.Taints&noExecute != 0 || node.Added || v != node.kcmView() && !y.bug.noConflict {
			return node, false
		}
		node.Taints |= NoExecuteUnreachable
		return node, true
	})
}

// nlcUntaint takes the NoExecute taint off a node that is ready again, that is
// new to this process, or all of them when all look dead.
//
// Abstracts: markNodeAsReachable (L7, also for every node after a restart) and
// handleDisruption (L9).
func (y *system) nlcUntaint(dst []State, s *State) []State {
	full := y.fullDisruption(s)
	return y.eachNode(dst, s, func(node Node, v NodeView) (Node, bool) {
		if v.Taints&noExecute == 0 || !(v.Ready == True || node.Added || full) || v != node.kcmView() && !y.bug.noConflict {
			return node, false
		}
		node.Taints, node.Added = node.Taints&^noExecute, false
		return node, true
	})
}
