// Package controllertest is a cluster for the tests of single controllers: an API
// server in a testing/synctest bubble, nodes and pods without a kubelet, and a
// record of what the controller manager asks for.
package controllertest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"

	"github.com/reconverge/reconverge/impl/apiserver"
	"github.com/reconverge/reconverge/impl/controller"
)

// The handlers of client-go log, and one of them sleeps for the time since the last
// error by a clock outside of the bubble, which is 26 years.
func init() { utilruntime.ErrorHandlers = nil }

// Namespace is that of all pods.
const Namespace = "default"

// A Cluster lives in the bubble of a test.
type Cluster struct {
	*Gate
	t     *testing.T
	Ctx   context.Context
	User  kubernetes.Interface // whose requests pass, and are not recorded
	Start time.Time

	server *apiserver.Server
}

// New returns an empty cluster. It is called in a bubble.
func New(t *testing.T) *Cluster {
	gate := &Gate{start: time.Now()}
	server, err := apiserver.New(apiserver.Options{Gate: gate})
	require.NoError(t, err)
	user, err := kubernetes.NewForConfig(server.Config("user"))
	require.NoError(t, err)
	return &Cluster{Gate: gate, t: t, Ctx: t.Context(), User: user, Start: gate.start, server: server}
}

// A Constructor makes a controller of a process.
type Constructor func(*controller.Process) (controller.Runnable, error)

// Run starts a process of these controllers, as the actor "kcm", and returns when
// its caches are filled. It ends with stop, or else with the test.
func (c *Cluster) Run(constructors ...Constructor) (stop func()) {
	p, err := controller.NewProcess(c.server.Config(manager))
	require.NoError(c.t, err)
	ctx, cancel := context.WithCancel(c.Ctx)
	done := make(chan struct{})
	var controllers []controller.Runnable
	for _, construct := range constructors {
		built, err := construct(p)
		require.NoError(c.t, err)
		controllers = append(controllers, built)
	}
	p.Informers.StartWithContext(ctx)
	p.Informers.WaitForCacheSyncWithContext(ctx)
	for _, one := range controllers {
		go func() {
			defer func() { done <- struct{}{} }()
			if err := one.Start(ctx); err != nil {
				c.t.Error(err)
			}
		}()
	}
	running := true
	stop = func() {
		if !running {
			return
		}
		running = false
		cancel()
		for range controllers {
			<-done
		}
		p.Informers.Shutdown()
	}
	c.t.Cleanup(stop)
	return stop
}

// Sleep lets time pass.
func (c *Cluster) Sleep(d time.Duration) { time.Sleep(d) }

// At lets time pass until so long after the cluster was made.
func (c *Cluster) At(d time.Duration) { time.Sleep(time.Until(c.Start.Add(d))) }

// AddNode makes a node that is ready, with a lease, and keeps the lease renewed
// every 10 s until the kubelet is stopped. An empty zone is that of all nodes
// without one.
func (c *Cluster) AddNode(name, zone string) *Kubelet {
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if zone != "" {
		node.Labels = map[string]string{corev1.LabelTopologyZone: zone}
	}
	_, err := c.User.CoreV1().Nodes().Create(c.Ctx, node, metav1.CreateOptions{})
	require.NoError(c.t, err)
	_, err = c.User.CoordinationV1().Leases(corev1.NamespaceNodeLease).Create(c.Ctx, &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: corev1.NamespaceNodeLease},
		Spec:       coordinationv1.LeaseSpec{HolderIdentity: &name, RenewTime: ptr.To(metav1.NowMicro())},
	}, metav1.CreateOptions{})
	if !apierrors.IsAlreadyExists(err) { // it is that of an earlier node of the name
		require.NoError(c.t, err)
	}
	k := &Kubelet{c: c, node: name}
	k.Report(corev1.ConditionTrue)
	k.Start()
	return k
}

// A Kubelet is the signs of life of one node.
type Kubelet struct {
	c    *Cluster
	node string
	stop context.CancelFunc
}

// Start renews the lease now and every 10 s.
func (k *Kubelet) Start() {
	ctx, cancel := context.WithCancel(k.c.Ctx)
	k.stop = cancel
	k.Renew()
	go func() {
		for controller.Sleep(ctx, 10*time.Second) {
			k.Renew()
		}
	}()
}

// Stop ends that.
func (k *Kubelet) Stop() { k.stop() }

// Renew renews the lease once.
func (k *Kubelet) Renew() {
	leases := k.c.User.CoordinationV1().Leases(corev1.NamespaceNodeLease)
	lease, err := leases.Get(k.c.Ctx, k.node, metav1.GetOptions{})
	if err != nil {
		return // the test is over, or has removed it
	}
	lease.Spec.RenewTime = ptr.To(metav1.NowMicro())
	_, _ = leases.Update(k.c.Ctx, lease, metav1.UpdateOptions{})
}

// Report posts the condition Ready, with a heartbeat of now.
func (k *Kubelet) Report(status corev1.ConditionStatus) { require.NoError(k.c.t, k.Post(status)) }

// Post is Report that may fail.
func (k *Kubelet) Post(status corev1.ConditionStatus) error {
	node, err := k.c.User.CoreV1().Nodes().Get(k.c.Ctx, k.node, metav1.GetOptions{})
	if err != nil {
		return err
	}
	ready := corev1.NodeCondition{Type: corev1.NodeReady, Status: status, LastHeartbeatTime: metav1.Now(), LastTransitionTime: metav1.Now()}
	found := false
	for i, old := range node.Status.Conditions {
		if old.Type == corev1.NodeReady {
			if old.Status == status {
				ready.LastTransitionTime = old.LastTransitionTime
			}
			node.Status.Conditions[i], found = ready, true
		}
	}
	if !found {
		node.Status.Conditions = append(node.Status.Conditions, ready)
	}
	_, err = k.c.User.CoreV1().Nodes().UpdateStatus(k.c.Ctx, node, metav1.UpdateOptions{})
	return err
}

// AddPod makes a pod that runs on a node and is ready. Without tolerations it gets
// those of the API server: 300 s of each NoExecute taint of a lost node.
func (c *Cluster) AddPod(name, node string, tolerations ...corev1.Toleration) *corev1.Pod {
	pod, err := c.User.CoreV1().Pods(Namespace).Create(c.Ctx, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.PodSpec{
			NodeName:    node,
			Tolerations: tolerations,
			Containers:  []corev1.Container{{Name: "main", Image: "web:1"}},
		},
	}, metav1.CreateOptions{})
	require.NoError(c.t, err)
	pod.Status.Phase = corev1.PodRunning
	controller.SetPodCondition(&pod.Status, corev1.PodCondition{Type: corev1.PodReady, Status: corev1.ConditionTrue})
	pod, err = c.User.CoreV1().Pods(Namespace).UpdateStatus(c.Ctx, pod, metav1.UpdateOptions{})
	require.NoError(c.t, err)
	return pod
}

// Node returns the live node.
func (c *Cluster) Node(name string) *corev1.Node {
	node, err := c.User.CoreV1().Nodes().Get(c.Ctx, name, metav1.GetOptions{})
	require.NoError(c.t, err)
	return node
}

// Pod returns the live pod; nil if there is none.
func (c *Cluster) Pod(name string) *corev1.Pod {
	pods, err := c.User.CoreV1().Pods(Namespace).List(c.Ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + name})
	require.NoError(c.t, err)
	if len(pods.Items) == 0 {
		return nil
	}
	return &pods.Items[0]
}

// RemovePod removes a pod at once.
func (c *Cluster) RemovePod(name string) {
	require.NoError(c.t, c.User.CoreV1().Pods(Namespace).Delete(c.Ctx, name, *metav1.NewDeleteOptions(0)))
}

// RemoveNode removes a node.
func (c *Cluster) RemoveNode(name string) {
	require.NoError(c.t, c.User.CoreV1().Nodes().Delete(c.Ctx, name, metav1.DeleteOptions{}))
}

// Taint sets the taints of a node.
func (c *Cluster) Taint(name string, taints ...corev1.Taint) {
	node := c.Node(name)
	node.Spec.Taints = taints
	_, err := c.User.CoreV1().Nodes().Update(c.Ctx, node, metav1.UpdateOptions{})
	require.NoError(c.t, err)
}

// Taints are the taints of a live node, as key:effect.
func (c *Cluster) Taints(name string) (taints []string) {
	for _, t := range c.Node(name).Spec.Taints {
		taints = append(taints, fmt.Sprintf("%s:%s", t.Key, t.Effect))
	}
	return taints
}

// Ready is the condition Ready of a live node.
func (c *Cluster) Ready(name string) corev1.ConditionStatus {
	for _, condition := range c.Node(name).Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status
		}
	}
	return ""
}

// Terminating reports whether a pod is there and marked for deletion.
func (c *Cluster) Terminating(name string) bool {
	pod := c.Pod(name)
	return pod != nil && pod.DeletionTimestamp != nil
}

// Reasons are the reasons of the events about an object, in order.
func (c *Cluster) Reasons(name string) (reasons []string) {
	events, err := c.User.CoreV1().Events(metav1.NamespaceAll).List(c.Ctx, metav1.ListOptions{FieldSelector: "involvedObject.name=" + name})
	require.NoError(c.t, err)
	for _, e := range events.Items {
		reasons = append(reasons, e.Reason)
	}
	return reasons
}
