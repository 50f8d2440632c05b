package sim_test

import (
	"context"
	"testing"
	"time"

	"github.com/reconverge/reconverge/impl/sim"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// believers take what a deletion handler gets for a pod. After a relist it is a
// tombstone, and they panic.
func believers(config *rest.Config) (sim.Runnable, error) {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	shared := informers.NewSharedInformerFactory(client, 0)
	_, err = shared.Core().V1().Pods().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		DeleteFunc: func(o any) { _ = o.(*corev1.Pod).Name },
	})
	return sim.RunnableFunc(func(ctx context.Context) error {
		shared.Start(ctx.Done())
		<-ctx.Done()
		shared.Shutdown()
		return nil
	}), err
}

func TestATrialFindsAPanic(t *testing.T) {
	delete := sim.Step{Verb: sim.User, Target: "delete pods bare"}
	x := sim.Trial{
		Begin: func(c *sim.Cluster) {
			c.Apply(bare("bare"))
			c.Start("believer", believers)
		},
		Also: []sim.Step{delete},
	}
	schedule, err := x.Find(100)
	var panicked *sim.PanicError
	require.ErrorAs(t, err, &panicked)
	require.ErrorContains(t, panicked, "is cache.DeletedFinalStateUnknown, not *v1.Pod")
	require.Contains(t, panicked.Stack, "sim_test.believers.func1")
	require.Contains(t, schedule, delete)
	require.ErrorAs(t, x.Replay(schedule), &panicked)
	require.NoError(t, x.Replay(nil))
}

func TestAPanicOfAProcessFailsTheTest(t *testing.T) {
	for name, factory := range map[string]sim.Factory{
		"in its factory": func(*rest.Config) (sim.Runnable, error) { panic("boom") },
		"in its Start": func(*rest.Config) (sim.Runnable, error) {
			return sim.RunnableFunc(func(context.Context) error { panic("boom") }), nil
		},
		"in a goroutine that is looked after": func(*rest.Config) (sim.Runnable, error) {
			return sim.RunnableFunc(func(ctx context.Context) error {
				go func() {
					defer utilruntime.HandleCrashWithContext(ctx)
					time.Sleep(time.Second)
					panic("boom")
				}()
				<-ctx.Done()
				return nil
			}), nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := sim.Open(sim.Options{}, func(c *sim.Cluster) {
				defer func() { recover() }() // of Start, which fails when the process has ended at once
				c.Start("kcm", factory)
				c.Settle(time.Minute)
			})
			require.ErrorContains(t, err, "a process has panicked: boom")
			require.NoError(t, sim.Open(sim.Options{}, func(*sim.Cluster) {}), "the next bubble has nothing to do with it")
		})
	}
	require.PanicsWithValue(t, "outside", func() {
		defer utilruntime.HandleCrash()
		panic("outside")
	}, "outside of bubbles a panic goes on")
}

func TestAProcessThatCannotBeIsRefused(t *testing.T) {
	for want, register := range map[string]func(*sim.Cluster){
		"is one word, and not \"\"":     func(c *sim.Cluster) { c.Register("", believers) },
		"is one word, and not \"a b\"":  func(c *sim.Cluster) { c.Register("a b", believers) },
		"is one word, and not \"a\\n\"": func(c *sim.Cluster) { c.Register("a\n", believers) },
		"the client of the test":        func(c *sim.Cluster) { c.Register("user", believers) },
		"registered already":            func(c *sim.Cluster) { c.Register("a", believers); c.Register("a", believers) },
		"has no factory":                func(c *sim.Cluster) { c.Register("a", nil) },
		"neither a Runnable nor": func(c *sim.Cluster) {
			c.Start("a", func(*rest.Config) (sim.Runnable, error) { return nil, nil })
		},
	} {
		t.Run(want, func(t *testing.T) {
			defer func() {
				failure, ok := recover().(sim.Failure)
				require.True(t, ok)
				require.ErrorContains(t, failure, want)
			}()
			_ = sim.Open(sim.Options{}, register)
		})
	}
}

func TestATrialOfNothing(t *testing.T) { require.NoError(t, sim.Trial{}.Replay(nil)) }
