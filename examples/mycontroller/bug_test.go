package mycontroller_test

import (
	"os"
	"testing"
	"time"

	"github.com/reconverge/reconverge/examples/mycontroller"
	"github.com/reconverge/reconverge/impl/sim"
	"github.com/stretchr/testify/require"
)

var first = mycontroller.Reconciler{GenerateNames: true}

// In a cluster without trouble nobody notices the bug.
func TestTheBugHidesInCalm(t *testing.T) {
	require.NoError(t, trial(t, first).Replay(nil))
}

// Drawn trouble finds it. What is drawn depends on impl/sim: if another schedule is
// found, and is as good, it belongs into testdata and the pages.
func TestTheBugIsFound(t *testing.T) {
	schedule, err := trial(t, first).Find(100)
	require.ErrorContains(t, err, "3 pods, more than 2")
	t.Logf("%v\nafter the schedule\n%s", err, schedule)
	kept, err := sim.ParseSchedule(read(t, "testdata/too-many.schedule"))
	require.NoError(t, err)
	require.Equal(t, kept.String(), schedule.String())
}

// The schedule of a bug that was found stays a test.
func TestTooMany(t *testing.T) {
	text, err := os.ReadFile("testdata/too-many.schedule")
	require.NoError(t, err)
	schedule, err := sim.ParseSchedule(string(text))
	require.NoError(t, err)
	require.EqualError(t, trial(t, first).Replay(schedule),
		`after step 11 of 11, "release fleets create pods default/web-*": 3 pods, more than 2`)

	// The names of the requests are others now, and what cannot be taken is left out.
	fixed := trial(t, mycontroller.Reconciler{})
	sim.Run(t, fixed.Options, func(c *sim.Cluster) {
		fixed.Begin(c)
		_, err := c.ReplayLoosely(schedule, func(sim.Step) error { return fixed.Always(c) })
		require.NoError(t, err)
		c.Settle(time.Minute)
		require.NoError(t, fixed.Finally(c))
	})
}
