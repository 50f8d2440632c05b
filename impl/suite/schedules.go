package suite

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/reconverge/reconverge/impl/claims"
	"github.com/reconverge/reconverge/impl/sim"
)

// A schedule that has violated a claim is kept as a document: it is taken again
// before new ones are drawn, step by step, by the names of the steps.

// document is a schedule with what it shows.
func (s Scenario) document(mutations []string, schedule sim.Schedule, violated *claims.Violation) sim.Document {
	return sim.Document{
		Title:     s.Title,
		Property:  violated.Claim.ID,
		Message:   violated.Err.Error(),
		Manifests: s.manifests(),
		Options:   s.options(),
		Mutations: mutations,
		Schedule:  schedule,
	}
}

// again takes a document's schedule once more, with its mutations or without, and
// returns how its claim is violated.
func again(d sim.Document, planted bool) error {
	c, err := NewCase(d)
	if err != nil {
		return err
	}
	if !planted {
		c.Mutations = nil
	}
	done, violated, err := c.Take(context.Background(), d.Schedule)
	if violated == nil {
		return err
	}
	if planted && !slices.Equal(done, d.Schedule) {
		return fmt.Errorf("suite: %d of %d steps could be taken, and then: %v", len(done), len(d.Schedule), violated)
	}
	return violated
}

// documents are the files of a folder, in the order of names.
func documents(folder string) ([]string, error) {
	return filepath.Glob(filepath.Join(folder, "*.yaml"))
}
