package replay

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/reconverge/reconverge/impl/apiserver"
	"github.com/reconverge/reconverge/impl/sim"
)

// A Row says what realises an action of the model in a cluster.
type Row struct {
	Action  string
	Is      string // in words
	realise func(*driver, *step) error

	component string // of the process whose request it is; with kinds: which
	kinds     []kind
}

// requests reports whether a request that waits could be one of the row's.
func (r Row) requests(q *apiserver.Request) bool {
	return r.component != "" && r.component == q.Client.Component && slices.ContainsFunc(r.kinds, func(k kind) bool { return k.of(q) })
}

// Rows are the actions that can be realised, by name.
func Rows() []Row {
	rows := slices.Concat(watchRows(), replicaSetRows(), nodeRows(), podRows(), peopleRows(), faultRows())
	slices.SortFunc(rows, func(a, b Row) int { return cmp.Compare(a.Action, b.Action) })
	return rows
}

func rowOf(action string) (Row, bool) {
	for _, r := range Rows() {
		if r.Action == action {
			return r, true
		}
	}
	return Row{}, false
}

// How long the implementation is given for a step, in virtual time: for what it does
// at once; in passes of every second, or after a back-off; when a kubelet looks
// whether what it last said of its pods is still so.
const (
	soon  = time.Second
	later = 5 * time.Second
	late  = 11 * time.Second
)

// A sender is part of a process; for a kubelet and a person the actor depends on the
// step.
type sender func(d *driver, s *step) (actor, component string)

func inManager(component string) sender {
	return func(d *driver, _ *step) (string, string) { return d.manager, component }
}

func scheduler(*driver, *step) (string, string) { return schedulerActor, "" }

func kubeletOf(d *driver, s *step) (string, string) {
	n := s.nodeOf()
	if n < 0 {
		return "", ""
	}
	return kubeletPrefix + d.nodes[n], "kubelet"
}

// A kind is a verb and a resource, with its subresource: "update pods/status".
type kind string

func kindOf(r *apiserver.Request) kind {
	resource := r.Resource.Resource
	if r.Subresource != "" {
		resource += "/" + r.Subresource
	}
	return kind(r.Verb + " " + resource)
}

func (k kind) of(r *apiserver.Request) bool { return k == kindOf(r) }

func (k kind) isList() bool { return strings.HasPrefix(string(k), "list ") }

// sends matches requests of a sender.
func (d *driver) sends(s *step, from sender, kinds ...kind) func(sim.Waiting) bool {
	actor, component := from(d, s)
	return func(w sim.Waiting) bool {
		r := w.Request
		return r != nil && !w.Answer && !w.Late && r.Part == "" && r.Client.Actor == actor && (component == "" || r.Client.Component == component) &&
			slices.ContainsFunc(kinds, func(k kind) bool { return k.of(r) })
	}
}

func inWords(d *driver, s *step, from sender, kinds ...kind) string {
	actor, component := from(d, s)
	var words []string
	for _, k := range kinds {
		words = append(words, string(k))
	}
	if component != "" {
		actor += "/" + component
	}
	return "\"" + actor + " " + strings.Join(words, ", ") + "\""
}

// write is a row about a request that changes an object, and makes the store that of
// the model's state.
func write(action string, limit time.Duration, from sender, kinds ...kind) Row {
	_, component := from(nobody())
	return Row{Action: action, Is: isWrite(from, kinds), component: component, kinds: kinds, realise: func(d *driver, s *step) error {
		sends := d.sends(s, from, kinds...)
		w := want{
			what: inWords(d, s, from, kinds...), verb: s.verb(), limit: limit,
			match: func(w sim.Waiting) bool { return sends(w) && d.leadsTo(w, s) },
			done:  d.reached,
		}
		if d.reached() { // nothing is to change: it fails, or is refused, or done already
			w.match = func(w sim.Waiting) bool { return sends(w) && d.isAbout(w, s) }
			w.done = nil
		}
		w.once = w.verb == sim.Lose
		return d.pursue(w)
	}}
}

func isWrite(from sender, kinds []kind) string {
	d, s := nobody()
	return inWords(d, s, from, kinds...)
}

// nobody are a driver and a step for the names of senders.
func nobody() (*driver, *step) {
	return &driver{manager: managerActor, nodes: []string{"N"}}, &step{node: 0}
}

// leadsTo reports whether a write brings the store nearer to the model's state, or
// is about the object that the step is about.
func (d *driver) leadsTo(w sim.Waiting, s *step) bool {
	e, ok := d.effectOf(w)
	if !ok || !d.visible(e) {
		return d.isAbout(w, s)
	}
	switch {
	case strings.HasPrefix(e.key, "pods/"):
		i := slices.IndexFunc(d.world.pods, func(uid types.UID) bool { return podKey(uid) == e.key })
		return towards(d.pod(e.before), d.pod(e.after), inStore(s.to.Pods[i]))
	case strings.HasPrefix(e.key, "nodes/"):
		n := int(d.nodeRef(w.Request.Name)) - 1
		return towards(node(e.before), node(e.after), nodeInStore(s.to.Nodes[n]))
	}
	return towards(d.owner(e.before), d.owner(e.after), d.wantedOwner(s.to))
}

// isAbout reports whether a request has the name of what the step is about, or none.
func (d *driver) isAbout(w sim.Waiting, s *step) bool {
	name, resource := w.Request.Name, w.Request.Resource.Resource
	return name == "" || resource != "pods" && resource != "nodes" || name == d.podName(s.pod) || s.node >= 0 && name == d.nodes[s.node]
}

// decision is a row about something that a process decides and tells nobody: what it
// asks for then waits.
func decision(action string, limit time.Duration, from sender, kinds ...kind) Row {
	return Row{Action: action, Is: isWrite(from, kinds) + " waits", realise: func(d *driver, s *step) error {
		return d.waitFor(s, limit, from, kinds...)
	}}
}

func (d *driver) waitFor(s *step, limit time.Duration, from sender, kinds ...kind) error {
	match := d.sends(s, from, kinds...)
	return d.pursue(want{what: inWords(d, s, from, kinds...), limit: limit, done: func() bool {
		_, ok := find(d.Waiting(), match)
		return ok
	}})
}

// read is a row about a read, upon which something else is asked for.
func read(action string, limit time.Duration, from sender, reads kind, then ...kind) Row {
	return Row{Action: action, Is: isWrite(from, []kind{reads}), realise: func(d *driver, s *step) error {
		sends, follows := d.sends(s, from, reads), d.sends(s, from, then...)
		w := want{what: inWords(d, s, from, reads), limit: limit, match: func(w sim.Waiting) bool { return sends(w) && (reads.isList() || d.isAbout(w, s)) }}
		if len(then) == 0 {
			w.once = true
			return d.pursue(w)
		}
		w.what = inWords(d, s, from, append([]kind{reads}, then...)...)
		w.done = func() bool {
			_, ok := find(d.Waiting(), follows)
			return ok
		}
		return d.pursue(w)
	}}
}

// passing is a row about something of which nothing can be seen but that time passes.
func passing(action, is string, d time.Duration) Row {
	return Row{Action: action, Is: is, realise: func(driver *driver, _ *step) error { return driver.pass(d) }}
}

// pass lets time pass in which nothing happens that the model sees.
func (d *driver) pass(t time.Duration) error {
	until := d.Elapsed() + t
	return d.pursue(want{what: "the end of " + t.String(), limit: t + time.Second, done: func() bool { return d.Elapsed() >= until }})
}
