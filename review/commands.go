package review

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/traces"
)

// Command is the command line that checks a property of s as a variation of the
// named scenario base; "" if it takes more than flags to get from one to the
// other. The name of a scenario is for readers only.
func Command(base string, s model.Scenario, property string) string {
	varied, err := model.ScenarioByName(base)
	if err != nil {
		return ""
	}
	command := "verify check --scenario " + base
	flag := func(name string, differs bool, value any) {
		if differs {
			command += fmt.Sprintf(" --%s %v", name, value)
		}
	}
	flag("version", s.Version != varied.Version, s.Version)
	flag("nodes", s.Nodes != varied.Nodes, s.Nodes)
	flag("lag", s.Lag != varied.Lag, s.Lag)
	flag("max-pods", s.Pods != varied.Pods, s.Pods)
	flag("start", s.Start != varied.Start, s.Start)
	flag("fault", s.Faults != varied.Faults, faultFlag(s.Faults))
	flag("mutation", len(s.Mutations) > 0, strings.Join(s.Mutations, ","))
	varied.Name, varied.Version, varied.Nodes, varied.Lag, varied.Pods = s.Name, s.Version, s.Nodes, s.Lag, s.Pods
	varied.Start, varied.Faults, varied.Mutations = s.Start, s.Faults, s.Mutations
	if !same(varied, s) {
		return ""
	}
	return command + " --property " + property
}

func faultFlag(b model.Budget) string {
	var parts []string
	for f, n := range b {
		switch {
		case n == model.Unlimited:
			parts = append(parts, fmt.Sprintf("%v=unlimited", model.Fault(f)))
		case n > 0:
			parts = append(parts, fmt.Sprintf("%v=%d", model.Fault(f), n))
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ",")
}

// foundBy is the command that finds a trace; "" if the catalogues have no such
// scenario.
func foundBy(s model.Scenario, property string) string {
	for _, n := range model.Scenarios() {
		if same(n.Scenario, s) {
			return Command(n.Name, s, property)
		}
	}
	for _, m := range model.Mutations() {
		planted := m.Scenario
		planted.Mutations = []string{m.Name}
		if same(planted, s) {
			return "verify check --mutation " + m.Name + " --property " + property
		}
	}
	for _, h := range model.Hazards() {
		if same(h.Scenario, s) {
			return Command(h.Base, s, property)
		}
	}
	return ""
}

// same compares all but the names.
func same(a, b model.Scenario) bool {
	a.Name, b.Name = "", ""
	return reflect.DeepEqual(traces.FromScenario(a), traces.FromScenario(b))
}
