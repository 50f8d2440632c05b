package review

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/traces"
)

// tracesDir is where the golden traces are in the repository.
const tracesDir = "model/testdata"

// An example is a golden trace.
type example struct {
	name  string // of its file, without .json
	trace *traces.Trace
}

func (e *example) path() string { return "traces/" + e.name + ".md" }

// readTraces reads all traces of a directory, which need not exist.
func readTraces(dir string) (all []example, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		t, err := traces.Decode(f)
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, example{strings.TrimSuffix(filepath.Base(file), ".json"), t})
	}
	return all, nil
}

// page shows a trace as it was executed again.
func (e *example) page() (Page, error) {
	r, err := traces.Replay(e.trace)
	if err != nil {
		return Page{}, fmt.Errorf("%s: %w", e.name, err)
	}
	var m markdown
	m.heading(1, e.name)
	hazard := e.hazard()
	if hazard != nil {
		m.paragraph(plain(strings.ToUpper(hazard.Story[:1])+hazard.Story[1:]) + ".")
	}
	verb := "is violated"
	if r.Shows == traces.Witness {
		verb = "can happen"
	}
	m.paragraph(fmt.Sprintf("[%s](../properties.md%s) %s: %s.", r.Claim.ID, anchor(r.Claim.ID), verb, plain(r.Claim.Claim)))
	m.item("Status", statusInWords[r.Claim.Status])
	m.item("Found by", code(foundBy(r.Scenario, r.Claim.ID)))
	if hazard != nil {
		m.item("Closed by", strings.TrimSuffix(plain(hazard.Cure)+": "+code(Command(hazard.Base, hazard.Cured, hazard.Property)), ": "))
	}
	m.item("Shown by", code("verify show "+tracesDir+"/"+e.name+".json"))
	m.WriteString("\n")
	m.table(fields(traces.FromScenario(r.Scenario)))

	var diagram, steps, pods strings.Builder
	if err := r.WriteMermaid(&diagram); err != nil {
		return Page{}, err
	}
	if err := r.WriteTable(&steps); err != nil {
		return Page{}, err
	}
	if err := r.WritePods(&pods); err != nil {
		return Page{}, err
	}
	m.heading(2, "Diagram")
	m.block("mermaid", diagram.String())
	m.heading(2, "Steps")
	m.block("", steps.String())
	m.paragraph("At the end, `kubectl get pods -o wide` lists")
	m.block("", pods.String())
	return Page{e.path(), m.String()}, nil
}

// hazard is the one that the trace shows, or nil.
func (e *example) hazard() *model.Hazard {
	for _, h := range model.Hazards() {
		if h.Name == e.name {
			return &h
		}
	}
	return nil
}

// fields are the fields of a scenario that say something, under their names.
func fields(s traces.Scenario) [][]string {
	var names, values []string
	v := reflect.ValueOf(s)
	for i := range v.NumField() {
		if f := v.Field(i); !f.IsZero() && (f.Kind() != reflect.Map && f.Kind() != reflect.Slice || f.Len() > 0) {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			names = append(names, name)
			values = append(values, plain(value(f)))
		}
	}
	return [][]string{names, values}
}

// value writes a field: a word as it is, anything larger as JSON.
func value(f reflect.Value) string {
	switch f.Kind() {
	case reflect.Map, reflect.Slice, reflect.Pointer:
		text, err := json.Marshal(f.Interface())
		if err != nil {
			panic(err) // plain data
		}
		return string(text)
	}
	return fmt.Sprint(f)
}
