package sim

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing/synctest"
	"time"

	"github.com/reconverge/reconverge/impl/apiserver"
	"github.com/reconverge/reconverge/impl/apiserver/store"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
)

// Options configure a cluster. The zero value is an empty cluster of the built-in
// kinds, in which nothing passes unless a step releases it.
type Options struct {
	// Server configures the API server. Its Gate is the cluster's.
	Server apiserver.Options
	// Recorders are told of everything that happens.
	Recorders []Recorder
	// Free opens the gate: everything runs as the Go scheduler likes, and no run is
	// like another. See Cluster.Hold.
	Free bool
	// Seed is for the jitter that client-go draws.
	Seed int64
	// Phase is how much time passes before each start of a process, so that no two
	// have their timers at the same instants. 0: 7 ms; negative: none.
	Phase time.Duration
	// WatchList lets reflectors stream their lists. They read what they get in a
	// random order, so no schedule can be repeated then.
	WatchList bool
	// StepsPerInstant bounds what Settle releases without time passing, after which
	// the cluster counts as livelocked. 0: 20,000.
	StepsPerInstant int
	// Over ends Settle as soon as it holds, between any two steps. nil: nothing does.
	Over func() bool
}

func (o Options) phase() time.Duration {
	if o.Phase == 0 {
		return 7 * time.Millisecond
	}
	return o.Phase
}

// A Cluster is an API server and the processes that talk to it, in a bubble of
// virtual time. Its methods are for the function that Run calls, and its goroutine.
type Cluster struct {
	Server *apiserver.Server

	options Options
	began   time.Time
	gate    *gate
	client  kubernetes.Interface
	dynamic dynamic.Interface
	known   resources // of the scheme, once resources has made it
	decoder runtime.Decoder
	history tailRecorder

	context context.Context // ends with the cluster
	cancel  context.CancelFunc
	actors  map[string]*actor
	allRuns []*run
	runs    int
	watches atomic.Uint64
	sends   chan func()               // to idle senders
	objects map[string]runtime.Object // by key, as the recorders know them
	taken   Schedule
	sent    uint64 // calls so far

	panicked atomic.Pointer[PanicError] // the first panic of a process
	draws    uint64                     // seeds used
}

func newCluster(o Options) (*Cluster, error) {
	c := &Cluster{
		options: o, began: time.Now(),
		actors:  make(map[string]*actor),
		sends:   make(chan func()),
		objects: make(map[string]runtime.Object),
		decoder: scheme.Codecs.UniversalDeserializer(),
	}
	if s := o.Server.Scheme; s != nil && s != scheme.Scheme {
		c.decoder = serializer.NewCodecFactory(s).UniversalDeserializer()
	}
	c.context, c.cancel = context.WithCancel(context.Background())
	c.gate = newGate(c.began, o.Free)
	if o.Server.Store == nil {
		o.Server.Store = new(store.Memory)
	}
	o.Server.Store = &recordedStore{o.Server.Store, c}
	o.Server.Gate = c.gate
	var err error
	if c.Server, err = apiserver.New(o.Server); err != nil {
		return nil, err
	}
	if c.client, err = kubernetes.NewForConfig(c.Config(userActor)); err != nil {
		return nil, err
	}
	c.dynamic, err = dynamic.NewForConfig(c.Config(userActor))
	return c, err
}

func (c *Cluster) resources() resources {
	switch {
	case c.known.byName != nil:
	case c.Server.Scheme == scheme.Scheme && len(c.Server.Kinds) == 0:
		c.known = builtinResources()
	default:
		c.known = resourcesOf(c.Server.Scheme, c.Server.Kinds)
	}
	return c.known
}

// Config is a connection to the API server for clients that belong to no process
// of the cluster. What the actor "user" asks for never waits.
func (c *Cluster) Config(actor string) *rest.Config { return c.Server.Config(actor) }

// Client is the test's own: its calls never wait, and are no steps.
func (c *Cluster) Client() kubernetes.Interface { return c.client }

// Actors are the names of the registered processes, sorted.
func (c *Cluster) Actors() []string { return slices.Sorted(maps.Keys(c.actors)) }

// Elapsed is the time since the cluster began.
func (c *Cluster) Elapsed() time.Duration { return c.now() }

func (c *Cluster) now() time.Duration { return time.Since(c.began) }

// Taken is the schedule so far, with the steps that Settle took.
func (c *Cluster) Taken() Schedule { return slices.Clone(c.taken) }

// quiesce waits until every goroutine waits for a step or for time, and records
// what has happened since.
func (c *Cluster) quiesce() {
	c.settled()
	c.emit(&Rest{At: c.now()})
}

func (c *Cluster) settled() {
	synctest.Wait()
	for c.gate.refuses() {
		c.reseed()
		c.gate.tell()
		synctest.Wait()
	}
	moved.Add(1)
	c.flush()
}

func (c *Cluster) flush() {
	for _, n := range c.gate.takeNotes() {
		e := n.entry
		if n.write != nil {
			e = c.written(*n.write, n.at)
		}
		if sent, ok := e.(*Sent); ok {
			c.sent++
			sent.Call.ID = c.sent
		}
		c.emit(e)
	}
}

func (c *Cluster) emit(e Entry) {
	c.history.Record(e)
	for _, r := range c.options.Recorders {
		r.Record(e)
	}
}

// reseed gives the random numbers of the next consequences a seed of their own, so
// that they do not depend on how many were drawn before, and in which order.
func (c *Cluster) reseed() {
	c.draws++
	reseed(c.options.Seed + int64(c.draws))
}

// closeLimit is how much time processes get to stop at the end.
const closeLimit = 5 * time.Minute

// close stops everything and reports what does not stop.
func (c *Cluster) close() error {
	for _, r := range c.allRuns {
		r.setLink(dead)
		r.stop()
		r.dropCalls()
	}
	c.gate.close()
	c.cancel()
	var errs []error
	limit := time.After(closeLimit)
	for _, r := range c.allRuns {
		select {
		case <-r.done:
			continue
		case <-limit:
		}
		select {
		case <-r.done:
		default:
			errs = append(errs, fmt.Errorf("actor %q has not stopped %s after the end of its context", r.actor.name, closeLimit))
			limit = time.After(0)
		}
	}
	// Some of client-go's back-offs do not listen to a context.
	time.Sleep(time.Minute)
	return errors.Join(errs...)
}

// fatal ends the function that Run calls, and the test.
func (c *Cluster) fatal(err error) { panic(Failure{err}) }

// A Failure is what a method that returns no error panics with when it cannot do what
// it is asked for. Run fails the test with it, Open panics.
type Failure struct{ Err error }

func (f Failure) Error() string { return "sim: " + f.Err.Error() }

// Unwrap returns f.Err.
func (f Failure) Unwrap() error { return f.Err }

func (c *Cluster) must(s Step) {
	if err := c.Do(s); err != nil {
		c.fatal(err)
	}
}

// list writes names for an error.
func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// A tailRecorder keeps the last entries, for the message of a failure.
type tailRecorder struct {
	last [tailLength]Entry
	n    int
}

const tailLength = 60

func (t *tailRecorder) Record(e Entry) {
	if !worthALine(e) {
		return
	}
	t.last[t.n%tailLength] = e
	t.n++
}

func (t *tailRecorder) String() string {
	var b strings.Builder
	for i := max(0, t.n-tailLength); i < t.n; i++ {
		b.WriteString(t.last[i%tailLength].String())
		b.WriteByte('\n')
	}
	return b.String()
}
