// Package drain is what kubectl drain does: it cordons a node, asks for the eviction
// of each pod on it, and waits until they are gone. It is no controller, but a
// person at a terminal; like one it keeps nothing and starts from the beginning.
package drain

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/reconverge/reconverge/impl/controller"
)

// Component is the user agent of a drain.
const Component = "drain"

// Times of kubectl.
//
// Upstream: kubectl/pkg/drain/drain.go:evictPods; kubectl/pkg/cmd/drain, whose poll is 1 s.
const (
	RetryPeriod = 5 * time.Second // after the answer that the budget allows no eviction
	PollPeriod  = time.Second     // between two looks at a pod that is going
)

// Options say how to drain. The zero value is kubectl drain --ignore-daemonsets
// --delete-emptydir-data --force.
type Options struct {
	// GracePeriodSeconds for the pods; nil: what each of them says.
	GracePeriodSeconds *int64
	// Listed, if it is not nil, is told of the pods that will be evicted.
	Listed func([]corev1.Pod)
}

// A Drain drains one node.
//
// Upstream: kubectl/pkg/drain/drain.go:Helper, RunCordonOrUncordon, RunNodeDrain.
// Omits: a goroutine for each pod: they are asked for one after the other, in rounds,
// and only then waited for; warnings; refusing pods without a controller; deleting
// pods where there is no eviction.
type Drain struct {
	client  kubernetes.Interface
	node    string
	options Options
}

// New returns a drain of a node.
func New(config *rest.Config, node string, o Options) (*Drain, error) {
	client, err := kubernetes.NewForConfig(rest.AddUserAgent(rest.CopyConfig(config), Component))
	if err != nil {
		return nil, err
	}
	return &Drain{client, node, o}, nil
}

// Start drains the node, and returns when its pods are gone, when ctx ends, or with the
// first error that is not an empty budget. A pod that is bound to the node after
// its pods were listed stays.
func (d *Drain) Start(ctx context.Context) error {
	if err := d.cordon(ctx); err != nil {
		return fmt.Errorf("drain: cordoning node %s: %w", d.node, err)
	}
	pods, err := d.list(ctx)
	if err != nil {
		return fmt.Errorf("drain: listing the pods of node %s: %w", d.node, err)
	}
	if d.options.Listed != nil {
		d.options.Listed(pods)
	}
	if err := d.evictAll(ctx, pods); err != nil {
		return fmt.Errorf("drain: %w", err)
	}
	for _, pod := range pods {
		if err := d.waitForDelete(ctx, pod); err != nil {
			return fmt.Errorf("drain: waiting for pod %s/%s: %w", pod.Namespace, pod.Name, err)
		}
	}
	return nil
}

// cordon makes the node unschedulable.
//
// Writes: a PATCH without precondition, if it is not yet.
// Upstream: kubectl/pkg/drain/cordon.go:PatchOrReplaceWithContext.
func (d *Drain) cordon(ctx context.Context) error {
	nodes := d.client.CoreV1().Nodes()
	node, err := nodes.Get(ctx, d.node, metav1.GetOptions{})
	if err != nil || node.Spec.Unschedulable {
		return err
	}
	patch := []byte(`{"spec":{"unschedulable":true}}`)
	_, err = nodes.Patch(ctx, d.node, types.StrategicMergePatchType, patch, metav1.PatchOptions{})
	return err
}

// list returns the pods to evict, in the order of names: not those of a DaemonSet, which
// would come back, nor those that a kubelet runs by itself.
//
// Reads: live.
// Upstream: kubectl/pkg/drain/drain.go:GetPodsForDeletion; filters.go:daemonSetFilter, mirrorPodFilter.
func (d *Drain) list(ctx context.Context) (pods []corev1.Pod, err error) {
	selector := fields.OneTermEqualSelector("spec.nodeName", d.node).String()
	found, err := d.client.CoreV1().Pods(metav1.NamespaceAll).List(ctx, metav1.ListOptions{FieldSelector: selector})
	if err != nil {
		return nil, err
	}
	for _, pod := range found.Items {
		owner := metav1.GetControllerOf(&pod)
		_, mirror := pod.Annotations[corev1.MirrorPodAnnotationKey]
		if !mirror && (owner == nil || owner.Kind != "DaemonSet") {
			pods = append(pods, pod)
		}
	}
	return pods, nil
}

// evictAll asks for the eviction of each pod, again and again of those that a budget
// still protects.
//
// Upstream: kubectl/pkg/drain/drain.go:evictPods.
func (d *Drain) evictAll(ctx context.Context, pods []corev1.Pod) error {
	for {
		var protected []corev1.Pod
		for _, pod := range pods {
			err := d.evict(ctx, pod)
			switch {
			case apierrors.IsTooManyRequests(err):
				protected = append(protected, pod)
			case err != nil:
				return fmt.Errorf("evicting pod %s/%s: %w", pod.Namespace, pod.Name, err)
			}
		}
		if pods = protected; len(pods) == 0 {
			return nil
		}
		if !controller.Sleep(ctx, RetryPeriod) {
			return fmt.Errorf("evicting pod %s/%s: %w", pods[0].Namespace, pods[0].Name, context.Cause(ctx))
		}
	}
}

// evict asks for the eviction of a pod. One that is gone is as good as evicted.
//
// Writes: an Eviction by name alone, so that it may hit another pod of that name (B11).
// Upstream: kubectl/pkg/drain/drain.go:EvictPod.
func (d *Drain) evict(ctx context.Context, pod corev1.Pod) error {
	return ignoreNotFound(d.client.PolicyV1().Evictions(pod.Namespace).Evict(ctx, &policyv1.Eviction{
		ObjectMeta:    metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name},
		DeleteOptions: &metav1.DeleteOptions{GracePeriodSeconds: d.options.GracePeriodSeconds},
	}))
}

// waitForDelete looks at a pod until it is gone, or another one has its name.
//
// Upstream: kubectl/pkg/drain/drain.go:waitForDelete.
func (d *Drain) waitForDelete(ctx context.Context, pod corev1.Pod) error {
	for {
		now, err := d.client.CoreV1().Pods(pod.Namespace).Get(ctx, pod.Name, metav1.GetOptions{})
		if err != nil || now.UID != pod.UID {
			return ignoreNotFound(err)
		}
		if !controller.Sleep(ctx, PollPeriod) {
			return context.Cause(ctx)
		}
	}
}

func ignoreNotFound(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
