package main

import (
	"strings"

	"github.com/reconverge/reconverge/model"
)

// whyNever says why a search never took an action.
func whyNever(s model.Scenario, action string, complete bool) string {
	if !complete {
		return "not reached before the search ended"
	}
	var (
		fails  = s.Faults[model.NodeCrash] + s.Faults[model.Partition]
		comes  = s.Faults[model.NodeReturn] + s.Faults[model.Heal]
		erases = s.Faults[model.PodDelete] + s.Faults[model.Scale] + comes
	)
	process, _, _ := strings.Cut(action, ".")
	switch {
	case s.Faults[model.Scale] == 0 && action == "ReplicaSet.Delete":
		return "no replica is ever superfluous: --fault scale=1 makes one so"
	case s.Faults[model.Scale] == 0 && action == "KCM.SeeReplicaSet":
		return "spec.replicas never changes: --fault scale=1 changes it"
	case s.Lag == 0 && strings.Contains(action, ".See"):
		return "caches are never behind: --lag 1 lets them be"
	case comes == 0 && (action == "Kubelet.Heartbeat" || action == "NodeLifecycle.Untaint"):
		return "no failed node comes back: it takes --fault node-crash=1,node-return=1 or partition=1,heal=1"
	case fails == 0 && (process == "NodeLifecycle" || process == "NodeController" || process == "TaintEviction" || process == "Tick" || strings.HasSuffix(action, "SeeNode")):
		return "no node fails: --fault node-crash=1 makes one fail"
	case action == "PodGC.Remove" && s.Faults[model.PodDelete]+s.Faults[model.Scale] == 0:
		return "no pod is deleted before it is bound: --fault pod-delete=1 can delete one"
	case erases == 0 && (process == "Kubelet" || process == "API"):
		return "no pod ends on a live node: --fault pod-delete=1 makes one end"
	case s.Replicas == 0 && s.Faults[model.Scale] == 0 && process == "ReplicaSet":
		return "no replicas are wanted"
	}
	return "not possible in this scenario"
}
