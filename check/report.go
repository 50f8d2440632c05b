package check

import (
	"errors"
	"fmt"
	"time"
)

// Verdict is what a run can say about a property. The zero value claims nothing.
type Verdict uint8

const (
	// Incomplete says that the run cannot tell; Result.Reason says why.
	Incomplete Verdict = iota
	// Holds says that the property is true of the whole model.
	Holds
	// Violated says that it is false.
	Violated
)

func (v Verdict) String() string {
	switch v {
	case Incomplete:
		return "incomplete"
	case Holds:
		return "holds"
	case Violated:
		return "violated"
	}
	return fmt.Sprintf("Verdict(%d)", uint8(v))
}

// Reasons for Incomplete. Match them with errors.Is.
var (
	ErrMaxStates = errors.New("the bound on states was reached")
	ErrMaxDepth  = errors.New("the bound on depth was reached")
	ErrMemory    = errors.New("the bound on memory was reached")
	ErrBound     = errors.New("a bound of the model was reached")
	ErrStopped   = errors.New("stopped at the first violation")
)

// A Report says what a run found and under which conditions.
type Report[S comparable] struct {
	Model       string
	Results     []Result[S] // in the order of Model.Properties
	Actions     []ActionStats
	Bounds      []BoundStats
	Assumptions []string // what the verdicts rest on besides the model itself
	Stats       Stats
	Options     Options // as run, for reproduction
}

// A Result is the verdict on one property.
type Result[S comparable] struct {
	Property string
	Kind     Kind
	Verdict  Verdict
	Reason   error     // why Incomplete; nil otherwise
	Vacuous  bool      // it holds because it never had anything to say
	Trace    *Trace[S] // the counterexample, or Reachable's witness; nil if there is none
}

// ActionStats counts the steps of one action.
type ActionStats struct {
	Name  string
	Fair  Fairness
	Taken uint64 // steps to another state, from every state explored, that were followed
}

// BoundStats counts the states at which a bound of the model stopped the search.
type BoundStats struct {
	Name   string
	States uint64
}

// Stats describes the size and cost of a run.
type Stats struct {
	Distinct    uint64        // states found, or orbits of states under symmetry
	Explored    uint64        // of these, with all successors generated
	Reduced     uint64        // of these, with some enabled actions not followed, by Options.PartialOrder
	Generated   uint64        // initial states and successors followed, before duplicates are removed
	Steps       uint64        // successors that differ from the state they follow
	MaxDegree   uint64        // the greatest number of steps from one state
	Depth       int           // states on the longest of the shortest ways there; of the longest way taken, if not breadth first
	Levels      []uint64      // breadth first: distinct states per number of steps from an initial one
	Workers     int           // goroutines that expanded states
	StoredBytes int64         // states, hash table, parents, edges
	Omission    Omission      // with Fingerprint
	Elapsed     time.Duration // wall time

	// For progress.
	Queue     uint64        // states found but not yet explored
	Rate      float64       // states explored per second, since the last report
	Remaining time.Duration // an estimate of the rest of the search; 0: unknown
	Phase     string        // "search", "liveness" or "simulation"
}

// Degree is the mean number of steps from an explored state.
func (s *Stats) Degree() float64 {
	if s.Explored == 0 {
		return 0
	}
	return float64(s.Steps) / float64(s.Explored)
}

func (s *Stats) add(c chunkCounts) {
	s.Generated += c.generated
	s.Explored += c.explored
	s.Reduced += c.reduced
	s.Steps += c.steps
	s.MaxDegree = max(s.MaxDegree, c.maxDegree)
}

// Result returns the result of the named property. It panics if there is none:
// a misspelt name must not read as Incomplete.
func (r *Report[S]) Result(property string) Result[S] {
	for _, res := range r.Results {
		if res.Property == property {
			return res
		}
	}
	panic(fmt.Sprintf("check: report has no property %q", property))
}

// Unreached lists the actions that were never taken. A claim that holds because
// its model cannot move is the most common mistake there is.
func (r *Report[S]) Unreached() (names []string) {
	for _, a := range r.Actions {
		if a.Taken == 0 {
			names = append(names, a.Name)
		}
	}
	return names
}

// Verdict is the least that can be said of all properties together: Violated
// if one is, else Incomplete if one is, else Holds.
func (r *Report[S]) Verdict() Verdict {
	v := Holds
	for _, res := range r.Results {
		switch res.Verdict {
		case Violated:
			return Violated
		case Incomplete:
			v = Incomplete
		}
	}
	return v
}

// Err returns nil only if every property holds.
func (r *Report[S]) Err() error {
	var errs []error
	for _, res := range r.Results {
		switch {
		case res.Verdict == Violated:
			errs = append(errs, fmt.Errorf("%s: violated", res.Property))
		case res.Verdict == Incomplete:
			errs = append(errs, fmt.Errorf("%s: incomplete: %w", res.Property, res.Reason))
		}
	}
	return errors.Join(errs...)
}
