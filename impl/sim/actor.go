package sim

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/reconverge/reconverge/impl/apiserver"
	"k8s.io/client-go/rest"
)

// A Runnable is a process, or part of one. Start returns when ctx ends and all that
// it has started has stopped. Managers of controller-runtime are Runnables.
type Runnable interface {
	Start(ctx context.Context) error
}

// RunnableFunc is a Runnable that is only a function.
type RunnableFunc func(ctx context.Context) error

// Start calls f.
func (f RunnableFunc) Start(ctx context.Context) error { return f(ctx) }

// A Factory makes a process out of a connection to the API server, which is all
// that it knows of the cluster. It is called again after a crash; what it keeps in
// its own variables is what survives one, as a disk would.
type Factory func(*rest.Config) (Runnable, error)

// An actor is a process that can be started, under a name.
type actor struct {
	name    string
	factory Factory
	link    link // of this run and the next: linked, refused or silent
	current *run // nil: not running
}

// A run is the life of a process from a start to a crash.
type run struct {
	cluster *Cluster
	actor   *actor
	number  int // of all runs of the cluster, from 1
	stop    context.CancelFunc
	done    chan struct{} // closed when Start has returned
	err     error         // of Start, once done

	mu    sync.Mutex
	link  link
	calls map[*call]struct{}
	heals chan struct{} // closed at the end of a silent partition
	// relists are the lists to come in place of streams, by what they select.
	relists map[string]int
}

// A link is the state of a run's connection.
type link uint8

const (
	linked  link = iota
	refused      // nothing connects
	silent       // nothing comes through, and nobody is told
	dead         // the process is no more
)

// reach waits until a request can be sent, or returns why it cannot.
func (r *run) reach(ctx context.Context, name string) error {
	for {
		r.mu.Lock()
		link, heals := r.link, r.heals
		r.mu.Unlock()
		switch link {
		case linked:
			return ctx.Err()
		case refused:
			r.cluster.gate.refuse(ctx, r.actor.name+" "+name)
			return errRefused
		case dead:
			return errRefused
		}
		select {
		case <-heals:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// hears waits until an answer can arrive, or returns why it cannot.
func (r *run) hears(ctx context.Context) error {
	for {
		r.mu.Lock()
		link, heals := r.link, r.heals
		r.mu.Unlock()
		switch link {
		case linked:
			return nil
		case refused, dead:
			return errReset
		}
		select {
		case <-heals:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// setLink changes the connection and wakes who waits for it.
func (r *run) setLink(l link) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.link == silent {
		close(r.heals)
	}
	if r.link = l; l == silent {
		r.heals = make(chan struct{})
	}
}

func (r *run) is(l link) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.link == l
}

func (r *run) track(c *call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls[c] = struct{}{}
}

func (r *run) forget(c *call) {
	c.cancel()
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.calls, c)
}

// An openWatch is the body of a watch.
type openWatch struct {
	io.ReadCloser
	call    *call
	name    string
	number  uint64 // of all watches, in the order in which they were opened
	stalled atomic.Bool
	cut     atomic.Bool
}

// Read implements io.Reader. A connection that breaks ends in the middle.
func (w *openWatch) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	if w.cut.Load() {
		return 0, io.ErrUnexpectedEOF
	}
	return n, err
}

// Close implements io.Closer.
func (w *openWatch) Close() error {
	w.call.run.forget(w.call)
	return w.ReadCloser.Close()
}

func compareWatches(a, b *openWatch) int {
	return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.call.run.number, b.call.run.number), cmp.Compare(a.number, b.number))
}

func (w *openWatch) breakOff() {
	w.cut.Store(true)
	w.call.cancel()
}

func (r *run) open(c *call, body io.ReadCloser) *openWatch {
	w := &openWatch{ReadCloser: body, call: c, name: c.Name(), number: r.cluster.watches.Add(1)}
	r.mu.Lock()
	defer r.mu.Unlock()
	c.watch = w
	return w
}

// openWatches returns the watches that the run has open, in the order of their names.
func (r *run) openWatches() []*openWatch {
	r.mu.Lock()
	defer r.mu.Unlock()
	var ws []*openWatch
	for c := range r.calls {
		if c.watch != nil && !c.watch.cut.Load() {
			ws = append(ws, c.watch)
		}
	}
	slices.SortFunc(ws, compareWatches)
	return ws
}

// Register names a process that a later Start begins. The name is one word, by which
// schedules call the process, and not "user", who waits for nothing.
func (c *Cluster) Register(name string, f Factory) {
	switch {
	case c.actors[name] != nil:
		c.fatal(fmt.Errorf("actor %q is registered already", name))
	case len(strings.Fields(name)) != 1 || strings.TrimSpace(name) != name:
		c.fatal(fmt.Errorf("the name of an actor is one word, and not %q", name))
	case name == userActor:
		c.fatal(fmt.Errorf("an actor cannot be called %q: that is the client of the test", name))
	case f == nil:
		c.fatal(fmt.Errorf("actor %q has no factory", name))
	}
	c.actors[name] = &actor{name: name, factory: f}
}

// Start registers a process and starts it. It returns once the process has done all
// that it can without an answer of the API server, and fails the test if the
// process has ended by then.
func (c *Cluster) Start(name string, f Factory) {
	c.Register(name, f)
	c.must(Step{Start, name})
}

// Crash stops a process as a loss of power would: from this instant on none of its
// requests leaves it and no answer reaches it. What it has sent and is still
// pending is "(late)": it takes effect if it is released, and Settle drops it.
func (c *Cluster) Crash(name string) { c.must(Step{Crash, name}) }

// Restart crashes a process if it runs, and starts it.
func (c *Cluster) Restart(name string) { c.must(Step{Restart, name}) }

// Partition breaks the connections of a process and refuses new ones, until Heal.
func (c *Cluster) Partition(name string) { c.must(Step{Partition, name}) }

// PartitionSilently lets a process send and receive nothing, without any error but
// timeouts of its own, until Heal.
func (c *Cluster) PartitionSilently(name string) { c.must(Step{Partition, name + " silent"}) }

// Heal ends a partition.
func (c *Cluster) Heal(name string) { c.must(Step{Heal, name}) }

// Running says whether a process has been started and has not crashed or ended. If
// it has ended by itself the error is what its Start returned.
func (c *Cluster) Running(name string) (bool, error) {
	a := c.actors[name]
	if a == nil || a.current == nil {
		return false, nil
	}
	select {
	case <-a.current.done:
		return false, a.current.err
	default:
		return true, nil
	}
}

func (c *Cluster) actor(name string) (*actor, error) {
	if a := c.actors[name]; a != nil {
		return a, nil
	}
	return nil, fmt.Errorf("there is no actor %q, only %s", name, list(c.Actors()))
}

func (c *Cluster) start(a *actor) error {
	// Two processes with periods in common would wake at the same instants, in any order.
	time.Sleep(c.options.phase())
	c.runs++
	ctx, stop := context.WithCancel(c.context)
	r := &run{
		cluster: c, actor: a, number: c.runs, stop: stop,
		done: make(chan struct{}), calls: make(map[*call]struct{}),
	}
	r.setLink(a.link)
	a.current = r
	c.allRuns = append(c.allRuns, r)
	c.gate.note(&Process{At: c.now(), Actor: a.name, Event: Started})
	go r.live(ctx, c.configOf(r))
	c.quiesce()
	select {
	case <-r.done:
		return fmt.Errorf("actor %q has ended at once: %w", a.name, r.err)
	default:
		return nil
	}
}

// live is the process.
func (r *run) live(ctx context.Context, config *rest.Config) {
	defer close(r.done)
	err := r.process(ctx, config)
	if err == nil && ctx.Err() == nil {
		err = errors.New("its Start has returned")
	}
	r.err = err
	if !r.is(dead) {
		r.cluster.gate.note(&Process{At: r.cluster.now(), Actor: r.actor.name, Event: Ended, Err: err})
		r.setLink(dead)
		r.dropCalls()
	}
}

// process makes the process and runs it.
func (r *run) process(ctx context.Context, config *rest.Config) (err error) {
	defer func() {
		if p := recover(); p != nil {
			notePanic(ctx, p)
			err = r.cluster.panics()
		}
	}()
	process, err := r.actor.factory(config)
	switch {
	case err != nil:
		return err
	case process == nil:
		return errors.New("its factory has returned neither a Runnable nor an error")
	}
	return process.Start(ctx)
}

// dropCalls ends every call of the run for the run's side.
func (r *run) dropCalls() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.calls {
		if c.watch != nil {
			c.watch.cut.Store(true)
		}
		c.cancel()
	}
}

// configOf is the connection of a run.
func (c *Cluster) configOf(r *run) *rest.Config {
	config := c.Server.Config(r.actor.name)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return &connection{run: r, next: next}
	})
	return config
}

func (c *Cluster) crash(a *actor) {
	r := a.current
	a.current = nil
	c.gate.note(&Process{At: c.now(), Actor: a.name, Event: Crashed})
	r.setLink(dead)
	r.stop()
	r.dropCalls()
}

// partition cuts one connection after the other: two that break at the same time
// would draw their back-off from the random numbers in any order.
func (c *Cluster) partition(a *actor, how link) {
	a.link = how
	c.gate.note(&Process{At: c.now(), Actor: a.name, Event: Partitioned, Silent: how == silent})
	if a.current == nil {
		return
	}
	a.current.setLink(how)
	if how == refused {
		c.breakAll(a.current)
	}
}

func (c *Cluster) breakAll(r *run) {
	for _, p := range c.gate.list() {
		if p.call == nil || p.call.run != r || p.event != nil {
			continue
		}
		c.reseed()
		outcome := apiserver.Fail
		if p.answer {
			outcome = apiserver.Lose
		}
		c.gate.decide(p.pending, apiserver.Verdict{Outcome: outcome})
		c.quiesce()
	}
	for _, w := range r.openWatches() {
		c.reseed()
		w.breakOff()
		c.quiesce()
	}
}

func (c *Cluster) heal(a *actor) {
	a.link = linked
	c.gate.note(&Process{At: c.now(), Actor: a.name, Event: Healed})
	if a.current != nil {
		a.current.setLink(linked)
	}
}
