package upstream_test

import (
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
