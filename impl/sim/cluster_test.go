package sim_test

import (
	"testing"
	"time"

	"github.com/reconverge/reconverge/impl/sim"
	"github.com/stretchr/testify/require"
)

func TestAReplicaSetConverges(t *testing.T) {
	var h sim.History
	sim.Run(t, sim.Options{Recorders: []sim.Recorder{&h}}, func(c *sim.Cluster) {
		c.Apply(web(3))
		c.Start("kcm", keepers(true))
		require.True(t, c.Settle(time.Minute, hasPods(c, 3)))
		c.Settle(time.Minute)
		require.Len(t, pods(c), 3)
	})
	t.Log("\n" + h.String())
}
