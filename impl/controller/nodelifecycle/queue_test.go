package nodelifecycle

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// An evictor looks at a queue every 100 ms, and records when each node came out.
type evictor struct {
	*rateQueue
	from time.Time
	out  []string // node and seconds
	fail map[string]int
}

func newEvictor(rate float32, unlimited bool) *evictor {
	return &evictor{rateQueue: newRateQueue(rate, unlimited, func() {}), from: time.Now(), fail: map[string]int{}}
}

func (e *evictor) run(ctx context.Context, d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(evictionPeriod) {
		e.try(ctx, func(node string) (bool, time.Duration) {
			e.out = append(e.out, node+" "+time.Since(e.from).Round(time.Second).String())
			e.fail[node]--
			return e.fail[node] < 0, 0
		})
	}
}

func TestRateQueue(t *testing.T) {
	for _, c := range []struct {
		name string
		rate float32
		all  bool
		do   func(context.Context, *evictor)
		want []string
	}{
		{"one for a token", 0.1, false, func(ctx context.Context, e *evictor) {
			e.add("b")
			e.add("a")
			e.run(ctx, time.Minute)
		}, []string{"b 0s", "a 10s"}},
		{"a token is kept, but no second one", 0.1, false, func(ctx context.Context, e *evictor) {
			e.run(ctx, time.Minute)
			e.add("a")
			e.add("b")
			e.run(ctx, time.Minute)
		}, []string{"a 1m0s", "b 1m10s"}},
		{"one that was given is not taken again", 0.1, false, func(ctx context.Context, e *evictor) {
			e.add("a")
			e.run(ctx, time.Minute)
			e.add("a")
			e.run(ctx, time.Minute)
		}, []string{"a 0s"}},
		{"before it was removed", 0.1, false, func(ctx context.Context, e *evictor) {
			e.add("a")
			e.run(ctx, time.Minute)
			e.remove("a")
			e.add("a")
			e.run(ctx, time.Minute)
		}, []string{"a 0s", "a 1m0s"}},
		{"one that was removed does not come out", 0.1, false, func(ctx context.Context, e *evictor) {
			e.add("a")
			e.remove("a")
			e.run(ctx, time.Minute)
		}, nil},
		{"a failure takes another token", 0.1, false, func(ctx context.Context, e *evictor) {
			e.fail["a"] = 1
			e.add("a")
			e.add("b")
			e.run(ctx, time.Minute)
		}, []string{"a 0s", "b 10s", "a 20s"}},
		{"no rate, no token", 0, false, func(ctx context.Context, e *evictor) {
			e.add("a")
			e.run(ctx, time.Hour)
			e.setRate(ctx, 0.1) // it had none when it was stopped: the new one begins without
			e.run(ctx, time.Minute)
		}, []string{"a 1h0m10s"}},
		{"a token outlives a change of the rate", 0.1, false, func(ctx context.Context, e *evictor) {
			e.setRate(ctx, 0.01)
			e.add("a")
			e.add("b")
			e.run(ctx, 5*time.Minute)
		}, []string{"a 0s", "b 1m40s"}},
		{"and so does its absence", 0.1, false, func(ctx context.Context, e *evictor) {
			e.add("a")
			e.run(ctx, time.Second)
			e.setRate(ctx, 0.01)
			e.add("b")
			e.run(ctx, 5*time.Minute)
		}, []string{"a 0s", "b 1m41s"}},
		{"without a limiter all come at once", 0.1, true, func(ctx context.Context, e *evictor) {
			e.add("a")
			e.add("b")
			e.run(ctx, time.Minute)
		}, []string{"a 0s", "b 0s"}},
		{"unless it is stopped", 0, true, func(ctx context.Context, e *evictor) {
			e.add("a")
			e.run(ctx, time.Minute)
		}, nil},
		{"clear forgets what was given, too", 0.1, false, func(ctx context.Context, e *evictor) {
			e.add("a")
			e.run(ctx, time.Second)
			e.add("b")
			e.clear()
			e.add("a")
			e.run(ctx, time.Minute)
		}, []string{"a 0s", "a 10s"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEvictor(c.rate, c.all)
				c.do(t.Context(), e)
				require.Equal(t, c.want, e.out)
			})
		})
	}
}

// Who stops the evictions waits for the one under way, and the time of the bubble
// goes on meanwhile.
func TestARateIsChangedBetweenTwoEvictions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newRateQueue(0.1, false, func() {})
		q.add("a")
		go q.try(t.Context(), func(string) (bool, time.Duration) {
			time.Sleep(time.Minute)
			return true, 0
		})
		synctest.Wait()
		begun := time.Now()
		q.setRate(t.Context(), 0)
		require.Equal(t, time.Minute, time.Since(begun))
	})
}
