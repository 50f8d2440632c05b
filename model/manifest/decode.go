package manifest

import (
	"cmp"
	"encoding/json"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
	kjson "sigs.k8s.io/json"
)

// faults keeps the first fault of a document, by position.
type faults struct {
	file   string
	first  *Error
	column int // of first
}

// precedes reports whether a fault at a node comes before the one that is kept.
// Of two at one place it is the one with the lesser field, so that a message
// does not depend on the order of a Go map.
func (f *faults) precedes(n *yamlv3.Node, field string) bool {
	if f.first == nil {
		return true
	}
	return cmp.Or(
		cmp.Compare(n.Line, f.first.Line),
		cmp.Compare(n.Column, f.column),
		strings.Compare(field, f.first.Field),
	) < 0
}

// add records a fault at a node.
func (f *faults) add(n *yamlv3.Node, field, text string) {
	if f.precedes(n, field) {
		f.first, f.column = &Error{File: f.file, Line: n.Line, Field: field, Text: text}, n.Column
	}
}

// decode fills into with the object as an API server with
// fieldValidation=Strict would: names are case sensitive, unknown fields are
// refused. It reports whether it could; if not, f has the reasons.
func (o object) decode(into any, f *faults) bool {
	d := diagnosis{faults: f}
	if hugeExponent.Match(o.json) {
		d.value(o.json, entry{o.node, o.node}, reflect.TypeOf(into), "")
		if d.found {
			return false
		}
	}
	strict, err := kjson.UnmarshalStrict(o.json, into, kjson.DisallowUnknownFields)
	if err == nil && len(strict) == 0 {
		return true
	}
	d.value(o.json, entry{o.node, o.node}, reflect.TypeOf(into), "")
	if !d.found { // not known to happen: the decoder and the diagnosis disagree
		for _, e := range append(strict, err) {
			if e != nil {
				f.add(o.node, "", e.Error())
			}
		}
	}
	return false
}

// hugeExponent is found in quantities that take more than a moment to read: the
// library writes 1e-300000000 out in digits. It is also found in other values,
// such as hashes, that are as good as any.
var hugeExponent = regexp.MustCompile(`[0-9.][eE][+-]?[0-9]{4}`)

// A diagnosis finds out which fields made a decoder fail. The decoder itself
// says so without list indexes, only for the first, and for types that decode
// themselves, such as quantities, not at all.
type diagnosis struct {
	faults *faults
	found  bool
}

func (d *diagnosis) add(n *yamlv3.Node, field, text string) {
	d.found = true
	d.faults.add(n, field, text)
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// value looks for faults in one value that is to be decoded into a t.
func (d *diagnosis) value(raw json.RawMessage, at entry, t reflect.Type, field string) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if string(raw) == "null" {
		return
	}
	kind := t.Kind()
	if reflect.PointerTo(t).Implements(unmarshaler) {
		kind = reflect.Invalid
	}
	switch {
	case t == reflect.TypeFor[resource.Quantity]() && hugeExponent.Match(raw):
		d.add(at.key, field, quote(target(at.value).Value)+": is out of the range of quantities")
	case kind == reflect.Struct && raw[0] == '{':
		d.fields(raw, at, t, field)
	case kind == reflect.Map && raw[0] == '{':
		nodes := entries(at.value)
		for name, v := range members(raw) {
			d.value(v, childOf(at, nodes, name), t.Elem(), join(field, name))
		}
	case kind == reflect.Slice && raw[0] == '[':
		var items []json.RawMessage
		_ = json.Unmarshal(raw, &items) // raw was decoded before
		nodes := target(at.value).Content
		for i, item := range items {
			child := at
			if i < len(nodes) {
				child = entry{nodes[i], nodes[i]}
			}
			d.value(item, child, t.Elem(), field+"["+strconv.Itoa(i)+"]")
		}
	default:
		if err := kjson.UnmarshalCaseSensitivePreserveInts(raw, reflect.New(t).Interface()); err != nil {
			d.add(at.key, field, explain(raw, target(at.value), kind, t, err))
		}
	}
}

// fields looks for faults in the members of a JSON object that is to be
// decoded into the struct t.
func (d *diagnosis) fields(raw json.RawMessage, at entry, t reflect.Type, field string) {
	known, nodes := jsonFields(t), entries(at.value)
	for name, v := range members(raw) {
		child := childOf(at, nodes, name)
		if fieldType, ok := known[name]; ok {
			d.value(v, child, fieldType, join(field, name))
			continue
		}
		d.found = true
		if d.faults.precedes(child.key, join(field, name)) { // a name is not cheap to guess
			d.faults.add(child.key, join(field, name), "unknown field"+didYouMean(name, known))
		}
	}
}

// childOf returns one of the entries of a mapping, or the mapping itself where
// the two YAML libraries disagree about the name, as for a key "yes".
func childOf(mapping entry, nodes map[string]entry, name string) entry {
	if e, ok := nodes[name]; ok {
		return e
	}
	return mapping
}

func members(raw json.RawMessage) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	_ = json.Unmarshal(raw, &m) // raw was decoded before
	return m
}

func join(field, name string) string {
	if field == "" {
		return name
	}
	return field + "." + name
}

// jsonFields returns the fields of a struct by their JSON names.
func jsonFields(t reflect.Type) map[string]reflect.Type {
	all := make(map[string]reflect.Type)
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			for inner, fieldType := range jsonFields(f.Type) {
				all[inner] = fieldType
			}
		case name != "" && name != "-":
			all[name] = f.Type
		}
	}
	return all
}

// explain says why a value is no t, in the words of the file rather than those
// of Go.
func explain(raw json.RawMessage, n *yamlv3.Node, kind reflect.Kind, t reflect.Type, err error) string {
	value := quote(n.Value)
	switch raw[0] {
	case '{':
		value = "a map"
	case '[':
		value = "a list"
	}
	if t == reflect.TypeFor[intstr.IntOrString]() {
		return value + ` is neither an integer of 32 bits nor a percentage such as "50%"`
	}
	scalar := raw[0] != '{' && raw[0] != '['
	switch kind {
	case reflect.String:
		if scalar {
			return value + " is not a string: put it in quotes"
		}
		return value + " is not a string"
	case reflect.Int32, reflect.Int64:
		if _, intErr := strconv.ParseInt(strings.Trim(string(raw), `"`), 10, 64); intErr == nil && raw[0] == '"' {
			return value + " is a string, not an integer: take the quotes off"
		}
		if scalar && raw[0] != '"' && !strings.ContainsAny(string(raw), ".eE") {
			return value + " does not fit in " + strconv.Itoa(t.Bits()) + " bits"
		}
		return value + " is not an integer"
	case reflect.Bool:
		return value + " is neither true nor false"
	case reflect.Struct, reflect.Map:
		return value + " is not a map"
	case reflect.Slice:
		return value + " is not a list"
	}
	return value + ": " + err.Error()
}

// didYouMean names the known field that was probably meant: one that differs in
// case only, or in at most two letters. It returns "" if there is none.
func didYouMean(name string, known map[string]reflect.Type) string {
	if len(name) > maxValueRunes {
		return ""
	}
	best, bestDistance := "", 3
	for field := range known {
		distance := editDistance(strings.ToLower(name), strings.ToLower(field))
		if distance < len(field) && (distance < bestDistance || distance == bestDistance && field < best) {
			best, bestDistance = field, distance
		}
	}
	if best == "" {
		return ""
	}
	return `, did you mean "` + best + `"?`
}

// editDistance counts the letters to insert, delete or replace between a and b.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
