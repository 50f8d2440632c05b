package model

// facts are what a step may need before anything else. One look at each pod,
// node and cache finds them, so that most steps, which lack one, need not look
// themselves. A fact says that something may be so; whether it is, is for the
// guard of the step to say.
type facts uint64

const (
	idle      facts = 1 << iota // no request of the ReplicaSet controller's last sync is left
	creating                    // a create is left
	deleting                    // a pod is chosen to be deleted
	adopting                    // a pod is to be adopted
	waiting                     // the scheduler sees a pod without a node
	deciding                    // a pod is assumed on a node and not bound
	removing                    // a pod is marked with grace 0
	fired                       // a timer has fired
	condemned                   // a pod is to be deleted by an eviction pass
	news                        // a kubelet may have something to observe
	starting                    // a container is to start
	stopping                    // a container is to stop
	unready                     // a container runs, and the API does not say so
	ended                       // a pod terminates and its container does not run
	judging                     // a node is silent for the grace period
	marking                     // pods of a node are to be marked not ready
	unwell                      // a node may look other than ready and without taints
	tainted                     // a node has a NoExecute taint
	beating                     // a heartbeat is due
	kcmPods                     // this cache lags
	kcmNodes                    // so does this one
	kcmOwners                   // and so on
	schedulerPods
	schedulerNodes
	calm        // nothing of due
	firstBudget // of the first fault something is left; then one bit for each

	due = beating | kcmPods | kcmNodes | kcmOwners | schedulerPods | schedulerNodes
)

// budget is the fact that something is left of the budget of a fault.
func budget(f Fault) facts { return firstBudget << f }

// needs says without which facts a step is not taken.
func (s step) needs(f facts) step {
	s.Needs = uint64(f)
	return s
}

func (y *system) facts(s *State) (f facts) {
	for i := range s.used() {
		f |= y.podFacts(s, &s.Pods[i])
	}
	for n := range y.Nodes {
		f |= y.nodeFacts(s, n)
	}
	f |= y.cacheFacts(s)
	for _, fault := range y.spendable {
		if s.Budget[fault] > 0 {
			f |= budget(fault)
		}
	}
	if f&due == 0 {
		f |= calm
	}
	if s.KCM.ToCreate > 0 {
		f |= creating
	}
	if f&(creating|deleting|adopting) == 0 && !s.KCM.Status.Pending {
		f |= idle
	}
	return f
}

func (y *system) podFacts(s *State, p *Pod) (f facts) {
	if p.Chosen {
		f |= deleting
	}
	if p.Adopting {
		f |= adopting
	}
	if p.Condemned {
		f |= condemned
	}
	if p.Timer >= Fired {
		f |= fired
	}
	if p.Deletion == Immediate {
		f |= removing
	}
	if p.Assumed != 0 && (p.Node == 0 || p.Object != Stored) {
		f |= deciding
	}
	switch {
	case p.Node != 0:
		return f | y.kubeletFacts(p, s.node(p.Node))
	case p.Assumed == 0 && p.Object == Stored && p.Deletion == Unmarked:
		f |= waiting
	}
	return f
}

// kubeletFacts finds what the kubelet of its node may do about a pod.
func (y *system) kubeletFacts(p *Pod, node *Node) (f facts) {
	connected := node.Link == Up
	switch p.Seen {
	case Unseen:
		if connected && (p.Object == Stored || p.Container == Started || y.bug.firstListStale) {
			f |= news
		}
	case SeenLive:
		if connected && (p.Object == Removed || p.Deletion != Unmarked || p.Phase == Terminal) {
			f |= news
		}
		if p.Container != Started && node.Link != Down {
			f |= starting
		}
	case SeenTerminating:
		if connected && p.Object == Removed {
			f |= news
		}
		if p.Container != Started {
			f |= ended
		}
	}
	if p.Container == Started {
		if p.Seen >= SeenTerminating {
			f |= stopping
		}
		if connected && !(p.Phase == Running && p.Ready) {
			f |= unready
		}
	}
	return f
}

func (y *system) nodeFacts(s *State, n int) (f facts) {
	node := &s.Nodes[n]
	if node.Silent >= graceTicks && node.Ready != Unknown {
		f |= judging
	}
	if node.NeedMark || y.bug.markLevelTriggered {
		f |= marking
	}
	if node.Ready != True || node.Unschedulable || node.Taints != 0 {
		f |= unwell
	}
	if node.Taints&noExecute != 0 {
		f |= tainted
	}
	if s.heartbeatDue(n) {
		f |= beating
	}
	return f
}

func (y *system) cacheFacts(s *State) (f facts) {
	k := &s.KCM
	if k.Pods.unseen() > 0 && !k.Stalls.Pods {
		f |= kcmPods
	}
	if k.Nodes.unseen() > 0 {
		f |= unwell
		if !k.Stalls.Nodes {
			f |= kcmNodes
		}
	}
	if k.ReplicaSets.unseen() > 0 {
		f |= kcmOwners
	}
	if s.Scheduler.Pods.unseen() > 0 {
		f |= schedulerPods | waiting
	}
	if s.Scheduler.Nodes.unseen() > 0 {
		f |= schedulerNodes
	}
	return f
}
