package upstream_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/reconverge/reconverge/impl/controller/kubelet"
	"github.com/reconverge/reconverge/impl/sim"
	"github.com/reconverge/reconverge/impl/suite"
)

// A historian writes down everything that happens in a cluster.
type historian struct{ sim.History }

func (*historian) Begin()                                   {}
func (*historian) End()                                     {}
func (*historian) ContainersStarted(string, kubelet.PodRef) {}
func (*historian) ContainersStopped(string, kubelet.PodRef) {}
func (*historian) Stops() error                             { return nil }

// replayed is the history of a schedule.
func replayed(t *testing.T, s suite.Scenario, schedule sim.Schedule) string {
	t.Helper()
	var h historian
	c := config(s)
	c.Observers = append(c.Observers, &h)
	_, err := s.Replay(c, schedule)
	require.NoError(t, err)
	return h.String()
}

// reruns are how often a schedule is taken again: RECONVERGE_FULL=1 asks for all of
// the hundred that are promised.
func reruns() int {
	if os.Getenv("RECONVERGE_FULL") == "" {
		return 1
	}
	return 100
}

// The same schedule has the same history, byte for byte.
func TestTheSameScheduleHasTheSameHistory(t *testing.T) {
	for _, s := range scenarios() {
		t.Run(s.Name, func(t *testing.T) {
			schedule := rapid.Custom(func(rt *rapid.T) sim.Schedule {
				done, err := s.Explore(rt, config(s))
				require.NoError(t, err)
				return done
			}).Example(3)
			want := replayed(t, s, schedule)
			for range reruns() {
				requireSame(t, want, replayed(t, s, schedule))
			}
		})
	}
}

// requireSame reports the first line that differs.
func requireSame(t *testing.T, want, got string) {
	t.Helper()
	wants, gots := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(wants), len(gots)) {
		require.Equal(t, wants[i], gots[i], fmt.Sprintf("line %d, after\n%s", i+1, strings.Join(wants[max(0, i-15):i], "\n")))
	}
	require.Len(t, gots, len(wants))
}
