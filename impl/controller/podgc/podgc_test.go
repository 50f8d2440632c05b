package podgc_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/reconverge/reconverge/impl/controller"
	"github.com/reconverge/reconverge/impl/controller/internal/controllertest"
	"github.com/reconverge/reconverge/impl/controller/podgc"
)

// inCluster runs a test in a bubble with the nodes n1 and n2 and the controller,
// whose loops begin at 0 s, 20 s, 40 s and so on.
func inCluster(t *testing.T, o podgc.Options, test func(t *testing.T, c *controllertest.Cluster)) {
	synctest.Test(t, func(t *testing.T) {
		c := controllertest.New(t)
		c.AddNode("n1", "").Stop()
		c.AddNode("n2", "").Stop()
		c.Run(func(p *controller.Process) (controller.Runnable, error) { return podgc.New(p, o) })
		c.At(time.Second)
		test(t, c)
	})
}

func end(t *testing.T, c *controllertest.Cluster, name string, phase corev1.PodPhase, reason string) {
	pod := c.Pod(name)
	pod.Status.Phase, pod.Status.Reason = phase, reason
	_, err := c.User.CoreV1().Pods(controllertest.Namespace).UpdateStatus(c.Ctx, pod, metav1.UpdateOptions{})
	require.NoError(t, err)
}

// remove is what it writes to remove a pod.
func remove(at, pod string) []string {
	return []string{at + " podgc patch pods/status " + pod, at + " podgc delete pods " + pod}
}

// G1: evicted ones go first, then the oldest; in 1.9 the oldest.
func TestTerminated(t *testing.T) {
	for _, v1_9 := range []bool{false, true} {
		inCluster(t, podgc.Options{Threshold: 2, V1_9: v1_9}, func(t *testing.T, c *controllertest.Cluster) {
			for _, pod := range []string{"old", "young", "evicted", "runs"} {
				c.AddPod(pod, "n1")
				c.Sleep(time.Second)
			}
			end(t, c, "old", corev1.PodSucceeded, "")
			end(t, c, "young", corev1.PodFailed, "")
			c.At(30 * time.Second)
			require.Empty(t, c.Writes(), "two are left alone")
			end(t, c, "evicted", corev1.PodFailed, "Evicted")
			c.At(50 * time.Second)
			if v1_9 {
				require.Equal(t, []string{"40s podgc delete pods old"}, c.Writes())
			} else {
				require.Equal(t, []string{"40s podgc delete pods evicted"}, c.Writes(), "it has ended, so its phase is not written")
			}
		})
	}
}

// G2: the pod terminates, the node is not ready, and has the taint.
func TestOutOfService(t *testing.T) {
	taint := corev1.Taint{Key: corev1.TaintNodeOutOfService, Effect: corev1.TaintEffectNoExecute}
	for _, x := range []struct {
		name                         string
		terminating, broken, tainted bool
		v1_9                         bool
		want                         []string
	}{
		{"all of it", true, true, true, false, remove("20s", "p")},
		{"it does not terminate", false, true, true, false, nil},
		{"the node is ready", true, false, true, false, nil},
		{"the node is not tainted", true, true, false, false, nil},
		{"1.9 does not know the taint", true, true, true, true, nil},
	} {
		t.Run(x.name, func(t *testing.T) {
			inCluster(t, podgc.Options{V1_9: x.v1_9}, func(t *testing.T, c *controllertest.Cluster) {
				c.AddPod("p", "n1")
				if x.terminating {
					require.NoError(t, c.User.CoreV1().Pods(controllertest.Namespace).Delete(c.Ctx, "p", metav1.DeleteOptions{}))
				}
				if x.broken {
					node := c.Node("n1")
					node.Status.Conditions[0].Status = corev1.ConditionUnknown
					_, err := c.User.CoreV1().Nodes().UpdateStatus(c.Ctx, node, metav1.UpdateOptions{})
					require.NoError(t, err)
				}
				if x.tainted {
					c.Taint("n1", taint)
				}
				c.At(5 * time.Minute)
				require.Equal(t, x.want, c.Writes())
			})
		})
	}
}

// G3: step 7 of the golden trace. 40 s after the loop that first missed the node its
// pods are failed and removed.
func TestOrphans(t *testing.T) {
	inCluster(t, podgc.Options{}, func(t *testing.T, c *controllertest.Cluster) {
		c.AddPod("p", "n1")
		c.AddPod("stays", "n2")
		c.RemoveNode("n1")
		release := c.Hold(controllertest.Is("delete pods p"))
		c.At(61 * time.Second)
		pod := c.Pod("p")
		require.Equal(t, corev1.PodFailed, pod.Status.Phase)
		require.Equal(t, "DeletionByPodGC", controller.PodCondition(pod, corev1.DisruptionTarget).Reason)
		release()
		c.At(10 * time.Minute)
		require.Equal(t, []string{remove("60s", "p")[0], "61s podgc delete pods p"}, c.Writes())
		require.Nil(t, c.Pod("p"))
		require.NotNil(t, c.Pod("stays"))
	})
}

// G3: what is left of a quarantine shortens the next one of the name.
func TestTheQuarantineIsLeftOver(t *testing.T) {
	inCluster(t, podgc.Options{}, func(t *testing.T, c *controllertest.Cluster) {
		c.AddPod("p", "n1")
		c.RemoveNode("n1")
		c.At(61 * time.Second)
		require.Nil(t, c.Pod("p"))
		c.AddNode("n1", "").Stop()
		c.AddPod("q", "n1")
		c.At(91 * time.Second)
		c.RemoveNode("n1")
		c.Writes()
		c.At(101 * time.Second)
		require.Equal(t, remove("100s", "q"), c.Writes(), "9 s after the node")
	})
}

// G3: a node that is made again in time keeps its pods, and so does one that cannot
// be asked for.
func TestANodeThatIsNotGone(t *testing.T) {
	inCluster(t, podgc.Options{}, func(t *testing.T, c *controllertest.Cluster) {
		c.AddPod("p", "n1")
		c.AddPod("q", "n2")
		c.RemoveNode("n1")
		c.RemoveNode("n2")
		stop := c.Fail(apierrors.NewInternalError(errors.New("refused")), controllertest.Is("get nodes n2"))
		c.At(50 * time.Second)
		c.AddNode("n1", "").Stop()
		c.At(70 * time.Second)
		require.Empty(t, c.Writes())
		stop()
		c.At(5 * time.Minute)
		require.Equal(t, remove("100s", "q"), c.Writes(), "after another quarantine")
	})
}

// B24: the cache is behind, and does not show the new node. Mutation
// podgc.noLiveCheck: its pods are removed.
func TestAStaleCacheOfNodes(t *testing.T) {
	for _, mutant := range []bool{false, true} {
		inCluster(t, podgc.Options{NoLiveCheck: mutant}, func(t *testing.T, c *controllertest.Cluster) {
			c.RemoveNode("n1")
			c.Sleep(time.Second)
			release := c.HoldEvents(controllertest.Of("nodes"))
			c.AddNode("n1", "").Stop()
			c.AddPod("p", "n1")
			c.At(5 * time.Minute)
			require.Equal(t, mutant, c.Pod("p") == nil)
			release()
		})
	}
}

// B25: mutation podgc.statusRejected: the orphan never goes.
func TestAStatusThatIsRejected(t *testing.T) {
	for _, mutant := range []bool{false, true} {
		inCluster(t, podgc.Options{StatusRejected: mutant}, func(t *testing.T, c *controllertest.Cluster) {
			c.AddPod("p", "n1")
			c.RemoveNode("n1")
			c.At(10 * time.Minute)
			require.Equal(t, mutant, c.Pod("p") != nil)
		})
	}
}

// B26: the delete by name hits a namesake. Repair podgc.deleteWithUID.
func TestADeleteThatHitsAnother(t *testing.T) {
	for _, repaired := range []bool{false, true} {
		inCluster(t, podgc.Options{DeleteWithUID: repaired}, func(t *testing.T, c *controllertest.Cluster) {
			c.AddPod("p", "n1")
			c.RemoveNode("n1")
			release := c.Hold(controllertest.Is("delete pods p"))
			c.At(61 * time.Second)
			c.RemovePod("p")
			c.AddPod("p", "n2")
			release()
			c.Sleep(time.Second)
			require.Equal(t, repaired, c.Pod("p") != nil)
		})
	}
}

// G4: a pod that was marked, but not removed, before it was bound.
func TestUnscheduled(t *testing.T) {
	inCluster(t, podgc.Options{}, func(t *testing.T, c *controllertest.Cluster) {
		pods := c.User.CoreV1().Pods(controllertest.Namespace)
		pod := c.AddPod("p", "")
		pod.Finalizers = []string{"example.com/wait"}
		pod, err := pods.Update(c.Ctx, pod, metav1.UpdateOptions{})
		require.NoError(t, err)
		require.NoError(t, pods.Delete(c.Ctx, "p", *metav1.NewDeleteOptions(0)))
		c.AddPod("waits", "")
		c.At(21 * time.Second)
		require.Equal(t, remove("20s", "p"), c.Writes())
		require.Equal(t, corev1.PodFailed, c.Pod(pod.Name).Status.Phase)
	})
}

// 1.9 asks for the nodes in each loop, waits for nothing, and writes no phase.
func TestOrphansIn1_9(t *testing.T) {
	inCluster(t, podgc.Options{V1_9: true}, func(t *testing.T, c *controllertest.Cluster) {
		c.AddPod("p", "n1")
		c.RemoveNode("n1")
		stop := c.Fail(apierrors.NewInternalError(errors.New("refused")), controllertest.Is("list nodes"))
		c.At(30 * time.Second)
		require.Empty(t, c.Writes())
		stop()
		c.At(50 * time.Second)
		require.Equal(t, []string{"40s podgc delete pods p"}, c.Writes())
		require.Nil(t, c.Pod("p"))
	})
}
