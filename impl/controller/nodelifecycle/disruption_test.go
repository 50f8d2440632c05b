package nodelifecycle_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/reconverge/reconverge/impl/controller/internal/controllertest"
	"github.com/reconverge/reconverge/impl/controller/nodelifecycle"
	"github.com/reconverge/reconverge/impl/controller/tainteviction"
)

// L9: when every node looks dead nothing is evicted, and what was begun is undone.
// Mutation nc.noMasterDisruptionMode (B19): everything is evicted.
func TestFullDisruption(t *testing.T) {
	for _, mutant := range []bool{false, true} {
		inCluster(t, func(t *testing.T, c *controllertest.Cluster) {
			c.AddNode("n1", "a").Stop()
			second := c.AddNode("n2", "b")
			c.AddPod("p1", "n1")
			c.AddPod("p2", "n2")
			c.Run(lifecycle(nodelifecycle.Options{NoMasterDisruptionMode: mutant}), evictor(tainteviction.Options{}))
			c.At(2 * time.Minute)
			require.Contains(t, c.Taints("n1"), noExecute, "its zone is full, the other is not")
			second.Stop()
			c.At(time.Hour)
			require.Equal(t, mutant, c.Terminating("p1"))
			require.Equal(t, mutant, c.Terminating("p2"))
			if !mutant {
				require.NotContains(t, c.Taints("n1"), noExecute)
				require.NotContains(t, c.Taints("n2"), noExecute)
			}
		})
	}
}

// L9: on the way out the nodes that are still lost are tainted, as their zones have
// tokens again.
func TestTheEndOfFullDisruption(t *testing.T) {
	inCluster(t, func(t *testing.T, c *controllertest.Cluster) {
		c.AddNode("n1", "").Stop()
		back := c.AddNode("n2", "")
		c.AddPod("p1", "n1")
		c.Run(lifecycle(nodelifecycle.Options{}), evictor(tainteviction.Options{}))
		back.Stop()
		c.At(time.Hour)
		require.NotContains(t, c.Taints("n1"), noExecute)
		back.Start()
		back.Report(corev1.ConditionTrue)
		c.At(time.Hour + 10*time.Second)
		require.NotContains(t, c.Taints("n1"), noExecute, "the limiter begins without a token")
		c.At(time.Hour + 20*time.Second)
		require.Contains(t, c.Taints("n1"), noExecute)
		require.Empty(t, c.Taints("n2"))
		c.At(time.Hour + 6*time.Minute)
		require.True(t, c.Terminating("p1"))
	})
}

// Most of a small zone is lost: nothing of it is evicted.
func TestPartialDisruption(t *testing.T) {
	inCluster(t, func(t *testing.T, c *controllertest.Cluster) {
		for i := range 5 {
			k := c.AddNode(fmt.Sprintf("n%d", i), "")
			if i < 3 {
				k.Stop()
			}
		}
		c.Run(lifecycle(nodelifecycle.Options{}))
		c.At(time.Hour)
		for i := range 3 {
			require.Equal(t, []string{noSchedule}, c.Taints(fmt.Sprintf("n%d", i)))
		}
	})
}

// B21: a taint that is put on while full disruption is being entered stays.
// Repair nlc.readLiveOnUntaint takes it off.
func TestATaintThatEscapesFullDisruption(t *testing.T) {
	for _, repaired := range []bool{false, true} {
		inCluster(t, func(t *testing.T, c *controllertest.Cluster) {
			c.AddNode("n1", "").Stop()
			second := c.AddNode("n2", "")
			c.AddPod("p2", "n2")
			c.Run(lifecycle(nodelifecycle.Options{ReadLiveOnUntaint: repaired}), evictor(tainteviction.Options{}))
			c.At(2 * time.Minute)
			second.Stop()
			// The pass that judges n2 takes as long as the mark of its pod.
			release := c.Hold(controllertest.Is("update pods/status p2"))
			c.At(4 * time.Minute)
			require.Contains(t, c.Taints("n2"), noExecute)
			release()
			synctest.Wait()
			require.NotContains(t, c.Taints("n1"), noExecute)
			c.At(time.Hour)
			require.Equal(t, !repaired, c.Terminating("p2"))
		})
	}
}

// A pass that the circuit breaker cuts short finds only the lost node, takes that
// for full disruption, and lets it off. Repair nlc.decideOnWholePass.
func TestAPassThatIsCutShort(t *testing.T) {
	for _, repaired := range []bool{false, true} {
		inCluster(t, func(t *testing.T, c *controllertest.Cluster) {
			c.AddNode("n1", "").Stop()
			c.AddNode("n2", "")
			c.AddPod("p1", "n1")
			c.Run(lifecycle(nodelifecycle.Options{DecideOnWholePass: repaired}), evictor(tainteviction.Options{}))
			c.At(2 * time.Minute)
			require.Contains(t, c.Taints("n1"), noExecute)
			release := c.HoldEvents(controllertest.Of("leases"))
			c.At(4 * time.Minute)
			release()
			c.At(365 * time.Second)
			require.Equal(t, repaired, c.Terminating("p1"))
		})
	}
}

// B55: a restart takes the taints off, and the tolerations begin again.
func TestARestartBeginsTheTolerationsAgain(t *testing.T) {
	inCluster(t, func(t *testing.T, c *controllertest.Cluster) {
		c.AddNode("n1", "").Stop()
		c.AddNode("n2", "")
		c.AddPod("p1", "n1")
		for i := range 6 {
			stop := c.Run(lifecycle(nodelifecycle.Options{}), evictor(tainteviction.Options{}))
			c.At(time.Duration(i+1) * 4 * time.Minute)
			require.Contains(t, c.Taints("n1"), noExecute)
			require.False(t, c.Terminating("p1"))
			stop()
			c.Writes()
		}
		c.Run(lifecycle(nodelifecycle.Options{}), evictor(tainteviction.Options{}))
		c.Sleep(time.Second)
		require.Equal(t, []string{"1440s nodelifecycle patch nodes n1", "1440s nodelifecycle patch nodes n1"}, c.Writes(), "taken off, and put on again")
		c.Sleep(5 * time.Minute)
		require.True(t, c.Terminating("p1"))
	})
}

// B20: a process that believes the times of the one before it judges at once.
func TestOldTimesAfterARestart(t *testing.T) {
	for _, mutant := range []bool{false, true} {
		inCluster(t, func(t *testing.T, c *controllertest.Cluster) {
			var o nodelifecycle.Options
			if mutant {
				o.KeepOldProbeTimes = nodelifecycle.NewHealth()
			}
			off := c.AddNode("n1", "")
			c.AddNode("n2", "")
			stop := c.Run(lifecycle(o))
			c.At(17 * time.Second)
			stop()
			off.Stop() // it could not reach the control plane either
			c.At(2 * time.Minute)
			c.Run(lifecycle(o))
			c.Sleep(time.Second)
			require.Equal(t, mutant, c.Ready("n1") == corev1.ConditionUnknown)
		})
	}
}
