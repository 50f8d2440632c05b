package suite

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/reconverge/reconverge/impl/claims"
	"github.com/reconverge/reconverge/impl/sim"
)

// A schedule that has violated a claim is kept as a document: it is taken again
// before new ones are drawn, step by step, by the names of the steps.

const optionScenario = "scenario" // of a document's options

// document is a schedule with what it shows.
func (s Scenario) document(mutations []string, schedule sim.Schedule, violated *claims.Violation) sim.Document {
	return sim.Document{
		Title:     s.Title,
		Property:  violated.Claim.ID,
		Message:   violated.Err.Error(),
		Manifests: s.manifests(),
		Options:   map[string]string{optionScenario: s.Name},
		Mutations: mutations,
		Schedule:  schedule,
	}
}

// again takes a document's schedule once more, with its mutations or without, and
// returns how its claim is violated.
func again(d sim.Document, planted bool) error {
	s, err := ScenarioByName(d.Options[optionScenario])
	if err != nil {
		return err
	}
	if d.Manifests != s.manifests() {
		return fmt.Errorf("suite: scenario %s has other manifests than the document", s.Name)
	}
	judged, err := s.claim(d.Property)
	if err != nil {
		return err
	}
	config := s.NewConfig()
	if planted {
		if config, err = s.WithMutations(d.Mutations...); err != nil {
			return err
		}
	}
	done, err := s.replay(config, judged, d.Schedule)
	if planted && err != nil && !slices.Equal(done, d.Schedule) {
		return fmt.Errorf("suite: %d of %d steps could be taken, and then: %v", len(done), len(d.Schedule), err)
	}
	return err
}

// documents are the files of a folder, in the order of names.
func documents(folder string) ([]string, error) {
	return filepath.Glob(filepath.Join(folder, "*.yaml"))
}
