package replay

import (
	"context"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"

	"github.com/reconverge/reconverge/impl/controller"
	"github.com/reconverge/reconverge/impl/sim"
	"github.com/reconverge/reconverge/impl/suite"
)

// person starts a process that asks for one thing, and returns its name: the
// request waits, so that a step can come between its writes.
func (d *driver) person(do func(context.Context, kubernetes.Interface) error) string {
	d.people++
	name := fmt.Sprintf("kubectl-%d", d.people)
	d.Start(name, func(config *rest.Config) (sim.Runnable, error) { return suite.Once(config, do) })
	return name
}

func (d *driver) deletes(pod string, grace *int64) string {
	return d.person(func(ctx context.Context, c kubernetes.Interface) error {
		return c.CoreV1().Pods(metav1.NamespaceDefault).Delete(ctx, pod, metav1.DeleteOptions{GracePeriodSeconds: grace})
	})
}

func (d *driver) createsPod() string {
	return d.person(func(ctx context.Context, c kubernetes.Interface) error {
		_, err := c.CoreV1().Pods(metav1.NamespaceDefault).Create(ctx, d.barePod(), metav1.CreateOptions{})
		return err
	})
}

func (d *driver) createsSet() string {
	return d.person(func(ctx context.Context, c kubernetes.Interface) error {
		_, err := c.AppsV1().ReplicaSets(metav1.NamespaceDefault).Create(ctx, d.set(int32(d.scenario.Replicas)), metav1.CreateOptions{})
		return err
	})
}

func (d *driver) taints(node string) string {
	return d.person(func(ctx context.Context, c kubernetes.Interface) error {
		live, err := c.CoreV1().Nodes().Get(ctx, node, metav1.GetOptions{})
		if err != nil {
			return err
		}
		live.Spec.Taints = append(live.Spec.Taints, corev1.Taint{Key: corev1.TaintNodeOutOfService, Value: "nodeshutdown", Effect: corev1.TaintEffectNoSchedule})
		_, err = c.CoreV1().Nodes().Update(ctx, live, metav1.UpdateOptions{})
		return err
	})
}

// evictionRetry is how often a refused eviction is asked for again.
const evictionRetry = 5 * time.Second

// drains starts kubectl drain, which asks for the eviction of all pods of the node
// side by side, each until it is granted.
//
// Abstracts: kubectl/pkg/drain/drain.go:evictPods. Omits: the wait until a pod is gone.
func (d *driver) drains(node string) {
	d.Start(drainActor, func(config *rest.Config) (sim.Runnable, error) {
		return suite.Once(config, func(ctx context.Context, c kubernetes.Interface) error {
			patch := []byte(`{"spec":{"unschedulable":true}}`)
			if _, err := c.CoreV1().Nodes().Patch(ctx, node, types.StrategicMergePatchType, patch, metav1.PatchOptions{}); err != nil {
				return err
			}
			list, err := c.CoreV1().Pods(metav1.NamespaceAll).List(ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=" + node})
			if err != nil {
				return err
			}
			d.Drained(node, list.Items)
			var evictions sync.WaitGroup
			for _, pod := range list.Items {
				evictions.Go(func() { evict(ctx, c, pod.Name) })
			}
			evictions.Wait()
			return nil
		})
	})
}

func evict(ctx context.Context, c kubernetes.Interface, pod string) {
	for {
		err := c.PolicyV1().Evictions(metav1.NamespaceDefault).Evict(ctx, &policyv1.Eviction{
			ObjectMeta:    metav1.ObjectMeta{Namespace: metav1.NamespaceDefault, Name: pod},
			DeleteOptions: &metav1.DeleteOptions{},
		})
		if !apierrors.IsTooManyRequests(err) || !controller.Sleep(ctx, evictionRetry) {
			return
		}
	}
}

// atOnce is no grace.
var atOnce = ptr.To[int64](0)
