package checktest

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/reconverge/reconverge/check"
)

// Holds explores m and fails the test unless every property holds and has
// something to say (see Vacuous). Of each that does not it prints the verdict
// and the reason or the trace. It logs which actions were never taken, for a
// guard that is never true makes claims hold that should not.
//
// The report is for what else a test wants to know, such as the number of states.
func Holds[S comparable](t testing.TB, m *check.Model[S], opts ...Option) *check.Report[S] {
	t.Helper()
	var s settings
	for _, o := range opts {
		o.set(&s)
	}
	if len(m.Properties) == 0 {
		t.Fatalf("checktest: the model has no properties, so nothing could fail")
	}
	r := run(t, m, s.run)
	failProperties(t, r)
	expectVacuous(t, r, s.vacuous)
	if r.Verdict() == check.Holds {
		logUnreached(t, r)
	}
	return r
}

// failProperties fails the test for each property that is violated, and once for
// all that are incomplete for the same reason.
func failProperties[S comparable](t testing.TB, r *check.Report[S]) {
	t.Helper()
	var reasons []string
	open := map[string][]string{} // by reason: the properties
	for _, res := range r.Results {
		switch res.Verdict {
		case check.Violated:
			t.Errorf("checktest: property %q is violated%s", res.Property, counterexample(t, res))
		case check.Incomplete:
			reason := res.Reason.Error()
			if open[reason] == nil {
				reasons = append(reasons, reason)
			}
			open[reason] = append(open[reason], strconv.Quote(res.Property))
		}
	}
	for _, reason := range reasons {
		t.Errorf("checktest: incomplete, %s: %s", reason, strings.Join(open[reason], ", "))
	}
}

// expectVacuous fails the test unless the named properties are the vacuous ones.
func expectVacuous[S comparable](t testing.TB, r *check.Report[S], names []string) {
	t.Helper()
	for _, res := range r.Results {
		switch named := slices.Contains(names, res.Property); {
		case res.Vacuous && !named:
			t.Errorf("checktest: property %q holds vacuously: no reachable state is one that it is about; if it should, say checktest.Vacuous(%[1]q)", res.Property)
		case named && res.Verdict == check.Holds && !res.Vacuous:
			t.Errorf("checktest: property %q is not vacuous: take it out of checktest.Vacuous", res.Property)
		}
	}
	for _, name := range names {
		if !slices.ContainsFunc(r.Results, func(res check.Result[S]) bool { return res.Property == name }) {
			t.Errorf("checktest: Vacuous: the model has no property %q", name)
		}
	}
}

// logUnreached names the actions that no explored state allows. If the run ended
// before everything was explored, with the last witness, that means nothing.
func logUnreached[S comparable](t testing.TB, r *check.Report[S]) {
	t.Helper()
	if r.Stats.Explored < r.Stats.Distinct {
		return
	}
	var unreached []string
	for _, a := range r.Actions {
		if a.Taken == 0 {
			unreached = append(unreached, a.Name)
		}
	}
	if len(unreached) > 0 {
		t.Logf("checktest: never taken: %s", strings.Join(unreached, ", "))
	}
}
