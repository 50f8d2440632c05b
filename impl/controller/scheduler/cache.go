package scheduler

import (
	"slices"
	"strings"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// A nodeCache is what the scheduler knows of nodes, and of the pods on them: those
// that its informer shows bound, and those that it has decided about and assumes
// to be. It is not safe for concurrent use.
//
// Abstracts: scheduler/backend/cache/cache.go:cacheImpl.
type nodeCache struct {
	nodes map[string]*v1.Node
	pods  map[types.UID]*podState
}

// A podState is a pod that takes room on a node.
type podState struct {
	pod     *v1.Pod
	node    string
	assumed bool      // decided, and not yet seen to be bound
	expires time.Time // of an assumed pod whose binding is written; zero: never
}

func newCache() *nodeCache {
	return &nodeCache{nodes: map[string]*v1.Node{}, pods: map[types.UID]*podState{}}
}

// setNode takes up a node that is new or has changed.
func (c *nodeCache) setNode(n *v1.Node) { c.nodes[n.Name] = n }

// removeNode forgets a node, which is no candidate from then on. The pods on it
// are kept: should a node of this name come back before they are gone, they take
// room on it.
func (c *nodeCache) removeNode(name string) { delete(c.nodes, name) }

// forgetPodsOn forgets the pods on a node (sched.forgetPodsOnNodeDelete).
func (c *nodeCache) forgetPodsOn(node string) {
	for uid, p := range c.pods {
		if p.node == node {
			delete(c.pods, uid)
		}
	}
}

// setPod takes up a pod that is bound, wherever it was assumed to be.
func (c *nodeCache) setPod(p *v1.Pod) {
	c.pods[p.UID] = &podState{pod: p, node: p.Spec.NodeName}
}

// removePod forgets a pod that has ended or is gone, even an assumed one: its
// UID never comes back, and a binding that is under way will be refused.
func (c *nodeCache) removePod(uid types.UID) { delete(c.pods, uid) }

// rename gives what is known of one pod to another of its name
// (handler.ignoreUIDChange).
func (c *nodeCache) rename(from types.UID, to *v1.Pod) {
	if state, ok := c.pods[from]; ok {
		state.pod = to
	} else {
		c.setPod(to)
	}
}

// assume counts a pod on a node before its binding is written (S3).
func (c *nodeCache) assume(p *v1.Pod, node string) {
	c.pods[p.UID] = &podState{pod: p, node: node, assumed: true}
}

// forget takes back an assumption that has not come true.
func (c *nodeCache) forget(uid types.UID) {
	if p, ok := c.pods[uid]; ok && p.assumed {
		delete(c.pods, uid)
	}
}

// has reports whether a pod is bound or assumed.
func (c *nodeCache) has(uid types.UID) bool {
	_, ok := c.pods[uid]
	return ok
}

// expireAt says when an assumption ends that no event confirms.
func (c *nodeCache) expireAt(uid types.UID, at time.Time) {
	if p, ok := c.pods[uid]; ok && p.assumed {
		p.expires = at
	}
}

// expire ends the assumptions that are over, and returns when the next is; zero
// if none ends.
func (c *nodeCache) expire(now time.Time) (next time.Time) {
	for uid, p := range c.pods {
		switch {
		case p.expires.IsZero():
		case !p.expires.After(now):
			delete(c.pods, uid)
		case next.IsZero() || p.expires.Before(next):
			next = p.expires
		}
	}
	return next
}

// podsOn returns the pods that take room on a node.
func (c *nodeCache) podsOn(node string) []*v1.Pod {
	var on []*v1.Pod
	for _, p := range c.pods {
		if p.node == node {
			on = append(on, p.pod)
		}
	}
	return on
}

// sortedNodes returns the nodes by name.
func (c *nodeCache) sortedNodes() []*v1.Node {
	nodes := make([]*v1.Node, 0, len(c.nodes))
	for _, n := range c.nodes {
		nodes = append(nodes, n)
	}
	slices.SortFunc(nodes, func(a, b *v1.Node) int { return strings.Compare(a.Name, b.Name) })
	return nodes
}
