package linearizability

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
)

// A Workload is what concurrent clients do. Which calls they make follows from the
// seed and the answers; their order is left to the scheduler.
type Workload struct {
	// API returns the registers as one client sees them, named by its number.
	API        func(client int) (typedcorev1.ConfigMapInterface, error)
	Clients    int
	Keys       int
	Operations int // in all
	Watches    int
	Seed       uint64
}

// A Recording is what the clients and the watches of a workload saw.
type Recording struct {
	History *History
	Watches []*WatchClient
}

// lastKey is created when all clients are done: a watch that sees it ends.
const lastKey = "last"

// Run does the workload. Its error is an answer that no API server gives, or ctx's.
func (w Workload) Run(ctx context.Context) (*Recording, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := &Recording{History: NewHistory()}
	errs := make(chan error, w.Clients+w.Watches)
	var clients, watches sync.WaitGroup
	for n := range w.Watches {
		api, err := w.API(w.Clients + n)
		if err != nil {
			return nil, err
		}
		c := &WatchClient{API: api, Length: 40 * (n + 1), Initial: n%2 == 1}
		r.Watches = append(r.Watches, c)
		watches.Go(func() { errs <- c.Run(ctx, 1, lastKey) })
	}
	for n := range w.Clients {
		api, err := w.API(n)
		if err != nil {
			return nil, err
		}
		clients.Go(func() { errs <- w.client(ctx, NewClient(api, r.History), n) })
	}
	clients.Wait()
	err := w.end(ctx, r.History)
	if err != nil {
		cancel() // the watches would wait for it for ever
	}
	watches.Wait()
	close(errs)
	for e := range errs {
		err = errors.Join(err, e)
	}
	return r, err
}

// end writes the last key. A lost answer is no reason to write it again.
func (w Workload) end(ctx context.Context, h *History) error {
	api, err := w.API(0)
	if err != nil {
		return err
	}
	c := NewClient(api, h)
	for {
		o, err := c.Do(ctx, Operation{Verb: Create, Key: lastKey, Value: "end"})
		if err != nil || o.Outcome != Unknown {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// client makes one client's share of the operations. Each value is written once,
// but for some that repeat the one before.
func (w Workload) client(ctx context.Context, c *Client, n int) error {
	draw := rand.New(rand.NewPCG(w.Seed, uint64(n)))
	known := map[string]Object{} // what the client saw last of each key
	for i := range w.Operations / w.Clients {
		if err := ctx.Err(); err != nil {
			return err
		}
		if draw.IntN(50) == 0 {
			l, err := c.List(ctx)
			if err != nil {
				return err
			}
			known = maps.Clone(l.Objects)
			continue
		}
		key := fmt.Sprint("key-", draw.IntN(w.Keys))
		o, err := c.Do(ctx, next(draw, key, fmt.Sprintf("v%d.%d", n, i), known[key]))
		if err != nil {
			return err
		}
		switch {
		case o.Outcome == OK && o.Verb != Delete:
			known[key] = o.Result
		case o.Outcome == Conflict || o.Outcome == Exists:
			if o, err = c.Do(ctx, Operation{Verb: Get, Key: key}); err != nil {
				return err
			}
			known[key] = o.Result
		}
	}
	return nil
}

// next draws what to do with a key of which the client knows an object, if any.
func next(draw *rand.Rand, key, value string, known Object) Operation {
	o := Operation{Key: key, Value: value}
	n := draw.IntN(100)
	switch {
	case n < 25:
		return Operation{Verb: Get, Key: key}
	case n < 40 || known == (Object{}):
		o.Verb = Create
	case n < 70:
		o.Verb, o.IfUID, o.IfRev = Update, known.UID, known.Revision
	case n < 74:
		o.Verb, o.IfUID, o.IfRev, o.Value = Update, known.UID, known.Revision, known.Value
	case n < 78:
		o.Verb, o.Value = Update, value
	case n < 85:
		o.Verb = Patch
	case n < 90:
		o.Verb, o.IfRev = Patch, known.Revision
	case n < 94:
		return Operation{Verb: Delete, Key: key, IfUID: known.UID}
	case n < 98:
		return Operation{Verb: Delete, Key: key, IfUID: known.UID, IfRev: known.Revision}
	default:
		return Operation{Verb: Delete, Key: key}
	}
	return o
}

// Check judges a recording by the truth. Its error is a *Failure, a *Violation or
// ErrTimeout.
func (r *Recording) Check(truth Truth, patience time.Duration) error {
	err := r.History.Check(patience)
	if err != nil {
		return err
	}
	return r.checkWatches(truth)
}

func (r *Recording) checkWatches(truth Truth) error {
	for _, l := range r.History.Listings {
		if err := truth.Listing(l); err != nil {
			return err
		}
	}
	for n, w := range r.Watches {
		for i, s := range w.Streams {
			if err := truth.Stream(s); err != nil {
				return fmt.Errorf("stream %d of watch %d: %w", i, n, err)
			}
		}
	}
	return nil
}

// Require fails t unless the recording agrees with the truth.
func (r *Recording) Require(t testing.TB, truth Truth, patience time.Duration) {
	t.Helper()
	r.History.Require(t, patience)
	if err := r.checkWatches(truth); err != nil {
		t.Fatal(err)
	}
}
