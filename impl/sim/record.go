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

// An Entry is something that has happened: *Taken, *Written, *Answered or *Process.
// String is one line. Nobody changes an entry.
type Entry interface {
	fmt.Stringer
	entry()
}

// Taken is a step, before its consequences.
type Taken struct {
	At   time.Duration // since the cluster began
	Step Step
	Free bool // nobody has asked for it: the gate was open

	// What was pending, for the verbs of requests and events. The event of a Release
	// is delivered to its client by this step.
	Request *apiserver.Request
	Event   *apiserver.Event
	Answer  bool // the answer to Request, which has taken effect before
	Late    bool // nobody will hear of it
}

// Written is a write of the store.
type Written struct {
	At        time.Duration
	Revision  int64
	Type      watch.EventType // Added, Modified or Deleted
	Resource  schema.GroupResource
	Namespace string
	Name      string
	Client    apiserver.Client // whose request it was
	// Before and After are the object, with its resourceVersion, and nil where there
	// was none, or is none now.
	Before, After runtime.Object
}

// Answered is what a process, or the user, heard of a write.
type Answered struct {
	At     time.Duration
	Name   string // as in the step that released the request
	Client apiserver.Client
	Code   int    // of HTTP; 0: the connection broke
	Reason string // of the Status, if the API server refused
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
func (*Written) entry()  {}
func (*Answered) entry() {}
func (*Process) entry()  {}

func (e *Taken) String() string {
	if e.Free {
		return fmt.Sprintf("%s free: %s", stamp(e.At), e.Step.Target)
	}
	return fmt.Sprintf("%s %s", stamp(e.At), e.Step)
}

func (e *Written) String() string {
	return fmt.Sprintf("%s   r%d %s %s %s", stamp(e.At), e.Revision, e.Type, e.Resource.Resource, qualified(e.Namespace, e.Name))
}

func (e *Answered) String() string {
	answer := "connection broken"
	if e.Code != 0 {
		answer = strings.TrimSpace(fmt.Sprintf("%d %s", e.Code, e.Reason))
	}
	return fmt.Sprintf("%s   answer to %s: %s", stamp(e.At), e.Name, answer)
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

// A History is a Recorder that keeps the line of each entry.
type History struct {
	lines []string
}

// Record implements Recorder.
func (h *History) Record(e Entry) { h.lines = append(h.lines, e.String()) }

// Lines are those of all entries so far.
func (h *History) Lines() []string { return h.lines }

func (h *History) String() string {
	if len(h.lines) == 0 {
		return ""
	}
	return strings.Join(h.lines, "\n") + "\n"
}
