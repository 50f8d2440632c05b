package tainteviction

import "k8s.io/apimachinery/pkg/types"

// An item is what has changed: a node, or, if pod has a name, a pod that is or was
// bound to the node.
type item struct {
	node string
	pod  target
}

func (i item) isPod() bool { return i.pod.Name != "" }

func podItem(namespace, name, node string, uid types.UID) item {
	return item{node: node, pod: target{NamespacedName: types.NamespacedName{Namespace: namespace, Name: name}, UID: uid}}
}

// nodesFirst is a queue that gives nodes before pods, each in their order.
//
// Abstracts: taint_eviction.go:worker, which empties its channel of nodes before
// it looks at a pod.
type nodesFirst struct{ nodes, pods []item }

func (q *nodesFirst) Touch(item) {}

func (q *nodesFirst) Push(i item) {
	if i.isPod() {
		q.pods = append(q.pods, i)
	} else {
		q.nodes = append(q.nodes, i)
	}
}

func (q *nodesFirst) Len() int { return len(q.nodes) + len(q.pods) }

func (q *nodesFirst) Pop() (i item) {
	if len(q.nodes) > 0 {
		i, q.nodes = q.nodes[0], q.nodes[1:]
	} else {
		i, q.pods = q.pods[0], q.pods[1:]
	}
	return i
}
