package nodelifecycle_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/reconverge/reconverge/impl/controller"
	"github.com/reconverge/reconverge/impl/controller/internal/controllertest"
	"github.com/reconverge/reconverge/impl/controller/nodelifecycle"
	"github.com/reconverge/reconverge/impl/controller/tainteviction"
)

// lifecycle is the controller under test.
func lifecycle(o nodelifecycle.Options) controllertest.Constructor {
	return func(p *controller.Process) (controller.Runnable, error) { return nodelifecycle.New(p, o) }
}

func evictor(o tainteviction.Options) controllertest.Constructor {
	return func(p *controller.Process) (controller.Runnable, error) { return tainteviction.New(p, o) }
}

// inCluster runs a test in a bubble of its own.
func inCluster(t *testing.T, test func(t *testing.T, c *controllertest.Cluster)) {
	synctest.Test(t, func(t *testing.T) { test(t, controllertest.New(t)) })
}

// The golden trace of 1.37, without node n2's ReplicaSet: a partitioned node is
// judged, its pod is marked, it is tainted, and its pod goes.
func TestGoldenTraceOfALostNode(t *testing.T) {
	inCluster(t, func(t *testing.T, c *controllertest.Cluster) {
		lost := c.AddNode("n1", "")
		c.AddNode("n2", "")
		c.AddPod("p1", "n1")
		c.AddPod("p2", "n2")
		c.Run(lifecycle(nodelifecycle.Options{}), evictor(tainteviction.Options{}))
		c.At(2 * time.Second)
		require.ElementsMatch(t, []string{"0s nodelifecycle patch nodes n1", "0s nodelifecycle patch nodes n2"}, c.Writes(), "they were born tainted")
		lost.Stop()

		c.At(54 * time.Second)
		require.Equal(t, corev1.ConditionTrue, c.Ready("n1"))
		c.At(10 * time.Minute)
		require.ElementsMatch(t, []string{ // of those at the same time the order is free
			"55s nodelifecycle update nodes/status n1",
			"55s nodelifecycle update pods/status p1",
			"55s nodelifecycle patch nodes n1", // NoSchedule
			"55s nodelifecycle patch nodes n1", // NoExecute
			"355s tainteviction patch pods/status p1",
			"355s tainteviction delete pods p1",
		}, c.Writes())
		require.Equal(t, []string{"node.kubernetes.io/unreachable:NoSchedule", "node.kubernetes.io/unreachable:NoExecute"}, c.Taints("n1"))
		require.True(t, c.Terminating("p1"))
		require.Equal(t, corev1.PodRunning, c.Pod("p1").Status.Phase)
		require.Equal(t, []string{"RegisteredNode", "NodeNotReady"}, c.Reasons("n1"))
		require.Equal(t, []string{"NodeNotReady", "TaintManagerEviction"}, c.Reasons("p1"))
		require.False(t, c.Terminating("p2"))
	})
}

// Step 6a: the node is back before the timer fires. Its pods become ready by its
// kubelet alone.
func TestGoldenTraceOfANodeThatComesBack(t *testing.T) {
	inCluster(t, func(t *testing.T, c *controllertest.Cluster) {
		lost := c.AddNode("n1", "")
		c.AddNode("n2", "")
		uid := c.AddPod("p1", "n1").UID
		c.Run(lifecycle(nodelifecycle.Options{}), evictor(tainteviction.Options{}))
		lost.Stop()
		c.At(338 * time.Second)
		require.Len(t, c.Taints("n1"), 2)
		c.Writes()
		lost.Start()
		lost.Report(corev1.ConditionTrue)
		c.At(time.Hour)
		require.Equal(t, []string{
			"338s nodelifecycle patch nodes n1", // NoSchedule
			"340s nodelifecycle patch nodes n1", // NoExecute
		}, c.Writes())
		require.Empty(t, c.Taints("n1"))
		require.Equal(t, uid, c.Pod("p1").UID)
		require.False(t, c.Terminating("p1"))
		require.Equal(t, []string{"NodeNotReady", "TaintManagerEviction"}, c.Reasons("p1"), "it is cancelled")
	})
}
