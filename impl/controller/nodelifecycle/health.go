package nodelifecycle

import (
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Health is what a process remembers of the signs of life of the nodes, by name.
//
// Abstracts: node_lifecycle_controller.go:nodeHealthMap.
type Health struct {
	mu    sync.Mutex
	nodes map[string]health
}

// NewHealth returns the memory of a new process.
func NewHealth() *Health { return &Health{nodes: map[string]health{}} }

func (h *Health) get(node string) (health, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	of, ok := h.nodes[node]
	return of, ok
}

func (h *Health) set(node string, of health) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.nodes[node] = of
}

// health is what is known of one node. It is replaced, never changed.
type health struct {
	status *corev1.NodeStatus    // as it was when its heartbeat was last seen to change
	lease  *coordinationv1.Lease // as it was when it was last seen renewed; nil: never
	probed time.Time             // when a sign of life was last seen, by the clock of this process
	turned time.Time             // when the condition Ready was last seen to change
}

// condition returns a condition of a node, in place; nil if there is none.
func condition(status *corev1.NodeStatus, of corev1.NodeConditionType) *corev1.NodeCondition {
	for i := range status.Conditions {
		if status.Conditions[i].Type == of {
			return &status.Conditions[i]
		}
	}
	return nil
}

// observe returns what is known of a node after a look at it and its lease (nil:
// none). A heartbeat is one of the node's status or, since leases, one of either;
// when it happened by the node's clock does not count, only when it was first seen.
//
// Abstracts: node_lifecycle_controller.go:tryUpdateNodeHealth, its first half.
func observe(known *health, node *corev1.Node, lease *coordinationv1.Lease, now time.Time) health {
	current := condition(&node.Status, corev1.NodeReady)
	h := health{probed: now, turned: now}
	switch {
	case known == nil && current == nil:
		h.probed, h.turned = node.CreationTimestamp.Time, node.CreationTimestamp.Time
	case known == nil:
	case current == nil:
		h.probed, h.turned, h.lease = known.probed, known.turned, known.lease
	default:
		before := condition(known.status, corev1.NodeReady)
		switch {
		case before == nil:
		case before.LastHeartbeatTime.Equal(&current.LastHeartbeatTime):
			h = *known
		case before.LastTransitionTime.Equal(&current.LastTransitionTime):
			h.turned = known.turned
		}
	}
	if lease != nil && (known == nil || known.lease == nil || known.lease.Spec.RenewTime.Before(lease.Spec.RenewTime)) {
		h.lease, h.probed = lease, now
	}
	if h.status == nil {
		h.status = node.Status.DeepCopy()
	}
	return h
}

// lapsed reports whether the last sign of life of a node is too long ago.
func (o *Options) lapsed(h health, node *corev1.Node, now time.Time) bool {
	grace := o.MonitorGrace
	if condition(&node.Status, corev1.NodeReady) == nil {
		grace = o.StartupGrace
	}
	return now.After(h.probed.Add(grace))
}

// setUnknown makes the conditions that a kubelet reports Unknown.
func setUnknown(node *corev1.Node, now time.Time) {
	for _, t := range []corev1.NodeConditionType{corev1.NodeReady, corev1.NodeMemoryPressure, corev1.NodeDiskPressure, corev1.NodePIDPressure} {
		switch c := condition(&node.Status, t); {
		case c == nil:
			node.Status.Conditions = append(node.Status.Conditions, corev1.NodeCondition{
				Type:               t,
				Status:             corev1.ConditionUnknown,
				Reason:             "NodeStatusNeverUpdated",
				Message:            "Kubelet never posted node status.",
				LastHeartbeatTime:  node.CreationTimestamp,
				LastTransitionTime: metav1.NewTime(now),
			})
		case c.Status != corev1.ConditionUnknown:
			c.Status = corev1.ConditionUnknown
			c.Reason = "NodeStatusUnknown"
			c.Message = "Kubelet stopped posting node status."
			c.LastTransitionTime = metav1.NewTime(now)
		}
	}
}
