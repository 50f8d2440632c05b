package manifest

import (
	"encoding/json"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	yamlv3 "go.yaml.in/yaml/v3"
)

// A kind is one that Load understands.
type kind struct {
	apiVersion, name string
	load             func(l *loader, o object, f *faults) // or report to f why not
}

var kinds = []kind{
	{"apps/v1", "ReplicaSet", (*loader).replicaSet},
	{"policy/v1", "PodDisruptionBudget", (*loader).budget},
	{"v1", "Node", (*loader).node},
}

const supported = "want apps/v1 ReplicaSet, policy/v1 PodDisruptionBudget, v1 Node, or a v1 List of them"

// kindOf returns the kind of that name, with or without the "List" that a
// server appends for several of them.
func kindOf(name string) (k *kind, isList bool) {
	for i := range kinds {
		switch name {
		case kinds[i].name:
			return &kinds[i], false
		case kinds[i].name + "List":
			return &kinds[i], true
		}
	}
	return nil, false
}

// A list is a v1 List, or one of a kind such as the ReplicaSetList that a server
// returns.
type list struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`
	Items           []json.RawMessage `json:"items"`
}

// document loads one document, and returns its first fault by position.
func (l *loader) document(d document) error {
	f := &faults{file: d.file}
	objects, err := d.objects(f)
	if err != nil {
		return err
	}
	for _, o := range objects {
		if err = l.object(o, nil, f); err != nil {
			break
		}
	}
	if f.first != nil { // it stands before the error, which ends the document
		return f.first
	}
	return err
}

// object loads one object. Items of a list of one kind may leave their kind to
// the list, which is then inherited.
func (l *loader) object(o object, inherited *kind, f *faults) error {
	l.documents++
	if l.documents > maxDocuments {
		return &Error{File: f.file, Line: o.node.Line, Text: fmt.Sprintf("is one of more than %d documents", maxDocuments)}
	}
	if target(o.node).Kind != yamlv3.MappingNode {
		f.add(o.node, "", "is not a manifest: "+supported)
		return nil
	}
	version, name := o.scalar("apiVersion"), o.scalar("kind")
	if version == "" && name == "" && inherited != nil {
		version, name = inherited.apiVersion, inherited.name
	}
	k, isList := kindOf(name)
	switch {
	case version == "v1" && name == "List":
		return l.list(o, nil, f)
	case k != nil && version == k.apiVersion && isList:
		return l.list(o, k, f)
	case k != nil && version == k.apiVersion:
		k.load(l, o, f)
	default:
		at, text := unsupported(version, name)
		f.add(newLocator(o.node).find(at), at, text)
	}
	return nil
}

// scalar returns a field of the object itself, or "" if it is absent or a
// collection.
func (o object) scalar(name string) string {
	e, ok := entries(o.node)[name]
	if !ok {
		return ""
	}
	return target(e.value).Value
}

// unsupported says what to do about an object of a kind that is not known, or
// of another version of it.
func unsupported(version, name string) (at, text string) {
	want := ""
	if k, _ := kindOf(name); k != nil {
		want = k.apiVersion
	}
	switch name {
	case "":
		return "kind", "is missing: " + supported
	case "Deployment":
		return "kind", "is a Deployment, not a ReplicaSet: give its ReplicaSet, as kubectl get replicaset -o yaml prints it"
	case "List":
		want = "v1"
	}
	switch {
	case want != "" && version == "":
		return "apiVersion", "is missing: use " + quote(want)
	case want != "":
		return "apiVersion", quote(version) + " has no " + name + " that is supported: use " + quote(want)
	}
	article := "a "
	switch name[0] {
	case 'A', 'E', 'I', 'O':
		article = "an "
	}
	return "kind", "is " + article + clip(name, maxValueRunes) + ", which is not modelled: " + supported
}

// list loads the items of a list, in order.
func (l *loader) list(o object, inherited *kind, f *faults) error {
	var all list
	if !o.decode(&all, f) {
		return nil
	}
	nodes := target(entries(o.node)["items"].value)
	for i, raw := range all.Items {
		item := object{json: raw, node: o.node}
		if nodes != nil && i < len(nodes.Content) { // else there are two keys "items"
			item.node = nodes.Content[i]
		}
		if err := l.object(item, inherited, f); err != nil {
			return err
		}
	}
	return nil
}

// accept reports to f what is wrong with a decoded object, be it that another
// of its kind has its name. It reports whether nothing is; then source is where
// the object begins.
func (l *loader) accept(o object, kind string, meta *metav1.ObjectMeta, errs field.ErrorList, f *faults) (source string, ok bool) {
	fields := newLocator(o.node)
	for _, e := range errs {
		f.add(fields.find(e.Field), e.Field, explainInvalid(e))
	}
	if len(errs) > 0 {
		return "", false
	}
	source = fmt.Sprintf("%s:%d", f.file, o.node.Line)
	key := kind + " " + meta.Namespace + "/" + meta.Name
	if first, ok := l.declared[key]; ok {
		within := ""
		if meta.Namespace != "" {
			within = " in namespace " + quote(meta.Namespace)
		}
		text := fmt.Sprintf("%s is the name of another %s%s, at %s", quote(meta.Name), kind, within, first)
		f.add(fields.find("metadata.name"), "metadata.name", text)
		return "", false
	}
	l.declared[key] = source
	return source, true
}

// explainInvalid rewords an error of the validation libraries.
func explainInvalid(e *field.Error) string {
	switch e.Type {
	case field.ErrorTypeRequired:
		if e.Detail == "" {
			return "is missing"
		}
		return e.Detail
	case field.ErrorTypeForbidden:
		return e.Detail
	}
	detail, pattern, ok := strings.Cut(e.Detail, ", regex used for validation is '")
	if ok && strings.HasSuffix(pattern, "')") {
		detail += ")" // the examples before say it in less than a line
	}
	return quote(e.BadValue) + ": " + detail
}
