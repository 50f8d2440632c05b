package traces

import (
	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
)

// What the first two fields of every trace say.
const (
	SchemaVersion = "v1alpha1"
	Kind          = "Trace"
)

// A Trace is a behaviour of one scenario and the property that it decides.
type Trace struct {
	SchemaVersion string       `json:"schemaVersion"`
	Kind          string       `json:"kind"`
	Property      string       `json:"property"` // its id
	Claim         string       `json:"claim"`    // in words, for readers of the document
	Status        model.Status `json:"status"`
	Shows         Shows        `json:"shows"`
	Scenario      Scenario     `json:"scenario"`
	Steps         []Step       `json:"steps"`

	// CycleStart is the index of the first step that is repeated for ever: the
	// steps before it are the stem of a lasso, and the last step leads back to
	// the state before CycleStart. -1: the trace is finite.
	CycleStart int `json:"cycleStart"`
}

// Shows says what a trace is evidence of.
type Shows string

// A trace shows that a property is false, or that something can happen.
const (
	Counterexample Shows = "counterexample"
	Witness        Shows = "witness"
)

// A Step is an action and what it changed. The first step of a trace has no
// action: its changes make the initial state of the zero State.
type Step struct {
	Action  string         `json:"action"`
	Label   string         `json:"label"` // the instance, for readers: "Kubelet.Start(web-b)"
	Changes []model.Change `json:"changes"`
}

// initialLabel is the label of a first step.
const initialLabel = "(initial)"

// From returns the trace of a result as a document, or nil if the result has
// none. m is the model of the scenario s that the result is about, and claim
// the claim that was checked.
func From(s model.Scenario, m *model.Model, claim model.Claim, r check.Result[model.State]) *Trace {
	if r.Trace == nil {
		return nil
	}
	t := &Trace{
		SchemaVersion: SchemaVersion, Kind: Kind,
		Property: claim.ID, Claim: claim.Claim, Status: claim.Status, Shows: shows(r.Kind),
		Scenario: FromScenario(s), CycleStart: -1,
	}
	var state model.State
	for _, step := range r.Trace.Stem {
		t.add(m, state, step)
		state = step.State
	}
	if len(r.Trace.Cycle) > 0 {
		t.CycleStart = len(t.Steps)
	}
	for _, step := range r.Trace.Cycle {
		t.add(m, state, step)
		state = step.State
	}
	return t
}

func (t *Trace) add(m *model.Model, from model.State, step check.Step[model.State]) {
	label := step.Label
	if len(t.Steps) == 0 {
		label = initialLabel
	} else if label == "" {
		label = step.Action
	}
	changes := m.Changes(from, step.State)
	if changes == nil {
		changes = []model.Change{}
	}
	t.Steps = append(t.Steps, Step{step.Action, label, changes})
}

// shows says what a trace that comes with a result of that kind shows.
func shows(k check.Kind) Shows {
	if k == check.KindReachable {
		return Witness
	}
	return Counterexample
}
