package claims

import "errors"

// A Run judges one run of a cluster by some claims. It is not safe for concurrent use.
type Run struct {
	state    *State
	claims   []Claim
	judges   []Judge
	violated []bool
}

// NewRun returns a run of which nothing has been seen.
func NewRun(s Scenario, claims []Claim) *Run {
	r := &Run{state: newState(), claims: claims, violated: make([]bool, len(claims))}
	for _, c := range claims {
		r.judges = append(r.judges, c.New(s))
	}
	return r
}

// State is the cluster as the run knows it.
func (r *Run) State() *State { return r.state }

// Forgive makes it so that what was violated so far can be violated again.
func (r *Run) Forgive() { clear(r.violated) }

// Observe takes in the next event. The error joins a *Violation for each claim that
// it violates; a claim is violated at most once in a run.
func (r *Run) Observe(e Event) error {
	r.state.take(e)
	return r.ask(r.state.Number, func(j Judge) error {
		if j.Observe == nil {
			return nil
		}
		return j.Observe(r.state, e)
	})
}

// Settled asks the claims about the end. Faults must have stopped, and enough time
// must have passed since for everything that was going to happen.
func (r *Run) Settled() error {
	return r.ask(0, func(j Judge) error {
		if j.Settled == nil {
			return nil
		}
		return j.Settled(r.state)
	})
}

func (r *Run) ask(event int, question func(Judge) error) error {
	var violations []error
	for i, judge := range r.judges {
		if r.violated[i] {
			continue
		}
		if err := question(judge); err != nil {
			r.violated[i] = true
			violations = append(violations, &Violation{r.claims[i], event, err})
		}
	}
	return errors.Join(violations...)
}
