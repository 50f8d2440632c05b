package traces

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/reconverge/reconverge/model"
)

// WriteITF writes the trace in the Informal Trace Format of Apalache, ADR 015:
// a variable for the action and one for each field of a state, whole. The loop
// of a lasso starts with the state after its first step.
func (r *Replayed) WriteITF(w io.Writer) error {
	types := map[string]string{"action": "Str"}
	vars := []string{"action"}
	state := reflect.TypeFor[model.State]()
	for _, f := range reflect.VisibleFields(state) {
		vars = append(vars, itfName(f.Name))
		types[itfName(f.Name)] = itfType(f.Type)
	}
	var b bytes.Buffer
	field := func(name string, v any, end string) {
		fmt.Fprintf(&b, " %q: %s%s\n", name, itfJSON(v), end)
	}
	b.WriteString("{\n")
	field("#meta", map[string]any{
		"format": "ITF", "format-description": "https://apalache-mc.org/docs/adr/015adr-trace.html",
		"description": r.verdict() + ": " + r.Claim.Claim, "varTypes": types,
	}, ",")
	field("vars", vars, ",")
	if len(r.Trace.Cycle) > 0 {
		field("loop", len(r.Trace.Stem), ",")
	}
	b.WriteString(" \"states\": [\n")
	steps := r.Steps()
	for i, step := range steps {
		record := itfValue(reflect.ValueOf(step.State)).(map[string]any)
		record["#meta"] = map[string]any{"index": i}
		record["action"] = step.Label
		end := ",\n"
		if i == len(steps)-1 {
			end = "\n"
		}
		b.WriteString("  " + itfJSON(record) + end)
	}
	b.WriteString(" ]\n}\n")
	_, err := w.Write(b.Bytes())
	return err
}

// itfJSON is v on one line.
func itfJSON(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // itfValue makes nothing that has no JSON
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// itfValue is part of a state: booleans, integers, constants by their names,
// records and sequences.
func itfValue(v reflect.Value) any {
	switch {
	case isConstant(v.Type()):
		return fmt.Sprint(v.Interface())
	case v.Kind() == reflect.Struct:
		record := map[string]any{}
		for i := range v.NumField() {
			record[itfName(v.Type().Field(i).Name)] = itfValue(v.Field(i))
		}
		return record
	case v.Kind() == reflect.Array:
		list := []any{}
		for i := range itfLen(v) {
			list = append(list, itfValue(v.Index(i)))
		}
		return list
	}
	return v.Interface()
}

// itfLen leaves out what a state has room for and does not use: the records at
// the end of an array that are zero.
func itfLen(v reflect.Value) int {
	n := v.Len()
	for n > 0 && v.Type().Elem().Kind() == reflect.Struct && v.Index(n-1).IsZero() {
		n--
	}
	return n
}

// itfType is the type of itfValue in the notation of Apalache's ADR 002.
func itfType(t reflect.Type) string {
	switch {
	case isConstant(t):
		return "Str"
	case t.Kind() == reflect.Struct:
		var fields []string
		for _, f := range reflect.VisibleFields(t) {
			fields = append(fields, itfName(f.Name)+": "+itfType(f.Type))
		}
		return "{ " + strings.Join(fields, ", ") + " }"
	case t.Kind() == reflect.Array:
		return "Seq(" + itfType(t.Elem()) + ")"
	case t.Kind() == reflect.Bool:
		return "Bool"
	}
	return "Int"
}

// isConstant reports whether values of t are constants with names.
func isConstant(t reflect.Type) bool {
	return t.Kind() == reflect.Uint8 && t.Implements(reflect.TypeFor[fmt.Stringer]())
}

// itfName is the name of a Go field as changes show it: KCM is kcm.
func itfName(name string) string {
	if strings.ToUpper(name) == name {
		return strings.ToLower(name)
	}
	return strings.ToLower(name[:1]) + name[1:]
}
