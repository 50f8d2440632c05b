package review

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
)

// VerdictsFile is the file below docs that holds what was measured.
const VerdictsFile = "verdicts.json"

// A Verdict is what was found out about a property in a scenario of the
// catalogue.
type Verdict struct {
	Scenario string `json:"scenario"`
	Property string `json:"property"`
	Verdict  string `json:"verdict"` // holds, vacuous, violated, incomplete or not measured
	States   uint64 `json:"states"`  // of the scenario, up to symmetry; 0: not all were explored
	Command  string `json:"command"` // that checks it
}

// notMeasured is the verdict where the search was cut short.
const notMeasured = "not measured"

// Measure checks a scenario of the catalogue, for all that is claimed of it and
// all that is not guaranteed. What the options cut short is not measured.
func Measure(ctx context.Context, n model.NamedScenario, o check.Options) ([]Verdict, error) {
	m, err := measured(n.Scenario)
	if err != nil {
		return nil, err
	}
	o.Symmetry, o.Continue = true, true
	report, err := check.Run(ctx, m.Model, o)
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("scenario %s: %w", n.Name, err)
	}
	var all []Verdict
	for _, result := range report.Results {
		v := Verdict{Scenario: n.Name, Property: result.Property, Verdict: inWord(result),
			Command: "verify check --scenario " + n.Name + " --property " + result.Property}
		if report.Stats.Explored == report.Stats.Distinct {
			v.States = report.Stats.Distinct
		}
		all = append(all, v)
	}
	return all, nil
}

// measured is the model with its claims and those that are not guaranteed.
func measured(s model.Scenario) (*model.Model, error) {
	m, err := model.New(s)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, c := range model.Catalogue() {
		if c.Status == model.NotGuaranteed || m.WhyUnclaimed(c.ID) == "" {
			ids = append(ids, c.ID)
		}
	}
	return model.New(s, ids...)
}

func inWord(r check.Result[model.State]) string {
	switch {
	case r.Verdict == check.Violated:
		return "violated"
	case r.Verdict == check.Holds && r.Vacuous:
		return "vacuous"
	case r.Verdict == check.Holds:
		return "holds"
	case errors.Is(r.Reason, check.ErrMaxStates), errors.Is(r.Reason, check.ErrMemory):
		return notMeasured
	}
	return "incomplete"
}

// WriteVerdicts writes what was measured to a file, one verdict a line.
func WriteVerdicts(file string, all []Verdict) error {
	var lines []string
	for _, v := range all {
		line, err := json.Marshal(v)
		if err != nil {
			return err
		}
		lines = append(lines, "  "+string(line))
	}
	return os.WriteFile(file, []byte("[\n"+strings.Join(lines, ",\n")+"\n]\n"), 0o644)
}

// ReadVerdicts reads what was measured; nothing if there is no file. Verdicts
// about what the catalogue does not have are an error: they are outdated.
func ReadVerdicts(file string) ([]Verdict, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []Verdict
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&all); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	claims, scenarios := model.Catalogue(), model.Scenarios()
	for _, v := range all {
		known := slices.ContainsFunc(claims, func(c model.Claim) bool { return c.ID == v.Property }) &&
			slices.ContainsFunc(scenarios, func(n model.NamedScenario) bool { return n.Name == v.Scenario })
		if !known {
			return nil, fmt.Errorf("%s: there is no property %s or no scenario %s any more: measure again with verify docs --measure", file, v.Property, v.Scenario)
		}
	}
	return all, nil
}
