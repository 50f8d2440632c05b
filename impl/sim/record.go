package sim

import (
	"fmt"
	"strings"
	"time"

	"github.com/reconverge/reconverge/impl/apiserver"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
)

// A Recorder is told of everything that happens in a cluster, in its order, from
// one goroutine at a time. It must not call the cluster.
type Recorder interface {
	Record(Entry)
}

// An Entry is something that has happened: *Taken, *Sent, *Written, *Answered,
// *Process or *Rest. String is one line. Nobody changes an entry, nor what it points to.
type Entry interface {
	fmt.Stringer
	entry()
}

// Taken is a step, before its consequences.
type Taken struct {
	At   time.Duration // since the cluster began
	Step Step
	Free bool // nobody has asked for it: the gate was open

	// Of the verbs of requests and events. A Release of an event is its delivery.
	Call   *Call            // nil: none is meant, or one of a client without a process
	Event  *apiserver.Event // nil: a request or an answer is meant
	Answer bool             // the answer is meant, to a request that has taken effect before
	Late   bool             // nobody will hear of it
}

// A Call is one request of a process. All entries about it have the same pointer.
type Call struct {
	ID        uint64 // from 1, in the order in which they were sent
	Run       int    // of the process: starts of all processes are numbered from 1
	Request   apiserver.Request
	Selective bool // a selector leaves objects out
	// Body is what was sent, as ContentType says.
	Body        []byte
	ContentType string
}

// Name is that of the step that releases the call, but for its number.
func (c *Call) Name() string { return requestName(&c.Request) }

// Sent is a request that has reached the API server, and is pending.
type Sent struct {
	At   time.Duration
	Call *Call
}

// Written is a write of the store.
type Written struct {
	At        time.Duration
	Revision  int64
	Type      watch.EventType // Added, Modified or Deleted
	Resource  schema.GroupResource
	Namespace string
	Name      string
	Call      *Call // whose write it is; nil: the user's
	// Before and After are the object, with its resourceVersion, and nil where there
	// was none, or is none now.
	Before, After runtime.Object
}

// Answered is what a process heard of a call, or the user of a step.
type Answered struct {
	At     time.Duration
	Call   *Call  // nil: of the user
	Step   Step   // of the user
	Code   int    // of HTTP; 0: the connection broke, or nobody waits any more
	Reason string // of the Status, if the API server refused
	// List is what a list has shown.
	List runtime.Object
}

// Rest says that nothing moves by itself any more: all that is under way is pending,
// or waits for time to pass. It comes after each step.
type Rest struct {
	At time.Duration
}

// Process is a change of an actor.
type Process struct {
	At     time.Duration
	Actor  string
	Event  ProcessEvent
	Silent bool  // of Partitioned
	Err    error // of Ended
}

// A ProcessEvent is what happens to a process.
type ProcessEvent string

// What happens to processes. Ended is what a process does by itself.
const (
	Started     ProcessEvent = "started"
	Crashed     ProcessEvent = "crashed"
	Ended       ProcessEvent = "ended"
	Partitioned ProcessEvent = "partitioned"
	Healed      ProcessEvent = "healed"
)

func (*Taken) entry()    {}
func (*Sent) entry()     {}
func (*Rest) entry()     {}
func (*Written) entry()  {}
func (*Answered) entry() {}
func (*Process) entry()  {}

func (e *Taken) String() string {
	if e.Free {
		return fmt.Sprintf("%s free: %s", stamp(e.At), e.Step.Target)
	}
	return fmt.Sprintf("%s %s", stamp(e.At), e.Step)
}

func (e *Sent) String() string { return fmt.Sprintf("%s   sent %s", stamp(e.At), e.Call.Name()) }

func (e *Rest) String() string { return stamp(e.At) + "   rest" }

func (e *Written) String() string {
	return fmt.Sprintf("%s   r%d %s %s %s", stamp(e.At), e.Revision, e.Type, e.Resource.Resource, qualified(e.Namespace, e.Name))
}

func (e *Answered) String() string {
	answer := "connection broken"
	if e.Code != 0 {
		answer = strings.TrimSpace(fmt.Sprintf("%d %s", e.Code, e.Reason))
	}
	name := e.Step.String()
	if e.Call != nil {
		name = e.Call.Name()
	}
	return fmt.Sprintf("%s   answer to %s: %s", stamp(e.At), name, answer)
}

func (e *Process) String() string {
	s := fmt.Sprintf("%s   %s %s", stamp(e.At), e.Actor, e.Event)
	if e.Silent {
		s += " silently"
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// stamp writes a time so that lines are aligned: seconds with microseconds.
func stamp(d time.Duration) string {
	return fmt.Sprintf("%12.6f", d.Seconds())
}

// A History is a Recorder that keeps a line of each step, write and change of a
// process, and of each answer that a process could act on: to a write, or a failure.
type History struct {
	lines []string
}

// Record implements Recorder.
func (h *History) Record(e Entry) {
	if worthALine(e) {
		h.lines = append(h.lines, e.String())
	}
}

func worthALine(e Entry) bool {
	switch e := e.(type) {
	case *Sent, *Rest:
		return false
	case *Answered:
		return e.Call == nil || e.Code >= 300 || e.Code == 0 || !reads[e.Call.Request.Verb]
	}
	return true
}

var reads = map[string]bool{"get": true, "list": true, "watch": true}

// Lines are all lines so far.
func (h *History) Lines() []string { return h.lines }

func (h *History) String() string {
	if len(h.lines) == 0 {
		return ""
	}
	return strings.Join(h.lines, "\n") + "\n"
}
