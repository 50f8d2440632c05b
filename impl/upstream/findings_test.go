package upstream_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"

	"github.com/reconverge/reconverge/impl/controller/kubelet"
	"github.com/reconverge/reconverge/impl/sim"
	"github.com/reconverge/reconverge/impl/upstream/manager"
	"github.com/reconverge/reconverge/impl/upstream/scheduler"
)

// quickCluster is a control plane with a node whose pods are ready at the instant at
// which they are bound, as those of nodes that only simulate their pods may be. All of
// it is where a second begins: creation times are whole seconds.
func quickCluster(c *sim.Cluster) {
	c.Start("kcm", func(config *rest.Config) (sim.Runnable, error) {
		return manager.New(config, manager.Options{})
	})
	c.Start("scheduler", func(config *rest.Config) (sim.Runnable, error) { return scheduler.New(config) })
	machine := kubelet.NewMachine("node-a", nil)
	c.Start("kubelet-node-a", func(config *rest.Config) (sim.Runnable, error) {
		return kubelet.New(config, kubelet.Options{
			NodeName: "node-a", Machine: machine, Phase: time.Nanosecond,
			StartDuration: time.Nanosecond, ReadyDuration: time.Nanosecond,
		})
	})
	c.Settle(3 * time.Second)
	c.Settle(time.Second - c.Elapsed()%time.Second)
}

// scaledDownAt scales a ReplicaSet of two ready pods down, so long after they were created.
func scaledDownAt(age time.Duration) sim.Schedule {
	return sim.Schedule{
		{Verb: sim.User, Target: "scale replicasets default/web 2"},
		{Verb: sim.Settle, Target: age.String()},
		{Verb: sim.User, Target: "scale replicasets default/web 1"},
		{Verb: sim.Settle, Target: "1s"},
	}
}

// docs/findings/replicaset-deletion-age-division-by-zero.md: Kubernetes 1.37.2 divides
// by the age of the youngest ready pod in milliseconds. When this fails after another
// version of Kubernetes is required, the fault is mended, and the page has its date.
func TestAReplicaSetScaledDownInTheMillisecondOfItsPodsPanics(t *testing.T) {
	for _, tt := range []struct {
		name string
		age  time.Duration
		want string
	}{
		{"in the first millisecond", 999 * time.Microsecond, "integer divide by zero"},
		{"after it", time.Millisecond, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := sim.Open(options(), func(c *sim.Cluster) {
				require.NoError(t, c.ApplyYAML(webManifest(0)))
				quickCluster(c)
				for _, step := range scaledDownAt(tt.age) {
					require.NoError(t, c.Do(step))
				}
			})
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			var panicked *sim.PanicError
			require.True(t, errors.As(err, &panicked), "%v", err)
			require.ErrorContains(t, panicked.Value.(error), tt.want)
			require.Contains(t, panicked.Stack, "replicaset.reportSortingDeletionAgeRatioMetric")
		})
	}
}
