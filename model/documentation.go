package model

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"github.com/reconverge/reconverge/check"
)

// A Component is a process of the protocol, or what comes from outside, and
// its actions in the order of the model.
type Component struct {
	Name    string // "ReplicaSet"
	Intro   Comment
	Actions []ActionDoc
}

// An ActionDoc is what the function of an action says of it.
type ActionDoc struct {
	Name     string // "ReplicaSet.Decide"
	Fair     check.Fairness
	Function string
	File     string
	Comment
}

// A Comment is the comment of an action or a file by its parts. All but Does
// begin with their name and a colon in the source.
type Comment struct {
	Does      string // paragraphs
	Reads     string // what decides whether and how the action happens
	Guard     string // when it can happen
	Effect    string // what is different then
	Abstracts string // upstream
	Omits     string // of upstream, and why that is safe
}

// Documentation returns what the source says of every action, by component.
// What it says is complete: each action of a scenario, named or of a mutation,
// has a function with a comment, and each that a process owes says what it
// abstracts. The error lists those that do not, and names that the source
// registers and no such scenario has.
func Documentation() ([]Component, error) {
	actions, err := catalogueActions()
	if err != nil {
		return nil, err
	}
	return document(sources, actions)
}

// catalogueActions lists the actions of all scenarios that there are.
func catalogueActions() (all []check.Action[State], err error) {
	var scenarios []Scenario
	for _, n := range Scenarios() {
		scenarios = append(scenarios, n.Scenario)
	}
	for _, m := range Mutations() {
		scenarios = append(scenarios, m.Scenario)
	}
	seen := map[string]bool{}
	for _, s := range scenarios {
		m, err := New(s)
		if err != nil {
			return nil, err
		}
		for _, a := range m.Actions {
			if !seen[a.Name] {
				seen[a.Name] = true
				all = append(all, a)
			}
		}
	}
	return all, nil
}

// document finds the comments of the actions in the source.
func document(source fs.FS, actions []check.Action[State]) ([]Component, error) {
	p, err := parse(source)
	if err != nil {
		return nil, err
	}
	var components []Component
	var wrong []error
	index := map[string]int{}
	known := map[string]bool{}
	for _, a := range actions {
		known[a.Name] = true
		doc, err := p.action(a)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		name, _, _ := strings.Cut(a.Name, ".")
		i, ok := index[name]
		if !ok {
			i = len(components)
			index[name] = i
			components = append(components, Component{Name: name})
		}
		components[i].add(doc, p.intros[doc.File])
	}
	for _, name := range p.names {
		if !known[name] && strings.Contains(name, ".") {
			wrong = append(wrong, fmt.Errorf("action %s is registered, and no scenario of the catalogue has it", name))
		}
	}
	return components, errors.Join(wrong...)
}

// add appends an action, and the comment of its file if it is the first there.
func (c *Component) add(a ActionDoc, intro Comment) {
	for _, before := range c.Actions {
		if before.File == a.File {
			intro = Comment{}
		}
	}
	c.Intro.Does = join(c.Intro.Does, "\n\n", intro.Does)
	c.Intro.Omits = join(c.Intro.Omits, " ", intro.Omits)
	c.Actions = append(c.Actions, a)
}

func join(a, separator, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + separator + b
}

// action returns the documentation of an action, which has to be complete.
func (p *program) action(a check.Action[State]) (ActionDoc, error) {
	f, ok := p.registered[a.Name]
	if !ok {
		return ActionDoc{}, fmt.Errorf("action %s: its name and its function are not found side by side in the source", a.Name)
	}
	if f.again != "" {
		return ActionDoc{}, fmt.Errorf("action %s is registered with %s and with %s", a.Name, f.name, f.again)
	}
	doc := ActionDoc{Name: a.Name, Fair: a.Fair, Function: f.name, File: f.file, Comment: parseComment(f.comment)}
	switch {
	case doc.Does == "":
		return doc, fmt.Errorf("action %s: %s in %s has no comment", a.Name, f.name, f.file)
	case doc.Abstracts == "" && a.Fair != check.Unfair:
		return doc, fmt.Errorf("action %s: the comment of %s in %s does not say what it abstracts", a.Name, f.name, f.file)
	}
	return doc, nil
}

var part = regexp.MustCompile(`^(Reads|Guard|Effect|Abstracts|Omits): *(.*)`)

// parseComment takes a comment apart. A part ends with the next part or with
// its paragraph.
func parseComment(text string) (c Comment) {
	parts := map[string]*string{"Reads": &c.Reads, "Guard": &c.Guard, "Effect": &c.Effect, "Abstracts": &c.Abstracts, "Omits": &c.Omits}
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		var does string
		to := &does
		for line := range strings.Lines(paragraph) {
			line = strings.TrimSpace(line)
			if m := part.FindStringSubmatch(line); m != nil {
				to, line = parts[m[1]], m[2]
			}
			*to = join(*to, " ", line)
		}
		c.Does = join(c.Does, "\n\n", does)
	}
	return c
}

// Sentences returns what the action does, as sentences about the action: a
// comment begins with the name of its function.
func (a *ActionDoc) Sentences() string {
	text, ok := strings.CutPrefix(a.Does, a.Function+" ")
	if !ok || text == "" {
		return a.Does
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
