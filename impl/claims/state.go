package claims

import (
	"cmp"
	"maps"
	"slices"
	"sort"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// A State is a cluster as its events have told of it so far.
type State struct {
	Now      time.Time
	Revision int64 // of the newest write
	Number   int   // of the newest event, from 1

	live       map[string]map[string]metav1.Object // resource, key
	uids       map[types.UID]metav1.Object         // those of live
	history    map[string]map[string][]*Write      // resource, key, ascending
	log        map[string][]*Write                 // resource, ascending
	containers map[types.UID]Container             // that run
	processes  map[string]running                  // actor
	kubelets   map[string]string                   // actor: its node, even if it has stopped
	machines   map[string]Machine                  // node
	drained    []Drain
	watching
}

// A running process.
type running struct {
	Process
	since    time.Time
	revision int64 // of the store when it started
}

func newState() *State {
	return &State{
		Revision:   1, // of an empty store
		live:       map[string]map[string]metav1.Object{},
		uids:       map[types.UID]metav1.Object{},
		history:    map[string]map[string][]*Write{},
		log:        map[string][]*Write{},
		containers: map[types.UID]Container{},
		processes:  map[string]running{},
		kubelets:   map[string]string{},
		machines:   map[string]Machine{},
		watching:   newWatching(),
	}
}

// take brings the state up to date.
func (s *State) take(e Event) {
	s.Number++
	s.Now = e.At
	switch {
	case e.Write != nil:
		s.write(e.Write)
	case e.Container != nil && e.Container.Started:
		s.containers[e.Container.UID] = *e.Container
	case e.Container != nil:
		delete(s.containers, e.Container.UID)
	case e.Process != nil && e.Process.Started:
		s.processes[e.Process.Actor] = running{*e.Process, e.At, s.Revision}
		if e.Process.Node != "" {
			s.kubelets[e.Process.Actor] = e.Process.Node
		}
		s.forget(e.Process.Actor)
	case e.Process != nil:
		delete(s.processes, e.Process.Actor)
		s.forget(e.Process.Actor)
	case e.Machine != nil:
		s.machines[e.Machine.Node] = *e.Machine
	case e.Drain != nil:
		s.drained = append(s.drained, *e.Drain)
	default:
		s.watch(e, s.Revision)
	}
}

func (s *State) write(w *Write) {
	s.Revision = w.Revision
	k := key(w.object())
	if s.live[w.Resource] == nil {
		s.live[w.Resource] = map[string]metav1.Object{}
		s.history[w.Resource] = map[string][]*Write{}
	}
	s.history[w.Resource][k] = append(s.history[w.Resource][k], w)
	s.log[w.Resource] = append(s.log[w.Resource], w)
	if w.After == nil {
		delete(s.live[w.Resource], k)
		delete(s.uids, w.Before.GetUID())
	} else {
		s.live[w.Resource][k] = w.After
		s.uids[w.After.GetUID()] = w.After
	}
}

// object is what was written, or removed.
func (w *Write) object() metav1.Object {
	if w.After != nil {
		return w.After
	}
	return w.Before
}

// by reports whether it was this part of a controller that wrote.
func (w *Write) by(component string) bool {
	return w.Request != nil && w.Request.Component == component
}

// key is namespace/name, or the name of an object without a namespace.
func key(o metav1.Object) string { return join(o.GetNamespace(), o.GetName()) }

func join(namespace, name string) string {
	if namespace == "" {
		return name
	}
	return namespace + "/" + name
}

// Object returns the object that the store has, or nil.
func (s *State) Object(resource, key string) metav1.Object { return s.live[resource][key] }

// at returns an object as it was at a revision, or nil if there was none.
func (s *State) at(resource, key string, revision int64) metav1.Object {
	versions := s.history[resource][key]
	n := sort.Search(len(versions), func(i int) bool { return versions[i].Revision > revision })
	if n == 0 {
		return nil
	}
	return versions[n-1].After
}

// after returns the writes of a kind after a revision.
func (s *State) after(resource string, revision int64) []*Write {
	log := s.log[resource]
	return log[sort.Search(len(log), func(i int) bool { return log[i].Revision > revision }):]
}

// versions returns an object as it was at revision from, and after each write to
// it up to revision to. Each may be nil.
func (s *State) versions(resource, key string, from, to int64) []metav1.Object {
	all := []metav1.Object{s.at(resource, key, from)}
	for _, w := range s.history[resource][key] {
		if w.Revision > from && w.Revision <= to {
			all = append(all, w.After)
		}
	}
	return all
}

// all returns the objects of a kind that the store has, sorted by key.
func all[T metav1.Object](s *State, resource string) []T {
	objects := make([]T, 0, len(s.live[resource]))
	for _, o := range s.live[resource] {
		if t, ok := o.(T); ok {
			objects = append(objects, t)
		}
	}
	slices.SortFunc(objects, func(a, b T) int { return cmp.Compare(key(a), key(b)) })
	return objects
}

func (s *State) pods() []*corev1.Pod { return all[*corev1.Pod](s, "pods") }
func (s *State) sets() []*appsv1.ReplicaSet {
	return all[*appsv1.ReplicaSet](s, "replicasets")
}
func (s *State) nodes() []*corev1.Node { return all[*corev1.Node](s, "nodes") }

func (s *State) node(name string) *corev1.Node {
	node, _ := s.live["nodes"][name].(*corev1.Node)
	return node
}

// machine is the state of a node's machine; one that nobody has told of is well.
func (s *State) machine(node string) Machine {
	if m, told := s.machines[node]; told {
		return m
	}
	return Machine{Node: node, Alive: true, Connected: true, Works: true}
}

// well reports whether pods can be scheduled to a node, and will run there.
func (s *State) well(node *corev1.Node) bool {
	return node != nil && s.machine(node.Name).well() && !node.Spec.Unschedulable
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
