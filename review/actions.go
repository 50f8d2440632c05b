package review

import (
	"fmt"
	"strings"

	"github.com/reconverge/reconverge/model"
)

func componentPath(c model.Component) string { return "model/" + strings.ToLower(c.Name) + ".md" }

// indexPage lists the components and the scenarios.
func indexPage(components []model.Component) Page {
	var m markdown
	m.heading(1, "The model")
	total := 0
	rows := [][]string{{"component", "actions", ""}}
	for _, c := range components {
		total += len(c.Actions)
		link := fmt.Sprintf("[%s](%s)", c.Name, strings.TrimPrefix(componentPath(c), "model/"))
		rows = append(rows, []string{link, fmt.Sprint(len(c.Actions)), plain(firstSentence(c.Intro.Does))})
	}
	m.paragraph(fmt.Sprintf("The protocol is %d actions of %d components. Each is described by the comment of its\n"+
		"function, from which these pages are made; what is claimed of them is in\n[properties](../properties.md).", total, len(components)))
	m.table(rows)
	m.heading(2, "Scenarios")
	m.paragraph("A model is about one scenario, which fixes sizes and budgets of faults. These have names;\n`verify check --scenario NAME` explores one.")
	rows = [][]string{{"name", "story", "replicas", "nodes", "Kubernetes", "faults"}}
	for _, n := range model.Scenarios() {
		s := n.Scenario
		rows = append(rows, []string{code(n.Name), plain(n.Story), fmt.Sprint(s.Replicas), fmt.Sprint(s.Nodes), s.Version.String(), s.Faults.String()})
	}
	m.table(rows)
	return Page{"model/README.md", m.String()}
}

// componentPage describes the actions of one component.
func componentPage(c model.Component) Page {
	var m markdown
	m.heading(1, c.Name)
	m.paragraph(plain(c.Intro.Does))
	if c.Intro.Omits != "" {
		m.paragraph("**Omits:** " + plain(c.Intro.Omits))
	}
	rows := [][]string{{"action", "fairness", ""}}
	for _, a := range c.Actions {
		link := fmt.Sprintf("[%s](%s)", a.Name, anchor(a.Name))
		rows = append(rows, []string{link, a.Fair.String(), plain(firstSentence(a.Sentences()))})
	}
	m.table(rows)
	for _, a := range c.Actions {
		m.heading(2, a.Name)
		m.paragraph(plain(a.Sentences()))
		m.item("Reads", plain(a.Reads))
		m.item("Guard", plain(a.Guard))
		m.item("Effect", plain(a.Effect))
		m.item("Fairness", a.Fair.String())
		m.item("Upstream", plain(a.Abstracts))
		m.item("Omits", plain(a.Omits))
		m.item("Source", fmt.Sprintf("`%s` in [model/%s](../../model/%[2]s)", a.Function, a.File))
		m.WriteString("\n")
	}
	return Page{componentPath(c), m.String()}
}
