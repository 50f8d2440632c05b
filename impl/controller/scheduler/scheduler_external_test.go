package scheduler_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"

	"github.com/reconverge/reconverge/impl/apiserver"
	"github.com/reconverge/reconverge/impl/controller"
	"github.com/reconverge/reconverge/impl/controller/internal/bubble"
	"github.com/reconverge/reconverge/impl/controller/scheduler"
)

// A cluster has a scheduler and Nodes without kubelets.
type cluster struct{ *bubble.Cluster }

func run(t *testing.T, o scheduler.Options, f func(t *testing.T, c cluster)) {
	bubble.Run(t, func(t *testing.T, b *bubble.Cluster) {
		c := cluster{b}
		c.Start("scheduler", func(config *rest.Config) (controller.Runnable, error) { return scheduler.New(config, o) })
		c.After(time.Second)
		f(t, c)
	})
}

// node makes a Node that is ready and takes so many pods.
func (c cluster) node(name string, pods int) {
	c.T.Helper()
	room := v1.ResourceList{v1.ResourcePods: *resource.NewQuantity(int64(pods), resource.DecimalSI)}
	_, err := c.Client.CoreV1().Nodes().Create(c.Ctx, &v1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Status: v1.NodeStatus{
			Allocatable: room, Capacity: room,
			Conditions: []v1.NodeCondition{{Type: v1.NodeReady, Status: v1.ConditionTrue}},
		},
	}, metav1.CreateOptions{})
	require.NoError(c.T, err)
	c.Untaint(name)
	c.After(time.Millisecond) // and everybody knows
}

func (c cluster) create(name string) *v1.Pod {
	c.T.Helper()
	p, err := c.Client.CoreV1().Pods(v1.NamespaceDefault).Create(c.Ctx, bubble.Pod(name), metav1.CreateOptions{})
	require.NoError(c.T, err)
	return p
}

func (c cluster) delete(name string) {
	c.T.Helper()
	zero := int64(0)
	require.NoError(c.T, c.Client.CoreV1().Pods(v1.NamespaceDefault).Delete(c.Ctx, name, metav1.DeleteOptions{GracePeriodSeconds: &zero}))
}

// home is the node of a pod, empty if it has none.
func (c cluster) home(name string) string {
	c.T.Helper()
	return c.get(name).Spec.NodeName
}

func (c cluster) get(name string) *v1.Pod {
	c.T.Helper()
	p, err := c.Client.CoreV1().Pods(v1.NamespaceDefault).Get(c.Ctx, name, metav1.GetOptions{})
	require.NoError(c.T, err)
	return p
}

// scheduled is the reason of PodScheduled=False, or True.
func scheduled(p *v1.Pod) string {
	switch cond := controller.PodCondition(p, v1.PodScheduled); {
	case cond == nil:
		return ""
	case cond.Status == v1.ConditionFalse:
		return cond.Reason
	default:
		return string(cond.Status)
	}
}

func isBinding(r *apiserver.Request) bool { return r.Subresource == "binding" }

func TestPodsAreBound(t *testing.T) {
	run(t, scheduler.Options{}, func(t *testing.T, c cluster) {
		c.node("n2", 10)
		c.node("n1", 10)
		for _, name := range []string{"a", "b", "c"} {
			c.create(name)
			c.After(time.Millisecond)
		}
		require.Equal(t, "n1", c.home("a"))
		require.Equal(t, "n2", c.home("b"))
		require.Equal(t, "n1", c.home("c"))
		require.Equal(t, "True", scheduled(c.get("a")))
	})
}

// Terminating pods take room until they are gone, or have ended.
func TestRoom(t *testing.T) {
	for name, free := range map[string]func(c cluster){
		"gone": func(c cluster) { c.delete("a") },
		"ended": func(c cluster) {
			p := c.get("a")
			p.Status.Phase = v1.PodSucceeded
			_, err := c.Client.CoreV1().Pods(p.Namespace).UpdateStatus(c.Ctx, p, metav1.UpdateOptions{})
			require.NoError(c.T, err)
		},
		"another node": func(c cluster) { c.node("n2", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			run(t, scheduler.Options{}, func(t *testing.T, c cluster) {
				c.node("n1", 1)
				c.create("a")
				c.After(time.Millisecond)
				require.NoError(t, c.Client.CoreV1().Pods(v1.NamespaceDefault).Delete(c.Ctx, "a", metav1.DeleteOptions{}))
				c.create("b")
				c.After(time.Minute)
				require.Empty(t, c.home("b"))
				require.Equal(t, v1.PodReasonUnschedulable, scheduled(c.get("b")))
				version := c.get("b").ResourceVersion
				c.After(time.Hour)
				require.Equal(t, version, c.get("b").ResourceVersion, "what is known is not said again")
				free(c)
				c.After(15 * time.Second)
				require.NotEmpty(t, c.home("b"))
			})
		})
	}
}

// While a binding is under way, another pod does not get its room; if it fails,
// the next does, and the pod is tried again.
func TestAssumedRoom(t *testing.T) {
	run(t, scheduler.Options{}, func(t *testing.T, c cluster) {
		held := make(chan struct{})
		c.OnRequest(func(r *apiserver.Request) apiserver.Verdict {
			if isBinding(r) && r.Name == "a" {
				<-held
				return apiserver.Verdict{Outcome: apiserver.Fail, Err: apierrors.NewInternalError(fmt.Errorf("etcd is away"))}
			}
			return apiserver.Verdict{}
		})
		c.node("n1", 1)
		c.create("a")
		c.After(time.Millisecond)
		c.create("b")
		c.After(time.Minute)
		require.Empty(t, c.home("b"))
		close(held)
		c.After(time.Millisecond)
		require.Equal(t, v1.PodReasonSchedulerError, scheduled(c.get("a")))
		c.After(time.Minute)
		require.Equal(t, "n1", c.home("b"))
		require.Empty(t, c.home("a"))
	})
}

// A binding whose answer is lost has still happened.
func TestLostAnswer(t *testing.T) {
	run(t, scheduler.Options{}, func(t *testing.T, c cluster) {
		c.node("n1", 1)
		c.OnRequest(func(r *apiserver.Request) apiserver.Verdict {
			if isBinding(r) {
				return apiserver.Verdict{Outcome: apiserver.Lose}
			}
			return apiserver.Verdict{}
		})
		c.create("a")
		c.After(time.Millisecond)
		c.create("b")
		c.After(time.Minute)
		require.Equal(t, "n1", c.home("a"))
		require.Empty(t, c.home("b"))
	})
}

// A pod that another takes the name of while its binding is under way is not
// mistaken for it (B29).
func TestBindingOfANamesake(t *testing.T) {
	for _, byName := range []bool{false, true} {
		t.Run(fmt.Sprint("byName=", byName), func(t *testing.T) {
			run(t, scheduler.Options{BindWithoutUID: byName}, func(t *testing.T, c cluster) {
				c.node("n1", 10)
				held, bindings := make(chan struct{}), 0
				c.OnRequest(func(r *apiserver.Request) apiserver.Verdict {
					if isBinding(r) {
						if bindings++; bindings == 1 {
							<-held
						} else {
							return apiserver.Verdict{Outcome: apiserver.Fail}
						}
					}
					return apiserver.Verdict{}
				})
				c.create("web-0")
				c.After(time.Millisecond)
				c.delete("web-0")
				c.create("web-0")
				c.After(time.Millisecond)
				close(held)
				c.After(time.Millisecond)
				require.Equal(t, byName, c.home("web-0") == "n1", "bound by a decision about another pod")
			})
		})
	}
}

// Two pods of one name, of which a relist shows only that something has changed
// (B57): the second is bound all the same.
func TestNamesakeOverARelist(t *testing.T) {
	for _, ignore := range []bool{false, true} {
		t.Run(fmt.Sprint("ignore=", ignore), func(t *testing.T) {
			run(t, scheduler.Options{IgnoreUIDChange: ignore}, func(t *testing.T, c cluster) {
				c.create("web-0")
				c.After(time.Second)
				require.Equal(t, v1.PodReasonUnschedulable, scheduled(c.get("web-0")))
				c.Lag("scheduler")
				c.delete("web-0")
				c.create("web-0")
				c.OnEvent(func(e *apiserver.Event) apiserver.Verdict {
					if e.Client.Actor == "scheduler" && e.Resource.Resource == "pods" && e.Type != watch.Bookmark {
						return apiserver.Verdict{Outcome: apiserver.Expire}
					}
					return apiserver.Verdict{}
				})
				c.Heal("scheduler")
				c.After(10 * time.Second)
				c.OnEvent(nil)
				c.node("n1", 10)
				c.After(time.Hour)
				require.Equal(t, ignore, c.home("web-0") == "")
			})
		})
	}
}

// A Node that was deleted and made again still has the pods that are bound to its
// name (B28).
func TestNodeComesBack(t *testing.T) {
	for _, forget := range []bool{false, true} {
		t.Run(fmt.Sprint("forget=", forget), func(t *testing.T) {
			run(t, scheduler.Options{ForgetPodsOnNodeDelete: forget}, func(t *testing.T, c cluster) {
				c.node("n1", 1)
				c.create("a")
				c.After(time.Second)
				require.NoError(t, c.Client.CoreV1().Nodes().Delete(c.Ctx, "n1", metav1.DeleteOptions{}))
				c.create("b")
				c.After(time.Second)
				require.Empty(t, c.home("b"), "a Node that is gone gets no pods")
				c.node("n1", 1)
				c.After(time.Minute)
				require.Equal(t, forget, c.home("b") == "n1", "over-committed")
			})
		})
	}
}

// A scheduler that does not see that a Node is gone goes on binding pods to it
// (B27): nothing else checks.
func TestMissedNodeDeletion(t *testing.T) {
	run(t, scheduler.Options{}, func(t *testing.T, c cluster) {
		c.node("n1", 10)
		c.After(time.Second)
		c.Lag("scheduler", "nodes")
		require.NoError(t, c.Client.CoreV1().Nodes().Delete(c.Ctx, "n1", metav1.DeleteOptions{}))
		c.create("a")
		c.After(time.Second)
		require.Equal(t, "n1", c.home("a"))
		c.Heal("scheduler")
		c.After(time.Second)
		c.create("b")
		c.After(time.Second)
		require.Empty(t, c.home("b"))
	})
}

// In 1.9 an assumption ends 30 s after the binding if its event does not come:
// a node gets two pods where there is room for one.
func TestAssumptionExpires(t *testing.T) {
	for _, v19 := range []bool{false, true} {
		o := scheduler.Options{}
		if v19 {
			o = scheduler.V1_9()
		}
		run(t, o, func(t *testing.T, c cluster) {
			c.create("a")
			c.After(time.Millisecond)
			c.create("b")
			c.After(time.Millisecond)
			c.Lag("scheduler", "pods")
			c.node("n1", 1)
			c.After(20 * time.Minute)
			require.Equal(t, "n1", c.home("a"))
			require.Equal(t, v19, c.home("b") == "n1")
		})
	}
}

// A node that is not ready and not tainted yet gets pods, but not in 1.9.
func TestReadyCondition(t *testing.T) {
	for _, v19 := range []bool{false, true} {
		o := scheduler.Options{}
		if v19 {
			o = scheduler.V1_9()
		}
		run(t, o, func(t *testing.T, c cluster) {
			c.node("n1", 10)
			node, err := c.Client.CoreV1().Nodes().Get(c.Ctx, "n1", metav1.GetOptions{})
			require.NoError(t, err)
			node.Status.Conditions[0].Status = v1.ConditionUnknown
			_, err = c.Client.CoreV1().Nodes().UpdateStatus(c.Ctx, node, metav1.UpdateOptions{})
			require.NoError(t, err)
			c.After(time.Millisecond)
			c.create("a")
			c.After(time.Minute)
			require.Equal(t, v19, c.home("a") == "")
		})
	}
}

// A restarted scheduler knows what is bound, and what waits.
func TestRestart(t *testing.T) {
	bubble.Run(t, func(t *testing.T, b *bubble.Cluster) {
		c := cluster{b}
		start := func() func() {
			return c.Start("scheduler", func(config *rest.Config) (controller.Runnable, error) {
				return scheduler.New(config, scheduler.Options{})
			})
		}
		c.node("n1", 1)
		stop := start()
		c.create("a")
		c.After(time.Second)
		stop()
		c.create("b")
		start()
		c.After(time.Second)
		require.Empty(t, c.home("b"))
		c.node("n2", 1)
		c.After(2 * time.Second)
		require.Equal(t, "n2", c.home("b"))
	})
}
