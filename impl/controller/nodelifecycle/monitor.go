package nodelifecycle

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/component-helpers/node/topology"

	"github.com/reconverge/reconverge/impl/controller"
)

// monitor is one pass over all nodes, by name. It acts on the list of nodes that
// the cache has at its beginning.
//
// Abstracts: node_lifecycle_controller.go:monitorNodeHealth; (9) monitorNodeStatus.
// Omits: upstream judges eight nodes at a time.
func (c *Controller) monitor(ctx context.Context) {
	nodes, err := c.nodes.List(labels.Everything())
	if err != nil {
		utilruntime.HandleErrorWithContext(ctx, err, "Cache of nodes cannot be read")
		return
	}
	c.meet(ctx, controller.Sorted(nodes))

	whole := true
	found := map[string][]*corev1.NodeCondition{}
	for _, node := range nodes {
		v, err := c.judge(ctx, node.DeepCopy())
		if err != nil {
			whole = whole && !errors.Is(err, errBreaker)
			utilruntime.HandleErrorWithContext(ctx, err, "Node is not judged", "node", node.Name)
			continue
		}
		if !c.options.excluded(v.node) {
			zone := topology.GetZoneKey(v.node)
			found[zone] = append(found[zone], v.current)
		}
		if v.current != nil {
			c.act(ctx, v)
		}
	}
	if ctx.Err() == nil && (whole || !c.options.DecideOnWholePass) {
		c.handleDisruption(ctx, nodes, found)
	}
}

// meet takes note of nodes that have come and gone since the last pass. One that
// was deleted and came back between two passes is not noticed.
//
// Abstracts: classifyNodes and what monitorNodeHealth does with the answer.
func (c *Controller) meet(ctx context.Context, nodes []*corev1.Node) {
	gone := maps.Clone(c.known)
	var added []*corev1.Node
	for _, node := range nodes {
		delete(gone, node.Name)
		if c.known[node.Name] == nil {
			added = append(added, node)
		} else {
			c.meetZone(node)
		}
	}
	for _, node := range added {
		c.events.Node(node, corev1.EventTypeNormal, "RegisteredNode", "Node %s event: Registered Node %s in Controller", node.Name, node.Name)
		c.known[node.Name] = node
		c.meetZone(node)
		c.reachable(ctx, node)
	}
	for _, name := range slices.Sorted(maps.Keys(gone)) {
		c.events.Node(gone[name], corev1.EventTypeNormal, "RemovingNode", "Node %s event: Removing Node %s from Controller", name, name)
		delete(c.known, name)
	}
}

// meetZone gives the zone of a node a new queue, if it is not known: it is
// forgotten when a pass finds no node in it.
//
// Abstracts: addPodEvictorForNewZone.
func (c *Controller) meetZone(node *corev1.Node) {
	zone := topology.GetZoneKey(node)
	if _, known := c.zones[zone]; known {
		return
	}
	c.zones[zone] = zoneInitial
	c.queuesMu.Lock()
	defer c.queuesMu.Unlock()
	delete(c.queues, zone)
}

func (c *Controller) queueOf(node *corev1.Node) *rateQueue { return c.queue(topology.GetZoneKey(node)) }

// queue returns the queue of a zone, which is new if the zone is.
func (c *Controller) queue(zone string) *rateQueue {
	c.queuesMu.Lock()
	defer c.queuesMu.Unlock()
	q := c.queues[zone]
	if q == nil {
		q = newRateQueue(c.options.EvictionRate, c.options.NoLimiter, c.wake)
		c.queues[zone] = q
	}
	return q
}

// act does to a node what its condition asks for.
func (c *Controller) act(ctx context.Context, v verdict) {
	if c.options.V1_9 {
		c.queueOverdue(v)
		c.markPodsOnce(ctx, v)
		return
	}
	pods, err := controller.Indexed[*corev1.Pod](c.podIndexer, controller.PodsByNode, v.node.Name)
	if err != nil {
		utilruntime.HandleErrorWithContext(ctx, err, "Cache of pods cannot be read", "node", v.node.Name)
		return
	}
	c.queueForTaint(ctx, v)
	c.markPodsOf(ctx, v, pods)
}

// queueForTaint queues a node that has not the NoExecute taint of its condition. If
// it has that of the other condition they are swapped at once, without a token.
//
// Abstracts: processTaintBaseEviction, markNodeForTainting (L5, L7).
func (c *Controller) queueForTaint(ctx context.Context, v verdict) {
	if v.current.Status == corev1.ConditionTrue {
		c.recovered(ctx, v.node)
		return
	}
	wanted, opposite := noExecuteFor(v.current.Status)
	if hasTaint(v.node.Spec.Taints, opposite) {
		if err := c.swapTaints(ctx, v.node, []corev1.Taint{wanted}, []corev1.Taint{opposite}); err != nil {
			utilruntime.HandleErrorWithContext(ctx, err, "NoExecute taints of a node are not swapped", "node", v.node.Name)
		}
		return
	}
	q := c.queueOf(v.node)
	if !hasTaint(v.node.Spec.Taints, wanted) {
		q.remove(v.node.Name) // whatever was done about it before did not last
	}
	q.add(v.node.Name)
}

// recovered lets a node that is ready off.
func (c *Controller) recovered(ctx context.Context, node *corev1.Node) {
	if c.options.NoCancel {
		c.untaint(ctx, node)
		return
	}
	c.reachable(ctx, node)
}

// reachable takes the NoExecute taints off a node that the given copy shows, and
// takes the node out of its queue. In 1.9 there are no taints to take off.
//
// Abstracts: markNodeAsReachable (L7); (9) cancelPodEviction (N4).
func (c *Controller) reachable(ctx context.Context, node *corev1.Node) {
	if !c.untaint(ctx, node) {
		return
	}
	c.queueOf(node).remove(node.Name)
}

func (c *Controller) untaint(ctx context.Context, node *corev1.Node) bool {
	if c.options.V1_9 {
		return true
	}
	for _, t := range []corev1.Taint{unreachable, notReady} {
		if err := c.removeTaints(ctx, node, []corev1.Taint{t}); err != nil {
			utilruntime.HandleErrorWithContext(ctx, err, "NoExecute taints of a node are not removed", "node", node.Name)
			return false
		}
	}
	return true
}

// handleDisruption changes the limiters of the zones by what a pass has found, and
// enters and leaves master disruption mode.
//
// Abstracts: node_lifecycle_controller.go:handleDisruption (L9); (9) N7.
func (c *Controller) handleDisruption(ctx context.Context, nodes []*corev1.Node, found map[string][]*corev1.NodeCondition) {
	was := c.zones
	how, zones := c.endPass(found)
	if how == keep {
		return
	}
	if how == enter && !c.options.NoMasterDisruptionMode {
		c.enterDisruption(ctx, nodes, zones)
		return
	}
	if how == leave {
		c.leaveDisruption(nodes, zones)
	}
	for _, zone := range zones {
		if state := c.zones[zone]; how == leave || state != was[zone] {
			c.queue(zone).setRate(ctx, c.options.rate(state, len(found[zone])))
		}
	}
}

// enterDisruption lets all nodes off and stops the evictions. A node that is being
// tainted meanwhile keeps its taint, as the copy that is looked at does not show it.
func (c *Controller) enterDisruption(ctx context.Context, nodes []*corev1.Node, zones []string) {
	if c.options.ReadLiveOnUntaint {
		c.stopEvictions(ctx, zones)
		if live, err := c.liveNodes(ctx); err == nil {
			nodes = live
		}
	}
	for _, node := range nodes {
		c.reachable(ctx, node)
	}
	c.stopEvictions(ctx, zones)
}

func (c *Controller) stopEvictions(ctx context.Context, zones []string) {
	for _, zone := range zones {
		c.queue(zone).setRate(ctx, 0)
	}
}

// leaveDisruption counts all times from now on: the nodes may have been cut off
// from the control plane, rather than lost.
func (c *Controller) leaveDisruption(nodes []*corev1.Node, zones []string) {
	now := time.Now()
	for _, node := range nodes {
		if h, ok := c.health.get(node.Name); ok && !c.options.NoResetOnExit {
			h.probed, h.turned = now, now
			c.health.set(node.Name, h)
		}
	}
	if c.options.CancelOnExit {
		for _, zone := range zones {
			c.queue(zone).clear()
		}
	}
}

func (c *Controller) liveNodes(ctx context.Context) ([]*corev1.Node, error) {
	list, err := c.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	nodes := make([]*corev1.Node, len(list.Items))
	for i := range list.Items {
		nodes[i] = &list.Items[i]
	}
	return controller.Sorted(nodes), nil
}
