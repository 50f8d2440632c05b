package claims

import "fmt"

// A Status is how firmly a claim is made.
type Status byte

const (
	Guaranteed Status = 'G' // by the API server, or by one process alone
	Assuming   Status = 'A' // under the assumption that the claim names
	Not        Status = 'N' // not in reality: a run that violates it shows a known hazard
	Live       Status = 'L' // in the end, after the faults have stopped
)

func (s Status) String() string { return string(s) }

// A Claim is one property that a run of a cluster may violate.
type Claim struct {
	ID      string
	Text    string
	Status  Status
	Assumes string  // in words; empty: nothing
	Unless  []Fault // the claim is not made of scenarios in which one of these may happen
	New     func(Scenario) Judge
}

// Of reports whether the claim is made of a scenario.
func (c Claim) Of(s Scenario) bool {
	for _, f := range c.Unless {
		if s.May(f) {
			return false
		}
	}
	return true
}

// A Judge watches one run for one claim. Both functions may be nil. They are
// called from one goroutine, and may keep what they are handed but not change it.
// The error tells how the claim was violated.
type Judge struct {
	// Observe is called for each event, after the state has taken it in.
	Observe func(*State, Event) error
	// Settled is called when faults have stopped and enough time has passed since.
	Settled func(*State) error
}

// A Violation is a claim that did not hold.
type Violation struct {
	Claim Claim
	Event int // the number of the event that violated it, from 1; 0: the state that was left in the end
	Err   error
}

func (v *Violation) Error() string {
	return fmt.Sprintf("%s (%s): %v", v.Claim.ID, v.Claim.Text, v.Err)
}

func (v *Violation) Unwrap() error { return v.Err }

// All are the claims, those about single objects first.
func All() []Claim {
	var all []Claim
	for _, some := range [][]Claim{objects(), watches(), workloads(), containers(), owners(), disruptions(), nodes(), hazards(), liveness()} {
		all = append(all, some...)
	}
	return all
}

// ByID returns the claims of these ids, in this order.
func ByID(ids ...string) ([]Claim, error) {
	var some []Claim
	for _, id := range ids {
		found := false
		for _, c := range All() {
			if c.ID == id {
				some, found = append(some, c), true
			}
		}
		if !found {
			return nil, fmt.Errorf("claims: there is no claim %q", id)
		}
	}
	return some, nil
}

// For returns the claims that are made of a scenario, without those that reality
// does not keep.
func For(s Scenario) []Claim {
	var some []Claim
	for _, c := range All() {
		if c.Status != Not && c.Of(s) {
			some = append(some, c)
		}
	}
	return some
}

// always is the judge of a claim about single events.
func always(observe func(*State, Event) error) func(Scenario) Judge {
	return func(Scenario) Judge { return Judge{Observe: observe} }
}

// writes is the judge of a claim about single writes.
func writes(observe func(*State, *Write) error) func(Scenario) Judge {
	return always(func(s *State, e Event) error {
		if e.Write == nil {
			return nil
		}
		return observe(s, e.Write)
	})
}

// settled is the judge of a claim about what is left in the end.
func settled(judge func(*State) error) func(Scenario) Judge {
	return func(Scenario) Judge { return Judge{Settled: judge} }
}
