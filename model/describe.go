package model

import (
	"fmt"
	"reflect"
	"strings"
)

// A labelFunc names the objects that a step is about.
type labelFunc = func(from, to *State) string

// label makes the name of an action's step in a trace: "Kubelet.Start(web-b)".
func label(action string, of labelFunc) func(from, to State) string {
	if of == nil {
		return nil
	}
	return func(from, to State) string { return action + "(" + of(&from, &to) + ")" + outcome(&from, &to) }
}

// podStep names the pod that a step changes, and the node it is now assumed on
// or bound to.
func (y *system) podStep(from, to *State) string {
	for i := range to.Pods {
		a, b := &from.Pods[i], &to.Pods[i]
		switch {
		case *a == *b:
			continue
		case a.Assumed == 0 && b.Assumed != 0:
			return y.podName(to, i) + ", " + nodeName(b.Assumed)
		case a.Node == 0 && b.Node != 0:
			return y.podName(to, i) + ", " + nodeName(b.Node)
		case b.Object == Removed:
			return y.podName(from, i)
		}
		return y.podName(to, i)
	}
	return "nothing"
}

func (y *system) nodeStep(from, to *State) string {
	for n := range to.Nodes {
		if from.Nodes[n] != to.Nodes[n] {
			return nodeName(NodeRef(n + 1))
		}
	}
	return "nothing"
}

func (y *system) podEvent(cache func(*State) *Cache[PodView]) labelFunc {
	return func(from, _ *State) string { return y.podName(from, cache(from).next()) }
}

func nodeEvent(cache func(*State) *Cache[NodeView]) labelFunc {
	return func(from, _ *State) string { return nodeName(NodeRef(cache(from).next() + 1)) }
}

// A Change is one field of a state that a step changed.
type Change struct {
	Field string `json:"field"` // "pods.web-b.phase"
	From  string `json:"from"`
	To    string `json:"to"`
}

func (c Change) String() string { return fmt.Sprintf("%s %s→%s", c.Field, c.From, c.To) }

// Changes lists what differs between two states, in the order of State. Of a
// cache it shows the objects whose changes are still to be seen.
func (m *Model) Changes(from, to State) []Change {
	var all []Change
	for i := range from.Pods {
		all = appendChanges(all, "pods."+m.y.nameOf(&from, &to, i), reflect.ValueOf(from.Pods[i]), reflect.ValueOf(to.Pods[i]))
	}
	for n := range from.Nodes {
		all = appendChanges(all, "nodes."+nodeName(NodeRef(n+1)), reflect.ValueOf(from.Nodes[n]), reflect.ValueOf(to.Nodes[n]))
	}
	unseen := func(field string, list func(*State) string) {
		if a, b := list(&from), list(&to); a != b {
			all = append(all, Change{field, a, b})
		}
	}
	name := func(i int) string { return m.y.nameOf(&from, &to, i) }
	unseen("kcm.unseenPods", func(s *State) string { return s.KCM.Pods.list(name) })
	unseen("kcm.unseenNodes", func(s *State) string { return s.KCM.Nodes.list(unseenNode) })
	unseen("kcm.unseenReplicaSet", func(s *State) string { return s.KCM.ReplicaSets.list(func(int) string { return m.y.ownerName() }) })
	unseen("scheduler.unseenPods", func(s *State) string { return s.Scheduler.Pods.list(name) })
	unseen("scheduler.unseenNodes", func(s *State) string { return s.Scheduler.Nodes.list(unseenNode) })
	from.Pods, from.Nodes, from.Scheduler = to.Pods, to.Nodes, to.Scheduler
	from.KCM.Pods, from.KCM.Nodes, from.KCM.ReplicaSets = to.KCM.Pods, to.KCM.Nodes, to.KCM.ReplicaSets
	return appendChanges(all, "", reflect.ValueOf(from), reflect.ValueOf(to))
}

// nameOf names a pod of a step, which may be new or be forgotten in it.
func (y *system) nameOf(from, to *State, i int) string {
	if from.Pods[i].Object == Unused {
		return y.podName(to, i)
	}
	return y.podName(from, i)
}

func unseenNode(n int) string { return nodeName(NodeRef(n + 1)) }

// list names the objects of the events that a process has not seen.
func (c *Cache[View]) list(name func(int) string) string {
	var names []string
	for i := c.Seen; i < c.Len; i++ {
		names = append(names, name(int(c.Events[i].Object)))
	}
	return "[" + strings.Join(names, " ") + "]"
}

func appendChanges(all []Change, path string, from, to reflect.Value) []Change {
	if from.Equal(to) {
		return all
	}
	join := func(name string) string {
		if path == "" {
			return name
		}
		return path + "." + name
	}
	switch from.Kind() {
	case reflect.Struct:
		for i := range from.NumField() {
			all = appendChanges(all, join(fieldName(from.Type().Field(i).Name)), from.Field(i), to.Field(i))
		}
	case reflect.Array: // of faults or zones
		for i := range from.Len() {
			name := fmt.Sprintf("zone-%d", i+1)
			if from.Len() == int(numFaults) {
				name = Fault(i).String()
			}
			all = appendChanges(all, join(name), from.Index(i), to.Index(i))
		}
	default:
		all = append(all, Change{path, fmt.Sprint(from.Interface()), fmt.Sprint(to.Interface())})
	}
	return all
}

func fieldName(name string) string {
	if strings.ToUpper(name) == name {
		return strings.ToLower(name)
	}
	return strings.ToLower(name[:1]) + name[1:]
}

// A Row is a pod as kubectl get pods -o wide shows it.
type Row struct {
	Name   string `json:"name"`
	UID    int    `json:"uid"`
	Ready  bool   `json:"ready"`
	Status string `json:"status"` // as kubectl prints it
	Node   string `json:"node"`
}

// Pods lists the pods that the store holds.
func (m *Model) Pods(s State) (rows []Row) {
	for i := range s.Pods {
		p := &s.Pods[i]
		if p.Stored() {
			rows = append(rows, Row{m.y.podName(&s, i), i + 1, p.Ready, p.status(), nodeName(p.Node)})
		}
	}
	return rows
}

// status is the STATUS column.
//
// Abstracts: pkg/printers/internalversion/printers.go:printPod.
func (p *Pod) status() string {
	switch {
	case p.Deletion != Unmarked && p.Lost:
		return "Unknown"
	case p.Deletion != Unmarked:
		return "Terminating"
	case p.Phase == Pending && p.Node != 0:
		return "ContainerCreating"
	}
	return p.Phase.String()
}

func nodeName(r NodeRef) string {
	if r == 0 {
		return "<none>"
	}
	return fmt.Sprintf("node-%d", r)
}

func (o Object) String() string    { return [...]string{"unused", "stored", "removed"}[o] }
func (p Phase) String() string     { return [...]string{"Pending", "Running", "Terminal"}[p] }
func (d Deletion) String() string  { return [...]string{"unmarked", "graceful", "immediate"}[d] }
func (s Seen) String() string      { return [...]string{"unseen", "live", "terminating", "gone"}[s] }
func (c Container) String() string { return [...]string{"not-started", "running", "stopped"}[c] }
func (t Timer) String() string {
	return [...]string{"off", "armed", "ticked", "fired", "deleting", "deleted", "loose", "done"}[t]
}
func (d Drain) String() string     { return [...]string{"no", "listed", "admitted"}[d] }
func (c Collect) String() string   { return [...]string{"no", "in-round", "doomed"}[c] }
func (l Link) String() string      { return [...]string{"absent", "up", "partitioned", "down"}[l] }
func (c Condition) String() string { return [...]string{"True", "False", "Unknown"}[c] }
func (z ZoneState) String() string { return [...]string{"normal", "partial", "full"}[z] }
func (f Finalizer) String() string { return [...]string{"none", "foreground", "orphan"}[f] }
func (r NodeRef) String() string   { return nodeName(r) }

func (t Taints) String() string {
	var names []string
	for i, name := range [...]string{
		"not-ready:NoSchedule", "unreachable:NoSchedule", "unschedulable:NoSchedule",
		"not-ready:NoExecute", "unreachable:NoExecute", "out-of-service",
	} {
		if t>>i&1 == 1 {
			names = append(names, name)
		}
	}
	return "[" + strings.Join(names, " ") + "]"
}
