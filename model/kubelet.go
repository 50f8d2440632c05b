package model

// The kubelet of each node, pkg/kubelet, and the machine below it. A container
// is a thing of its own: it can run without an object in the store, and an
// object can say Running without a container.
//
// Omits: what admission asks besides room, crashes of containers, the
// Ready=False that a rebooted kubelet posts before it starts them again, static
// pods, grace periods that run out (a stop may take any time).

func (y *system) kubeletSteps() []step {
	steps := []step{
		slow("Kubelet.Observe", y.kubeletObserve, y.podStep).needs(news),
		slow("Kubelet.Start", y.kubeletStart, y.podStep).needs(starting),
		slow("Kubelet.Stop", y.kubeletStop, y.podStep).needs(stopping),
		slow("Kubelet.ReportRunning", y.kubeletReportRunning, y.podStep).needs(unready),
		slow("Kubelet.ReportTerminal", y.kubeletReportTerminal, y.podStep).needs(ended),
		slow("Kubelet.FinalDelete", y.kubeletFinalDelete, y.podStep).needs(ended),
		slow("Kubelet.Heartbeat", y.kubeletHeartbeat, y.nodeStep).needs(beating),
	}
	if y.limited {
		steps = append(steps, slow("Kubelet.Reject", y.kubeletReject, y.podStep))
	}
	if y.Faults[NodeDelete] > 0 {
		steps = append(steps, slow("Kubelet.Register", y.kubeletRegister, y.nodeStep))
	}
	return steps
}

// kubeletObserve takes up one change of one pod from the watch. Changes of
// different pods may be seen in any order, and several changes of one at once:
// more than a watch does. A pod that is new to it must be admitted; one that is
// terminal is not to run, whoever wrote so; a container that it finds and of
// whose pod it does not hear is one to stop.
//
// Reads: the live object of a pod on its node.
// Guard: the node is connected, and the object is not as the kubelet knows
// it.
// Effect: the kubelet knows: to run, to end, or gone; no write.
// Abstracts: config/config.go:podStorage.merge (ADD, DELETE, REMOVE);
// pod_workers.go:UpdatePod; kubelet_pods.go:HandlePodCleanups (K8).
// Omits: the REMOVE of a pod that has ended (see settle).
func (y *system) kubeletObserve(dst []State, s *State) []State {
	for i := range s.used() {
		p := s.Pods[i]
		if p.Node == 0 || s.node(p.Node).Link != Up {
			continue
		}
		seen := p.Seen
		switch {
		case p.Object == Removed && (seen == SeenLive || seen == SeenTerminating || seen == Unseen && p.Container == Started && !y.bug.noHousekeeping):
			seen = SeenGone
		case p.Object == Removed && y.bug.firstListStale && seen == Unseen:
			seen = SeenLive
		case y.bug.restartTerminated && p.Object == Stored && seen == Unseen && p.Phase == Terminal:
			seen = SeenLive
		case p.toAdmit():
			if !y.limited || y.admits(s, i) {
				seen = SeenLive
			}
		case p.Object == Stored && (p.Deletion != Unmarked || p.Phase == Terminal) && seen < SeenTerminating:
			seen = SeenTerminating
		}
		if seen != p.Seen {
			next := *s
			next.Pods[i].Seen = seen
			dst = y.settle(dst, s, &next)
		}
	}
	return dst
}

// toAdmit reports whether the kubelet of the pod's node, once it sees the pod,
// has to decide whether to run it.
func (p *Pod) toAdmit() bool {
	return p.Object == Stored && p.Node != 0 && p.Seen == Unseen && p.Deletion == Unmarked && p.Phase != Terminal
}

// admits reports whether the kubelet has room for pod i beside the pods that it
// runs or is ending. A pod that has left the store takes no room, though its
// container may still run.
//
// Abstracts: kubelet_pods.go:filterOutInactivePods over the pod manager's pods.
func (y *system) admits(s *State, i int) bool {
	node, taken := s.Pods[i].Node, uint8(0)
	for j := range s.used() {
		if p := &s.Pods[j]; j != i && p.Node == node && p.Object == Stored && (p.Seen == SeenLive || p.Container == Started) {
			taken++
		}
	}
	capacity := y.Capacity[node-1]
	return capacity == 0 || taken < capacity
}

// kubeletReject refuses a pod for which there is no room. The pod has failed,
// never runs, and stays in the store.
//
// Reads: the pods of its node.
// Guard: the pod is new to it, and does not fit.
// Effect: its phase is terminal.
// Abstracts: kubelet.go:HandlePodAdditions, rejectPod (K1).
// Omits: the time between the refusal and its write.
func (y *system) kubeletReject(dst []State, s *State) []State {
	for i := range s.used() {
		p := s.Pods[i]
		if !p.toAdmit() || s.node(p.Node).Link != Up || y.admits(s, i) {
			continue
		}
		p.Phase, p.Ready, p.Seen = Terminal, false, SeenTerminating
		next := *s
		if y.putPod(&next, i, p) {
			dst = y.settle(dst, s, &next)
		}
	}
	return dst
}

// kubeletStart starts the container of a pod that is to run. A node that is
// cut off goes on doing so with what it knows.
//
// Reads: the kubelet's memory; the machine.
// Guard: the pod is to run, its container does not, the machine is on.
// Effect: the container runs; no write.
// Abstracts: kubelet.go:SyncPod, and its restart after a reboot.
func (y *system) kubeletStart(dst []State, s *State) []State {
	return y.eachPod(dst, s, func(p Pod, link Link) (Pod, bool) {
		if p.Seen != SeenLive || p.Container == Started || link == Down {
			return p, false
		}
		p.Container = Started
		return p, true
	})
}

// kubeletStop stops the container of a pod that is terminating or gone.
//
// Reads: the kubelet's memory; the machine.
// Guard: the pod is terminating or gone, its container runs.
// Effect: the container has stopped; no write.
// Abstracts: kubelet.go:SyncTerminatingPod.
func (y *system) kubeletStop(dst []State, s *State) []State {
	return y.eachPod(dst, s, func(p Pod, _ Link) (Pod, bool) {
		if p.Seen != SeenTerminating && p.Seen != SeenGone || p.Container != Started {
			return p, false
		}
		p.Container = Stopped
		return p, true
	})
}

// eachPod appends a successor for each bound pod that f changes without a
// write to the store.
func (y *system) eachPod(dst []State, s *State, f func(p Pod, link Link) (Pod, bool)) []State {
	for i := range s.used() {
		if s.Pods[i].Node == 0 || s.node(s.Pods[i].Node).Broken {
			continue // a runtime that is down neither starts nor stops anything
		}
		if p, ok := f(s.Pods[i], s.node(s.Pods[i].Node).Link); ok {
			next := *s
			next.Pods[i] = p
			dst = y.settle(dst, s, &next)
		}
	}
	return dst
}

// eachWrite appends a successor for each stored pod on a connected node that f
// changes and the API server accepts.
func (y *system) eachWrite(dst []State, s *State, f func(p Pod) (Pod, bool)) []State {
	for i := range s.used() {
		p := s.Pods[i]
		if p.Object != Stored || p.Node == 0 || s.node(p.Node).Link != Up {
			continue
		}
		p, ok := f(p)
		if !ok {
			continue
		}
		next := *s
		if y.putPod(&next, i, p) {
			dst = y.settle(dst, s, &next)
		}
	}
	return dst
}

// kubeletReportRunning patches the status of a pod whose container runs, when
// the API says otherwise. Readiness goes on while a pod terminates.
//
// Reads: the container; the live object.
// Guard: the node is connected, the container runs, and the API does not say
// Running and ready.
// Effect: writes phase Running and condition Ready=True.
// Abstracts: status_manager.go:syncPod, by a status change or the 10 s tick.
// Omits: containers that are started and never become ready.
func (y *system) kubeletReportRunning(dst []State, s *State) []State {
	return y.eachWrite(dst, s, func(p Pod) (Pod, bool) {
		if p.Container != Started || p.Seen == Unseen || p.Seen == SeenGone || p.Phase == Running && p.Ready ||
			p.Phase == Terminal && !y.bug.restartTerminated {
			return p, false
		}
		if y.bug.noReconcileTick && p.Phase == Running {
			return p, false // its own cache says that nothing is new
		}
		if s.node(p.Node).Broken && (p.Phase == Pending || y.bug.markLevelTriggered) {
			return p, false // it does not learn that the container runs
		}
		p.Phase, p.Ready = Running, true
		return p, true
	})
}

// kubeletReportTerminal patches the final phase once the container has stopped.
//
// Reads: the container; the live object.
// Guard: the node is connected, the pod is terminating, its container does
// not run, its phase is not final.
// Effect: writes the final phase, and condition Ready=False with it.
// Abstracts: status_manager.go:TerminatePod, mergePodStatus: a terminal phase
// is withheld while containers may run, and makes the pod not ready.
// Omits: that it takes Ready off a pod which pod GC has failed and is to delete.
func (y *system) kubeletReportTerminal(dst []State, s *State) []State {
	return y.eachWrite(dst, s, func(p Pod) (Pod, bool) {
		if p.Seen != SeenTerminating || p.Container == Started || p.Phase == Terminal {
			return p, false
		}
		p.Phase, p.Ready = Terminal, y.bug.noTerminalReadyFix && p.Ready
		return p, true
	})
}

// kubeletFinalDelete sends DELETE with grace 0 and the pod's UID. A pod that is
// marked with grace 0 goes at once; only where its name may be used again does
// it matter that it is not API.Remove that takes it.
//
// Reads: the container; the live object.
// Guard: the node is connected, the pod is terminating, its container does
// not run, its phase is final (v1.37).
// Effect: marks the pod with grace 0: the removal is another step.
// Abstracts: status_manager.go:syncPod, canBeDeleted. (9) does not wait for a
// terminal phase.
func (y *system) kubeletFinalDelete(dst []State, s *State) []State {
	if y.bug.finalDeleteNoUID {
		dst = y.finalDeleteByName(dst, s)
	}
	return y.eachWrite(dst, s, func(p Pod) (Pod, bool) {
		if p.Seen != SeenTerminating || p.Container == Started || p.Phase != Terminal && y.Version != V1_9 {
			return p, false
		}
		switch {
		case p.Deletion == Graceful:
			p.Deletion = Immediate
		case p.Removing:
			p = p.removed()
		default:
			return p, false
		}
		return p, true
	})
}

// finalDeleteByName is the final delete without the UID (kubelet.deleteNoUID).
func (y *system) finalDeleteByName(dst []State, s *State) []State {
	for i := range s.used() {
		p := &s.Pods[i]
		target := y.named(s, i)
		if p.Stored() || p.Seen != SeenTerminating || p.Container == Started || target < 0 {
			continue
		}
		next := *s
		next.Pods[i].Seen = SeenGone
		if y.forceDelete(&next, target) {
			dst = y.settle(dst, s, &next)
		}
	}
	return dst
}

// kubeletHeartbeat renews the lease of a connected node and posts its status
// if that has changed: Ready=False while the container runtime is down. Time
// does not advance while one is due.
//
// Reads: the machine; the live Node object.
// Guard: the node is connected, and a tick has passed or it is not ready.
// Effect: the heartbeat is seen; writes condition Ready=True.
// Abstracts: nodelease/controller.go:sync, kubelet_node_status.go:updateNodeStatus;
// and that the controller manager sees the renewal before its grace is over,
// unless its watch of leases stalls. A status is seen as part of the node.
func (y *system) kubeletHeartbeat(dst []State, s *State) []State {
	for n := range y.Nodes {
		node := s.Nodes[n]
		if !s.heartbeatDue(n) {
			continue
		}
		next := *s
		node.Silent, node.Ready = 0, node.posts()
		if y.putNode(&next, n, node) {
			dst = y.settle(dst, s, &next)
		}
	}
	return dst
}

// heartbeatDue reports whether the kubelet of node n has something to say that
// the controller manager can see.
func (s *State) heartbeatDue(n int) bool {
	node := &s.Nodes[n]
	return node.Link == Up && node.Object && (node.Silent > 0 && !s.KCM.Stalls.Leases || node.Ready != node.posts())
}

// posts is the condition that a kubelet reports.
func (n *Node) posts() Condition {
	if n.Broken {
		return False
	}
	return True
}

// kubeletRegister creates the Node of a kubelet that has started and finds
// none. It does so once: a running kubelet does not miss a Node that a user
// deletes. The Node says what the kubelet knows of itself before it has asked
// its runtime, and is born with a taint that keeps pods away until it is ready.
// Pods that are still bound to its name are its pods again.
//
// Reads: its own memory.
// Guard: it has not registered since it started; there is no such Node.
// Effect: the Node exists, not ready.
// Abstracts: kubelet_node_status.go:registerWithAPIServer (K11);
// plugin/pkg/admission/nodetaint, not in (9).
// Omits: a Node that exists is adopted (see settleNodes).
func (y *system) kubeletRegister(dst []State, s *State) []State {
	for n := range y.Nodes {
		node := s.Nodes[n]
		if node.Link != Up || node.Registered || node.Object {
			continue
		}
		node.Object, node.Ready, node.Registered, node.Silent = true, False, true, 0
		if y.Version != V1_9 {
			node.Taints = NoScheduleNotReady
		}
		next := *s
		if y.putNode(&next, n, node) {
			dst = y.settle(dst, s, &next)
		}
	}
	return dst
}
