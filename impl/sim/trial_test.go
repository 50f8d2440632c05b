package sim_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/reconverge/reconverge/impl/sim"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
)

// keeping is the trial of a keeper that should make one pod, and never two.
func keeping(patient bool) sim.Trial {
	return sim.Trial{
		Begin: func(c *sim.Cluster) {
			c.Apply(web(1))
			c.Start("kcm", keepers(patient))
		},
		Always: func(c *sim.Cluster) error {
			if n := len(pods(c)); n > 1 {
				return fmt.Errorf("%d pods", n)
			}
			return nil
		},
		Also: []sim.Step{
			{Verb: sim.User, Target: "label replicasets default/web touched=yes"},
			{Verb: sim.User, Target: "label replicasets default/web touched-"},
		},
	}
}

func TestATrialFindsAViolation(t *testing.T) {
	schedule, err := keeping(false).Find(100)
	require.ErrorContains(t, err, "2 pods")
	require.EqualError(t, keeping(false).Replay(schedule), err.Error(), "%s", schedule)
	for i := range schedule {
		less := append(schedule[:i:i], schedule[i+1:]...)
		require.NotContains(t, fmt.Sprint(keeping(false).Replay(less)), "2 pods", "%q is not needed", schedule[i])
	}
	again, _ := keeping(false).Find(100)
	require.Equal(t, schedule, again)
}

func TestATrialJudgesTheEnd(t *testing.T) {
	x := keeping(true)
	require.NoError(t, x.Replay(nil))
	x.Finally = func(c *sim.Cluster) error { return fmt.Errorf("%d pods at %s", len(pods(c)), c.Elapsed()) }
	require.EqualError(t, x.Replay(nil), "in the end: 1 pods at 5m0.007s")
	x.Recovery = time.Minute
	require.EqualError(t, x.Replay(sim.Schedule{{Verb: sim.Crash, Target: "kcm"}}), "in the end: 1 pods at 1m0.014s")
	x.Always = func(c *sim.Cluster) error {
		if len(pods(c)) > 0 {
			return fmt.Errorf("a pod")
		}
		return nil
	}
	require.EqualError(t, x.Replay(nil), "while it recovers: a pod")
}

// Nothing is claimed: it is about the steps, which can all be taken.
func TestDrawnStepsCanBeTaken(t *testing.T) {
	x := keeping(true)
	x.Always = nil
	drawn := map[sim.Verb]bool{}
	x.Options.Recorders = []sim.Recorder{recorderFunc(func(e sim.Entry) {
		if e, ok := e.(*sim.Taken); ok {
			drawn[e.Step.Verb] = true
		}
	})}
	_, err := x.Find(100)
	require.NoError(t, err)
	require.Len(t, drawn, 17, "every verb: %v", drawn)
}

type recorderFunc func(sim.Entry)

func (f recorderFunc) Record(e sim.Entry) { f(e) }

func TestRepairEndsAllTrouble(t *testing.T) {
	sim.Run(t, sim.Options{}, func(c *sim.Cluster) {
		c.Apply(web(1))
		c.Start("kcm", keepers(true))
		c.Start("other", keepers(true))
		c.Start("failing", func(*rest.Config) (sim.Runnable, error) {
			return sim.RunnableFunc(func(ctx context.Context) error { time.Sleep(time.Minute); return nil }), nil
		})
		c.Settle(2 * time.Minute)
		do(t, c, "stall kcm watch pods", "partition other", "crash other")
		c.Repair()
		for _, name := range c.Actors() {
			running, err := c.Running(name)
			require.True(t, running, "%s: %v", name, err)
		}
		require.Error(t, c.Do(sim.Step{Verb: sim.Heal, Target: "other"}), "it is healed")
		c.Settle(10 * time.Second)
		do(t, c, "user scale replicasets default/web 2", "crash other", "release kcm watch replicasets MODIFIED default/web")
		do(t, c, "stall kcm/keeper create pods default/web-*")
		require.False(t, c.Settle(10*time.Second, hasPods(c, 2)))
		c.Repair()
		require.True(t, c.Settle(10*time.Second, hasPods(c, 2)))
	})
}

// A RESTMapper of controller-runtime holds a mutex while it asks.
func TestDiscoveryNeverWaits(t *testing.T) {
	for _, how := range []string{"", " silent"} {
		var mu sync.Mutex
		asked := 0
		sim.Run(t, sim.Options{}, func(c *sim.Cluster) {
			c.Start("mapper", func(config *rest.Config) (sim.Runnable, error) {
				client, err := discovery.NewDiscoveryClientForConfig(config)
				if err != nil {
					return nil, err
				}
				ask := func() {
					mu.Lock()
					defer mu.Unlock()
					if _, err := client.ServerResourcesForGroupVersion("apps/v1"); err == nil {
						asked++
					}
				}
				return sim.RunnableFunc(func(ctx context.Context) error {
					go ask()
					ask()
					<-ctx.Done()
					return nil
				}), nil
			})
			require.Equal(t, 2, asked)
			do(t, c, "partition mapper"+how, "restart mapper")
			require.Equal(t, 2, asked, "it fails while the process is cut off")
		})
	}
}
