package sim_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/reconverge/reconverge/impl/sim"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"
	"pgregory.net/rapid"
)

func TestAPanicComesOutInTheCallersGoroutine(t *testing.T) {
	stopped := false
	require.PanicsWithValue(t, "ouch", func() {
		_ = sim.Open(sim.Options{}, func(c *sim.Cluster) {
			c.Start("kcm", stopping(&stopped))
			panic("ouch")
		})
	})
	require.True(t, stopped, "the process is stopped first")
}

func TestFailNowComesOutInTheCallersGoroutine(t *testing.T) {
	stopped, returned := false, false
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = sim.Open(sim.Options{}, func(c *sim.Cluster) {
			c.Start("kcm", stopping(&stopped))
			runtime.Goexit() // as FailNow does
		})
		returned = true
	}()
	<-done
	require.True(t, stopped, "the process is stopped first")
	require.False(t, returned)
}

// stopping is a process that says when it has been stopped.
func stopping(stopped *bool) sim.Factory {
	return func(*rest.Config) (sim.Runnable, error) {
		return sim.RunnableFunc(func(ctx context.Context) error {
			<-ctx.Done()
			*stopped = true
			return nil
		}), nil
	}
}

// quiet is a test that rapid may fail.
type quiet struct {
	*testing.T
	log    strings.Builder
	failed bool
}

func (q *quiet) Logf(format string, args ...any) { fmt.Fprintf(&q.log, format+"\n", args...) }
func (q *quiet) Errorf(format string, args ...any) {
	q.failed = true
	q.Logf(format, args...)
}
func (q *quiet) Fatalf(format string, args ...any) { q.Errorf(format, args...); runtime.Goexit() }
func (q *quiet) Log(args ...any)                   { q.Logf("%s", fmt.Sprint(args...)) }
func (q *quiet) Error(args ...any)                 { q.Errorf("%s", fmt.Sprint(args...)) }
func (q *quiet) Fatal(args ...any)                 { q.Fatalf("%s", fmt.Sprint(args...)) }
func (q *quiet) FailNow()                          { q.failed = true; runtime.Goexit() }
func (q *quiet) Fail()                             { q.failed = true }
func (q *quiet) Failed() bool                      { return q.failed }

func TestRapidShrinksWhatFailsInABubble(t *testing.T) {
	require.NoError(t, flag.Set("rapid.nofailfile", "true"))
	t.Cleanup(func() { require.NoError(t, flag.Set("rapid.nofailfile", "false")) })
	q := &quiet{T: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		rapid.Check(q, func(rt *rapid.T) {
			sim.Run(rt, sim.Options{}, func(c *sim.Cluster) {
				n := rapid.IntRange(0, 1000).Draw(rt, "n")
				rapid.Bool().Filter(func(b bool) bool { return b }).Draw(rt, "discarded at times")
				if n > 17 {
					rt.Fatalf("too many: %d", n)
				}
			})
		})
	}()
	<-done
	require.True(t, q.failed)
	require.Contains(t, q.log.String(), "too many: 18")
}

func TestAFailureFailsTheTest(t *testing.T) {
	q := &quiet{T: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		sim.Run(q, sim.Options{}, func(c *sim.Cluster) { c.Crash("nobody") })
	}()
	<-done
	require.True(t, q.failed)
	require.Contains(t, q.log.String(), `there is no actor "nobody"`)
}

func TestAGoroutineThatDoesNotEndIsReported(t *testing.T) {
	err := sim.Open(sim.Options{}, func(c *sim.Cluster) { go leaksForEver() })
	require.ErrorContains(t, err, "leaksForEver")
	require.NoError(t, sim.Open(sim.Options{}, func(*sim.Cluster) {}), "the next bubble has nothing to do with it")
}

func leaksForEver() { select {} }

func TestAFunctionThatDoesNotEndIsReported(t *testing.T) {
	err := sim.Open(sim.Options{}, func(c *sim.Cluster) { select {} })
	require.ErrorContains(t, err, "deadlock")
	require.ErrorContains(t, err, "TestAFunctionThatDoesNotEndIsReported")
}

func TestAProcessThatDoesNotStopIsReported(t *testing.T) {
	err := sim.Open(sim.Options{}, func(c *sim.Cluster) {
		c.Start("deaf", func(*rest.Config) (sim.Runnable, error) {
			return sim.RunnableFunc(func(context.Context) error { select {} }), nil
		})
	})
	require.ErrorContains(t, err, `actor "deaf" has not stopped`)
}

func TestAProcessThatDoesNotStartEndsTheTest(t *testing.T) {
	cause := errors.New("no configuration")
	defer func() {
		failure, ok := recover().(sim.Failure)
		require.True(t, ok)
		require.ErrorIs(t, failure, cause)
		require.ErrorContains(t, failure, `"kcm" has ended at once`)
	}()
	_ = sim.Open(sim.Options{}, func(c *sim.Cluster) {
		c.Start("kcm", func(*rest.Config) (sim.Runnable, error) { return nil, cause })
	})
}

func TestBubblesOfParallelTestsRunOneAfterTheOther(t *testing.T) {
	for i := range 3 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			sim.Run(t, sim.Options{}, func(c *sim.Cluster) {
				c.Apply(web(2))
				c.Start("kcm", keepers(true))
				require.True(t, c.Settle(time.Minute, hasPods(c, 2)))
			})
		})
	}
}
