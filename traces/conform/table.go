package conform

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/watch"
)

// A Row of the table says which actions of the model a write at level 2 may be. A
// write that changes nothing that the model looks at is none, and needs no row.
type Row struct {
	Client   string          // component of a process, or User
	Verb     string          // of the request; of User any
	Resource string          // with its subresource
	Type     watch.EventType // what becomes of the object; empty: it stays or begins
	Actions  []string        // of the model; the first that fits and the others alike
}

// User is the client of what people do: by user steps, and by processes of one
// request (see impl/suite).
const User = "user"

// removals are the actions that take a pod out of the store.
var removals = []string{"API.Remove", "API.RemoveByName", "Kubelet.FinalDelete", "PodGC.Remove", "PodGC.Delete", "User.ForceDelete"}

// Table returns the rows.
func Table() []Row {
	rows := []Row{
		{Client: "replicaset", Verb: "create", Resource: "pods", Actions: []string{"ReplicaSet.Create", "Former.Create"}},
		{Client: "replicaset", Verb: "delete", Resource: "pods", Actions: []string{"ReplicaSet.Delete", "Former.Delete"}},
		{Client: "replicaset", Verb: "patch", Resource: "pods", Actions: []string{"ReplicaSet.Adopt", "ReplicaSet.CheckAndAdopt", "ReplicaSet.Release"}},
		{Client: "scheduler", Verb: "create", Resource: "pods/binding", Actions: []string{"Scheduler.Bind"}},
		{Client: "kubelet", Verb: "patch", Resource: "pods/status", Actions: []string{"Kubelet.ReportRunning", "Kubelet.ReportTerminal", "Kubelet.Reject"}},
		{Client: "kubelet", Verb: "delete", Resource: "pods", Actions: []string{"Kubelet.FinalDelete"}},
		{Client: "kubelet", Verb: "patch", Resource: "nodes/status", Actions: []string{"Kubelet.Heartbeat"}},
		{Client: "kubelet", Verb: "create", Resource: "nodes", Actions: []string{"Kubelet.Register"}},
		{Client: "nodelifecycle", Verb: "update", Resource: "nodes/status", Actions: []string{"NodeLifecycle.Judge"}},
		{Client: "nodelifecycle", Verb: "update", Resource: "pods/status", Actions: []string{"NodeLifecycle.MarkPod"}},
		{Client: "nodelifecycle", Verb: "patch", Resource: "nodes", Actions: []string{"NodeLifecycle.TaintNoSchedule", "NodeLifecycle.TaintNoExecute", "NodeLifecycle.SwapNoExecute", "NodeLifecycle.Untaint"}},
		{Client: "tainteviction", Verb: "delete", Resource: "pods", Actions: []string{"TaintEviction.Delete", "Former.Delete"}},
		{Client: "podgc", Verb: "patch", Resource: "pods/status", Actions: []string{"PodGC.Fail"}},
		{Client: "podgc", Verb: "delete", Resource: "pods", Actions: []string{"PodGC.Delete"}},
		{Client: "garbagecollector", Verb: "delete", Resource: "pods", Actions: []string{"GarbageCollector.Delete"}},
		{Client: "garbagecollector", Verb: "patch", Resource: "pods", Actions: []string{"GarbageCollector.Orphan"}},
		{Client: "garbagecollector", Verb: "patch", Resource: "replicasets", Actions: []string{"GarbageCollector.RemoveFinalizer"}},
		{Client: "disruption", Verb: "update", Resource: "poddisruptionbudgets/status", Actions: []string{"Disruption.Write"}},
		{Client: "drain", Verb: "patch", Resource: "nodes", Actions: []string{"User.Drain"}},
		{Client: "drain", Verb: "create", Resource: "pods/eviction", Actions: []string{"Drain.Evict", "Eviction.Delete"}},
		{Client: User, Resource: "pods", Actions: []string{"User.Delete", "User.ForceDelete", "User.Recreate", "User.Relabel"}},
		{Client: User, Resource: "replicasets", Actions: []string{"User.Scale", "User.DeleteReplicaSet", "User.CreateReplicaSet"}},
		{Client: User, Resource: "nodes", Actions: []string{"User.Cordon", "User.Uncordon", "User.DeleteNode", "User.TaintOutOfService"}},
		{Client: User, Resource: "nodes", Type: watch.Deleted, Actions: []string{"User.DeleteNode"}},
		{Client: User, Resource: "replicasets", Type: watch.Deleted, Actions: []string{"User.DeleteReplicaSet"}},
		{Client: "garbagecollector", Verb: "patch", Resource: "replicasets", Type: watch.Deleted, Actions: []string{"GarbageCollector.RemoveFinalizer"}},
	}
	for _, client := range []string{"replicaset", "kubelet", "tainteviction", "podgc", "garbagecollector"} {
		rows = append(rows, Row{Client: client, Verb: "delete", Resource: "pods", Type: watch.Deleted, Actions: removals})
	}
	return append(rows, Row{Client: User, Resource: "pods", Type: watch.Deleted, Actions: removals})
}

// rowOf returns the index of the row that a write is looked up in; -1: there is none.
func rowOf(table []Row, r request, change watch.EventType) int {
	return slices.IndexFunc(table, func(row Row) bool {
		return row.Client == r.client && (row.Verb == r.verb || row.Client == User) && row.Resource == r.resource &&
			(row.Type == watch.Deleted) == (change == watch.Deleted)
	})
}

// String is a row without its actions.
func (r Row) String() string {
	return strings.Join(strings.Fields(fmt.Sprintf("%s %s %s %s", r.Client, r.Verb, r.Resource, strings.ToLower(string(r.Type)))), " ")
}
