package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/review"
	"github.com/reconverge/reconverge/traces"
)

// A verdict is what a report says of everything that was asked.
type verdict string

const (
	holds      verdict = "holds"
	violated   verdict = "violated"
	incomplete verdict = "incomplete"
)

// status is the exit status of a verdict, as an error if it is not 0.
func (v verdict) status() error {
	switch v {
	case holds:
		return nil
	case violated:
		return statusViolated
	}
	return statusIncomplete
}

// A checkReport is the document of verify check -o json, a contract: fields may
// be added to it, and that is all.
type checkReport struct {
	SchemaVersion string           `json:"schemaVersion"`
	Kind          string           `json:"kind"`
	Verdict       verdict          `json:"verdict"`
	Reason        string           `json:"reason,omitempty"` // why incomplete
	Scenario      scenarioReport   `json:"scenario"`
	Properties    []propertyReport `json:"properties"`
	Unclaimed     []unclaimed      `json:"unclaimed"` // properties that were not checked

	// Planted bugs, if nothing that was checked is violated.
	UnnoticedMutations []unnoticedMutation `json:"unnoticedMutations"`
	Hints              []string            `json:"hints"`

	Actions     []actionReport `json:"actions"`
	Unreached   []unreached    `json:"unreachedActions"`
	Assumptions []string       `json:"assumptions"`
	Bounds      []boundReport  `json:"bounds"`
	Reductions  []string       `json:"reductions"`
	Omission    float64        `json:"omissionProbability"` // 0: the search is exact
	Stats       statsReport    `json:"stats"`

	title string
}

// A checkReportList is the document for several ReplicaSets.
type checkReportList struct {
	SchemaVersion string         `json:"schemaVersion"`
	Kind          string         `json:"kind"`
	Verdict       verdict        `json:"verdict"`
	Items         []*checkReport `json:"items"`
}

type scenarioReport struct {
	traces.Scenario
	Manifest *subject `json:"manifest,omitempty"` // nil if it comes from none
	InWords  string   `json:"inWords"`
}

type propertyReport struct {
	ID          string  `json:"id"`
	Claim       string  `json:"claim"`
	Kind        string  `json:"kind"`
	Form        string  `json:"form"` // the kind in full, such as eventually-always
	Status      string  `json:"status"`
	Assumption  string  `json:"assumption"`
	Verdict     verdict `json:"verdict"`
	Reason      string  `json:"reason,omitempty"`
	Note        string  `json:"note,omitempty"` // why it is not claimed of the scenario, if it is not
	Vacuous     bool    `json:"vacuous"`
	TraceFile   string  `json:"traceFile"`   // "" if none was written
	TraceLength int     `json:"traceLength"` // steps after the initial state, the cycle of a lasso included

	trace    *traces.Trace
	replayed *traces.Replayed // to be shown; nil if not
}

type unclaimed struct {
	ID  string `json:"id"`
	Why string `json:"why"`
}

// An unnoticedMutation is a planted bug that no property has noticed.
type unnoticedMutation struct {
	Name     string `json:"name"`
	Property string `json:"property"` // that is to notice it
	Why      string `json:"why"`      // it did not
	Shown    string `json:"shown"`    // by this command
}

type actionReport struct {
	Name     string `json:"name"`
	Fairness string `json:"fairness"`
	Taken    uint64 `json:"taken"`
}

type unreached struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

type boundReport struct {
	Name    string `json:"name"`
	Limit   string `json:"limit,omitempty"`
	Reached bool   `json:"reached"`
	States  uint64 `json:"states,omitempty"` // at which it stopped the search
}

type statsReport struct {
	Distinct       uint64  `json:"distinctStates"` // orbits of states under symmetry
	Generated      uint64  `json:"generatedStates"`
	Explored       uint64  `json:"exploredStates"`
	Depth          int     `json:"depth"`
	ElapsedSeconds float64 `json:"elapsedSeconds"`
	PeakMemory     uint64  `json:"peakMemoryBytes"` // of the process so far
	Stored         int64   `json:"storedBytes"`     // of it, by states and edges
	Workers        int     `json:"workers"`
}

// newReport turns what the search found into a report, without the traces.
func (f *checkFlags) newReport(j *job, found *modelReport) *checkReport {
	r := &checkReport{
		SchemaVersion: traces.SchemaVersion, Kind: "CheckReport", title: j.title,
		Scenario:   scenarioReport{traces.FromScenario(j.scenario), j.subject, inWords(j.scenario)},
		Properties: []propertyReport{}, Unclaimed: []unclaimed{}, Unreached: []unreached{},
		Actions: []actionReport{}, Bounds: []boundReport{}, Hints: []string{},
		Assumptions: append([]string{}, j.assumptions...), Reductions: []string{},
		Stats: statsReport{
			found.Stats.Distinct, found.Stats.Generated, found.Stats.Explored, found.Stats.Depth,
			found.Stats.Elapsed.Seconds(), peakMemoryBytes(), found.Stats.StoredBytes, found.Stats.Workers,
		},
	}
	for i, result := range found.Results {
		r.addProperty(j, i, result)
	}
	r.Verdict, r.Reason = overall(r.Properties)
	r.addUnclaimed(j)
	r.UnnoticedMutations = unnoticed(j, r.Properties)
	r.addHints(j, found)
	r.addActions(j, found)
	for _, text := range slices.Concat(j.model.Assumptions(), found.Assumptions) {
		r.assume(text)
	}
	r.addBounds(f, found)
	if !f.noSymmetry {
		r.Reductions = append(r.Reductions, "symmetry: pods that differ in name only, and equal nodes, are not told apart")
	}
	return r
}

func (r *checkReport) addProperty(j *job, i int, result modelResult) {
	claim := &j.model.Claims[i]
	p := propertyReport{
		ID: claim.ID, Claim: claim.Claim, Kind: review.KindName(result.Kind), Form: result.Kind.String(),
		Status: string(claim.Status), Assumption: claim.Assumption,
		Verdict: verdict(result.Verdict.String()), Vacuous: result.Vacuous, Note: noteOn(j.model, claim),
	}
	if result.Reason != nil {
		p.Reason = result.Reason.Error()
	}
	if claim.Assumption != "" {
		r.assume(claim.Assumption)
	}
	r.Properties = append(r.Properties, p)
}

// noteOn says why a property that was asked for is not claimed of the scenario;
// "" if it is.
func noteOn(m *model.Model, claim *model.Claim) string {
	why := m.WhyUnclaimed(claim.ID)
	switch {
	case why == "":
		return ""
	case claim.Status == model.NotGuaranteed:
		return "not claimed of any scenario: nobody guarantees it"
	}
	return "not claimed of this scenario: " + why
}

// addHints says what to do next about what the report could not settle.
func (r *checkReport) addHints(j *job, found *modelReport) {
	for _, m := range r.UnnoticedMutations {
		r.Hints = append(r.Hints, fmt.Sprintf("the mutation %s is for %s to notice, %s; it shows with: %s", m.Name, m.Property, m.Why, m.Shown))
	}
	full := slices.ContainsFunc(found.Bounds, func(b check.BoundStats) bool { return b.Name == podIdentities && b.States > 0 })
	switch s := &j.scenario; {
	case !full || r.Verdict != incomplete:
	case s.Version == model.V1_37 && s.Toleration == model.TolerateNot && s.Faults[model.NodeCrash]+s.Faults[model.Partition] > 0:
		r.Hints = append(r.Hints, "pods that do not tolerate an unreachable node at all (tolerationSeconds 0) are evicted and bound to it again "+
			"without end while the scheduler has not seen the taint (docs/adr/0005), and then no number of pod identities is enough; with --lag 0 and no restart it is decided")
	default:
		r.Hints = append(r.Hints, fmt.Sprintf("behaviours that need more pod identities were not explored: --max-pods raises the bound, to %d at most", model.MaxPods))
	}
}

// podIdentities is what the model calls its bound on pods.
const podIdentities = "pod identities"

// addUnclaimed lists the properties that were not checked, and why not.
func (r *checkReport) addUnclaimed(j *job) {
	why := map[string]string{}
	for _, u := range j.model.Unclaimed() {
		why[u.ID] = u.Why
	}
	for _, c := range model.Catalogue() {
		if slices.ContainsFunc(r.Properties, func(p propertyReport) bool { return p.ID == c.ID }) {
			continue
		}
		r.Unclaimed = append(r.Unclaimed, unclaimed{c.ID, cmp.Or(why[c.ID], "not asked for")})
	}
}

// assume adds an assumption once.
func (r *checkReport) assume(text string) {
	if !slices.Contains(r.Assumptions, text) {
		r.Assumptions = append(r.Assumptions, text)
	}
}

// overall is the least that can be said of all properties together, and why
// not more.
func overall(properties []propertyReport) (verdict, string) {
	for _, p := range properties {
		if p.Verdict == violated {
			return violated, ""
		}
	}
	for _, p := range properties {
		if p.Verdict != holds {
			return incomplete, p.Reason
		}
	}
	return holds, ""
}

func (r *checkReport) addActions(j *job, found *modelReport) {
	complete := found.Stats.Explored == found.Stats.Distinct
	for _, a := range found.Actions {
		r.Actions = append(r.Actions, actionReport{a.Name, a.Fair.String(), a.Taken})
		if a.Taken == 0 {
			r.Unreached = append(r.Unreached, unreached{a.Name, whyNever(j.scenario, a.Name, complete)})
		}
	}
}

// addBounds lists what limits the search, and whether it did.
func (r *checkReport) addBounds(f *checkFlags, found *modelReport) {
	reached := func(target error) bool {
		return slices.ContainsFunc(found.Results, func(res modelResult) bool { return errors.Is(res.Reason, target) })
	}
	if f.maxStates > 0 {
		r.Bounds = append(r.Bounds, boundReport{Name: "states", Limit: thousands(f.maxStates), Reached: reached(check.ErrMaxStates)})
	}
	if f.maxMemory > 0 {
		r.Bounds = append(r.Bounds, boundReport{Name: "memory", Limit: f.maxMemory.String(), Reached: reached(check.ErrMemory)})
	}
	if f.timeout > 0 {
		late := slices.ContainsFunc(found.Results, func(res modelResult) bool { return errors.Is(res.Reason, errTimeout) })
		r.Bounds = append(r.Bounds, boundReport{Name: "time", Limit: f.timeout.String(), Reached: late})
	}
	for _, b := range found.Bounds {
		r.Bounds = append(r.Bounds, boundReport{Name: b.Name, Reached: b.States > 0, States: b.States})
	}
}

// worst is the verdict on all reports together.
func worst(reports []*checkReport) verdict {
	worst := holds
	for _, r := range reports {
		if r.Verdict == violated {
			return violated
		}
		if r.Verdict == incomplete {
			worst = incomplete
		}
	}
	return worst
}

// document is one report, or the list of several.
func document(reports []*checkReport) any {
	if len(reports) == 1 {
		return reports[0]
	}
	return checkReportList{traces.SchemaVersion, "CheckReportList", worst(reports), reports}
}
