package replay

import (
	"fmt"
	"time"

	"github.com/reconverge/reconverge/impl/apiserver"
	"github.com/reconverge/reconverge/impl/sim"
)

// A Verdict says what became of a trace in a cluster.
type Verdict string

// The property of the trace is violated in the cluster, as its own claims judge; or
// the implementation did something else than the trace, or nothing; or the cluster
// has no counterpart of something that the trace is made of.
const (
	Reproduced     Verdict = "reproduced"
	Prevented      Verdict = "prevented"
	NotExpressible Verdict = "not expressible"
)

// A Result is a verdict with its reason.
type Result struct {
	Verdict Verdict `json:"verdict"`
	// Step is the number of the step of the trace at which this was decided, and Action
	// the instance of its action; the number after the last means what followed the
	// trace. 0: before any step.
	Step   int    `json:"step"`
	Action string `json:"action,omitempty"`
	// Reason is how the claim is violated, or what prevented the trace, or why it
	// cannot be expressed, in one line.
	Reason string `json:"reason"`
	// Elapsed is the virtual time from the trace's initial state.
	Elapsed time.Duration `json:"elapsedNanoseconds"`
	// Path are the steps of the behaviour that was replayed, if it is not the trace but
	// another order of it; Step counts these.
	Path []string `json:"path,omitempty"`
	// Schedule is every step that the cluster took, from its very beginning.
	Schedule sim.Schedule `json:"schedule,omitempty"`

	diverged divergence // if it was prevented
}

// An inexpressible is something that the cluster has no counterpart of.
type inexpressible string

func (e inexpressible) Error() string { return string(e) }

func cannot(format string, args ...any) error { return inexpressible(fmt.Sprintf(format, args...)) }

// A divergence is what the implementation did in place of a step, or did not do.
type divergence struct {
	reason string
	held   []*apiserver.Request // that waited, and that the trace does not let pass
	chosen int                  // the node that the scheduler has taken in place of the trace's, from 1; 0: it has not
}

func (e *divergence) Error() string { return e.reason }

func diverges(format string, args ...any) error {
	return &divergence{reason: fmt.Sprintf(format, args...)}
}
