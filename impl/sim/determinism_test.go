package sim_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/reconverge/reconverge/impl/sim"
	"github.com/stretchr/testify/require"
)

// drawn takes n steps that a seed chooses: mostly releases, and every kind of fault.
func drawn(c *sim.Cluster, seed uint64, n int) {
	r := rand.New(rand.NewPCG(seed, 0))
	faults := []sim.Verb{sim.Fail, sim.Lose, sim.Keep, sim.Stale, sim.Expire}
	for range n {
		pending, watches, actors := c.Pending(), c.Watches(), c.Actors()
		actor := actors[r.IntN(len(actors))]
		var s sim.Step
		switch k := r.IntN(100); {
		case k < 60 && len(pending) > 0:
			s = pending[r.IntN(len(pending))]
		case k < 75 && len(pending) > 0:
			s = pending[r.IntN(len(pending))].With(faults[r.IntN(len(faults))])
		case k < 78 && len(watches) > 0:
			s = sim.Step{Verb: sim.Cut, Target: watches[r.IntN(len(watches))]}
		case k < 80 && len(watches) > 0:
			s = sim.Step{Verb: sim.Stall, Target: watches[r.IntN(len(watches))]}
		case k < 83:
			s = sim.Step{Verb: sim.Restart, Target: actor}
		case k < 84:
			s = sim.Step{Verb: sim.Crash, Target: actor}
		case k < 86:
			s = sim.Step{Verb: sim.Partition, Target: actor}
		case k < 87:
			s = sim.Step{Verb: sim.Partition, Target: actor + " silent"}
		case k < 90:
			s = sim.Step{Verb: sim.Heal, Target: actor}
		case k < 92:
			s = sim.Step{Verb: sim.User, Target: fmt.Sprintf("scale replicasets default/web %d", r.IntN(4))}
		case k < 94:
			s = sim.Step{Verb: sim.Settle, Target: "3s"}
		default:
			s = sim.Step{Verb: sim.Advance, Target: (time.Duration(1+r.IntN(8)) * time.Second).String()}
		}
		_ = c.Do(s) // what cannot be done is not done, in every run
	}
}

// history is that of n drawn steps, and of what follows when the faults end.
func history(t *testing.T, build func(*sim.Cluster), seed uint64, n int) string {
	var h sim.History
	sim.Run(t, sim.Options{Recorders: []sim.Recorder{&h}}, func(c *sim.Cluster) {
		build(c)
		drawn(c, seed, n)
		for _, name := range c.Actors() {
			_ = c.Do(sim.Step{Verb: sim.Heal, Target: name})
			_ = c.Do(sim.Step{Verb: sim.Restart, Target: name})
		}
		c.Settle(time.Minute)
	})
	return h.String()
}

// requireSame reports the first line that differs.
func requireSame(t *testing.T, want, got, what string) {
	t.Helper()
	wants, gots := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(wants), len(gots)) {
		require.Equal(t, wants[i], gots[i], "%s, line %d, after\n%s", what, i+1, strings.Join(wants[max(0, i-15):i], "\n"))
	}
	require.Equal(t, len(wants), len(gots), what)
}

// The same schedule has the same history, byte for byte, through crashes, cuts,
// partitions and lost answers.
func TestTheSameScheduleHasTheSameHistory(t *testing.T) {
	t.Run("two keepers", func(t *testing.T) {
		testSameHistory(t, 10, 10, func(c *sim.Cluster) {
			c.Apply(web(3))
			c.Start("kcm", keepers(true))
			c.Start("kcm-2", keepers(true))
		})
	})
	t.Run("control plane", func(t *testing.T) {
		testSameHistory(t, 10, 10, func(c *sim.Cluster) {
			c.Apply(web(3))
			startControlPlane(c, "node-a", "node-b")
			c.Settle(5 * time.Second)
		})
	})
}

func testSameHistory(t *testing.T, seeds uint64, runs int, build func(*sim.Cluster)) {
	if testing.Short() {
		runs = 3
	}
	for seed := range seeds {
		want := history(t, build, seed, 100)
		for range runs - 1 {
			requireSame(t, want, history(t, build, seed, 100), fmt.Sprint("seed ", seed))
		}
	}
}
