package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/reconverge/reconverge/model"
)

// notKnown is what is said of an action when no rule has more to say.
const notKnown = "no behaviour of this scenario gets there"

// whyNever says why a search never took an action. The flags that a reason
// names make the action happen in the same scenario.
func whyNever(s model.Scenario, action string, complete bool) string {
	if !complete {
		return "not reached before the search ended"
	}
	w := newWhereabouts(s)
	for _, why := range []func(action, process string) string{w.ofInput, w.ofNodes, w.ofPods, w.ofEnds} {
		process, _, _ := strings.Cut(action, ".")
		if reason := why(action, process); reason != "" {
			return reason
		}
	}
	return notKnown
}

// whereabouts is what decides how far the behaviours of a scenario get.
type whereabouts struct {
	model.Scenario
	fails   bool // nodes fail
	boots   bool // a failed machine boots again
	back    bool // a failed node comes back
	evicts  bool // pods of a failed node are evicted
	surplus bool // a replica may be superfluous
	missing bool // a pod may be missing
	ends    bool // a pod may end on a live node
}

func newWhereabouts(s model.Scenario) *whereabouts {
	w := &whereabouts{Scenario: s}
	w.fails = s.Faults[model.NodeCrash]+s.Faults[model.Partition] > 0
	w.boots = s.Faults[model.NodeCrash] > 0 && s.Faults[model.NodeReturn] > 0
	w.back = w.boots || s.Faults[model.Partition] > 0 && s.Faults[model.Heal] > 0
	w.evicts = w.fails && s.Nodes > 1 && !w.forever()
	w.missing = s.Start == model.StartEmpty || s.Faults[model.PodDelete]+s.Faults[model.Scale] > 0 || w.evicts
	// In 1.9 a restarted controller may not see what it has created, and create it again.
	stale := s.Version == model.V1_9 && s.Faults[model.Restart] > 0 && s.Lag > 0 && w.missing
	w.surplus = s.Faults[model.Scale] >= w.scalesToSurplus() || stale
	w.ends = s.Faults[model.PodDelete] > 0 || w.surplus || w.back && w.evicts
	return w
}

// forever reports whether the pods stay on a failed node.
func (w *whereabouts) forever() bool {
	return w.Version == model.V1_37 && w.Toleration == model.TolerateForever
}

// scalesToSurplus is how often a user must scale for a replica to be superfluous.
func (w *whereabouts) scalesToSurplus() uint8 {
	if w.Replicas == 0 {
		return 2
	}
	return 1
}

// ofInput is about what a user asks for, and what the caches see of it.
func (w *whereabouts) ofInput(action, process string) string {
	switch {
	case w.Lag == 0 && strings.Contains(action, ".See"):
		return "caches are never behind: the scenario has --lag 0"
	case action == "KCM.SeeReplicaSet" && w.Faults[model.Scale] == 0:
		return "spec.replicas never changes: --fault scale=1 changes it"
	case action == "ReplicaSet.Delete" && w.Faults[model.Scale] < w.scalesToSurplus():
		return fmt.Sprintf("no replica is ever superfluous: --fault scale=%d makes one so", w.scalesToSurplus())
	case process == "Eviction" || process == "Disruption" || action == "Drain.Evict":
		return "the PodDisruptionBudget never allows an eviction"
	case process == "GarbageCollector" && w.Propagation == model.PropagateOrphan:
		return "the ReplicaSet lets its pods go before it is deleted: --cascade background lets the garbage collector delete them"
	case action == "User.Recreate" && w.BarePods == 0:
		return "there is no pod of a user's own"
	case action == "User.Recreate" && w.Faults[model.PodDelete] == 0:
		return "the user's own pod stays: --fault pod-delete=1 takes it away"
	case (action == "Drain.Evict" || process == "Eviction" || process == "Disruption") && w.Disruption.Limit != model.NoLimit:
		return "the PodDisruptionBudget allows no eviction"
	case action == "GarbageCollector.Delete" && w.Propagation == model.PropagateOrphan:
		return "the dependents of the ReplicaSet are let go before it is gone"
	case w.Replicas+w.BarePods == 0 && w.Faults[model.Scale] == 0 && aboutPods(action, process):
		return "there are no pods: no replicas are wanted"
	case w.Replicas == 0 && w.Faults[model.Scale] == 0 && process == "ReplicaSet":
		return "no replicas are wanted"
	}
	return ""
}

// aboutPods reports whether an action takes a pod, or the want of one.
func aboutPods(action, process string) bool {
	switch action {
	case "NodeLifecycle.MarkPod", "KCM.SeePod", "Scheduler.SeePod", "Scheduler.Assume", "Scheduler.Bind", "User.Delete",
		"NodeController.MarkLost", "NodeController.Delete":
		return true
	}
	return process == "ReplicaSet" || process == "API" || process == "PodGC" || process == "TaintEviction" ||
		process == "Kubelet" && action != "Kubelet.Heartbeat"
}

// ofNodes is about nodes that fail and come back, and what follows for pods.
func (w *whereabouts) ofNodes(action, process string) string {
	switch {
	case action == "Fault.NodeReturn" && w.Faults[model.NodeCrash] == 0:
		return "no node is switched off: --fault node-crash=1 switches one off"
	case action == "Fault.Heal" && w.Faults[model.Partition] == 0:
		return "no node is cut off: --fault partition=1 cuts one off"
	case action == "Kubelet.Register":
		return "a running kubelet does not register again: --fault kubelet-restart=1 makes one start"
	case action == "Kubelet.Reject":
		return "no node gets more pods than it has room for"
	case action == "User.TaintOutOfService" && !w.fails:
		return "no node fails: --fault node-crash=1 makes one fail"
	case action == "Kubelet.Heartbeat" && !w.back:
		return "no failed node comes back: it takes --fault node-crash=1,node-return=1 or partition=1,heal=1"
	case w.Nodes == 1 && (process == "TaintEviction" || process == "NodeController" || action == "NodeLifecycle.TaintNoExecute" || action == "NodeLifecycle.Untaint"):
		return "there is one node, and nothing is evicted while all nodes look dead"
	case action == "NodeLifecycle.BeginPass":
		return "the pass that finds every node not ready has judged one of them itself: --fault restart=1 makes a new process find them so"
	case w.forever() && process == "TaintEviction":
		return "nothing is evicted: the pods tolerate a failed node for ever"
	case !w.fails && action == "NodeLifecycle.Untaint":
		return "no node fails and comes back: it takes --fault node-crash=1,node-return=1 or partition=1,heal=1"
	case !w.fails && (slices.Contains([]string{"NodeLifecycle", "NodeController", "TaintEviction", "Tick"}, process) || strings.HasSuffix(action, "SeeNode")):
		return "no node fails: --fault node-crash=1 makes one fail"
	case action == "NodeLifecycle.Untaint" && !w.back:
		return "no failed node comes back: it takes --fault node-crash=1,node-return=1 or partition=1,heal=1"
	}
	return ""
}

// ofPods is about pods that are to be made, placed and started.
func (w *whereabouts) ofPods(action, process string) string {
	if w.missing {
		return ""
	}
	why := "no pod is ever missing: " + w.lossless()
	switch {
	case process == "ReplicaSet" && action != "ReplicaSet.Delete" || process == "Scheduler" && action != "Scheduler.SeeNode":
		return why
	case !w.fails && action == "KCM.SeePod":
		return why
	case !w.boots && (action == "Kubelet.Observe" || action == "Kubelet.Start"), !w.back && action == "Kubelet.ReportRunning":
		return why
	}
	return ""
}

// lossless says why no pod is lost in a scenario that begins with all of them.
func (w *whereabouts) lossless() string {
	why := "no node fails, and"
	switch {
	case w.fails && w.forever():
		why = "the pods tolerate a failed node for ever, and"
	case w.fails:
		why = "nothing is evicted from the only node, and"
	}
	return why + " nobody deletes one: --fault pod-delete=1 does"
}

// ofEnds is about pods that are deleted and end.
func (w *whereabouts) ofEnds(action, process string) string {
	deletes := uint8(1) // to delete a pod before it is bound
	if w.Start == model.StartRunning && !w.evicts {
		deletes = 2 // the first makes room for it
	}
	switch {
	case (action == "PodGC.Remove" || process == "PodGC" && w.Faults[model.NodeDelete]+w.Faults[model.OutOfService] == 0) && w.Faults[model.PodDelete] < deletes:
		return fmt.Sprintf("no pod is deleted before it is bound: --fault pod-delete=%d can delete one", deletes)
	case action == "Kubelet.FinalDelete" && w.NoGrace:
		return "pods end without grace: the API server removes them without a last word of the kubelet"
	case !w.ends && (process == "Kubelet" || process == "API"):
		return "no pod ends on a live node: --fault pod-delete=1 makes one end"
	}
	return ""
}
