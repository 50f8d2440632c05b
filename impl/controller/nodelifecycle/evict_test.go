package nodelifecycle_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/reconverge/reconverge/impl/controller"
	"github.com/reconverge/reconverge/impl/controller/internal/controllertest"
	"github.com/reconverge/reconverge/impl/controller/nodelifecycle"
)

var old = nodelifecycle.Options{V1_9: true}

// reporting makes a node of 1.9, which has no lease that counts: it posts its
// status every 10 s until it is told to stop.
func reporting(c *controllertest.Cluster, name string) (k *controllertest.Kubelet, stop func()) {
	k = c.AddNode(name, "")
	k.Stop()
	return k, report(c, k)
}

func report(c *controllertest.Cluster, k *controllertest.Kubelet) (stop func()) {
	ctx, cancel := context.WithCancel(c.Ctx)
	go func() {
		for controller.Sleep(ctx, 10*time.Second) {
			_ = k.Post(corev1.ConditionTrue) // the test may be over
		}
	}()
	return cancel
}

// The golden trace of 1.9 up to the deletion of the pod.
func TestGoldenTraceOf1_9(t *testing.T) {
	inCluster(t, func(t *testing.T, c *controllertest.Cluster) {
		lost, stop := reporting(c, "n1")
		reporting(c, "n2")
		c.AddPod("p1", "n1")
		c.AddPod("p2", "n2")
		c.Run(lifecycle(old))
		c.At(time.Second)
		stop()
		c.At(10 * time.Minute)
		require.Equal(t, []string{
			"45s nodelifecycle update nodes/status n1",
			"45s nodelifecycle update pods/status p1",
			"305s nodelifecycle update pods/status p1",
			"305s nodelifecycle delete pods p1",
		}, c.Writes())
		p1 := c.Pod("p1")
		require.Equal(t, "NodeLost", p1.Status.Reason)
		require.Equal(t, corev1.PodRunning, p1.Status.Phase)
		require.EqualValues(t, 30, *p1.DeletionGracePeriodSeconds)
		require.Equal(t, corev1.ConditionFalse, podReady(c, "p1"))
		require.Equal(t, []string{"NodeNotReady", "NodeControllerEviction"}, c.Reasons("p1"))

		// It is in the set until it is ready: a pod that turns up is not evicted.
		c.AddPod("p3", "n1")
		c.At(30 * time.Minute)
		require.False(t, c.Terminating("p3"))
		require.Equal(t, corev1.ConditionTrue, podReady(c, "p3"), "nor marked")
		lost.Report(corev1.ConditionTrue)
		c.At(40 * time.Minute)
		require.True(t, c.Terminating("p3"), "it was ready, and is lost again")
	})
}

// Golden trace of 1.9: both nodes are lost, and nothing is evicted.
func TestFullDisruptionIn1_9(t *testing.T) {
	for _, mutant := range []bool{false, true} {
		inCluster(t, func(t *testing.T, c *controllertest.Cluster) {
			o := old
			o.NoMasterDisruptionMode = mutant
			for _, name := range []string{"n1", "n2"} {
				_, stop := reporting(c, name)
				stop()
				c.AddPod("p-"+name, name)
			}
			c.Run(lifecycle(o))
			c.At(time.Hour)
			require.Equal(t, mutant, c.Terminating("p-n1"))
			require.Equal(t, mutant, c.Terminating("p-n2"))
			require.Equal(t, corev1.ConditionFalse, podReady(c, "p-n1"), "they are marked all the same")
		})
	}
}

// N7: after full disruption all times begin anew, unless the queue was filled in
// it. Mutation nc.noResetOnExit (B23), repair nc.cancelOnExit.
func TestTheEndOfFullDisruptionIn1_9(t *testing.T) {
	for _, x := range []struct {
		name   string
		o      nodelifecycle.Options
		outage time.Duration
		gone   time.Duration // after the outage
	}{
		{"the times begin anew", nodelifecycle.Options{}, 4 * time.Minute, 5 * time.Minute},
		{"nc.noResetOnExit", nodelifecycle.Options{NoResetOnExit: true}, 4 * time.Minute, time.Minute},
		{"a queue that was filled in it counts", nodelifecycle.Options{}, 10 * time.Minute, 10 * time.Second},
		{"nc.cancelOnExit", nodelifecycle.Options{CancelOnExit: true}, 10 * time.Minute, 5 * time.Minute},
	} {
		t.Run(x.name, func(t *testing.T) {
			inCluster(t, func(t *testing.T, c *controllertest.Cluster) {
				x.o.V1_9 = true
				_, stop := reporting(c, "n1")
				stop()
				back, stop := reporting(c, "n2")
				stop()
				c.AddPod("p1", "n1")
				c.Run(lifecycle(x.o))
				c.At(x.outage)
				report(c, back)
				c.At(x.outage + x.gone - 10*time.Second)
				require.False(t, c.Terminating("p1"))
				c.At(x.outage + x.gone + 40*time.Second)
				require.True(t, c.Terminating("p1"))
			})
		})
	}
}

// N4, N8: of two lost nodes the second waits for the token, and its pods stay if it
// comes back before. Mutation nc.noCancel (B22): they go.
func TestAQueuedNodeThatComesBackIn1_9(t *testing.T) {
	for _, mutant := range []bool{false, true} {
		inCluster(t, func(t *testing.T, c *controllertest.Cluster) {
			o := old
			o.NoCancel = mutant
			_, stop1 := reporting(c, "n1")
			n2, stop2 := reporting(c, "n2")
			reporting(c, "n3")
			reporting(c, "n4")
			c.AddPod("p1", "n1")
			c.AddPod("p2", "n2")
			c.Run(lifecycle(o))
			c.At(time.Second)
			stop1()
			stop2()
			c.At(306 * time.Second)
			require.True(t, c.Terminating("p1"))
			require.False(t, c.Terminating("p2"))
			n2.Report(corev1.ConditionTrue)
			c.At(330 * time.Second)
			require.Equal(t, mutant, c.Terminating("p2"))
		})
	}
}

// N5: a mark that is refused is forgotten (#48681).
func TestAMarkThatIsRefusedIn1_9(t *testing.T) {
	inCluster(t, func(t *testing.T, c *controllertest.Cluster) {
		_, stop := reporting(c, "n1")
		reporting(c, "n2")
		stop()
		c.AddPod("p1", "n1")
		c.Run(lifecycle(old))
		end := c.Fail(errRefused, controllertest.Is("update pods/status p1"))
		c.At(50 * time.Second)
		end()
		c.At(4 * time.Minute)
		require.Equal(t, corev1.ConditionTrue, podReady(c, "p1"))
	})
}

// N8: which pods of a lost node are left, and when the node is tried again.
func TestAnEvictionIn1_9(t *testing.T) {
	inCluster(t, func(t *testing.T, c *controllertest.Cluster) {
		_, stop := reporting(c, "n1")
		reporting(c, "n2")
		stop()
		daemon, err := c.User.CoreV1().Pods(controllertest.Namespace).Create(c.Ctx, &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: "daemon", OwnerReferences: []metav1.OwnerReference{{
				APIVersion: "apps/v1", Kind: "DaemonSet", Name: "ds", UID: "1", Controller: ptr.To(true),
			}}},
			Spec: corev1.PodSpec{NodeName: "n1", Containers: []corev1.Container{{Name: "main", Image: "web:1"}}},
		}, metav1.CreateOptions{})
		require.NoError(t, err)
		c.AddPod("conflict", "n1")
		c.AddPod("web", "n1")
		c.AddPod("going", "n1")
		require.NoError(t, c.User.CoreV1().Pods(controllertest.Namespace).Delete(c.Ctx, "going", metav1.DeleteOptions{}))
		c.Run(lifecycle(old))
		c.At(304 * time.Second)
		c.Writes()
		end := c.Fail(apierrors.NewConflict(corev1.Resource("pods"), "conflict", errors.New("old")), controllertest.Is("update pods/status conflict"))
		c.At(306 * time.Second)
		end()
		require.Equal(t, []string{
			"305s nodelifecycle update pods/status daemon",
			"305s nodelifecycle update pods/status going",
			"305s nodelifecycle update pods/status web",
			"305s nodelifecycle delete pods web",
		}, c.Writes())
		c.At(316 * time.Second)
		require.Equal(t, []string{
			"315s nodelifecycle update pods/status conflict",
			"315s nodelifecycle delete pods conflict",
		}, c.Writes())
		require.Nil(t, c.Pod(daemon.Name).DeletionTimestamp)
	})
}
