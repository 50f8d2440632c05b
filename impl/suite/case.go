package suite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/reconverge/reconverge/impl/claims"
	"github.com/reconverge/reconverge/impl/controller/kubelet"
	"github.com/reconverge/reconverge/impl/sim"
)

// A Case is the cluster of a saved schedule and the claim that it violates, made
// ready for schedules to be taken in.
type Case struct {
	Scenario  Scenario
	Mutations []string // planted
	Property  string
	judged    []claims.Claim // it alone
}

// NewCase finds what a document is about. The error is one line.
func NewCase(d sim.Document) (*Case, error) {
	s, err := scenarioOf(d.Options)
	if err != nil {
		return nil, err
	}
	switch {
	case d.Property == "":
		return nil, errors.New("suite: the document names no property")
	case d.Seed != 0 || len(d.Actors) > 0:
		return nil, errors.New("suite: a scenario has a seed and actors of its own")
	case d.Manifests != s.manifests():
		return nil, fmt.Errorf("suite: scenario %s has other manifests than the document", s.Name)
	}
	c := &Case{Scenario: s, Mutations: d.Mutations, Property: d.Property}
	if c.judged, err = s.claim(d.Property); err != nil {
		return nil, err
	}
	_, err = s.WithMutations(d.Mutations...)
	return c, err
}

// Take takes the steps that can be taken, ends the trouble, and returns those that
// were, up to where the claim is violated, and how it is; nil: it is not. The error
// says that the cluster failed in another way, or is the cause of the end of ctx. The
// observers are told of the run.
func (c *Case) Take(ctx context.Context, schedule sim.Schedule, observers ...Observer) (sim.Schedule, *claims.Violation, error) {
	config, err := c.Scenario.WithMutations(c.Mutations...)
	if err != nil {
		return nil, nil, err
	}
	config.Observers = append(observers, interruption{ctx})
	done, err := c.Scenario.replay(config, c.judged, schedule)
	if v := violation(err); v != nil {
		return done, v, nil
	}
	return done, nil, err
}

// Document is a schedule that violates the claim.
func (c *Case) Document(schedule sim.Schedule, violated *claims.Violation) sim.Document {
	return c.Scenario.document(c.Mutations, schedule, violated)
}

// An interruption ends a run with its context.
type interruption struct{ ctx context.Context }

func (interruption) Record(sim.Entry) {}

func (interruption) ContainersStarted(string, kubelet.PodRef) {}

func (interruption) ContainersStopped(string, kubelet.PodRef) {}

func (interruption) Begin() {}

func (interruption) End() {}

func (i interruption) Stops() error { return context.Cause(i.ctx) }

// Options of a document: the scenario, and what it has less of than in the catalogue.
const (
	optionScenario = "scenario"
	optionReplicas = "replicas"
	optionNodes    = "nodes"
)

// options are those of a document of s.
func (s Scenario) options() map[string]string {
	all := map[string]string{optionScenario: s.Name}
	whole, err := ScenarioByName(s.Name)
	if err != nil {
		return all // a test's own
	}
	if s.Replicas != whole.Replicas {
		all[optionReplicas] = strconv.Itoa(int(s.Replicas))
	}
	if s.Nodes != whole.Nodes {
		all[optionNodes] = strconv.Itoa(s.Nodes)
	}
	return all
}

// scenarioOf is the inverse of options.
func scenarioOf(options map[string]string) (Scenario, error) {
	s, err := ScenarioByName(options[optionScenario])
	if err != nil {
		return s, err
	}
	for name := range options {
		if !slices.Contains([]string{optionScenario, optionReplicas, optionNodes}, name) {
			return s, fmt.Errorf("suite: unknown option %.60q", name)
		}
	}
	replicas := int(s.Replicas)
	if err := lower(options, optionReplicas, 0, &replicas); err != nil {
		return s, err
	}
	s.Replicas = int32(replicas)
	return s, lower(options, optionNodes, 1, &s.Nodes)
}

// lower puts a number of options in the place of what the scenario has.
func lower(options map[string]string, name string, least int, value *int) error {
	text, ok := options[name]
	if !ok {
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > *value {
		return fmt.Errorf("suite: option %s is %.60q, the scenario has %d", name, text, *value)
	}
	*value = n
	return nil
}
