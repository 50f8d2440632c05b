package model

// The eviction of the node controller of v1.9,
// pkg/controller/node/node_controller.go: it deletes the pods itself.

func (y *system) nodeControllerSteps() []step {
	if y.Version != V1_9 {
		return nil
	}
	return []step{
		fair("NodeController.Queue", y.ncQueue, y.nodeStep),
		fair("NodeController.Condemn", y.ncCondemn, y.nodeStep),
		fair("NodeController.MarkLost", y.ncMarkLost, y.podStep),
		fair("NodeController.Delete", y.ncDelete, y.podStep),
	}
}

// ncQueue queues a node that has been silent for the eviction delay.
//
// Abstracts: monitorNodeStatus (N3). A node that was evicted stays in the set
// and is not queued again until it has been ready.
func (y *system) ncQueue(dst []State, s *State) []State {
	if y.fullDisruption(s) {
		return dst
	}
	for n := range y.Nodes {
		node := s.Nodes[n]
		if !node.Object || node.Queued || node.InSet || s.kcmNode(n).Ready == True || node.Silent < evictionTicks {
			continue
		}
		next := *s
		next.Nodes[n].Queued = true
		dst = append(dst, y.settle(s, next))
	}
	return dst
}

// ncCondemn begins the eviction pass of a queued node: it lists the node's
// pods, live.
//
// Abstracts: doEvictionPass and the list in deletePods (N8).
func (y *system) ncCondemn(dst []State, s *State) []State {
	for n := range y.Nodes {
		if !s.Nodes[n].Queued || y.stopped(s) || y.condemned(s, n) {
			continue
		}
		next := *s
		next.Nodes[n].Queued, next.Nodes[n].InSet = false, true
		for i := range s.used() {
			if p := &next.Pods[i]; p.Stored() && p.Node == NodeRef(n+1) {
				p.Condemned = true
			}
		}
		dst = append(dst, y.settle(s, next))
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
			dst = append(dst, y.settle(s, next))
		}
	}
	return dst
}

// ncDelete deletes a pod of the pass, or passes over one that is marked or gone.
// Where a name is used again the delete may hit the pod that was created under it
// after the status of the old one was written, or was found to be gone.
//
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
				dst = append(dst, y.settle(s, hit))
			}
		}
		if p.Stored() && p.Deletion == Unmarked && !y.deletePod(&next, i) {
			continue
		}
		dst = append(dst, y.settle(s, next))
	}
	return dst
}
