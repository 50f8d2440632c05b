package tainteviction_test

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
	"github.com/reconverge/reconverge/impl/controller/tainteviction"
)

var (
	unreachable = corev1.Taint{Key: corev1.TaintNodeUnreachable, Effect: corev1.TaintEffectNoExecute}
	notReady    = corev1.Taint{Key: corev1.TaintNodeNotReady, Effect: corev1.TaintEffectNoExecute}
	dedicated   = corev1.Taint{Key: "example.com/dedicated", Effect: corev1.TaintEffectNoExecute}

	errRefused = apierrors.NewInternalError(errors.New("refused"))
)

// tolerates is a toleration of a taint, for ever or for a time.
func tolerates(taint corev1.Taint, seconds ...int64) corev1.Toleration {
	t := corev1.Toleration{Key: taint.Key, Operator: corev1.TolerationOpExists, Effect: taint.Effect}
	if len(seconds) > 0 {
		t.TolerationSeconds = &seconds[0]
	}
	return t
}

// inCluster runs a test in a bubble with the nodes n1 and n2 and the controller.
func inCluster(t *testing.T, o tainteviction.Options, test func(t *testing.T, c *controllertest.Cluster)) {
	synctest.Test(t, func(t *testing.T) {
		c := controllertest.New(t)
		c.AddNode("n1", "").Stop()
		c.AddNode("n2", "").Stop()
		c.Taint("n1")
		c.Taint("n2")
		c.Run(func(p *controller.Process) (controller.Runnable, error) { return tainteviction.New(p, o) })
		test(t, c)
	})
}

// T1 to T5: what becomes of a pod, and when.
func TestRows(t *testing.T) {
	for _, x := range []struct {
		name string
		pod  []corev1.Toleration
		do   func(c *controllertest.Cluster) // from 10 s on
		want []string
	}{
		{"T1: the taint goes before the time is over", nil, func(c *controllertest.Cluster) {
			c.Taint("n1", unreachable)
			c.At(300 * time.Second)
			c.Taint("n1")
		}, nil},
		{"T2: not tolerated", nil, func(c *controllertest.Cluster) {
			c.Taint("n1", dedicated)
		}, []string{"10s tainteviction patch pods/status p", "10s tainteviction delete pods p"}},
		{"T2: not tolerated beside one that is", nil, func(c *controllertest.Cluster) {
			c.Taint("n1", unreachable)
			c.At(20 * time.Second)
			c.Taint("n1", unreachable, dedicated)
		}, []string{"20s tainteviction patch pods/status p", "20s tainteviction delete pods p"}},
		{"T3: tolerated for a time from when it is seen", nil, func(c *controllertest.Cluster) {
			c.Taint("n1", unreachable)
		}, []string{"310s tainteviction patch pods/status p", "310s tainteviction delete pods p"}},
		{"T3: a shorter toleration of a later taint does not count", []corev1.Toleration{tolerates(unreachable, 300), tolerates(notReady, 20)}, func(c *controllertest.Cluster) {
			c.Taint("n1", unreachable)
			c.At(20 * time.Second)
			c.Taint("n1", unreachable, notReady)
		}, []string{"310s tainteviction patch pods/status p", "310s tainteviction delete pods p"}},
		{"T3: nor does a longer one", []corev1.Toleration{tolerates(unreachable, 20), tolerates(notReady, 300)}, func(c *controllertest.Cluster) {
			c.Taint("n1", unreachable)
			c.At(20 * time.Second)
			c.Taint("n1", notReady)
		}, []string{"30s tainteviction patch pods/status p", "30s tainteviction delete pods p"}},
		{"T3: the time begins anew with the taint", nil, func(c *controllertest.Cluster) {
			c.Taint("n1", unreachable)
			c.At(300 * time.Second)
			c.Taint("n1")
			c.At(400 * time.Second)
			c.Taint("n1", unreachable)
		}, []string{"700s tainteviction patch pods/status p", "700s tainteviction delete pods p"}},
		{"T4: tolerated for ever", []corev1.Toleration{tolerates(unreachable)}, func(c *controllertest.Cluster) {
			c.Taint("n1", unreachable)
		}, nil},
		{"T5: the pod is gone", nil, func(c *controllertest.Cluster) {
			c.Taint("n1", unreachable)
			c.At(20 * time.Second)
			c.RemovePod("p")
		}, nil},
		{"a pod that is terminating already is deleted all the same", nil, func(c *controllertest.Cluster) {
			_ = c.User.CoreV1().Pods(controllertest.Namespace).Delete(c.Ctx, "p", metav1.DeleteOptions{})
			c.Taint("n1", dedicated)
		}, []string{"10s tainteviction patch pods/status p", "10s tainteviction delete pods p"}},
		{"the timer of a pod outlives its node", nil, func(c *controllertest.Cluster) {
			c.Taint("n1", unreachable)
			c.At(20 * time.Second)
			c.RemoveNode("n1")
		}, []string{"310s tainteviction patch pods/status p", "310s tainteviction delete pods p"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			inCluster(t, tainteviction.Options{}, func(t *testing.T, c *controllertest.Cluster) {
				c.AddPod("p", "n1", x.pod...)
				c.At(10 * time.Second)
				x.do(c)
				c.At(time.Hour)
				require.Equal(t, x.want, c.Writes())
			})
		})
	}
}

// A pod that comes to a tainted node has its whole time.
func TestAPodThatComesLater(t *testing.T) {
	inCluster(t, tainteviction.Options{}, func(t *testing.T, c *controllertest.Cluster) {
		c.Taint("n1", unreachable)
		c.At(time.Minute)
		c.AddPod("p", "n1")
		c.At(361 * time.Second)
		require.True(t, c.Terminating("p"))
		condition := controller.PodCondition(c.Pod("p"), corev1.DisruptionTarget)
		require.Equal(t, "DeletionByTaintManager", condition.Reason)
		require.Equal(t, corev1.ConditionTrue, condition.Status)
	})
}

// B14: mutation taint.cancelOnlyIfNoTaint.
func TestOnlyTaintsToleratedForEverAreLeft(t *testing.T) {
	for _, mutant := range []bool{false, true} {
		inCluster(t, tainteviction.Options{CancelOnlyIfNoTaint: mutant}, func(t *testing.T, c *controllertest.Cluster) {
			c.AddPod("p", "n1", tolerates(unreachable), tolerates(notReady, 300))
			c.Taint("n1", notReady)
			c.At(time.Minute)
			c.Taint("n1", unreachable)
			c.At(time.Hour)
			require.Equal(t, mutant, c.Terminating("p"))
		})
	}
}

// T6, B13: after five tries in 50 ms an eviction is lost. Repair taint.retryForever.
func TestAnEvictionThatIsRefused(t *testing.T) {
	for _, x := range []struct {
		repaired bool
		last     time.Duration
		gone     bool
	}{{false, 30 * time.Millisecond, true}, {false, time.Minute, false}, {true, time.Minute, true}} {
		inCluster(t, tainteviction.Options{RetryForever: x.repaired}, func(t *testing.T, c *controllertest.Cluster) {
			c.AddPod("p", "n1")
			stop := c.Fail(errRefused, controllertest.Is("delete pods p"))
			c.Taint("n1", unreachable)
			c.Sleep(300*time.Second + x.last)
			stop()
			c.At(time.Hour)
			require.Equal(t, x.gone, c.Terminating("p"))
		})
	}
}

// An eviction that is tried for ever ends when the pod may stay.
func TestAnEvictionThatIsTriedForEverCanBeCancelled(t *testing.T) {
	inCluster(t, tainteviction.Options{RetryForever: true}, func(t *testing.T, c *controllertest.Cluster) {
		c.AddPod("p", "n1")
		stop := c.Fail(errRefused, controllertest.Is("delete pods p"))
		c.Taint("n1", unreachable)
		c.At(310 * time.Second)
		c.Taint("n1")
		c.At(320 * time.Second)
		stop()
		c.At(time.Hour)
		require.False(t, c.Terminating("p"))
	})
}

// replaceUnseen replaces a pod by another of its name. The cache shows one after the
// other: the watch breaks, and a list has the new one.
func replaceUnseen(c *controllertest.Cluster, name, node string) {
	release := c.HoldEvents(controllertest.Of("pods"))
	c.RemovePod(name)
	c.AddPod(name, node)
	stop := c.Expire(controllertest.Of("pods"))
	release()
	c.Sleep(time.Second)
	stop()
	c.Sleep(time.Minute) // until it has listed again
}

// B12: a timer is inherited by a pod of the same name on a healthy node, if the
// cache never shows that the old one is gone. Repair taint.keyByUID.
func TestATimerThatIsInherited(t *testing.T) {
	for _, repaired := range []bool{false, true} {
		inCluster(t, tainteviction.Options{KeyByUID: repaired}, func(t *testing.T, c *controllertest.Cluster) {
			c.AddPod("p", "n1")
			c.Taint("n1", unreachable)
			c.At(time.Minute)
			replaceUnseen(c, "p", "n2")
			c.At(time.Hour)
			require.Equal(t, !repaired, c.Terminating("p"))
		})
	}
}

// B12: while an eviction is under way another pod of its name gets no timer, and
// stays (#107543), if the cache never shows that the old one is gone. Repair taint.keyByUID.
func TestATimerThatIsSuppressed(t *testing.T) {
	for _, repaired := range []bool{false, true} {
		inCluster(t, tainteviction.Options{KeyByUID: repaired}, func(t *testing.T, c *controllertest.Cluster) {
			c.AddPod("p", "n1")
			c.Taint("n1", unreachable)
			release := c.HoldAnswers(controllertest.Is("delete pods p"))
			c.At(310 * time.Second)
			require.True(t, c.Terminating("p"))
			replaceUnseen(c, "p", "n1")
			release()
			c.At(time.Hour)
			require.Equal(t, repaired, c.Terminating("p"))
		})
	}
}

// B12: the delete by name hits a pod that was created between the read and it. With
// taint.deleteWithUID it is refused, but the next try reads that pod; only with
// taint.keyByUID, too, is it safe.
func TestADeleteThatHitsAnother(t *testing.T) {
	for _, x := range []struct {
		name string
		o    tainteviction.Options
		hit  bool
	}{
		{"true", tainteviction.Options{}, true},
		{"keyByUID", tainteviction.Options{KeyByUID: true}, true},
		{"deleteWithUID", tainteviction.Options{DeleteWithUID: true}, true},
		{"both", tainteviction.Options{KeyByUID: true, DeleteWithUID: true}, false},
	} {
		t.Run(x.name, func(t *testing.T) {
			inCluster(t, x.o, func(t *testing.T, c *controllertest.Cluster) {
				c.AddPod("p", "n1")
				c.Taint("n1", unreachable)
				release := c.Hold(controllertest.Is("delete pods p"))
				c.At(310 * time.Second)
				c.RemovePod("p")
				c.Sleep(time.Second)
				c.AddPod("p", "n2")
				release()
				c.At(time.Hour)
				require.Equal(t, x.hit, c.Terminating("p"))
			})
		})
	}
}

// The status of another pod is not written: the patch carries the UID.
func TestTheConditionIsNotWrittenToAnother(t *testing.T) {
	inCluster(t, tainteviction.Options{Tries: 1}, func(t *testing.T, c *controllertest.Cluster) {
		c.AddPod("p", "n1")
		c.Taint("n1", unreachable)
		release := c.Hold(controllertest.Is("patch pods/status p"))
		c.At(310 * time.Second)
		c.RemovePod("p")
		c.Sleep(time.Second)
		c.AddPod("p", "n2")
		release()
		c.At(time.Hour)
		require.False(t, c.Terminating("p"))
		require.Nil(t, controller.PodCondition(c.Pod("p"), corev1.DisruptionTarget))
	})
}
