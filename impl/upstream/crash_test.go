package upstream_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/impl/sim"
)

// Whatever happens to the controller manager or the scheduler, the ReplicaSet has its
// pods in the end, and all goroutines end: else the bubble would not.
func TestProcessesCrashRestartAndAreCutOff(t *testing.T) {
	for _, actor := range []string{"kcm", "scheduler"} {
		for name, trouble := range map[string]func(*sim.Cluster){
			"restart":   func(c *sim.Cluster) { c.Restart(actor) },
			"crash":     func(c *sim.Cluster) { c.Crash(actor); c.Settle(time.Minute); c.Restart(actor) },
			"partition": func(c *sim.Cluster) { c.Partition(actor); c.Settle(time.Minute); c.Heal(actor) },
			"silence":   func(c *sim.Cluster) { c.PartitionSilently(actor); c.Settle(time.Minute); c.Heal(actor) },
		} {
			t.Run(actor+" "+name, func(t *testing.T) {
				sim.Run(t, options(), func(c *sim.Cluster) {
					cluster(c, 3)
					require.True(t, c.Settle(time.Minute, ready(c, 3)))
					for range 2 {
						require.NoError(t, c.Do(sim.Step{Verb: sim.User, Target: "delete pods default/" + pods(c)[0].Name}))
						trouble(c)
					}
					c.Settle(5 * time.Minute)
					require.Len(t, pods(c), 3)
					require.True(t, ready(c, 3)())
				})
			})
		}
	}
}

// Time passes while the taint of a node that has failed is under way, for as long as
// nobody answers: when the other node fails too, which gives their zone another rate,
// the controller waits for the answer, and not for the mutex of the zone's queue.
func TestTimePassesWhileANodeIsTainted(t *testing.T) {
	sim.Run(t, options(), func(c *sim.Cluster) {
		cluster(c, 1)
		require.True(t, c.Settle(time.Minute, ready(c, 1)))
		c.Crash("kubelet-node-a")
		for second := range 150 {
			if second == 75 {
				c.Crash("kubelet-node-b")
			}
			for _, step := range c.Pending() {
				if !strings.HasPrefix(step.Target, "kcm/nodelifecycle") || !strings.Contains(step.Target, " nodes ") {
					_ = c.Do(step)
				}
			}
			require.NoError(t, c.Do(sim.Step{Verb: sim.Advance, Target: "1s"}))
		}
		require.True(t, slices.ContainsFunc(c.Pending(), func(s sim.Step) bool {
			return s.Target == "kcm/nodelifecycle get nodes node-a"
		}), "%s", c.Pending())
		c.Restart("kubelet-node-b")
		c.Settle(10 * time.Minute)
		require.True(t, ready(c, 1)())
	})
}
