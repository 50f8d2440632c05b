package suite

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/reconverge/reconverge/impl/claims"
	"github.com/reconverge/reconverge/impl/controller/kubelet"
	"github.com/reconverge/reconverge/impl/sim"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/scheme"
)

// An observer tells the judges of a run what a cluster records, and what happens on
// its machines. It remembers the first violation.
type observer struct {
	mu          sync.Mutex // containers start and stop in goroutines of their kubelets
	run         *claims.Run
	began       time.Time
	requests    map[uint64]*claims.Request
	live        map[string]*corev1.Pod     // by name
	machines    map[string]*claims.Machine // by node
	partitioned map[string]bool            // processes
	lenient     bool                       // nothing counts yet
	err         error
}

func newObserver(s claims.Scenario, some []claims.Claim) *observer {
	return &observer{
		run:         claims.NewRun(s, some),
		began:       time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC),
		requests:    map[uint64]*claims.Request{},
		live:        map[string]*corev1.Pod{},
		machines:    map[string]*claims.Machine{},
		partitioned: map[string]bool{},
	}
}

func (o *observer) violation() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// pods are those that the writes have left, by name: all of a cluster are in one
// namespace. Nothing that they point to may be changed.
func (o *observer) pods() []corev1.Pod {
	o.mu.Lock()
	defer o.mu.Unlock()
	pods := make([]corev1.Pod, 0, len(o.live))
	for _, name := range slices.Sorted(maps.Keys(o.live)) {
		pods = append(pods, *o.live[name])
	}
	return pods
}

// settled asks the claims about the end.
func (o *observer) settled() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		o.err = o.run.Settled()
	}
	return o.err
}

func (o *observer) tell(at time.Duration, e claims.Event) {
	e.At = o.began.Add(at)
	err := o.run.Observe(e)
	switch {
	case err != nil && o.lenient:
		o.run.Forgive()
	case o.err == nil:
		o.err = err
	}
}

// ContainersStarted implements kubelet.Observer.
func (o *observer) ContainersStarted(node string, pod kubelet.PodRef) { o.container(node, pod, true) }

// ContainersStopped implements kubelet.Observer. That containers stop when their
// machine loses power, nobody has ended.
func (o *observer) ContainersStopped(node string, pod kubelet.PodRef) { o.container(node, pod, false) }

func (o *observer) container(node string, pod kubelet.PodRef, started bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	m := o.machines[node]
	o.tell(time.Since(o.began), claims.Event{Container: &claims.Container{
		Node: node, Pod: pod.Namespace + "/" + pod.Name, UID: pod.UID,
		Started: started, Ended: !started && m != nil && m.Alive,
	}})
}

// Record implements sim.Recorder.
func (o *observer) Record(e sim.Entry) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch e := e.(type) {
	case *sim.Sent:
		r := requestOf(e.Call)
		o.requests[e.Call.ID] = r
		o.tell(e.At, claims.Event{Sent: r})
	case *sim.Written:
		if pod, ok := e.After.(*corev1.Pod); ok {
			o.live[e.Name] = pod
		} else if e.Resource.Resource == "pods" {
			delete(o.live, e.Name)
		}
		o.tell(e.At, claims.Event{Write: o.write(e)})
	case *sim.Answered:
		if e.Call == nil {
			return
		}
		if e.List != nil && e.Code == 200 {
			o.tell(e.At, claims.Event{Seen: listed(e)})
		}
		o.tell(e.At, claims.Event{Answered: &claims.Answer{Request: e.Call.ID}})
	case *sim.Taken:
		if e.Event != nil && e.Call != nil && e.Step.Verb == sim.Release && !e.Late {
			o.tell(e.At, claims.Event{Seen: delivered(e)})
		}
	case *sim.Process:
		o.process(e)
	case *sim.Rest:
		o.tell(e.At, claims.Event{Rest: true})
	}
}

func (o *observer) write(e *sim.Written) *claims.Write {
	w := &claims.Write{Revision: e.Revision, Resource: e.Resource.Resource, Before: metadataOf(e.Before), After: metadataOf(e.After)}
	if e.Call != nil {
		w.Request = o.requests[e.Call.ID]
	}
	return w
}

func metadataOf(o runtime.Object) metav1.Object {
	if o == nil {
		return nil
	}
	m, err := meta.Accessor(o)
	if err != nil {
		return nil // no kind of the API server is without metadata
	}
	return m
}

// requestOf is a call as the claims see it.
func requestOf(c *sim.Call) *claims.Request {
	r := c.Request
	return &claims.Request{
		ID: c.ID, Actor: r.Client.Actor, Component: r.Client.Component, Verb: r.Verb,
		Resource: r.Resource.Resource, Subresource: r.Subresource, Namespace: r.Namespace, Name: r.Name,
		ResourceVersion: wantedRevision(c),
	}
}

// wantedRevision is the resourceVersion that a write wants the object to have, or 0.
func wantedRevision(c *sim.Call) int64 {
	if len(c.Body) == 0 {
		return 0
	}
	var version string
	switch r := c.Request; {
	case r.Verb == "patch":
		var patch struct {
			Metadata struct {
				ResourceVersion string `json:"resourceVersion"`
			} `json:"metadata"`
		}
		if json.Unmarshal(c.Body, &patch) == nil { // a JSON patch is a list, and tests what it wants
			version = patch.Metadata.ResourceVersion
		}
	case r.Verb == "update":
		if m := metadataOf(decoded(c.Body)); m != nil {
			version = m.GetResourceVersion()
		}
	case r.Verb == "delete":
		if o, ok := decoded(c.Body).(*metav1.DeleteOptions); ok && o.Preconditions != nil && o.Preconditions.ResourceVersion != nil {
			version = *o.Preconditions.ResourceVersion
		}
	}
	n, _ := strconv.ParseInt(version, 10, 64)
	return n
}

func decoded(body []byte) runtime.Object {
	o, _, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, nil)
	if err != nil {
		return nil // a kind without a Go type
	}
	return o
}

// seenBy is who keeps a cache: the shared caches are those of their process, any
// other part has its own.
func seenBy(c *sim.Call) string {
	client := c.Request.Client
	if client.Component == "" || client.Component == "shared-informers" {
		return client.Actor
	}
	return client.Actor + "/" + client.Component
}

func listed(e *sim.Answered) *claims.Seen {
	s := &claims.Seen{Actor: seenBy(e.Call), Resource: e.Call.Request.Resource.Resource, Partial: e.Call.Selective || e.Call.Request.Namespace != ""}
	if list, err := meta.ListAccessor(e.List); err == nil {
		s.Revision, _ = strconv.ParseInt(list.GetResourceVersion(), 10, 64)
		s.Partial = s.Partial || list.GetContinue() != ""
	}
	s.Objects = []claims.Version{}
	_ = meta.EachListItem(e.List, func(o runtime.Object) error {
		if m := metadataOf(o); m != nil {
			n, _ := strconv.ParseInt(m.GetResourceVersion(), 10, 64)
			s.Objects = append(s.Objects, claims.Version{Namespace: m.GetNamespace(), Name: m.GetName(), ResourceVersion: n})
		}
		return nil
	})
	return s
}

func delivered(e *sim.Taken) *claims.Seen {
	ev := e.Event
	s := &claims.Seen{
		Actor: seenBy(e.Call), Resource: ev.Resource.Resource, Revision: ev.ResourceVersion, Type: ev.Type,
		Partial: e.Call.Selective || e.Call.Request.Namespace != "",
	}
	if ev.Type != watch.Bookmark {
		s.Objects = []claims.Version{{Namespace: ev.Namespace, Name: ev.Name, ResourceVersion: ev.ResourceVersion}}
	}
	return s
}

// process tells of a process, and of the machine if it is a kubelet.
func (o *observer) process(e *sim.Process) {
	switch e.Event {
	case sim.Partitioned, sim.Healed:
		o.partitioned[e.Actor] = e.Event == sim.Partitioned
	}
	node, isKubelet := strings.CutPrefix(e.Actor, kubeletPrefix)
	if !isKubelet {
		node = ""
	}
	running := e.Event == sim.Started
	if running || e.Event == sim.Crashed || e.Event == sim.Ended {
		o.tell(e.At, claims.Event{Process: &claims.Process{Actor: e.Actor, Node: node, Started: running}})
	}
	if !isKubelet {
		return
	}
	m := o.machine(node)
	switch e.Event {
	case sim.Started:
		m.Alive = true
	case sim.Crashed, sim.Ended:
		m.Alive = false
	}
	m.Connected = !o.partitioned[e.Actor]
	o.machines[node] = &m
	o.tell(e.At, claims.Event{Machine: &m})
}

// machine is what was told of a machine last.
func (o *observer) machine(node string) claims.Machine {
	if was := o.machines[node]; was != nil {
		return *was
	}
	return claims.Machine{Node: node, Works: true}
}

// runtime tells that the container runtime of a node works from now on, or does not.
func (o *observer) runtime(node string, works bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	m := o.machine(node)
	m.Works = works
	o.machines[node] = &m
	o.tell(time.Since(o.began), claims.Event{Machine: &m})
}

// drained tells that somebody drains a node, and of which pods.
func (o *observer) drained(node string, pods []corev1.Pod) {
	o.mu.Lock()
	defer o.mu.Unlock()
	d := &claims.Drain{Node: node}
	for _, pod := range pods {
		d.Pods = append(d.Pods, pod.UID)
	}
	o.tell(time.Since(o.began), claims.Event{Drain: d})
}
