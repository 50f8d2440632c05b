// Package podgc is the pod garbage collector of Kubernetes 1.37, and by an option
// that of 1.9: it removes pods, by force, that nobody else will remove.
//
// Upstream: pkg/controller/podgc/gc_controller.go.
package podgc

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"

	"github.com/reconverge/reconverge/impl/controller"
)

// A Controller collects pods. What it remembers, the quarantine, is not stored.
type Controller struct {
	client     kubernetes.Interface
	options    Options
	pods       corelisters.PodLister
	nodes      corelisters.NodeLister
	quarantine quarantine
}

// New registers a controller with the informers of the process.
func New(p *controller.Process, o Options) (*Controller, error) {
	client, err := p.Client("podgc")
	if err != nil {
		return nil, err
	}
	return &Controller{
		client:     client,
		options:    o.withDefaults(),
		pods:       p.Informers.Core().V1().Pods().Lister(),
		nodes:      p.Informers.Core().V1().Nodes().Lister(),
		quarantine: quarantine{},
	}, nil
}

// Start collects pods until ctx ends. The informers of the process must have
// synced. A controller is started once.
func (c *Controller) Start(ctx context.Context) error {
	if controller.Sleep(ctx, c.options.Phase) {
		wait.UntilWithContext(ctx, c.collect, c.options.Period)
	}
	return nil
}

// collect is one loop. All of it goes by the pods that the cache has at its
// beginning, however long the requests take.
//
// Abstracts: gc_controller.go:gc.
// Omits: upstream deletes the pods of one sweep side by side.
func (c *Controller) collect(ctx context.Context) {
	pods, err1 := c.pods.List(labels.Everything())
	nodes, err2 := c.nodes.List(labels.Everything())
	if err := errors.Join(err1, err2); err != nil {
		utilruntime.HandleErrorWithContext(ctx, err, "Cache cannot be read")
		return
	}
	controller.Sorted(pods)
	c.collectTerminated(ctx, pods)
	if c.options.V1_9 {
		c.collectOrphansAtOnce(ctx, pods)
	} else {
		c.collectOutOfService(ctx, pods)
		c.collectOrphans(ctx, pods, names(nodes))
	}
	c.collectUnscheduled(ctx, pods)
}

func names(nodes []*corev1.Node) map[string]bool {
	exist := map[string]bool{}
	for _, node := range nodes {
		exist[node.Name] = true
	}
	return exist
}

// collectTerminated removes pods that have ended, if there are too many: evicted
// ones first, then the oldest.
//
// Abstracts: gc_controller.go:gcTerminated (G1).
func (c *Controller) collectTerminated(ctx context.Context, pods []*corev1.Pod) {
	var ended []*corev1.Pod
	for _, pod := range pods {
		if controller.IsTerminal(pod) {
			ended = append(ended, pod)
		}
	}
	surplus := len(ended) - c.options.Threshold
	if c.options.Threshold < 0 || surplus <= 0 {
		return
	}
	slices.SortStableFunc(ended, c.goesBefore)
	for _, pod := range ended[:surplus] {
		c.remove(ctx, pod, nil)
	}
}

// goesBefore is the order in which ended pods go.
//
// Abstracts: gc_controller.go:byEvictionAndCreationTimestamp; (9) byCreationTimestamp.
func (c *Controller) goesBefore(a, b *corev1.Pod) int {
	if ea, eb := c.evicted(a), c.evicted(b); ea != eb {
		if ea {
			return -1
		}
		return 1
	}
	return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
}

func (c *Controller) evicted(pod *corev1.Pod) bool {
	return !c.options.V1_9 && pod.Status.Phase == corev1.PodFailed && pod.Status.Reason == "Evicted"
}

// collectOutOfService removes terminating pods of nodes that are not ready and that
// somebody has declared to be out of service.
//
// Abstracts: gc_controller.go:gcTerminating (G2).
func (c *Controller) collectOutOfService(ctx context.Context, pods []*corev1.Pod) {
	for _, pod := range pods {
		if pod.DeletionTimestamp == nil {
			continue
		}
		if node, err := c.nodes.Get(pod.Spec.NodeName); err == nil && outOfService(node) {
			c.remove(ctx, pod, nil)
		}
	}
}

func outOfService(node *corev1.Node) bool {
	ready := slices.ContainsFunc(node.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	})
	return !ready && slices.ContainsFunc(node.Spec.Taints, func(t corev1.Taint) bool { return t.Key == corev1.TaintNodeOutOfService })
}

// collectOrphans removes the pods of nodes that have been missing from the cache
// before the quarantine and after it, and are not found. A node that is still
// missing when its time is over goes into quarantine again before its pods are
// removed: who is bound to its name later may find it nearly over.
//
// Abstracts: gc_controller.go:gcOrphaned (G3).
func (c *Controller) collectOrphans(ctx context.Context, pods []*corev1.Pod, exist map[string]bool) {
	now := time.Now()
	over := c.quarantine.release(now)
	for _, pod := range pods {
		if node := pod.Spec.NodeName; node != "" && !exist[node] {
			c.quarantine.hold(node, now.Add(c.options.Quarantine))
		}
	}
	gone := map[string]bool{}
	for _, node := range over {
		gone[node] = !exist[node] && c.notFound(ctx, node)
	}
	for _, pod := range pods {
		if gone[pod.Spec.NodeName] {
			c.remove(ctx, pod, &corev1.PodCondition{
				Type:               corev1.DisruptionTarget,
				ObservedGeneration: pod.Generation,
				Status:             corev1.ConditionTrue,
				Reason:             "DeletionByPodGC",
				Message:            "PodGC: node no longer exists",
			})
		}
	}
}

// notFound asks for a node, live. No answer is no.
//
// Abstracts: gc_controller.go:discoverDeletedNodes, checkIfNodeExists.
func (c *Controller) notFound(ctx context.Context, node string) bool {
	if c.options.NoLiveCheck {
		return true
	}
	_, err := c.client.CoreV1().Nodes().Get(ctx, node, metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		utilruntime.HandleErrorWithContext(ctx, err, "Node cannot be read", "node", node)
	}
	return apierrors.IsNotFound(err)
}

// collectOrphansAtOnce removes the pods of nodes that a live list has not.
//
// Abstracts: (9) gc_controller.go:gcOrphaned.
func (c *Controller) collectOrphansAtOnce(ctx context.Context, pods []*corev1.Pod) {
	list, err := c.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		utilruntime.HandleErrorWithContext(ctx, err, "Nodes cannot be listed")
		return
	}
	exist := map[string]bool{}
	for i := range list.Items {
		exist[list.Items[i].Name] = true
	}
	for _, pod := range pods {
		if pod.Spec.NodeName != "" && !exist[pod.Spec.NodeName] {
			c.remove(ctx, pod, nil)
		}
	}
}

// collectUnscheduled removes terminating pods that are bound to no node, so that no
// kubelet does: a deletion at once is two writes, and the second may be missing.
//
// Abstracts: gc_controller.go:gcUnscheduledTerminating (G4).
func (c *Controller) collectUnscheduled(ctx context.Context, pods []*corev1.Pod) {
	for _, pod := range pods {
		if pod.DeletionTimestamp != nil && pod.Spec.NodeName == "" {
			c.remove(ctx, pod, nil)
		}
	}
}

// remove makes a pod Failed, unless it looks as if it had ended, and deletes it at
// once, by its name. What fails is left to the next loop.
//
// Abstracts: gc_controller.go:markFailedAndDeletePodWithCondition; (9) deletePod.
func (c *Controller) remove(ctx context.Context, pod *corev1.Pod, why *corev1.PodCondition) {
	err := c.fail(ctx, pod, why)
	if err == nil {
		options := *metav1.NewDeleteOptions(0)
		if c.options.DeleteWithUID {
			options.Preconditions = metav1.NewUIDPreconditions(string(pod.UID))
		}
		err = c.client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, options)
	}
	if err != nil && !apierrors.IsNotFound(err) {
		utilruntime.HandleErrorWithContext(ctx, err, "Pod is not removed", "pod", controller.PodKey(pod))
	}
}

// errStatusRejected imitates the API server, with Options.StatusRejected.
var errStatusRejected = errors.New("the status of the pod is rejected")

func (c *Controller) fail(ctx context.Context, pod *corev1.Pod, why *corev1.PodCondition) error {
	switch {
	case c.options.V1_9 || controller.IsTerminal(pod):
		return nil
	case c.options.StatusRejected:
		return errStatusRejected
	}
	status := pod.Status.DeepCopy()
	status.Phase = corev1.PodFailed
	status.ObservedGeneration = pod.Generation
	if why != nil {
		controller.SetPodCondition(status, *why)
	}
	_, err := controller.PatchPodStatus(ctx, c.client, pod, *status)
	return err
}
