package conform

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/reconverge/reconverge/impl/controller/kubelet"
	"github.com/reconverge/reconverge/impl/sim"
	"github.com/reconverge/reconverge/impl/suite"
	"github.com/reconverge/reconverge/model"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/watch"
)

// TickEvery is how much virtual time has to pass from one tick of the model to the
// next: less than the grace period of a node, so that one comes in it, and less than
// half of a toleration, so that two come in that.
const TickEvery = 7 * time.Second

// maxStates is how many states of the model may fit at a time.
const maxStates = 20000

// A Divergence is an observation that no state of the model leads to.
type Divergence struct {
	At       time.Duration
	Step     sim.Step // after which it was observed
	Observed string
	Actions  []string // of the model, that the table has for it; none: there is no row
	Allowed  []string // what the model would have shown, in its words
}

func (d *Divergence) Error() string {
	expected := "nothing: the table has no row for it"
	if len(d.Actions) > 0 {
		expected = strings.Join(d.Actions, " or ")
	}
	return fmt.Sprintf("%.3fs: %s, after the step %q, is no behaviour of the model. The table has for it: %s. The model would have allowed: %s",
		d.At.Seconds(), d.Observed, d.Step, expected, strings.Join(d.Allowed, ", "))
}

// Outside says that a run has left what the model speaks of.
type Outside struct {
	At     time.Duration
	Reason string
}

func (o *Outside) Error() string {
	return fmt.Sprintf("%.3fs: outside of the model: %s", o.At.Seconds(), o.Reason)
}

var errNotAtRest = errors.New("conform: the cluster is not at rest when the run begins")

// A Checker is told of a run, and compares it with the model, step by step.
type Checker struct {
	Steps int // that were taken and compared

	mu     sync.Mutex // containers start and stop in goroutines of their kubelets
	w      *world
	b      beliefs
	most   int // states that fitted at a time
	table  []Row
	lag    int
	begun  bool
	ended  bool
	err    error
	at     time.Duration
	step   sim.Step
	ticked time.Duration
	late   map[uint64]bool // calls whose process is no more, or was cut off since
	links  map[string]*link
}

// Check makes a Checker for runs of a scenario.
func Check(s suite.Scenario, table []Row) (*Checker, error) {
	scenarios, err := Scenarios(s)
	if err != nil {
		return nil, err
	}
	c := &Checker{table: table, lag: model.MaxLag, late: map[uint64]bool{}, links: map[string]*link{}}
	for _, scenario := range scenarios {
		m, err := model.New(scenario, anyClaim)
		if err != nil {
			return nil, err
		}
		c.b = append(c.b, newBelief(m, maxStates))
	}
	c.w = newWorld(c.b[0].m, inSelector)
	if s.Replicas < 0 {
		c.w.withoutOwner()
	}
	return c, nil
}

// anyClaim is a property that is claimed of every scenario: a model needs one.
const anyClaim = "P-NOREVIVE"

var _ suite.Observer = (*Checker)(nil)

// Stops implements suite.Observer: a run that has diverged goes no further.
func (c *Checker) Stops() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var d *Divergence
	if errors.As(c.err, &d) {
		return c.err
	}
	return nil
}

// Result returns why the run is not checked any further: a *Divergence, an *Outside,
// another error, or nil.
func (c *Checker) Result() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Most returns how many states of the model fitted at a time, at most.
func (c *Checker) Most() int { return c.most }

// Begin implements suite.Observer.
func (c *Checker) Begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.w.begin(); err != nil {
		c.err = err
		return
	}
	c.begun, c.ticked = true, c.at
	fit := c.fit()
	if !c.update(func(b *belief) error { return b.begin(fit) }) && c.err == nil {
		c.err = errors.New("conform: the cluster does not begin like the model")
	}
}

// End implements suite.Observer.
func (c *Checker) End() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
}

// fit compares states with what is observed now.
func (c *Checker) fit() fits {
	want := c.w.observed()
	return func(s *model.State) bool {
		got := c.w.m.Observe(s)
		c.w.mask(&got)
		return got == want
	}
}

// fail keeps the first reason.
func (c *Checker) fail(err error) {
	var many errTooMany
	var out *Outside
	switch {
	case c.err != nil || err == nil:
	case errors.As(err, &many):
		c.err = &Outside{At: c.at, Reason: many.Error()}
	case errors.As(err, &out):
		out.At = c.at
		c.err = out
	default:
		c.err = err
	}
}

// see takes up something that one of some actions must lead to.
func (c *Checker) see(what string, actions []string, times int, accept func(from, to *model.State) bool) {
	if c.err != nil || !c.begun {
		return
	}
	fit := c.fit()
	if !c.update(func(b *belief) error { return b.step(actions, times, fit, accept) }) && c.err == nil {
		c.err = &Divergence{At: c.at, Step: c.step, Observed: what, Actions: actions, Allowed: c.b.allowed(fit)}
	}
}

// update changes what is believed; false: nothing fits any more, or something failed.
func (c *Checker) update(change func(*belief) error) bool {
	ok, err := c.b.update(change)
	c.fail(err)
	states := 0
	for _, b := range c.b {
		states += len(b.states)
	}
	c.most = max(c.most, states)
	return ok
}

// Record implements sim.Recorder.
func (c *Checker) Record(e sim.Entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil || c.ended {
		return
	}
	switch e := e.(type) {
	case *sim.Taken:
		c.time(e.At)
		if !e.Free {
			c.step = e.Step
			c.Steps++
		}
		if e.Late && e.Call != nil {
			c.late[e.Call.ID] = true
		}
		if e.Event != nil && e.Call != nil && e.Step.Verb == sim.Release && !e.Late {
			c.delivered(e)
		}
	case *sim.Written:
		c.time(e.At)
		c.written(e)
	case *sim.Answered:
		c.time(e.At)
		if e.Call != nil && e.List != nil && e.Code == 200 {
			c.listed(e)
		}
	case *sim.Process:
		c.time(e.At)
		c.process(e)
	case *sim.Rest:
		c.time(e.At)
	}
}

// time lets the model's pass.
func (c *Checker) time(at time.Duration) {
	c.at = at
	for c.begun && c.err == nil && c.ticked+TickEvery <= at {
		c.ticked += TickEvery
		fit := c.fit()
		c.update(func(b *belief) error { return b.maybe(tick, fit) })
	}
}

// written takes up a write of the store.
func (c *Checker) written(e *sim.Written) {
	if e.Resource.Resource == "leases" {
		c.renewed(e)
		return
	}
	of, ok := kinds[e.Resource.Resource]
	if !ok {
		return
	}
	if reason := c.fullCache(); reason != "" {
		c.fail(&Outside{Reason: reason})
		return
	}
	was := c.w.store
	changed, err := c.w.write(of, e.Revision, e.Before, e.After, e.Call != nil && strings.HasPrefix(e.Call.Request.Client.Actor, kubeletPrefix))
	if c.fail(err); err != nil || !changed || !c.begun {
		return
	}
	client, verb, resource := User, "", e.Resource.Resource
	if e.Call != nil {
		r := e.Call.Request
		client, verb, resource = clientOf(r.Client.Actor, r.Client.Component), r.Verb, r.Resource.Resource
		if r.Subresource != "" {
			resource += "/" + r.Subresource
		}
	}
	what := fmt.Sprintf("%s %s %s %s (%s)", client, verb, resource, e.Name, difference(&was, &c.w.store))
	actions, ok := actionsOf(c.table, client, verb, resource, e.Type)
	if !ok {
		c.err = &Divergence{At: c.at, Step: c.step, Observed: what}
		return
	}
	if e.Call != nil && c.late[e.Call.ID] {
		if actions = formers(actions); len(actions) == 0 {
			c.fail(&Outside{Reason: fmt.Sprintf("a request of a %s that is no more, or was cut off, takes effect", client)})
			return
		}
	}
	if by := int(c.w.store.Owner.Replicas) - int(was.Owner.Replicas); was.Owner.UID == c.w.store.Owner.UID && (by < -1 || by > 1) {
		c.fail(&Outside{Reason: "the ReplicaSet is scaled by more than one at a time"})
		return
	}
	c.see(what, actions, 1, nil)
}

// difference says in what two stores differ.
func difference(a, b *model.Observation) string {
	for i := range a.Pods {
		if a.Pods[i] != b.Pods[i] {
			return fmt.Sprintf("%+v -> %+v", a.Pods[i], b.Pods[i])
		}
	}
	for i := range a.Nodes {
		if a.Nodes[i] != b.Nodes[i] {
			return fmt.Sprintf("%+v -> %+v", a.Nodes[i], b.Nodes[i])
		}
	}
	return fmt.Sprintf("%+v -> %+v", a.Owner, b.Owner)
}

// formers are the actions of a controller manager that is no more.
func formers(actions []string) []string {
	return slices.DeleteFunc(slices.Clone(actions), func(a string) bool { return !strings.HasPrefix(a, "Former.") && a != "API.Remove" })
}

// fullCache says which cache cannot take another event, in the model.
func (c *Checker) fullCache() string {
	for id := range c.w.caches {
		if k := &c.w.caches[id]; c.begun && k.known && k.unseen >= c.lag {
			return fmt.Sprintf("a cache is behind by %d events (%s)", k.unseen, seeing[id])
		}
	}
	return ""
}

// clientOf names the client of a row.
func clientOf(actor, component string) string {
	switch {
	case strings.HasPrefix(actor, kubeletPrefix):
		return "kubelet"
	case component == "":
		return User
	}
	return component
}

// renewed takes up a heartbeat.
func (c *Checker) renewed(e *sim.Written) {
	n, ok := c.w.nodes[e.Name]
	if !ok || !c.begun || c.err != nil {
		return
	}
	fit := c.fit()
	c.update(func(b *belief) error {
		return b.must("Kubelet.Heartbeat", fit, func(from, to *model.State) bool {
			return from.Nodes[n].Silent > 0 && to.Nodes[n].Silent == 0
		})
	})
}

// cacheOf returns the cache of the model that a call fills.
func cacheOf(call *sim.Call) (cacheID, bool) {
	r := call.Request
	if call.Selective && r.Client.Actor != "scheduler" || r.Namespace != "" || r.Client.Component != "" && r.Client.Component != "shared-informers" && r.Client.Component != "scheduler" {
		return 0, false
	}
	switch r.Client.Actor + " " + r.Resource.Resource {
	case "kcm pods":
		return managerPods, true
	case "kcm nodes":
		return managerNodes, true
	case "kcm replicasets":
		return managerOwners, true
	case "scheduler pods":
		return schedulerPods, true
	case "scheduler nodes":
		return schedulerNodes, true
	}
	return 0, false
}

// delivered takes up an event that has reached a cache.
func (c *Checker) delivered(e *sim.Taken) {
	id, ok := cacheOf(e.Call)
	if !ok || !c.begun || e.Event.Type == watch.Error {
		c.position(id, ok, e.Event.ResourceVersion)
		return
	}
	c.seek(id, e.Event.ResourceVersion, fmt.Sprintf("%s sees %s %s %s", e.Call.Request.Client.Actor, e.Event.Type, e.Event.Resource.Resource, e.Event.Name))
}

// listed takes up a list that has replaced a cache.
func (c *Checker) listed(e *sim.Answered) {
	id, ok := cacheOf(e.Call)
	list, err := meta.ListAccessor(e.List)
	if !ok || err != nil {
		return
	}
	revision, err := parseRevision(list.GetResourceVersion())
	if err != nil {
		return
	}
	if !c.begun {
		c.position(id, true, revision)
		return
	}
	c.seek(id, revision, fmt.Sprintf("%s lists %s", e.Call.Request.Client.Actor, e.Call.Request.Resource.Resource))
}

// position notes how far a cache is before the run begins.
func (c *Checker) position(id cacheID, ok bool, revision int64) {
	if ok && !c.begun {
		c.w.seek(id, revision)
	}
}

// seek takes a cache to a revision.
func (c *Checker) seek(id cacheID, revision int64, what string) {
	if !c.w.caches[id].known {
		c.w.seek(id, revision)
		fit := c.fit()
		if !c.update(func(b *belief) error { return b.keep(fit) }) && c.err == nil {
			c.err = &Divergence{At: c.at, Step: c.step, Observed: what, Actions: []string{seeing[id]}}
		}
		return
	}
	if c.w.seek(id, revision) {
		c.see(what, []string{seeing[id], "Fault.Relist"}, model.MaxLag, nil)
	}
}

// process takes up what befalls a process.
func (c *Checker) process(e *sim.Process) {
	if !c.begun {
		if e.Event == sim.Started && strings.HasPrefix(e.Actor, kubeletPrefix) {
			c.links[strings.TrimPrefix(e.Actor, kubeletPrefix)] = &link{power: true, kubelet: true, connected: true}
		}
		return
	}
	switch {
	case e.Actor == "kcm" && (e.Event == sim.Crashed || e.Event == sim.Ended):
		c.w.forget(managerPods, managerNodes, managerOwners)
		c.see("the controller manager restarts", []string{"Fault.RestartKCM", "Fault.HandOver"}, 1, nil)
	case e.Actor == "kcm" && e.Event == sim.Started:
	case e.Actor == "drain":
		if e.Event == sim.Started { // of a node that is cordoned already nothing is written
			fit := c.fit()
			c.update(func(b *belief) error { return b.maybe("User.Drain", fit) })
		}
	case strings.HasPrefix(e.Actor, kubeletPrefix):
		c.kubelet(strings.TrimPrefix(e.Actor, kubeletPrefix), e.Event)
	case strings.HasPrefix(e.Actor, "machine-") && e.Event == sim.Crashed:
		c.powerOff(strings.TrimPrefix(e.Actor, "machine-"))
	case strings.HasPrefix(e.Actor, "runtime-") && e.Event == sim.Crashed:
		c.onNode(strings.TrimPrefix(e.Actor, "runtime-"), "the runtime fails", "Fault.NodeBreak", nil)
	case strings.HasPrefix(e.Actor, "runtime-") && e.Event == sim.Started:
		c.onNode(strings.TrimPrefix(e.Actor, "runtime-"), "the runtime works again", "Fault.NodeRepair", nil)
	case strings.HasPrefix(e.Actor, "machine-"), e.Actor == "submitter", e.Actor == "deployer":
	default:
		c.fail(&Outside{Reason: fmt.Sprintf("%s has %s", e.Actor, e.Event)})
	}
}

// ContainersStarted implements kubelet.Observer.
func (c *Checker) ContainersStarted(node string, pod kubelet.PodRef) { c.container(node, pod, true) }

// ContainersStopped implements kubelet.Observer.
func (c *Checker) ContainersStopped(node string, pod kubelet.PodRef) { c.container(node, pod, false) }

func (c *Checker) container(node string, pod kubelet.PodRef, running bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i, ok := c.w.pods[pod.UID]
	if !ok || c.err != nil || c.ended {
		return
	}
	if l := c.links[node]; c.begun && !running && l != nil && !l.kubelet {
		c.powerOff(node)
		return
	}
	if c.w.store.Pods[i].Running == running {
		return
	}
	c.w.store.Pods[i].Running = running
	action, word := "Kubelet.Stop", "stop"
	if running {
		action, word = "Kubelet.Start", "start"
	}
	c.see(fmt.Sprintf("containers of %s %s", pod.Name, word), []string{action}, 1, nil)
}
