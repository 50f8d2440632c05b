package kubelet_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/reconverge/reconverge/impl/controller"
	"github.com/reconverge/reconverge/impl/controller/internal/bubble"
	"github.com/reconverge/reconverge/impl/controller/kubelet"
)

// A node is a kubelet and its machine in a cluster.
type node struct {
	*bubble.Cluster
	name    string
	o       kubelet.Options
	machine *kubelet.Machine
	kubelet *kubelet.Kubelet
	stop    func()
}

// newNode starts a kubelet, and waits until it has registered.
func newNode(c *bubble.Cluster, name string, change ...func(*kubelet.Options)) *node {
	n := &node{Cluster: c, name: name, machine: kubelet.NewMachine(name, nil)}
	n.o = kubelet.Options{NodeName: name, Machine: n.machine, Phase: time.Millisecond}
	for _, f := range change {
		f(&n.o)
	}
	n.start()
	c.After(time.Second)
	c.Untaint(name)
	return n
}

func (n *node) start() {
	n.stop = n.Start("kubelet-"+n.name, func(config *rest.Config) (controller.Runnable, error) {
		var err error
		n.kubelet, err = kubelet.New(config, n.o)
		return n.kubelet, err
	})
}

// create makes a pod that is bound to the node.
func (n *node) create(name string, change ...func(*v1.Pod)) *v1.Pod {
	n.T.Helper()
	p := bubble.Pod(name, change...)
	p.Spec.NodeName = n.name
	p, err := n.Client.CoreV1().Pods(p.Namespace).Create(n.Ctx, p, metav1.CreateOptions{})
	require.NoError(n.T, err)
	return p
}

func (n *node) delete(name string, grace ...int64) {
	n.T.Helper()
	o := metav1.DeleteOptions{}
	if len(grace) > 0 {
		o.GracePeriodSeconds = &grace[0]
	}
	require.NoError(n.T, n.Client.CoreV1().Pods(v1.NamespaceDefault).Delete(n.Ctx, name, o))
}

// pod says what the API has of a pod: its phase and, after a comma, "ready" and "terminating".
func (n *node) pod(name string) string {
	n.T.Helper()
	p, err := n.Client.CoreV1().Pods(v1.NamespaceDefault).Get(n.Ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return "gone"
	}
	require.NoError(n.T, err)
	s := string(p.Status.Phase)
	if controller.IsReady(p) {
		s += ",ready"
	}
	if p.DeletionTimestamp != nil {
		s += ",terminating"
	}
	return s
}

// runs names the pods whose containers run, with a number for each UID of the name.
func (n *node) runs() (names []string) {
	for _, p := range n.machine.Running() {
		names = append(names, p.Name)
	}
	return names
}

// setStatus writes over the status of a pod.
func (n *node) setStatus(name string, f func(*v1.PodStatus)) {
	n.T.Helper()
	pods := n.Client.CoreV1().Pods(v1.NamespaceDefault)
	p, err := pods.Get(n.Ctx, name, metav1.GetOptions{})
	require.NoError(n.T, err)
	f(&p.Status)
	_, err = pods.UpdateStatus(n.Ctx, p, metav1.UpdateOptions{})
	require.NoError(n.T, err)
}

func notReady(s *v1.PodStatus) {
	controller.SetPodCondition(s, v1.PodCondition{Type: v1.PodReady, Status: v1.ConditionFalse, Reason: "NodeNotReady"})
}

func TestPodRunsAndEnds(t *testing.T) {
	bubble.Run(t, func(t *testing.T, c *bubble.Cluster) {
		n := newNode(c, "a")
		made := n.create("web")
		c.After(500 * time.Millisecond)
		require.Equal(t, "Pending", n.pod("web"))
		c.After(time.Second)
		require.Equal(t, "Running", n.pod("web"))
		require.Equal(t, []string{"web"}, n.runs())
		require.Equal(t, made.UID, n.machine.Running()[0].UID)
		c.After(time.Second)
		require.Equal(t, "Running,ready", n.pod("web"))

		n.delete("web")
		c.After(500 * time.Millisecond)
		require.Equal(t, "Running,ready,terminating", n.pod("web"))
		c.After(550 * time.Millisecond)
		require.Equal(t, "Succeeded,terminating", n.pod("web"), "its containers have stopped")
		c.After(time.Second)
		require.Equal(t, "gone", n.pod("web"))
		require.Empty(t, n.runs())
	})
}

func TestStatusInAPI(t *testing.T) {
	bubble.Run(t, func(t *testing.T, c *bubble.Cluster) {
		n := newNode(c, "a")
		n.create("web")
		c.After(5 * time.Second)
		p, err := c.Client.CoreV1().Pods(v1.NamespaceDefault).Get(c.Ctx, "web", metav1.GetOptions{})
		require.NoError(t, err)
		require.NotEmpty(t, p.Status.PodIP)
		require.Len(t, p.Status.ContainerStatuses, 1)
		require.True(t, p.Status.ContainerStatuses[0].Ready)
		for _, kind := range []v1.PodConditionType{v1.PodScheduled, v1.PodInitialized, v1.ContainersReady, v1.PodReady} {
			require.Equal(t, v1.ConditionTrue, controller.PodCondition(p, kind).Status)
		}
		version := p.ResourceVersion
		c.After(time.Hour)
		p, err = c.Client.CoreV1().Pods(v1.NamespaceDefault).Get(c.Ctx, "web", metav1.GetOptions{})
		require.NoError(t, err)
		require.Equal(t, version, p.ResourceVersion, "a quiet pod is not written")
	})
}

func TestRegistration(t *testing.T) {
	bubble.Run(t, func(t *testing.T, c *bubble.Cluster) {
		n := newNode(c, "a")
		nodes := c.Client.CoreV1().Nodes()
		made, err := nodes.Get(c.Ctx, "a", metav1.GetOptions{})
		require.NoError(t, err)
		require.Equal(t, "a", made.Labels[v1.LabelHostname])
		require.Equal(t, v1.ConditionTrue, nodeReady(made))

		n.create("web")
		c.After(5 * time.Second)
		require.NoError(t, nodes.Delete(c.Ctx, "a", metav1.DeleteOptions{}))
		c.After(time.Hour)
		_, err = nodes.Get(c.Ctx, "a", metav1.GetOptions{})
		require.True(t, apierrors.IsNotFound(err), "a kubelet registers once")
		require.Equal(t, []string{"web"}, n.runs(), "its pods run on")

		n.stop()
		n.start()
		c.After(5 * time.Second)
		again, err := nodes.Get(c.Ctx, "a", metav1.GetOptions{})
		require.NoError(t, err)
		require.NotEqual(t, made.UID, again.UID)
		require.Equal(t, []string{"web"}, n.runs())
	})
}

func nodeReady(n *v1.Node) v1.ConditionStatus {
	for _, c := range n.Status.Conditions {
		if c.Type == v1.NodeReady {
			return c.Status
		}
	}
	return ""
}

func TestLease(t *testing.T) {
	bubble.Run(t, func(t *testing.T, c *bubble.Cluster) {
		n := newNode(c, "a")
		leases := c.Client.CoordinationV1().Leases(v1.NamespaceNodeLease)
		age := func() time.Duration {
			t.Helper()
			lease, err := leases.Get(c.Ctx, "a", metav1.GetOptions{})
			require.NoError(t, err)
			require.Equal(t, "a", *lease.Spec.HolderIdentity)
			require.EqualValues(t, 40, *lease.Spec.LeaseDurationSeconds)
			require.Equal(t, "Node", lease.OwnerReferences[0].Kind)
			return time.Since(lease.Spec.RenewTime.Time)
		}
		c.After(10 * time.Second)
		for range 5 {
			c.After(10 * time.Second)
			require.Less(t, age(), 10*time.Second)
		}
		// Somebody else writes it: the next renewal is a conflict.
		lease, err := leases.Get(c.Ctx, "a", metav1.GetOptions{})
		require.NoError(t, err)
		lease.Labels = map[string]string{"touched": "yes"}
		_, err = leases.Update(c.Ctx, lease, metav1.UpdateOptions{})
		require.NoError(t, err)
		c.After(10 * time.Second)
		require.Less(t, age(), 10*time.Second)

		c.Cut("kubelet-a")
		c.After(time.Minute)
		require.Greater(t, age(), 50*time.Second)
		c.Heal("kubelet-a")
		c.After(20 * time.Second)
		require.Less(t, age(), 10*time.Second)

		require.NoError(t, leases.Delete(c.Ctx, "a", metav1.DeleteOptions{}))
		c.After(20 * time.Second)
		require.Less(t, age(), 10*time.Second, "a deleted lease is made again")
		n.stop()
		c.After(time.Minute)
		require.Greater(t, age(), 50*time.Second)
	})
}

// In 1.9 the status of the Node is the heartbeat, and is written every 10 s; now
// only if it has changed, or every 5 min.
func TestNodeStatus(t *testing.T) {
	for _, v19 := range []bool{false, true} {
		bubble.Run(t, func(t *testing.T, c *bubble.Cluster) {
			n := newNode(c, "a", func(o *kubelet.Options) {
				if v19 {
					*o = kubelet.V1_9(*o)
				}
			})
			heartbeat := func() (v1.ConditionStatus, time.Duration) {
				node, err := c.Client.CoreV1().Nodes().Get(c.Ctx, "a", metav1.GetOptions{})
				require.NoError(t, err)
				for _, cond := range node.Status.Conditions {
					if cond.Type == v1.NodeReady {
						return cond.Status, time.Since(cond.LastHeartbeatTime.Time)
					}
				}
				return "", 0
			}
			c.After(4 * time.Minute)
			_, age := heartbeat()
			require.Equal(t, v19, age < 15*time.Second, "%v", age)
			c.After(2 * time.Minute)
			_, age = heartbeat()
			require.Less(t, age, 2*time.Minute)
			_, err := c.Client.CoordinationV1().Leases(v1.NamespaceNodeLease).Get(c.Ctx, "a", metav1.GetOptions{})
			require.Equal(t, v19, apierrors.IsNotFound(err))

			n.machine.Break()
			c.After(11 * time.Second)
			status, _ := heartbeat()
			require.Equal(t, v1.ConditionFalse, status)
			n.machine.Repair()
			c.After(11 * time.Second)
			status, _ = heartbeat()
			require.Equal(t, v1.ConditionTrue, status)
		})
	}
}

// What another component writes over the status is put right by the next tick
// (B17): NLC's Ready=False, once the node is back.
func TestReconcileTick(t *testing.T) {
	for _, off := range []bool{false, true} {
		t.Run(fmt.Sprint("off=", off), func(t *testing.T) {
			bubble.Run(t, func(t *testing.T, c *bubble.Cluster) {
				n := newNode(c, "a", func(o *kubelet.Options) { o.NoReconcileTick = off })
				n.create("web")
				c.After(5 * time.Second)
				n.setStatus("web", notReady)
				c.After(time.Millisecond)
				require.Equal(t, "Running", n.pod("web"))
				c.After(11 * time.Second)
				require.Equal(t, !off, n.pod("web") == "Running,ready")
			})
		})
	}
}

func TestConditionsOfOthersStay(t *testing.T) {
	bubble.Run(t, func(t *testing.T, c *bubble.Cluster) {
		n := newNode(c, "a")
		n.create("web")
		c.After(5 * time.Second)
		n.setStatus("web", func(s *v1.PodStatus) {
			controller.SetPodCondition(s, v1.PodCondition{Type: v1.DisruptionTarget, Status: v1.ConditionTrue, Reason: "Test"})
			notReady(s)
		})
		c.After(15 * time.Second)
		require.Equal(t, "Running,ready", n.pod("web"))
		p, err := c.Client.CoreV1().Pods(v1.NamespaceDefault).Get(c.Ctx, "web", metav1.GetOptions{})
		require.NoError(t, err)
		require.NotNil(t, controller.PodCondition(p, v1.DisruptionTarget))
	})
}

// Pod GC fails a pod whose containers still run: it is not ready from then on (B52).
func TestTerminalPhaseIsNotReady(t *testing.T) {
	for _, off := range []bool{false, true} {
		t.Run(fmt.Sprint("off=", off), func(t *testing.T) {
			bubble.Run(t, func(t *testing.T, c *bubble.Cluster) {
				n := newNode(c, "a", func(o *kubelet.Options) {
					o.NoTerminalReadyFix = off
					o.StopDuration = 5 * time.Second
				})
				n.create("web")
				c.After(5 * time.Second)
				n.setStatus("web", func(s *v1.PodStatus) { s.Phase = v1.PodFailed })
				c.After(11 * time.Second)
				require.Equal(t, off, n.pod("web") == "Failed,ready", n.pod("web"))
				require.Empty(t, n.runs())
			})
		})
	}
}

// A pod that a bound DELETE ends with does the same when it is reported by the
// kubelet alone (B52).
func TestEndIsNotReady(t *testing.T) {
	for _, off := range []bool{false, true} {
		bubble.Run(t, func(t *testing.T, c *bubble.Cluster) {
			n := newNode(c, "a", func(o *kubelet.Options) { o.NoTerminalReadyFix = off })
			n.create("web", func(p *v1.Pod) { p.Spec.RestartPolicy = v1.RestartPolicyNever })
			c.After(5 * time.Second)
			n.machine.Exit(n.machine.Running()[0].UID, 0)
			c.After(time.Second)
			require.Equal(t, off, n.pod("web") == "Succeeded,ready", n.pod("web"))
		})
	}
}

func TestRejectedPodStays(t *testing.T) {
	bubble.Run(t, func(t *testing.T, c *bubble.Cluster) {
		n := newNode(c, "a")
		n.create("web", func(p *v1.Pod) { p.Spec.NodeSelector = map[string]string{"disk": "ssd"} })
		c.After(time.Minute)
		require.Equal(t, "Failed", n.pod("web"))
		p, err := c.Client.CoreV1().Pods(v1.NamespaceDefault).Get(c.Ctx, "web", metav1.GetOptions{})
		require.NoError(t, err)
		require.Equal(t, "NodeAffinity", p.Status.Reason)
		require.Empty(t, n.runs())
	})
}

func TestEvictedPodStays(t *testing.T) {
	bubble.Run(t, func(t *testing.T, c *bubble.Cluster) {
		n := newNode(c, "a", func(o *kubelet.Options) { o.StopDuration = 500 * time.Millisecond })
		made := n.create("web")
		c.After(5 * time.Second)
		require.True(t, n.kubelet.Evict(made.UID, "low on memory"))
		c.After(time.Millisecond)
		require.Equal(t, "Running,ready", n.pod("web"), "a final phase is withheld while containers run")
		c.After(time.Minute)
		require.Equal(t, "Failed", n.pod("web"))
		require.Empty(t, n.runs())
	})
}

// Deleted and made again under one name are two pods.
func TestNamesake(t *testing.T) {
	bubble.Run(t, func(t *testing.T, c *bubble.Cluster) {
		n := newNode(c, "a")
		n.create("web-0")
		c.After(5 * time.Second)
		n.delete("web-0", 0)
		n.create("web-0")
		c.After(500 * time.Millisecond)
		require.Len(t, n.runs(), 1, "the old one is stopping")
		c.After(time.Minute)
		require.Equal(t, []string{"web-0"}, n.runs())
		require.Equal(t, "Running,ready", n.pod("web-0"))
	})
}
