package nodelifecycle_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/reconverge/reconverge/impl/controller/internal/controllertest"
	"github.com/reconverge/reconverge/impl/controller/nodelifecycle"
)

const (
	noSchedule = "node.kubernetes.io/unreachable:NoSchedule"
	noExecute  = "node.kubernetes.io/unreachable:NoExecute"
)

var errRefused = apierrors.NewInternalError(errors.New("refused"))

func podReady(c *controllertest.Cluster, name string) corev1.ConditionStatus {
	for _, condition := range c.Pod(name).Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status
		}
	}
	return ""
}

// L1: either heartbeat is enough.
func TestSignsOfLife(t *testing.T) {
	inCluster(t, func(t *testing.T, c *controllertest.Cluster) {
		c.AddNode("leases", "")
		reports := c.AddNode("reports", "")
		reports.Stop()
		c.Run(lifecycle(nodelifecycle.Options{}))
		for range 30 {
			c.Sleep(20 * time.Second)
			reports.Report(corev1.ConditionTrue)
		}
		require.Equal(t, corev1.ConditionTrue, c.Ready("leases"))
		require.Equal(t, corev1.ConditionTrue, c.Ready("reports"))
		c.Sleep(66 * time.Second)
		require.Equal(t, corev1.ConditionUnknown, c.Ready("reports"))
	})
}

// L2: a node that never reported has 60 s from when it was created.
func TestANodeThatNeverReports(t *testing.T) {
	inCluster(t, func(t *testing.T, c *controllertest.Cluster) {
		c.AddNode("n1", "")
		_, err := c.User.CoreV1().Nodes().Create(c.Ctx, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "mute"}}, metav1.CreateOptions{})
		require.NoError(t, err)
		c.Run(lifecycle(nodelifecycle.Options{}))
		c.At(59 * time.Second)
		require.Empty(t, c.Node("mute").Status.Conditions)
		c.At(61 * time.Second)
		require.Len(t, c.Node("mute").Status.Conditions, 4)
		require.Equal(t, corev1.ConditionUnknown, c.Ready("mute"))
	})
}

// L2: while the cache of leases is behind nobody is judged, not even a dead node.
// Mutation nlc.noLiveLeaseCheck (B15): the live one is judged dead.
func TestALaggingCacheOfLeases(t *testing.T) {
	for _, mutant := range []bool{false, true} {
		inCluster(t, func(t *testing.T, c *controllertest.Cluster) {
			c.AddNode("alive", "")
			c.AddNode("dead", "").Stop()
			c.Run(lifecycle(nodelifecycle.Options{NoLiveLeaseCheck: mutant}))
			c.At(5 * time.Second)
			release := c.HoldEvents(controllertest.Of("leases"))
			c.At(5 * time.Minute)
			if mutant {
				require.Equal(t, corev1.ConditionUnknown, c.Ready("alive"))
				return
			}
			require.Equal(t, corev1.ConditionTrue, c.Ready("alive"))
			require.Equal(t, corev1.ConditionTrue, c.Ready("dead"))
			release()
			c.At(10 * time.Minute)
			require.Equal(t, corev1.ConditionTrue, c.Ready("alive"))
			require.Equal(t, corev1.ConditionUnknown, c.Ready("dead"))
		})
	}
}

// L2: a lease that cannot be read keeps its node, and no other, from being judged.
func TestALeaseThatCannotBeRead(t *testing.T) {
	inCluster(t, func(t *testing.T, c *controllertest.Cluster) {
		c.AddNode("n0", "")
		c.AddNode("n1", "").Stop()
		c.AddNode("n2", "").Stop()
		c.Run(lifecycle(nodelifecycle.Options{}))
		stop := c.Fail(errRefused, controllertest.Is("get leases n1"))
		c.At(2 * time.Minute)
		require.Equal(t, corev1.ConditionTrue, c.Ready("n1"))
		require.Equal(t, corev1.ConditionUnknown, c.Ready("n2"))
		stop()
		c.At(3 * time.Minute)
		require.Equal(t, corev1.ConditionUnknown, c.Ready("n1"))
	})
}

// L2: the circuit breaker compares revisions, so a lease that was changed since it
// was renewed keeps its dead node from ever being judged.
func TestALeaseThatWasChangedWithoutBeingRenewed(t *testing.T) {
	inCluster(t, func(t *testing.T, c *controllertest.Cluster) {
		c.AddNode("n0", "")
		c.AddNode("n1", "").Stop()
		c.Run(lifecycle(nodelifecycle.Options{}))
		c.At(10 * time.Second)
		leases := c.User.CoordinationV1().Leases(corev1.NamespaceNodeLease)
		lease, err := leases.Get(c.Ctx, "n1", metav1.GetOptions{})
		require.NoError(t, err)
		lease.Labels = map[string]string{"touched": "true"}
		_, err = leases.Update(c.Ctx, lease, metav1.UpdateOptions{})
		require.NoError(t, err)
		c.At(time.Hour)
		require.Equal(t, corev1.ConditionTrue, c.Ready("n1"))
	})
}

// L3: a status that is refused is tried again on the live node, in the same pass.
func TestAJudgementThatIsRefused(t *testing.T) {
	inCluster(t, func(t *testing.T, c *controllertest.Cluster) {
		c.AddNode("n1", "").Stop()
		c.AddNode("n2", "")
		c.AddPod("p1", "n1")
		c.Run(lifecycle(nodelifecycle.Options{}))
		stop := c.Fail(errRefused, controllertest.Is("update nodes/status n1"))
		c.At(55*time.Second + 50*time.Millisecond)
		require.Equal(t, corev1.ConditionTrue, c.Ready("n1"))
		stop()
		c.At(56 * time.Second)
		require.Equal(t, corev1.ConditionUnknown, c.Ready("n1"))
		require.Equal(t, corev1.ConditionFalse, podReady(c, "p1"))
	})
}

// L4: a NoSchedule taint that is refused waits for the next change of the node.
func TestNoScheduleTaintsFollowEvents(t *testing.T) {
	inCluster(t, func(t *testing.T, c *controllertest.Cluster) {
		n1 := c.AddNode("n1", "")
		c.AddNode("n2", "")
		c.Run(lifecycle(nodelifecycle.Options{}))
		c.At(time.Second)
		stop := c.Fail(errRefused, controllertest.Is("patch nodes n1"))
		node := c.Node("n1")
		node.Spec.Unschedulable = true
		_, err := c.User.CoreV1().Nodes().Update(c.Ctx, node, metav1.UpdateOptions{})
		require.NoError(t, err)
		synctest.Wait()
		stop()
		c.At(5 * time.Minute)
		require.Empty(t, c.Taints("n1"))
		n1.Report(corev1.ConditionTrue)
		c.Sleep(time.Second)
		require.Equal(t, []string{"node.kubernetes.io/unschedulable:NoSchedule"}, c.Taints("n1"))
	})
}

// L5: a node that turns from not ready to unknown gets the other taint at once,
// while others wait for the token.
func TestTheOppositeTaintIsSwappedAtOnce(t *testing.T) {
	inCluster(t, func(t *testing.T, c *controllertest.Cluster) {
		c.AddNode("n0", "")
		broken, lost := c.AddNode("n1", ""), c.AddNode("n2", "")
		c.Run(lifecycle(nodelifecycle.Options{}))
		c.At(8 * time.Second)
		broken.Report(corev1.ConditionFalse)
		c.At(12 * time.Second)
		require.Equal(t, []string{"node.kubernetes.io/not-ready:NoSchedule", "node.kubernetes.io/not-ready:NoExecute"}, c.Taints("n1"))
		broken.Stop()
		lost.Stop()
		c.Writes()
		c.At(72 * time.Second)
		require.Equal(t, corev1.ConditionUnknown, c.Ready("n1"))
		require.ElementsMatch(t, []string{noExecute, noSchedule}, c.Taints("n1"))
	})
}

// L6: one node of a zone in ten seconds; zones do not wait for each other.
// Mutation nlc.noLimiter: all at once.
func TestNodesAreTaintedAtTheRate(t *testing.T) {
	for _, mutant := range []bool{false, true} {
		inCluster(t, func(t *testing.T, c *controllertest.Cluster) {
			for _, name := range []string{"a1", "a2"} {
				c.AddNode(name, "a").Stop()
			}
			c.AddNode("a3", "a")
			c.AddNode("a4", "a")
			c.AddNode("b1", "b").Stop()
			c.AddNode("b2", "b")
			c.Run(lifecycle(nodelifecycle.Options{NoLimiter: mutant}))
			c.At(56 * time.Second)
			require.Contains(t, c.Taints("a1"), noExecute)
			require.Contains(t, c.Taints("b1"), noExecute)
			require.Contains(t, c.Taints("a2"), noSchedule)
			if mutant {
				require.Contains(t, c.Taints("a2"), noExecute)
				return
			}
			require.NotContains(t, c.Taints("a2"), noExecute)
			c.At(66 * time.Second)
			require.Contains(t, c.Taints("a2"), noExecute)
		})
	}
}

// L6: a node that is ready again when its turn comes is let go.
func TestAQueuedNodeThatIsReadyAgain(t *testing.T) {
	inCluster(t, func(t *testing.T, c *controllertest.Cluster) {
		for _, name := range []string{"n1", "n2"} {
			c.AddNode(name, "")
		}
		k3, k4 := c.AddNode("n3", ""), c.AddNode("n4", "")
		c.Run(lifecycle(nodelifecycle.Options{}))
		c.At(8 * time.Second)
		k3.Report(corev1.ConditionFalse)
		k4.Report(corev1.ConditionFalse)
		c.At(12 * time.Second)
		require.Len(t, c.Taints("n3"), 2)
		c.Writes()
		k4.Report(corev1.ConditionTrue)
		c.At(5 * time.Minute)
		require.Empty(t, c.Taints("n4"))
		require.Equal(t, []string{"12s nodelifecycle patch nodes n4"}, c.Writes(), "its NoSchedule taint went")
	})
}

// L8: a pod whose mark is refused is marked by the next pass.
func TestAMarkThatIsRefusedIsMadeGood(t *testing.T) {
	inCluster(t, func(t *testing.T, c *controllertest.Cluster) {
		c.AddNode("n1", "").Stop()
		c.AddNode("n2", "")
		c.AddPod("p1", "n1")
		c.AddPod("p2", "n1")
		c.Run(lifecycle(nodelifecycle.Options{}))
		stop := c.Fail(errRefused, controllertest.Is("update pods/status p1"))
		c.At(58 * time.Second)
		require.Equal(t, corev1.ConditionTrue, podReady(c, "p1"))
		require.Equal(t, corev1.ConditionFalse, podReady(c, "p2"), "the others are marked")
		stop()
		c.At(61 * time.Second)
		require.Equal(t, corev1.ConditionFalse, podReady(c, "p1"))
	})
}

// L8: a pod that turns up late on a lost node is marked by itself.
func TestAPodThatTurnsUpOnALostNode(t *testing.T) {
	inCluster(t, func(t *testing.T, c *controllertest.Cluster) {
		c.AddNode("n1", "").Stop()
		c.AddNode("n2", "")
		c.Run(lifecycle(nodelifecycle.Options{}))
		c.At(2 * time.Minute)
		c.AddPod("late", "") // ready already when it turns up
		stop := c.Fail(apierrors.NewConflict(corev1.Resource("pods"), "late", errors.New("old")), controllertest.Is("update pods/status late"))
		require.NoError(t, c.User.CoreV1().Pods(controllertest.Namespace).Bind(c.Ctx, &corev1.Binding{
			ObjectMeta: metav1.ObjectMeta{Name: "late"}, Target: corev1.ObjectReference{Name: "n1"},
		}, metav1.CreateOptions{}))
		synctest.Wait()
		stop()
		require.Equal(t, corev1.ConditionTrue, podReady(c, "late"))
		c.Sleep(time.Second)
		require.Equal(t, corev1.ConditionFalse, podReady(c, "late"))
	})
}

// B18: a kubelet that says itself that it is not ready leaves its pods ready.
// B16: so does a process that ends between judging and marking.
// Repair nlc.markLevelTriggered closes both.
func TestPodsThatNobodyMarks(t *testing.T) {
	for _, repaired := range []bool{false, true} {
		want := corev1.ConditionTrue
		if repaired {
			want = corev1.ConditionFalse
		}
		o := nodelifecycle.Options{MarkLevelTriggered: repaired}
		inCluster(t, func(t *testing.T, c *controllertest.Cluster) {
			broken := c.AddNode("n1", "")
			c.AddNode("n2", "")
			c.AddPod("p1", "n1")
			c.Run(lifecycle(o))
			c.At(8 * time.Second)
			broken.Report(corev1.ConditionFalse)
			c.At(time.Hour)
			require.Equal(t, want, podReady(c, "p1"), "B18")
		})
		inCluster(t, func(t *testing.T, c *controllertest.Cluster) {
			c.AddNode("n1", "").Stop()
			c.AddNode("n2", "")
			c.AddPod("p1", "n1")
			stop := c.Run(lifecycle(o))
			release := c.Hold(controllertest.Is("update pods/status p1"))
			c.At(time.Minute)
			require.Equal(t, corev1.ConditionUnknown, c.Ready("n1"))
			stop()
			release()
			c.Run(lifecycle(o))
			c.At(time.Hour)
			require.Equal(t, want, podReady(c, "p1"), "B16")
		})
	}
}
