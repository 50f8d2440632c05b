package claims

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
)

// An Event is one thing that happened. One of its fields beside At is set.
//
// Write, Container, Process, Machine and Drain are all that most claims need. Those
// about decisions need Sent, Answered, Seen and Rest as well; without them they
// accuse nobody.
type Event struct {
	At        time.Time
	Write     *Write
	Sent      *Request
	Answered  *Answer
	Seen      *Seen
	Container *Container
	Process   *Process
	Machine   *Machine
	Drain     *Drain
	Rest      bool // nothing moves by itself: all that is under way is held somewhere, or waits for time to pass
}

// A Write is one revision of the store.
type Write struct {
	Revision int64
	Resource string        // plural, such as pods
	Before   metav1.Object // nil: the object is new
	After    metav1.Object // nil: it was removed
	Request  *Request      // nil: nobody knows whose write it is
}

// A Request is one call of a client.
type Request struct {
	ID              uint64 // unique in a run
	Actor           string // the process, such as kcm
	Component       string // the part of it, such as replicaset
	Verb            string // get, list, watch, create, update, patch, delete or deletecollection
	Resource        string
	Subresource     string
	Namespace       string
	Name            string
	ResourceVersion int64 // that the object must have; 0: any, or not known
}

// An Answer is the end of a request: its client has heard, or will not.
type Answer struct{ Request uint64 }

// A Seen tells that the cache that a process has of a kind moved on.
type Seen struct {
	Actor    string // the process; actor/component is a part of it that has caches of its own
	Resource string
	Revision int64 // that the cache has reached
	// Type is that of a watch event; empty: a list.
	Type watch.EventType
	// Objects are the one object of the event, or all of the list; nil: not known.
	Objects []Version
	// Partial: a selector has left objects out. Then what was seen cannot be
	// compared with the store, but for its order.
	Partial bool
}

// A Version is an object as of one write.
type Version struct {
	Namespace, Name string
	ResourceVersion int64
}

// A Container tells that the container of a pod has started or stopped.
type Container struct {
	Node    string
	Pod     string // namespace/name
	UID     types.UID
	Started bool
	Ended   bool // it has stopped because its kubelet ended it; not: it crashed, or its machine did
}

// A Process tells that a process has started or stopped.
type Process struct {
	Actor   string
	Node    string // of a kubelet
	Started bool
}

// A Machine tells in what state a node's machine is from now on.
type Machine struct {
	Node      string
	Alive     bool // it is on, and so is its kubelet
	Connected bool // to the API server
	Works     bool // its runtime does
}

// well reports whether pods can run on the machine, and the API server hears of it.
func (m Machine) well() bool { return m.Alive && m.Connected && m.Works }

// A Drain tells that a drain has listed the pods that it will evict.
type Drain struct {
	Node string
	Pods []types.UID
}
