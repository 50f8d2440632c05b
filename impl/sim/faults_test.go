package sim_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/reconverge/reconverge/impl/sim"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"
)

// started opens a cluster with a keeper that has just been told to make a pod.
func started(t *testing.T, patient bool, f func(c *sim.Cluster, h *sim.History)) {
	t.Helper()
	var h sim.History
	sim.Run(t, sim.Options{Recorders: []sim.Recorder{&h}}, func(c *sim.Cluster) {
		c.Apply(web(1))
		c.Start("kcm", keepers(patient))
		do(t, c,
			"release kcm list pods", "release kcm list replicasets",
			"release kcm watch pods", "release kcm watch replicasets", "advance 1s")
		require.Equal(t, []string{create}, pending(c))
		f(c, &h)
	})
}

const create = "release kcm/keeper create pods default/web-*"

func do(t *testing.T, c *sim.Cluster, steps ...string) {
	t.Helper()
	for _, line := range steps {
		s, err := sim.ParseStep(line)
		require.NoError(t, err)
		require.NoError(t, c.Do(s))
	}
}

func pending(c *sim.Cluster) []string {
	var names []string
	for _, s := range c.Pending() {
		names = append(names, s.String())
	}
	return names
}

func TestAReleasedRequestTakesEffectAndIsHeardOf(t *testing.T) {
	started(t, true, func(c *sim.Cluster, h *sim.History) {
		do(t, c, create)
		require.Equal(t, []string{"web-bbbbb"}, pods(c))
		require.Equal(t, []string{"release kcm watch pods ADDED default/web-bbbbb"}, pending(c))
		require.Contains(t, h.String(), "answer to kcm/keeper create pods default/web-*: 201\n")
	})
}

func TestAFailedRequestHasNoEffect(t *testing.T) {
	started(t, true, func(c *sim.Cluster, _ *sim.History) {
		do(t, c, "fail kcm/keeper create pods default/web-*")
		require.Empty(t, pods(c))
		do(t, c, "advance 1s")
		require.Equal(t, []string{create}, pending(c), "it is tried again")
	})
}

func TestALostAnswerHasAnEffectThatNobodyHearsOf(t *testing.T) {
	started(t, true, func(c *sim.Cluster, h *sim.History) {
		do(t, c, "lose kcm/keeper create pods default/web-*", "advance 1s")
		require.Len(t, pods(c), 1)
		require.Contains(t, h.String(), "answer to kcm/keeper create pods default/web-*: connection broken\n")
		require.Equal(t, []string{"release kcm watch pods ADDED default/web-bbbbb", create}, pending(c))
	})
}

func TestAHeldAnswerIsPending(t *testing.T) {
	started(t, true, func(c *sim.Cluster, _ *sim.History) {
		do(t, c, "hold kcm/keeper create pods default/web-*")
		require.Len(t, pods(c), 1)
		require.Equal(t, []string{
			"release kcm watch pods ADDED default/web-bbbbb",
			"release kcm/keeper answer create pods default/web-*",
		}, pending(c))
		do(t, c, "lose kcm/keeper answer create pods default/web-*", "advance 1s")
		require.Contains(t, pending(c), create)
	})
}

func TestWhatACrashedProcessHasSentMayStillTakeEffect(t *testing.T) {
	for _, released := range []bool{false, true} {
		started(t, true, func(c *sim.Cluster, _ *sim.History) {
			c.Crash("kcm")
			running, err := c.Running("kcm")
			require.NoError(t, err)
			require.False(t, running)
			require.Equal(t, []string{create + " (late)"}, pending(c))
			c.Restart("kcm")
			require.Equal(t, []string{
				"release kcm list pods", "release kcm list replicasets", create + " (late)",
			}, pending(c))
			if released {
				do(t, c, create+" (late)")
				require.Len(t, pods(c), 1)
				return
			}
			c.Settle(0)
			require.Empty(t, pods(c), "Settle drops it")
		})
	}
}

func TestAPartitionBreaksAndRefusesConnections(t *testing.T) {
	started(t, true, func(c *sim.Cluster, _ *sim.History) {
		c.Partition("kcm")
		require.Empty(t, c.Watches())
		c.Settle(time.Minute)
		require.Empty(t, pods(c))
		c.Heal("kcm")
		require.True(t, c.Settle(time.Minute, hasPods(c, 1)))
	})
}

func TestASilentPartitionIsNotNoticed(t *testing.T) {
	started(t, true, func(c *sim.Cluster, _ *sim.History) {
		do(t, c, create)
		c.PartitionSilently("kcm")
		require.Equal(t, []string{"kcm watch pods", "kcm watch replicasets"}, c.Watches())
		require.Empty(t, pending(c))
		do(t, c, "user delete pods default/web-bbbbb --grace=0")
		c.Settle(time.Minute)
		require.Empty(t, pods(c), "the process does not know yet")
		c.Heal("kcm")
		require.True(t, c.Settle(time.Second, hasPods(c, 1)))
	})
}

func TestARequestOfASilentlyPartitionedProcessWaitsForTheEnd(t *testing.T) {
	started(t, true, func(c *sim.Cluster, _ *sim.History) {
		c.PartitionSilently("kcm")
		do(t, c, create) // it had left before
		require.Len(t, pods(c), 1)
		do(t, c, "user scale replicasets default/web 2", "advance 1m")
		require.Empty(t, pending(c))
		c.Heal("kcm")
		require.True(t, c.Settle(time.Second, hasPods(c, 2)))
	})
}

func TestACutWatchIsResumed(t *testing.T) {
	started(t, true, func(c *sim.Cluster, _ *sim.History) {
		do(t, c, "cut kcm watch pods")
		require.Equal(t, []string{"kcm watch replicasets"}, c.Watches())
		do(t, c, create, "advance 10s")
		require.True(t, c.Settle(time.Minute, func() bool { return len(c.Watches()) == 2 }))
	})
}

func TestAnExpiredWatchIsListedAgain(t *testing.T) {
	started(t, true, func(c *sim.Cluster, _ *sim.History) {
		do(t, c, create, "expire kcm watch pods ADDED default/web-bbbbb", "advance 10s")
		require.Contains(t, pending(c), "release kcm list pods")
	})
}

// A stalled watch is a cache that lags, which the impatient keeper does not bear.
func TestAStalledWatchMakesAnImpatientKeeperCreateTwice(t *testing.T) {
	for patient, want := range map[bool]int{true: 1, false: 2} {
		started(t, patient, func(c *sim.Cluster, _ *sim.History) {
			do(t, c, "stall kcm watch pods", create, "user label replicasets default/web poke=1")
			c.Settle(time.Second)
			require.Len(t, pods(c), want, "patient: %v", patient)
			do(t, c, "unstall kcm watch pods")
			require.True(t, c.Settle(time.Second, hasPods(c, 1)))
		})
	}
}

func TestAStaleReadShowsThePast(t *testing.T) {
	var seen []string
	lister := func(config *rest.Config) (sim.Runnable, error) {
		return sim.RunnableFunc(func(ctx context.Context) error {
			seen = list(ctx, config)
			<-ctx.Done()
			return nil
		}), nil
	}
	sim.Run(t, sim.Options{}, func(c *sim.Cluster) {
		c.Apply(node("a"), node("b"), node("c"))
		c.Start("lister", lister)
		do(t, c, "stale lister list nodes @3")
		require.Equal(t, []string{"a", "b"}, seen)
		c.Restart("lister")
		do(t, c, "release lister list nodes")
		require.Equal(t, []string{"a", "b", "c"}, seen)
	})
}

func TestAStepThatIsNotPendingSaysWhatIs(t *testing.T) {
	started(t, true, func(c *sim.Cluster, _ *sim.History) {
		err := c.Do(sim.Step{Verb: sim.Release, Target: "kcm/keeper create pods default/wbe-*"})
		var not *sim.NotPendingError
		require.ErrorAs(t, err, &not)
		require.EqualError(t, err, `sim: step "release kcm/keeper create pods default/wbe-*" names nothing that is pending`+
			"\n\trelease kcm/keeper create pods default/web-*")
		err = c.Do(sim.Step{Verb: sim.Cut, Target: "kcm watch nodes"})
		require.EqualError(t, err, `sim: step "cut kcm watch nodes" names nothing that is pending`+
			"\n\tcut kcm watch pods\n\tcut kcm watch replicasets")
		require.ErrorContains(t, c.Do(sim.Step{Verb: sim.Crash, Target: "kmc"}), `no actor "kmc", only kcm`)
		require.ErrorContains(t, c.Do(sim.Step{Verb: sim.Heal, Target: "kcm"}), "not partitioned")
		require.ErrorContains(t, c.Do(sim.Step{Verb: sim.Stale, Target: "kcm/keeper create pods default/web-*"}), `such a request has no "stale"`)
		require.Equal(t, []string{create}, pending(c), "nothing has happened")
	})
}

func TestEqualNamesAreNumbered(t *testing.T) {
	sim.Run(t, sim.Options{}, func(c *sim.Cluster) {
		c.Start("twins", func(config *rest.Config) (sim.Runnable, error) {
			return sim.RunnableFunc(func(ctx context.Context) error {
				go list(ctx, config)
				list(ctx, config)
				<-ctx.Done()
				return nil
			}), nil
		})
		require.Equal(t, []string{"release twins list nodes", "release twins list nodes #2"}, pending(c))
		do(t, c, "release twins list nodes #2")
		require.Equal(t, []string{"release twins list nodes"}, pending(c))
	})
}

func TestTimePassesUntilSomethingIsPending(t *testing.T) {
	sim.Run(t, sim.Options{}, func(c *sim.Cluster) {
		c.Start("sleeper", func(config *rest.Config) (sim.Runnable, error) {
			return sim.RunnableFunc(func(ctx context.Context) error {
				time.Sleep(3 * time.Second)
				list(ctx, config)
				<-ctx.Done()
				return nil
			}), nil
		})
		require.Equal(t, 2*time.Second, c.Advance(2*time.Second))
		require.Equal(t, time.Second, c.Advance(time.Hour))
		require.Equal(t, time.Hour, c.Advance(time.Hour), "what was pending before does not end it")
	})
}

func TestALivelockEndsTheTest(t *testing.T) {
	defer func() {
		err, _ := recover().(error)
		require.ErrorIs(t, err, sim.ErrLivelock)
		require.ErrorContains(t, err, `the last "hot list nodes"`)
	}()
	_ = sim.Open(sim.Options{StepsPerInstant: 100}, func(c *sim.Cluster) {
		c.Start("hot", hot)
		c.Settle(time.Second)
	})
}

func hot(config *rest.Config) (sim.Runnable, error) {
	return sim.RunnableFunc(func(ctx context.Context) error {
		for ctx.Err() == nil {
			list(ctx, config)
		}
		return nil
	}), nil
}

func TestWhatIsOverIsNoLivelock(t *testing.T) {
	var h sim.History
	lists := func() int { return strings.Count(h.String(), "release hot list nodes") }
	over := func() bool { return lists() >= 10 }
	sim.Run(t, sim.Options{StepsPerInstant: 100, Over: over, Recorders: []sim.Recorder{&h}}, func(c *sim.Cluster) {
		c.Start("hot", hot)
		require.True(t, c.Settle(time.Second))
		require.Equal(t, 10, lists())
	})
}

func TestAProcessThatEndsIsRecorded(t *testing.T) {
	var h sim.History
	cause := errors.New("lost the lease")
	sim.Run(t, sim.Options{Recorders: []sim.Recorder{&h}}, func(c *sim.Cluster) {
		c.Start("kcm", func(*rest.Config) (sim.Runnable, error) {
			return sim.RunnableFunc(func(context.Context) error { time.Sleep(time.Second); return cause }), nil
		})
		c.Settle(2 * time.Second)
		running, err := c.Running("kcm")
		require.False(t, running)
		require.Equal(t, cause, err)
		c.Restart("kcm")
	})
	require.Contains(t, h.String(), "    1.007000   kcm ended: lost the lease\n")
}

func TestTheUserHearsTheAPIServer(t *testing.T) {
	started(t, true, func(c *sim.Cluster, h *sim.History) {
		err := c.Do(sim.Step{Verb: sim.User, Target: "delete pods default/nobody"})
		require.True(t, apierrors.IsNotFound(err), err)
		require.Contains(t, h.String(), "answer to user delete pods default/nobody: 404 NotFound\n")
		require.ErrorContains(t, c.Do(sim.Step{Verb: sim.User, Target: "delete pds default/x"}), `no resource "pds"`)
	})
}

func TestAnOpenGateLetsEverythingPass(t *testing.T) {
	var h sim.History
	sim.Run(t, sim.Options{Free: true, Recorders: []sim.Recorder{&h}}, func(c *sim.Cluster) {
		c.Apply(web(3))
		c.Start("kcm", keepers(true))
		require.True(t, c.Settle(time.Minute, hasPods(c, 3)))
		c.Hold()
		do(t, c, "user scale replicasets default/web 4")
		c.Advance(time.Second)
		require.Len(t, pods(c), 3)
		c.Free()
		c.Settle(time.Second)
		require.Len(t, pods(c), 4)
	})
	require.Contains(t, h.String(), "free: kcm/keeper create pods default/web-*\n")
}
