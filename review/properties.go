package review

import (
	"fmt"
	"strings"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
)

// KindName is the kind of a property for readers, to whom what needs fairness
// is one kind.
func KindName(k check.Kind) string {
	if k.Liveness() {
		return "liveness"
	}
	return k.String()
}

var statusInWords = map[model.Status]string{
	model.Guaranteed:    "guaranteed",
	model.Assumed:       "guaranteed under an assumption",
	model.NotGuaranteed: "not guaranteed: there is a counterexample",
	model.Liveness:      "a liveness property, which needs fairness",
	model.Witness:       "a witness: it can happen",
}

// propertiesPage lists the catalogue of claims, and what is known of each.
func propertiesPage(verdicts []Verdict, examples []example) (Page, error) {
	commands, err := commandsToCheck(verdicts)
	if err != nil {
		return Page{}, err
	}
	var m markdown
	m.heading(1, "Properties")
	m.paragraph("What can be claimed of a scenario. The status says who vouches for it:\n" + statusLegend() + ".")
	claims := model.Catalogue()
	rows := [][]string{{"id", "status", "kind", "killed mutations", "claim"}}
	for _, c := range claims {
		var killed []string
		for _, mutation := range killedBy(c.ID) {
			killed = append(killed, code(mutation.Name))
		}
		link := fmt.Sprintf("[%s](%s)", c.ID, anchor(c.ID))
		rows = append(rows, []string{link, string(c.Status), KindName(c.Kind()), strings.Join(killed, ", "), plain(c.Claim)})
	}
	m.table(rows)
	if len(verdicts) == 0 {
		m.paragraph("No verdicts are recorded here: `verify docs --measure` finds them out.")
	} else {
		m.paragraph("Verdicts were measured by the commands beside them. States are those of the whole\n" +
			"scenario, up to symmetry; *not measured* is what was larger than the measurement allowed.")
	}
	for _, c := range claims {
		m.property(c, commands[c.ID], verdicts, examples)
	}
	return Page{"properties.md", m.String()}, nil
}

func statusLegend() string {
	var parts []string
	for _, s := range []model.Status{model.Guaranteed, model.Assumed, model.Liveness, model.NotGuaranteed, model.Witness} {
		parts = append(parts, fmt.Sprintf("%s is %s", s, statusInWords[s]))
	}
	return strings.Join(parts, "; ")
}

func (m *markdown) property(c model.Claim, command string, verdicts []Verdict, examples []example) {
	m.heading(2, c.ID)
	m.paragraph("> " + plain(c.Claim))
	m.item("Kind", KindName(c.Kind()))
	m.item("Status", statusInWords[c.Status])
	m.item("Assumption", plain(c.Assumption))
	m.item("Source", plain(c.Source))
	m.item("Check", code(command))
	for _, mutation := range killedBy(c.ID) {
		hazard := ""
		if mutation.Hazard != "" {
			hazard = " (" + mutation.Hazard + ")"
		}
		m.item("Kills", fmt.Sprintf("`%s`%s, %s: `verify check --mutation %[1]s`", mutation.Name, hazard, plain(mutation.Bug)))
	}
	for _, e := range examples {
		if e.trace.Property == c.ID {
			m.item("Trace", fmt.Sprintf("[%s](%s)", e.name, e.path()))
		}
	}
	m.WriteString("\n")
	rows := [][]string{{"scenario", "verdict", "states", "command"}}
	for _, v := range verdicts {
		if v.Property == c.ID {
			states := ""
			if v.States > 0 {
				states = fmt.Sprint(v.States)
			}
			rows = append(rows, []string{v.Scenario, v.Verdict, states, code(v.Command)})
		}
	}
	if len(rows) > 1 {
		m.table(rows)
	}
}

func killedBy(property string) (all []model.Mutation) {
	for _, m := range model.Mutations() {
		if m.KilledBy == property {
			all = append(all, m)
		}
	}
	return all
}

// commandsToCheck names for each property the scenario in which checking it says
// most for the least: the smallest measured one with a verdict as expected, else
// the one with the fewest replicas and faults that it is claimed of.
func commandsToCheck(verdicts []Verdict) (map[string]string, error) {
	commands := map[string]string{}
	for _, c := range model.Catalogue() {
		expected := "holds"
		if c.Status == model.NotGuaranteed {
			expected = "violated"
		}
		least := uint64(0)
		for _, v := range verdicts {
			if v.Property == c.ID && v.Verdict == expected && v.States > 0 && (least == 0 || v.States < least) {
				commands[c.ID], least = v.Command, v.States
			}
		}
	}
	sizes := map[string]int{}
	for _, n := range model.Scenarios() {
		m, err := model.New(n.Scenario)
		if err != nil {
			return nil, err
		}
		size := n.Scenario.Replicas
		for _, budget := range n.Scenario.Faults {
			size += int(budget)
		}
		for _, c := range m.Claims {
			best, ok := sizes[c.ID]
			if commands[c.ID] == "" || ok && size < best {
				commands[c.ID], sizes[c.ID] = "verify check --scenario "+n.Name+" --property "+c.ID, size
			}
		}
	}
	for _, c := range model.Catalogue() {
		if commands[c.ID] == "" {
			commands[c.ID] = "verify check -f FILE --property " + c.ID
		}
	}
	return commands, nil
}
