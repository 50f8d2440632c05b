package nodelifecycle

import (
	"context"
	"errors"
	"fmt"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/resourceversion"

	"github.com/reconverge/reconverge/impl/controller"
)

// A verdict is what a pass has found of one node.
type verdict struct {
	node     *corev1.Node
	observed corev1.NodeCondition  // Ready before the pass; Unknown if there was none
	current  *corev1.NodeCondition // Ready after it; nil if there is none
}

const (
	judgeTries = 5
	judgeRetry = 20 * time.Millisecond
)

// errBreaker says that a node is not judged because its lease, or the cache of all
// leases, cannot be trusted.
var errBreaker = errors.New("circuit breaker")

// judge judges a node by the cached copy of it and, if its status is refused, by
// the live one.
//
// Abstracts: monitorNodeHealth, its poll of tryUpdateNodeHealth.
func (c *Controller) judge(ctx context.Context, node *corev1.Node) (verdict, error) {
	for try := 1; ; try++ {
		v, err := c.tryJudge(ctx, node)
		if err == nil || errors.Is(err, errBreaker) || try == judgeTries {
			return v, err
		}
		if node, err = c.client.CoreV1().Nodes().Get(ctx, node.Name, metav1.GetOptions{}); err != nil {
			return verdict{}, err
		}
		if !controller.Sleep(ctx, judgeRetry) {
			return verdict{}, ctx.Err()
		}
	}
}

// tryJudge writes Ready=Unknown if the last sign of life of a node is too long ago,
// and the live lease says the same. It changes the node that it is given.
//
// Abstracts: node_lifecycle_controller.go:tryUpdateNodeHealth (L1 to L3); (9)
// tryUpdateNodeStatus (N2).
func (c *Controller) tryJudge(ctx context.Context, node *corev1.Node) (verdict, error) {
	var known *health
	if h, ok := c.health.get(node.Name); ok {
		known = &h
	}
	if !c.leasesCaughtUp() {
		return verdict{}, fmt.Errorf("%w: the cache of leases is older than %s", errBreaker, c.awaited)
	}
	now := time.Now()
	lease := c.cachedLease(node.Name)
	h := observe(known, node, lease, now)
	c.health.set(node.Name, h)

	v := verdict{node: node, observed: observedReady(node), current: condition(&node.Status, corev1.NodeReady)}
	if !c.options.lapsed(h, node, now) {
		return v, nil
	}
	if err := c.checkLiveLease(ctx, node.Name, h); err != nil {
		return verdict{}, err
	}
	setUnknown(node, time.Now())
	v.current = condition(&node.Status, corev1.NodeReady)
	if equality.Semantic.DeepEqual(*v.current, v.observed) {
		return v, nil
	}
	if _, err := c.client.CoreV1().Nodes().UpdateStatus(ctx, node, metav1.UpdateOptions{}); err != nil {
		return v, err
	}
	c.health.set(node.Name, health{status: node.Status.DeepCopy(), lease: lease, probed: h.probed, turned: time.Now()})
	return v, nil
}

// observedReady returns the condition Ready that a node is judged from. Without
// one it is Unknown since the node was created.
func observedReady(node *corev1.Node) corev1.NodeCondition {
	if c := condition(&node.Status, corev1.NodeReady); c != nil {
		return *c
	}
	return corev1.NodeCondition{
		Type:               corev1.NodeReady,
		Status:             corev1.ConditionUnknown,
		LastHeartbeatTime:  node.CreationTimestamp,
		LastTransitionTime: node.CreationTimestamp,
	}
}

// cachedLease returns the lease of a node; nil if the cache has none.
func (c *Controller) cachedLease(node string) *coordinationv1.Lease {
	if c.options.V1_9 {
		return nil
	}
	lease, err := c.leases.Leases(corev1.NamespaceNodeLease).Get(node)
	if err != nil {
		return nil
	}
	return lease
}

// checkLiveLease reads the lease of a node that looks dead. If it is not the one
// that the node was judged by, no node is judged until the cache has come as far.
// It is compared by its revision, not by its time of renewal: a lease that was
// changed in another way since it was last renewed keeps its node from ever being
// judged.
//
// Abstracts: tryUpdateNodeHealth under the gate NodeControllerLeaseCircuitBreaker.
func (c *Controller) checkLiveLease(ctx context.Context, node string, h health) error {
	if c.options.V1_9 || c.options.NoLiveLeaseCheck {
		return nil
	}
	live, err := c.client.CoordinationV1().Leases(corev1.NamespaceNodeLease).Get(ctx, node, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil
	case err != nil:
		return fmt.Errorf("%w: read the lease of node %s: %w", errBreaker, node, err)
	case h.lease != nil && h.lease.ResourceVersion == live.ResourceVersion:
		return nil
	}
	c.awaited = live.ResourceVersion
	return fmt.Errorf("%w: the lease of node %s is newer than the cached one", errBreaker, node)
}

// leasesCaughtUp reports whether the cache of leases is as new as the last live
// lease that was found to be newer.
//
// Abstracts: pkg/controller/util/consistency:EnsureReady, also in that a cache that
// does not tell its revision is trusted.
func (c *Controller) leasesCaughtUp() bool {
	if c.awaited == "" {
		return true
	}
	seen := c.leaseStore.LastStoreSyncResourceVersion()
	if order, err := resourceversion.CompareResourceVersion(c.awaited, seen); seen != "" && err == nil && order > 0 {
		return false
	}
	c.awaited = ""
	return true
}
