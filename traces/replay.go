package traces

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
)

// A Replayed trace is one that the model has executed again: its states are
// states of the model, and it shows what it is said to show.
type Replayed struct {
	Scenario model.Scenario
	Model    *model.Model
	Claim    model.Claim // as this model words it
	Shows    Shows
	Trace    *check.Trace[model.State]
}

// Replay builds the model of the trace's scenario and executes the trace on it.
// Each step must be a step of its action that makes exactly the recorded
// changes; the error names the first one that is not. Then the property is
// judged on the behaviour from its definition. Labels and the wording of the
// claim are not compared: they are for readers, and Document has those of the
// model.
func Replay(t *Trace) (*Replayed, error) {
	if err := t.validate(); err != nil {
		return nil, err
	}
	s, err := t.Scenario.Model()
	if err != nil {
		return nil, fmt.Errorf("scenario: %w", err)
	}
	m, err := model.New(s, t.Property)
	if err != nil {
		return nil, err
	}
	r := &Replayed{Scenario: s, Model: m, Claim: m.Claims[0], Shows: t.Shows}
	if want := shows(r.Claim.Kind()); t.Shows != want {
		return nil, fmt.Errorf("a trace of %s is a %s, not a %s", t.Property, want, t.Shows)
	}
	steps, err := r.execute(t.Steps)
	if err != nil {
		return nil, err
	}
	r.Trace = &check.Trace[model.State]{Stem: steps}
	if t.CycleStart > 0 {
		r.Trace.Stem, r.Trace.Cycle = steps[:t.CycleStart], steps[t.CycleStart:]
	}
	if err := m.ValidateTrace(t.Property, r.Trace); err != nil {
		return nil, fmt.Errorf("the trace does not show that %s: %w", r.verdict(), err)
	}
	return r, nil
}

// Document returns the trace as From makes it of what was executed, so that
// labels, claim and status are those of this model too.
func (r *Replayed) Document() *Trace {
	return From(r.Scenario, r.Model, r.Claim, check.Result[model.State]{Kind: r.Claim.Kind(), Trace: r.Trace})
}

// verdict says what the trace must show.
func (r *Replayed) verdict() string {
	if r.Shows == Witness {
		return r.Claim.ID + " can happen"
	}
	return r.Claim.ID + " is violated"
}

func (r *Replayed) execute(steps []Step) ([]check.Step[model.State], error) {
	state, err := r.initial(steps[0])
	if err != nil {
		return nil, fmt.Errorf("step 0: %w", err)
	}
	done := []check.Step[model.State]{{Label: initialLabel, State: state}}
	for i, step := range steps[1:] {
		next, err := r.step(done[i].State, step)
		if err != nil {
			return nil, fmt.Errorf("step %d: %w", i+1, err)
		}
		done = append(done, next)
	}
	return done, nil
}

// initial finds the initial state of the model that a first step describes.
func (r *Replayed) initial(step Step) (model.State, error) {
	for _, s := range r.Model.Init {
		if slices.Equal(r.Model.Changes(model.State{}, s), step.Changes) {
			return s, nil
		}
	}
	return model.State{}, errors.New("this is not an initial state of the model")
}

// step finds the successor that makes the recorded changes.
func (r *Replayed) step(from model.State, step Step) (check.Step[model.State], error) {
	done := check.Step[model.State]{Action: step.Action, Label: step.Action, State: from}
	if step.Action == check.Stutter {
		if len(step.Changes) > 0 {
			return done, errors.New("a step that stutters cannot change anything")
		}
		return done, nil
	}
	i := slices.IndexFunc(r.Model.Actions, func(a check.Action[model.State]) bool { return a.Name == step.Action })
	if i < 0 {
		return done, fmt.Errorf("the model has no action %.60q", step.Action)
	}
	a := &r.Model.Actions[i]
	successors := a.Successors(nil, &from)
	matching := slices.DeleteFunc(slices.Clone(successors), func(to model.State) bool {
		return !slices.Equal(r.Model.Changes(from, to), step.Changes)
	})
	switch {
	case len(successors) == 0:
		return done, fmt.Errorf("%s is disabled in this state of the model", step.Action)
	case len(matching) == 0:
		return done, fmt.Errorf("%s does not change %s", step.Action, summary(step.Changes))
	case slices.ContainsFunc(matching, func(to model.State) bool { return to != matching[0] }):
		return done, fmt.Errorf("%s makes these changes in more than one way", step.Action)
	}
	if done.State = matching[0]; a.Label != nil {
		done.Label = a.Label(from, done.State)
	}
	return done, nil
}

// summary lists changes on part of a line.
func summary(changes []model.Change) string {
	const most = 3
	var parts []string
	for i, c := range changes {
		if i == most {
			parts = append(parts, fmt.Sprintf("and %d more", len(changes)-most))
			break
		}
		parts = append(parts, fmt.Sprintf("%.60q from %.60q to %.60q", c.Field, c.From, c.To))
	}
	if len(parts) == 0 {
		return "nothing at all"
	}
	return strings.Join(parts, ", ")
}

// Steps returns all steps of the trace, stem and cycle.
func (r *Replayed) Steps() []check.Step[model.State] {
	return slices.Concat(r.Trace.Stem, r.Trace.Cycle)
}

// End returns the last state of the trace.
func (r *Replayed) End() model.State {
	all := r.Steps()
	return all[len(all)-1].State
}
