package model

// The eviction of the node controller of v1.9,
// pkg/controller/node/node_controller.go: it deletes the pods itself.

func (y *system) nodeControllerSteps() []step {
	if y.Version != V1_9 {
		return nil
	}
	return []step{
		fair("NodeController.Queue", y.ncQueue, y.nodeStep).needs(unwell),
		fair("NodeController.Condemn", y.ncCondemn, y.nodeStep),
		fair("NodeController.MarkLost", y.ncMarkLost, y.podStep).needs(condemned),
		fair("NodeController.Delete", y.ncDelete, y.podStep).needs(condemned),
	}
}

// ncQueue queues a node that has been silent for the eviction delay, or has
// said for as long that it is not ready; in master disruption mode as well.
//
// Reads: the cache of nodes; heartbeats.
// Guard: a node is not ready, silent for the eviction delay, not queued, not
// in the set, and not all look dead.
// Effect: the node is queued for eviction; no write.
// Abstracts: monitorNodeStatus (N3). A node that was evicted stays in the set
// and is not queued again until it has been ready.
func (y *system) ncQueue(dst []State, s *State) []State {
	for n := range y.Nodes {
		node := s.Nodes[n]
		if !node.Object || node.Queued || node.InSet || !y.overdue(s, n) {
			continue
		}
		next := *s
		next.Nodes[n].Queued = true
		dst = y.settle(dst, s, &next)
	}
	return dst
}

// overdue reports whether node n has not been ready for the eviction delay.
func (y *system) overdue(s *State, n int) bool {
	switch s.kcmNode(n).Ready {
	case False:
		return s.Nodes[n].NotReady >= evictionTicks
	case Unknown:
		return s.Nodes[n].Silent >= evictionTicks
	}
	return false
}

// evictionDue reports whether node n waits for its eviction pass.
func (y *system) evictionDue(s *State, n int) bool {
	return s.Nodes[n].Queued && !y.stopped(s, n) && !y.condemned(s, n)
}

// ncCondemn begins the eviction pass of a queued node: it lists the node's
// pods, live.
//
// Reads: the queue; the cache of nodes; the live list of the node's pods.
// Guard: a node is queued, evictions are not stopped, no pass over it is
// under way.
// Effect: its pods are to be deleted, the node is in the set; no write.
// Abstracts: doEvictionPass and the list in deletePods (N8).
func (y *system) ncCondemn(dst []State, s *State) []State {
	for n := range y.Nodes {
		if !y.evictionDue(s, n) || !y.hasToken(s, n) {
			continue
		}
		next := *s
		y.takeToken(&next, n)
		next.Nodes[n].Queued, next.Nodes[n].InSet = false, true
		for i := range s.used() {
			if p := &next.Pods[i]; p.Stored() && p.Node == NodeRef(n+1) {
				p.Condemned = true
			}
		}
		dst = y.settle(dst, s, &next)
	}
	return dst
}

// condemned reports whether an eviction pass of the node is still under way.
func (y *system) condemned(s *State, n int) bool {
	for i := range s.used() {
		if s.Pods[i].Condemned && s.Pods[i].Node == NodeRef(n+1) {
			return true
		}
	}
	return false
}

// ncMarkLost writes the reason NodeLost, which kubectl shows as Unknown once
// the pod is marked for deletion.
//
// Reads: pods of the pass; the live object.
// Guard: a stored pod of the pass has no reason yet.
// Effect: writes status.reason NodeLost.
// Abstracts: SetPodTerminationReason in deletePods.
func (y *system) ncMarkLost(dst []State, s *State) []State {
	for i := range s.used() {
		p := s.Pods[i]
		if !p.Condemned || !p.Stored() || p.Lost {
			continue
		}
		next := *s
		p.Lost = true
		if y.putPod(&next, i, p) {
			dst = y.settle(dst, s, &next)
		}
	}
	return dst
}

// ncDelete deletes a pod of the pass, or passes over one that is marked or gone.
// Where a name is used again the delete may hit the pod that was created under it
// after the status of the old one was written, or was found to be gone.
//
// Reads: pods of the pass; the live object.
// Guard: a pod of the pass has its reason, or is gone.
// Effect: marks the pod for deletion, if it is stored and not marked.
// Abstracts: the DELETE in deletePods, by name, with the default grace.
// Omits: failed deletes, after which the node is retried.
func (y *system) ncDelete(dst []State, s *State) []State {
	for i := range s.used() {
		p := s.Pods[i]
		if !p.Condemned || p.Stored() && !p.Lost {
			continue
		}
		next := *s
		next.Pods[i].Condemned = false
		if target := y.named(s, i); target >= 0 && target != i {
			hit := next
			if y.deletePod(&hit, target) {
				dst = y.settle(dst, s, &hit)
			}
		}
		if p.Stored() && p.Deletion == Unmarked && !y.deletePod(&next, i) {
			continue
		}
		dst = y.settle(dst, s, &next)
	}
	return dst
}
