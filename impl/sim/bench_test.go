package sim_test

import (
	"context"
	"syscall"
	"testing"
	"time"

	"github.com/reconverge/reconverge/impl/controller/manager"
	"github.com/reconverge/reconverge/impl/sim"
	"github.com/stretchr/testify/require"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// cpu is the time that the processors have worked for this process, which other
// processes of the machine do not lengthen.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkReplicaSetConverges(b *testing.B) {
	before := cpu(b)
	for b.Loop() {
		sim.Run(b, sim.Options{}, func(c *sim.Cluster) {
			c.Apply(web(3))
			c.Start("kcm", func(config *rest.Config) (sim.Runnable, error) {
				return manager.New(config, manager.Options{Controllers: []string{"replicaset"}})
			})
			require.True(b, c.Settle(time.Minute, hasPods(c, 3)))
		})
	}
	b.ReportMetric(float64((cpu(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
}

func BenchmarkNodeFails(b *testing.B) {
	before := cpu(b)
	for b.Loop() {
		sim.Run(b, sim.Options{}, func(c *sim.Cluster) { nodeFails(c, func(...any) {}) })
	}
	b.ReportMetric(float64((cpu(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
}

// A step is a request with its answer, or an event: here one update of a lease, and
// then its event in a watch, without a controller's own work.
func BenchmarkSteps(b *testing.B) {
	const updates = 1000
	before := cpu(b)
	for b.Loop() {
		sim.Run(b, sim.Options{}, func(c *sim.Cluster) {
			c.Start("writer", writeLeases(updates))
			c.Settle(time.Second)
			require.GreaterOrEqual(b, len(c.Taken()), 2*updates)
		})
	}
	b.ReportMetric(float64(2*updates*b.N)/(cpu(b)-before).Seconds(), "steps/cpu-s")
}

// Hundreds of steps are pending at a time.
func BenchmarkManyPods(b *testing.B) {
	const pods = 500
	steps, before := 0, cpu(b)
	for b.Loop() {
		sim.Run(b, sim.Options{}, func(c *sim.Cluster) {
			c.Apply(web(pods))
			c.Start("kcm", func(config *rest.Config) (sim.Runnable, error) {
				return manager.New(config, manager.Options{Controllers: []string{"replicaset"}})
			})
			require.True(b, c.Settle(time.Minute, hasPods(c, pods)))
			steps += len(c.Taken())
		})
	}
	b.ReportMetric(float64(steps)/(cpu(b)-before).Seconds(), "steps/cpu-s")
}

func writeLeases(updates int) sim.Factory {
	return func(config *rest.Config) (sim.Runnable, error) {
		client, err := kubernetes.NewForConfig(config)
		if err != nil {
			return nil, err
		}
		leases := client.CoordinationV1().Leases("default")
		return sim.RunnableFunc(func(ctx context.Context) error {
			lease, err := leases.Create(ctx, &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: "l"}}, metav1.CreateOptions{})
			if err != nil {
				return err
			}
			w, err := leases.Watch(ctx, metav1.ListOptions{ResourceVersion: lease.ResourceVersion})
			if err != nil {
				return err
			}
			defer w.Stop()
			for n := range int32(updates) {
				lease.Spec.LeaseTransitions = &n
				if lease, err = leases.Update(ctx, lease, metav1.UpdateOptions{}); err != nil {
					return err
				}
				<-w.ResultChan()
			}
			<-ctx.Done()
			return nil
		}), nil
	}
}
