package kubelet

import (
	"context"
	"fmt"
	"time"

	coordv1 "k8s.io/api/coordination/v1"
	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/kubernetes"
	coordclient "k8s.io/client-go/kubernetes/typed/coordination/v1"

	"github.com/reconverge/reconverge/impl/controller"
)

const (
	leaseRetries = 5
	firstRetry   = 100 * time.Millisecond
	maxRetry     = 7 * time.Second
)

// A leaseKeeper renews the lease of a node (K9).
//
// Abstracts: component-helpers/apimachinery/lease/controller.go.
// Omits: the jitter of its period; Options.Phase stands for it.
type leaseKeeper struct {
	o      Options
	client kubernetes.Interface
	latest *coordv1.Lease // as it was last written or read; nil: not yet
}

func (l *leaseKeeper) leases() coordclient.LeaseInterface {
	return l.client.CoordinationV1().Leases(v1.NamespaceNodeLease)
}

// run renews the lease until ctx ends.
func (l *leaseKeeper) run(ctx context.Context) {
	if !controller.Sleep(ctx, l.o.Phase) {
		return
	}
	for {
		if err := l.sync(ctx); err != nil && ctx.Err() == nil {
			utilruntime.HandleErrorWithContext(ctx, err, "cannot renew the lease of a node", "node", l.o.NodeName)
		}
		if !controller.Sleep(ctx, l.o.LeaseDuration/4) {
			return
		}
	}
}

// sync renews the lease as it was last known, and looks for it only if that fails.
func (l *leaseKeeper) sync(ctx context.Context) error {
	if l.latest != nil {
		if err := l.renew(ctx, l.latest); err == nil {
			return nil
		}
	}
	lease, created, err := l.ensure(ctx)
	l.latest = lease
	if err != nil || created || lease == nil {
		return err
	}
	return l.renew(ctx, lease)
}

// renew writes the lease, on a conflict over what is there now.
func (l *leaseKeeper) renew(ctx context.Context, base *coordv1.Lease) (err error) {
	for range leaseRetries {
		lease, updateErr := l.leases().Update(ctx, l.renewed(ctx, base), metav1.UpdateOptions{})
		if err = updateErr; err == nil {
			l.latest = lease
			return nil
		}
		if apierrors.IsConflict(err) {
			if base, _, err = l.ensure(ctx); err != nil || base == nil {
				return err
			}
		}
	}
	return fmt.Errorf("kubelet: lease not renewed in %d attempts: %w", leaseRetries, err)
}

// ensure returns the lease, which it creates once its Node exists; nil if it does
// not. It goes on until it has an answer.
func (l *leaseKeeper) ensure(ctx context.Context) (lease *coordv1.Lease, created bool, err error) {
	for wait := firstRetry; ; wait = min(2*wait, maxRetry) {
		lease, err = l.leases().Get(ctx, l.o.NodeName, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			fresh := l.renewed(ctx, &coordv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: v1.NamespaceNodeLease, Name: l.o.NodeName}})
			if len(fresh.OwnerReferences) == 0 {
				return nil, false, nil
			}
			created = true
			lease, err = l.leases().Create(ctx, fresh, metav1.CreateOptions{})
		}
		if err == nil {
			return lease, created, nil
		}
		if !controller.Sleep(ctx, wait) {
			return nil, false, ctx.Err()
		}
	}
}

// renewed is a lease as it is to be now. It is owned by the Node, if there is one
// and it is not owned yet.
//
// Abstracts: kubelet/util/nodelease.go:SetNodeOwnerFunc.
func (l *leaseKeeper) renewed(ctx context.Context, base *coordv1.Lease) *coordv1.Lease {
	lease := base.DeepCopy()
	seconds := int32(l.o.LeaseDuration / time.Second)
	now := metav1.NewMicroTime(time.Now())
	lease.Spec.HolderIdentity = &l.o.NodeName
	lease.Spec.LeaseDurationSeconds = &seconds
	lease.Spec.RenewTime = &now
	if len(lease.OwnerReferences) > 0 {
		return lease
	}
	if node, err := l.client.CoreV1().Nodes().Get(ctx, l.o.NodeName, metav1.GetOptions{}); err == nil {
		lease.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Node", Name: node.Name, UID: node.UID}}
	}
	return lease
}
