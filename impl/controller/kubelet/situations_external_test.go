package kubelet_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/reconverge/reconverge/impl/apiserver"
	"github.com/reconverge/reconverge/impl/controller/internal/bubble"
	"github.com/reconverge/reconverge/impl/controller/kubelet"
)

// A node that is cut off runs its pods for ever, and restarts them. When it is
// back, what it missed arrives in order.
func TestPartition(t *testing.T) {
	bubble.Run(t, func(t *testing.T, c *bubble.Cluster) {
		n := newNode(c, "a")
		for _, name := range []string{"deleted", "kept", "marked"} {
			n.create(name)
		}
		c.After(5 * time.Second)
		c.Cut("kubelet-a")
		n.delete("marked")
		n.delete("deleted", 0)
		n.setStatus("kept", notReady)
		n.create("new")
		n.machine.Exit(n.machine.Running()[1].UID, 1)
		c.After(10 * time.Minute)
		require.Equal(t, []string{"deleted", "kept", "marked"}, n.runs(), "no fencing, no deadline")
		require.Equal(t, "Running,ready,terminating", n.pod("marked"))

		c.Heal("kubelet-a")
		c.After(time.Minute)
		require.Equal(t, []string{"kept", "new"}, n.runs())
		require.Equal(t, "gone", n.pod("marked"))
		require.Equal(t, "Running,ready", n.pod("kept"))
		require.Equal(t, "Running,ready", n.pod("new"))
	})
}

// A node whose watch has to begin again with a list missed what happened between.
func TestHealWithRelist(t *testing.T) {
	bubble.Run(t, func(t *testing.T, c *bubble.Cluster) {
		n := newNode(c, "a")
		for _, name := range []string{"deleted", "kept", "marked", "web-0"} {
			n.create(name)
		}
		c.After(5 * time.Second)
		c.Cut("kubelet-a")
		n.delete("marked")
		n.delete("deleted", 0)
		n.delete("web-0", 0)
		again := n.create("web-0")
		c.After(time.Minute)
		c.OnEvent(func(e *apiserver.Event) apiserver.Verdict {
			if e.Client.Actor == "kubelet-a" && e.Type != watch.Bookmark {
				return apiserver.Verdict{Outcome: apiserver.Expire}
			}
			return apiserver.Verdict{}
		})
		c.Heal("kubelet-a")
		c.After(time.Second / 2)
		c.OnEvent(nil)
		c.After(time.Minute)
		require.Equal(t, []string{"kept", "web-0"}, n.runs())
		require.Equal(t, again.UID, n.machine.Running()[1].UID)
		require.Equal(t, "Running,ready", n.pod("web-0"))
		require.Equal(t, "gone", n.pod("marked"))
	})
}

func TestKubeletRestarts(t *testing.T) {
	bubble.Run(t, func(t *testing.T, c *bubble.Cluster) {
		n := newNode(c, "a")
		for _, name := range []string{"deleted", "kept", "marked"} {
			n.create(name)
		}
		c.After(5 * time.Second)
		n.stop()
		n.delete("marked")
		n.delete("deleted", 0)
		n.create("new")
		c.After(time.Minute)
		require.Equal(t, []string{"deleted", "kept", "marked"}, n.runs(), "containers outlast their kubelet")
		n.start()
		c.After(10 * time.Second)
		require.Equal(t, []string{"kept", "new"}, n.runs())
		require.Equal(t, "gone", n.pod("marked"))
		p, err := c.Client.CoreV1().Pods(v1.NamespaceDefault).Get(c.Ctx, "kept", metav1.GetOptions{})
		require.NoError(t, err)
		require.Zero(t, p.Status.ContainerStatuses[0].RestartCount)
	})
}

// A kubelet hears of its pods only once it has seen its Node.
func TestRestartWaitsForItsNode(t *testing.T) {
	bubble.Run(t, func(t *testing.T, c *bubble.Cluster) {
		n := newNode(c, "a")
		n.create("web")
		c.After(5 * time.Second)
		n.stop()
		require.NoError(t, c.Client.CoreV1().Nodes().Delete(c.Ctx, "a", metav1.DeleteOptions{}))
		n.delete("web", 0)
		c.OnRequest(func(r *apiserver.Request) apiserver.Verdict {
			if r.Verb == "create" && r.Resource.Resource == "nodes" {
				return apiserver.Verdict{Outcome: apiserver.Fail}
			}
			return apiserver.Verdict{}
		})
		n.start()
		c.After(time.Minute)
		require.Equal(t, []string{"web"}, n.runs())
		c.OnRequest(nil)
		c.After(time.Minute)
		require.Empty(t, n.runs())
	})
}

func TestRebootedNode(t *testing.T) {
	bubble.Run(t, func(t *testing.T, c *bubble.Cluster) {
		n := newNode(c, "a")
		n.create("kept")
		n.create("marked")
		c.After(5 * time.Second)
		n.stop()
		n.machine.Reboot()
		n.delete("marked")
		c.After(time.Minute)
		require.Empty(t, n.runs())
		require.Equal(t, "Running,ready", n.pod("kept"), "nobody has said otherwise")
		n.start()
		c.After(500 * time.Millisecond)
		require.Equal(t, "Running", n.pod("kept"))
		c.After(10 * time.Second)
		require.Equal(t, []string{"kept"}, n.runs())
		require.Equal(t, "Running,ready", n.pod("kept"))
		require.Equal(t, "gone", n.pod("marked"))
		p, err := c.Client.CoreV1().Pods(v1.NamespaceDefault).Get(c.Ctx, "kept", metav1.GetOptions{})
		require.NoError(t, err)
		require.EqualValues(t, 1, p.Status.ContainerStatuses[0].RestartCount)
	})
}

// A pod that has ended does not run again after a restart (B51).
func TestRestartDoesNotReviveTerminalPods(t *testing.T) {
	for _, revive := range []bool{false, true} {
		t.Run(fmt.Sprint("revive=", revive), func(t *testing.T) {
			bubble.Run(t, func(t *testing.T, c *bubble.Cluster) {
				n := newNode(c, "a", func(o *kubelet.Options) { o.RestartTerminated = revive })
				n.create("job", func(p *v1.Pod) { p.Spec.RestartPolicy = v1.RestartPolicyNever })
				c.After(5 * time.Second)
				n.machine.Exit(n.machine.Running()[0].UID, 0)
				c.After(time.Second)
				require.Equal(t, "Succeeded", n.pod("job"))
				n.stop()
				n.machine.Reboot()
				n.start()
				c.After(time.Minute)
				require.Equal(t, revive, len(n.runs()) == 1)
				require.Equal(t, revive, n.pod("job") == "Running,ready", n.pod("job"))
			})
		})
	}
}

// A rebooted kubelet whose first list is old starts a pod that is gone (B30). Its
// watch then tells it so.
func TestFirstListStale(t *testing.T) {
	for _, stale := range []bool{false, true} {
		t.Run(fmt.Sprint("stale=", stale), func(t *testing.T) {
			bubble.Run(t, func(t *testing.T, c *bubble.Cluster) {
				n := newNode(c, "a", func(o *kubelet.Options) { o.FirstListStale = stale })
				n.create("web")
				c.After(5 * time.Second)
				list, err := c.Client.CoreV1().Pods(v1.NamespaceAll).List(c.Ctx, metav1.ListOptions{})
				require.NoError(t, err)
				var then int64
				_, err = fmt.Sscan(list.ResourceVersion, &then)
				require.NoError(t, err)
				n.stop()
				n.machine.Reboot()
				n.delete("web", 0)
				c.OnRequest(func(r *apiserver.Request) apiserver.Verdict {
					if r.Stale && r.Resource.Resource == "pods" {
						return apiserver.Verdict{At: then}
					}
					return apiserver.Verdict{}
				})
				started := &starts{}
				n.machine = kubelet.NewMachine("a", started)
				n.o.Machine = n.machine
				c.Lag("kubelet-a")
				n.start()
				c.After(5 * time.Second)
				require.Equal(t, stale, len(started.pods) == 1)
				c.Heal("kubelet-a")
				c.After(time.Minute)
				require.Empty(t, n.runs())
			})
		})
	}
}

// starts counts the containers that start and stop.
type starts struct{ pods, stopped []kubelet.PodRef }

func (s *starts) ContainersStarted(_ string, pod kubelet.PodRef) { s.pods = append(s.pods, pod) }
func (s *starts) ContainersStopped(_ string, pod kubelet.PodRef) { s.stopped = append(s.stopped, pod) }

func TestObserver(t *testing.T) {
	bubble.Run(t, func(t *testing.T, c *bubble.Cluster) {
		seen := &starts{}
		n := newNode(c, "a", func(o *kubelet.Options) { o.Machine = kubelet.NewMachine("a", seen) })
		made := n.create("web")
		c.After(5 * time.Second)
		want := []kubelet.PodRef{{Namespace: v1.NamespaceDefault, Name: "web", UID: made.UID}}
		require.Equal(t, want, seen.pods)
		require.Empty(t, seen.stopped)
		n.delete("web")
		c.After(5 * time.Second)
		require.Equal(t, want, seen.stopped)
	})
}

// The final delete is under way when somebody else removes the pod and a new one
// takes its name. Without a UID it hits the new pod (B10).
func TestFinalDeleteHitsOnlyItsPod(t *testing.T) {
	for _, byName := range []bool{false, true} {
		t.Run(fmt.Sprint("byName=", byName), func(t *testing.T) {
			bubble.Run(t, func(t *testing.T, c *bubble.Cluster) {
				n := newNode(c, "a", func(o *kubelet.Options) { o.DeleteNoUID = byName })
				n.create("web-0")
				c.After(5 * time.Second)
				held := make(chan struct{})
				c.OnRequest(func(r *apiserver.Request) apiserver.Verdict {
					if r.Client.Actor == "kubelet-a" && r.Verb == "delete" {
						<-held
					}
					return apiserver.Verdict{}
				})
				n.delete("web-0")
				c.After(5 * time.Second)
				n.delete("web-0", 0)
				n.create("web-0")
				close(held)
				c.After(time.Second)
				require.Equal(t, byName, n.pod("web-0") == "gone")
			})
		})
	}
}

// The delete of a pod that fails is tried again at the next tick.
func TestFinalDeleteIsRetried(t *testing.T) {
	bubble.Run(t, func(t *testing.T, c *bubble.Cluster) {
		n := newNode(c, "a")
		n.create("web")
		c.After(5 * time.Second)
		failed := 0
		c.OnRequest(func(r *apiserver.Request) apiserver.Verdict {
			if r.Client.Actor == "kubelet-a" && r.Verb == "delete" && failed == 0 {
				failed++
				return apiserver.Verdict{Outcome: apiserver.Fail}
			}
			return apiserver.Verdict{}
		})
		n.delete("web")
		c.After(3 * time.Second)
		require.Equal(t, 1, failed)
		require.Equal(t, "Succeeded,terminating", n.pod("web"))
		c.After(10 * time.Second)
		require.Equal(t, "gone", n.pod("web"))
	})
}

// In 1.9 a pod is deleted as soon as its containers have stopped, in whatever phase.
func TestDeleteWithoutTerminalPhase(t *testing.T) {
	bubble.Run(t, func(t *testing.T, c *bubble.Cluster) {
		n := newNode(c, "a", func(o *kubelet.Options) { *o = kubelet.V1_9(*o) })
		n.create("web")
		c.After(5 * time.Second)
		n.delete("web")
		c.After(1050 * time.Millisecond)
		require.Equal(t, "Running,terminating", n.pod("web"))
		require.Empty(t, n.runs())
		c.After(time.Second)
		require.Equal(t, "gone", n.pod("web"))
	})
}

// Containers without a pod are found and ended once.
func TestHousekeeping(t *testing.T) {
	for _, off := range []bool{false, true} {
		bubble.Run(t, func(t *testing.T, c *bubble.Cluster) {
			n := newNode(c, "a", func(o *kubelet.Options) { o.NoHousekeeping = off })
			n.create("web")
			c.After(5 * time.Second)
			n.stop()
			n.delete("web", 0)
			n.start()
			c.After(time.Minute)
			require.Equal(t, off, len(n.runs()) == 1)
		})
	}
}
