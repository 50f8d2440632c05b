package replay

import (
	"fmt"
	"slices"
	"strings"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/impl/apiserver"
	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/traces"
)

// A choice is a step of the model by its names.
type choice struct{ action, label string }

// variants are behaviours of the model that differ from a trace that was prevented,
// and violate the same property: what waited has come before that step, or an earlier
// step of the same process comes after it. Caches move on as these need.
func variants(t *traces.Replayed, prevented Result) (all []*traces.Replayed) {
	steps, at := t.Trace.Stem, prevented.Step-1 // of path
	if at < 0 || at >= len(steps)-1 {
		return nil
	}
	var path []choice
	for _, s := range steps[1:] {
		path = append(path, choice{s.Action, s.Label})
	}
	w := walker{t.Model}
	add := func(prefix int, rest []choice) {
		walked, ok := w.walk(steps[:prefix+1], rest)
		if !ok {
			return
		}
		trace := &check.Trace[model.State]{Stem: walked}
		if t.Model.ValidateTrace(t.Claim.ID, trace) == nil {
			v := *t
			v.Trace = trace
			all = append(all, &v)
		}
	}
	if node := prevented.diverged.chosen; node > 0 {
		add(at, elsewhere(path[at:], node))
		return all
	}
	for j := at; j >= max(0, at-farthest); j-- {
		for _, extra := range w.enabled(steps[j].State, prevented.diverged.held) {
			add(j, append([]choice{extra}, path[j:]...))
		}
	}
	for j := at - 1; j >= max(0, at-farthest); j-- {
		if processOf(path[j].action) == processOf(path[at].action) {
			add(j, slices.Concat(path[j+1:at+1], path[j:j+1], path[at+1:]))
		}
	}
	return all
}

// elsewhere are the steps of a path that begins with an assumption of a pod, with the
// pod on another node.
func elsewhere(path []choice, node int) []choice {
	pod, was, _ := strings.Cut(strings.TrimSuffix(path[0].label[strings.Index(path[0].label, "(")+1:], ")"), ", ")
	moved := slices.Clone(path)
	for i := range moved {
		moved[i].label = strings.Replace(moved[i].label, "("+pod+", "+was+")", fmt.Sprintf("(%s, node-%d)", pod, node), 1)
	}
	return moved
}

// farthest is how many steps before the one that was prevented are looked at.
const farthest = 10

func processOf(action string) string {
	process, _, _ := strings.Cut(action, ".")
	return process
}

func isSee(action string) bool {
	return strings.HasPrefix(action, "KCM.See") || strings.HasPrefix(action, "Scheduler.See")
}

// A walker executes steps on the model by their names.
type walker struct{ *model.Model }

// enabled are the steps of a state that some requests could be.
func (w walker) enabled(s model.State, requests []*apiserver.Request) (all []choice) {
	for i := range w.Actions {
		a := &w.Actions[i]
		row, ok := rowOf(a.Name)
		if !ok || !slices.ContainsFunc(requests, row.requests) {
			continue
		}
		for _, to := range a.Successors(nil, &s) {
			if c := (choice{a.Name, labelOf(a, s, to)}); !slices.Contains(all, c) {
				all = append(all, c)
			}
		}
	}
	return all
}

func labelOf(a *check.Action[model.State], from, to model.State) string {
	if a.Label == nil {
		return a.Name
	}
	return a.Label(from, to)
}

// walk takes steps after others. A cache that does not move on as it did is left, and
// one that has to is moved.
func (w walker) walk(before []check.Step[model.State], rest []choice) ([]check.Step[model.State], bool) {
	steps := slices.Clone(before)
	for _, c := range rest {
		state := steps[len(steps)-1].State
		taken, ok := w.reach(state, c, 0)
		switch {
		case ok:
			steps = append(steps, taken...)
		case !isSee(c.action):
			return nil, false
		}
	}
	return steps, true
}

// mostSees bounds how often caches move on before a step.
const mostSees = 4

// reach takes a step, if need be after caches have moved on.
func (w walker) reach(from model.State, c choice, sees int) ([]check.Step[model.State], bool) {
	if s, ok := w.step(from, c); ok {
		return []check.Step[model.State]{s}, true
	}
	if sees == mostSees || isSee(c.action) {
		return nil, false
	}
	for i := range w.Actions {
		a := &w.Actions[i]
		if !isSee(a.Name) {
			continue
		}
		for _, to := range a.Successors(nil, &from) {
			if rest, ok := w.reach(to, c, sees+1); ok {
				return append([]check.Step[model.State]{{Action: a.Name, Label: labelOf(a, from, to), State: to}}, rest...), true
			}
		}
	}
	return nil, false
}

// step takes one step by its label; of several of one label the first.
func (w walker) step(from model.State, c choice) (check.Step[model.State], bool) {
	for i := range w.Actions {
		a := &w.Actions[i]
		if a.Name != c.action {
			continue
		}
		for _, to := range a.Successors(nil, &from) {
			if labelOf(a, from, to) == c.label {
				return check.Step[model.State]{Action: c.action, Label: c.label, State: to}, true
			}
		}
	}
	return check.Step[model.State]{}, false
}

// labels are the steps of a trace by their names.
func labels(t *traces.Replayed) (all []string) {
	for _, s := range t.Steps()[1:] {
		all = append(all, s.Label)
	}
	return all
}
