package minimise

import (
	"slices"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/traces"
)

// A wish is a step that is to be taken if it can be.
type wish struct {
	traces.Step
	at    int // its place in the trace that it comes from
	cycle bool
	fault bool // it spends something of the budget
}

func (w wish) place() int { return w.at }

// wishes are the steps of a trace after the initial state.
func wishes(r *traces.Replayed) (all []wish) {
	doc, steps := r.Document(), r.Steps()
	for i := 1; i < len(steps); i++ {
		all = append(all, wish{
			Step: doc.Steps[i], at: i, cycle: doc.CycleStart > 0 && i >= doc.CycleStart,
			fault: steps[i].State.Budget != steps[i-1].State.Budget || unfair(r.Model, steps[i].Action),
		})
	}
	return all
}

// unfair says that an action is one of the faults, whose budget may be without limit.
func unfair(m *model.Model, action string) bool {
	return slices.ContainsFunc(m.Actions, func(a check.Action[model.State]) bool { return a.Name == action && a.Fair == check.Unfair })
}

// An executor takes steps on a model, loosely.
type executor struct {
	m        *model.Model
	claim    model.Claim
	start    model.State
	byName   map[string]*check.Action[model.State]
	infinite bool // what shows the property is a lasso
}

// newExecutor begins where the model is most like the initial state of a trace.
func newExecutor(m *model.Model, initial traces.Step, infinite bool) *executor {
	x := &executor{m: m, claim: m.Claims[0], start: m.Init[0], byName: map[string]*check.Action[model.State]{}, infinite: infinite}
	for i := range m.Actions {
		x.byName[m.Actions[i].Name] = &m.Actions[i]
	}
	most := -1
	for _, s := range m.Init {
		alike := 0
		for _, c := range m.Changes(model.State{}, s) {
			if slices.Contains(initial.Changes, c) {
				alike++
			}
		}
		if alike > most {
			x.start, most = s, alike
		}
	}
	return x
}

// take takes the steps that can be taken, until the property is shown. It returns
// them, and the behaviour; nil: it does not show the property.
func (x *executor) take(steps []wish) ([]wish, *check.Trace[model.State]) {
	t := &check.Trace[model.State]{Stem: []check.Step[model.State]{{State: x.start}}}
	if !x.infinite && x.shown(t.Stem) {
		return nil, t
	}
	var taken []wish
	state := x.start
	for _, w := range steps {
		step, ok := x.step(state, w)
		if !ok {
			continue
		}
		state, taken = step.State, append(taken, w)
		if w.cycle {
			t.Cycle = append(t.Cycle, step)
			continue
		}
		if t.Stem = append(t.Stem, step); !x.infinite && x.shown(t.Stem) {
			return taken, t
		}
	}
	if !x.infinite {
		return nil, nil
	}
	if len(t.Cycle) == 0 { // nothing is left of it: the behaviour rests
		t.Cycle = []check.Step[model.State]{{Action: check.Stutter, Label: check.Stutter, State: state}}
	}
	if x.m.ValidateTrace(x.claim.ID, t) != nil {
		return nil, nil
	}
	return taken, t
}

// shown judges the last step of a finite behaviour: as one that begins just before
// it, so that the steps before are not executed each time.
func (x *executor) shown(stem []check.Step[model.State]) bool {
	last := slices.Clone(stem[max(0, len(stem)-2):])
	last[0].Action = ""
	from := *x.m.Model
	from.Init = []model.State{last[0].State}
	return from.ValidateTrace(x.claim.ID, &check.Trace[model.State]{Stem: last}) == nil
}

// step is the step of the wish's action that has its label, and if there are more
// of them, makes its changes.
func (x *executor) step(from model.State, w wish) (done check.Step[model.State], ok bool) {
	done = check.Step[model.State]{Action: w.Action, Label: w.Action}
	a := x.byName[w.Action]
	if a == nil {
		return done, false // of a fault that cannot happen any more; or it stutters
	}
	var alike []model.State
	for _, to := range a.Successors(nil, &from) {
		if to != from && (a.Label == nil || a.Label(from, to) == w.Label) {
			alike = append(alike, to)
		}
	}
	if len(alike) == 0 {
		return done, false
	}
	done.State = alike[0]
	if len(alike) > 1 {
		if i := slices.IndexFunc(alike, func(to model.State) bool { return slices.Equal(x.m.Changes(from, to), w.Changes) }); i >= 0 {
			done.State = alike[i]
		}
	}
	if a.Label != nil {
		done.Label = w.Label
	}
	return done, true
}
