package checktest

import (
	"slices"
	"strings"
	"testing"

	"github.com/reconverge/reconverge/check"
)

// ForEver stands before the cycle in the actions of a lasso.
const ForEver = "for ever:"

// Violates looks for a counterexample to the named property, and for nothing
// else that may be wrong with m. It ends the test unless it finds one.
//
// If wantActions are given, the counterexample must consist of these: those of
// the stem and, if it is a lasso, ForEver and those of the cycle. They are
// written as in a printed trace, by Action.Label: "Bind(pod3, node1)" rather
// than "Bind", and [check.Stutter] where a behaviour rests. They are the same in
// every run. Where several counterexamples are equally short, though, a new field
// in the state may bring up another of them.
//
// The trace is the counterexample. A Reachable property has none: the trace is
// nil then, and wantActions must be empty.
func Violates[S comparable](t testing.TB, m *check.Model[S], property string, wantActions ...string) *check.Trace[S] {
	t.Helper()
	i := slices.IndexFunc(m.Properties, func(p check.Property[S]) bool { return p.Name() == property })
	if i < 0 {
		t.Fatalf("checktest: the model has no property %q", property)
	}
	alone := *m
	alone.Properties = m.Properties[i : i+1]
	r := run(t, &alone, check.Options{})
	res := r.Results[0]
	switch {
	case res.Verdict == check.Holds && res.Vacuous:
		t.Fatalf("checktest: property %q holds vacuously, want it violated: no reachable state is one that it is about", property)
	case res.Verdict == check.Holds:
		t.Fatalf("checktest: property %q holds in all of %d states, want it violated", property, r.Stats.Distinct)
	case res.Verdict == check.Incomplete:
		t.Fatalf("checktest: property %q is incomplete, want it violated: %v", property, res.Reason)
	}
	got := actions(res.Trace)
	switch {
	case len(wantActions) == 0 || slices.Equal(got, wantActions):
	case res.Trace == nil:
		t.Errorf("checktest: property %q is Reachable: that it is violated is shown by no actions", property)
	default:
		t.Errorf("checktest: property %q is violated by other actions than wanted (- want, + got):\n%sthe trace is\n%s%s",
			property, diff(wantActions, got), text(res.Trace), keep(t, res))
	}
	return res.Trace
}

// actions are the labels of the steps of a trace, with ForEver before its cycle.
func actions[S comparable](trace *check.Trace[S]) (labels []string) {
	if trace == nil {
		return nil
	}
	for _, step := range trace.Stem[1:] {
		labels = append(labels, step.Label)
	}
	if len(trace.Cycle) > 0 {
		labels = append(labels, ForEver)
	}
	for _, step := range trace.Cycle {
		labels = append(labels, step.Label)
	}
	return labels
}

func text[S comparable](trace *check.Trace[S]) string {
	if trace == nil {
		return ""
	}
	var b strings.Builder
	trace.WriteTo(&b) // a Builder returns no errors
	return b.String()
}
