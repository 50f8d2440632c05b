package sim

import (
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// Replay takes the steps of a schedule one after the other and ends with the first
// that cannot be taken, whose number it reports. after, if it is not nil, is called
// after each step; its error ends the replay too. What the API server answers to a
// User step is no error here.
func (c *Cluster) Replay(s Schedule, after func(Step) error) error {
	for i, step := range s {
		if err := c.Do(step); err != nil && !answered(err) {
			return fmt.Errorf("step %d of %d: %w", i+1, len(s), err)
		}
		if after == nil {
			continue
		}
		if err := after(step); err != nil {
			return fmt.Errorf("after step %d of %d, %q: %w", i+1, len(s), step, err)
		}
	}
	return nil
}

// ReplayLoosely is Replay for a schedule with gaps, as shrinking makes them: steps
// that cannot be taken are left out, and returned with the number of their place.
func (c *Cluster) ReplayLoosely(s Schedule, after func(Step) error) (skipped []Skipped, err error) {
	for i, step := range s {
		if err := c.Do(step); err != nil && !answered(err) {
			skipped = append(skipped, Skipped{i, step, err})
			continue
		}
		if after == nil {
			continue
		}
		if err := after(step); err != nil {
			return skipped, fmt.Errorf("after step %d of %d, %q: %w", i+1, len(s), step, err)
		}
	}
	return skipped, nil
}

// A Skipped is a step that could not be taken.
type Skipped struct {
	Index int // in the schedule, from 0
	Step  Step
	Err   error
}

// answered says that the step has been taken, and the API server has refused.
func answered(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status)
}
