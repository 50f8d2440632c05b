package tainteviction

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// evictions records when each eviction began, and lets it run as long as it says.
type evictions struct {
	begun  map[string]time.Time
	lasts  time.Duration
	timers *timers
}

func newEvictions(lasts time.Duration) *evictions {
	e := &evictions{begun: map[string]time.Time{}, lasts: lasts}
	e.timers = newTimers(func(_ context.Context, w *work) {
		e.timers.mu.Lock()
		e.begun[w.target.Name] = time.Now()
		e.timers.mu.Unlock()
		time.Sleep(e.lasts)
	})
	return e
}

func named(name string) target { return podItem("ns", name, "", "").pod }

func TestATimerFiresOnceAfterItsDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, from := newEvictions(0), time.Now()
		e.timers.add(t.Context(), named("late"), from, 300*time.Second)
		e.timers.add(t.Context(), named("now"), from, 0)
		e.timers.add(t.Context(), named("late"), from, time.Second) // there is one
		time.Sleep(time.Hour)
		e.timers.stop()
		require.Equal(t, map[string]time.Time{"now": from, "late": from.Add(300 * time.Second)}, e.begun)
		require.Empty(t, e.timers.work)
	})
}

func TestACancelledTimerDoesNotFire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEvictions(0)
		e.timers.add(t.Context(), named("p"), time.Now(), time.Second)
		require.True(t, e.timers.cancel(named("p")))
		require.False(t, e.timers.cancel(named("p")), "it is forgotten")
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Empty(t, e.begun)
	})
}

func TestAnEvictionUnderWayGoesOnAndKeepsItsTargetFromAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, from := newEvictions(10*time.Second), time.Now()
		e.timers.add(t.Context(), named("p"), from, time.Second)
		time.Sleep(2 * time.Second)
		e.timers.add(t.Context(), named("p"), time.Now(), time.Second) // passed over: #107543
		time.Sleep(20 * time.Second)
		synctest.Wait()
		require.Equal(t, map[string]time.Time{"p": from.Add(time.Second)}, e.begun)

		e.timers.add(t.Context(), named("p"), time.Now(), 0)
		synctest.Wait()
		require.False(t, e.timers.cancel(named("p")), "it has not waited")
		again := time.Now()
		e.timers.add(t.Context(), named("p"), again, time.Minute)
		time.Sleep(11 * time.Second) // the cancelled one ends, and takes the entry of the other with it
		_, has := e.timers.started(named("p"))
		require.False(t, has)
		require.False(t, e.timers.cancel(named("p")), "it cannot be cancelled any more")
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Equal(t, again.Add(time.Minute), e.begun["p"], "and fires")
	})
}

func TestStopWaitsForTheEvictionsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, from := newEvictions(10*time.Second), time.Now()
		e.timers.add(t.Context(), named("now"), from, 0)
		e.timers.add(t.Context(), named("late"), from, time.Second)
		synctest.Wait()
		e.timers.stop()
		require.Equal(t, 10*time.Second, time.Since(from))
		e.timers.add(t.Context(), named("more"), time.Now(), 0)
		time.Sleep(time.Hour)
		require.Equal(t, map[string]time.Time{"now": from}, e.begun)
	})
}
