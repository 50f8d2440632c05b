package manifest

import (
	"encoding/json"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	yamlv3 "go.yaml.in/yaml/v3"
)

const (
	apiVersion = "apps/v1"
	kind       = "ReplicaSet"
	supported  = "want " + apiVersion + " " + kind + ", or a v1 List of them"
)

// A list is a v1 List, or the ReplicaSetList that a server returns.
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
		if err = l.object(o, "", f); err != nil {
			break
		}
	}
	if f.first != nil { // it stands before the error, which ends the document
		return f.first
	}
	return err
}

// object loads one object. Items of a ReplicaSetList may leave their kind to
// the list, which is then inherited.
func (l *loader) object(o object, inherited string, f *faults) error {
	l.documents++
	if l.documents > maxDocuments {
		return &Error{File: f.file, Line: o.node.Line, Text: fmt.Sprintf("is one of more than %d documents", maxDocuments)}
	}
	if target(o.node).Kind != yamlv3.MappingNode {
		f.add(o.node, "", "is not a manifest: "+supported)
		return nil
	}
	version, name := o.scalar("apiVersion"), o.scalar("kind")
	if version == "" && name == "" && inherited != "" {
		version, name = apiVersion, inherited
	}
	switch {
	case version == "v1" && name == "List":
		return l.list(o, "", f)
	case version == apiVersion && name == "ReplicaSetList":
		return l.list(o, kind, f)
	case version == apiVersion && name == kind:
		l.replicaSet(o, f)
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

// unsupported says what to do about an object that is no apps/v1 ReplicaSet.
func unsupported(version, name string) (at, text string) {
	switch name {
	case "":
		return "kind", "is missing: " + supported
	case "Deployment":
		return "kind", "is a Deployment, not a ReplicaSet: give its ReplicaSet, as kubectl get replicaset -o yaml prints it"
	case kind, "ReplicaSetList", "List":
		want := apiVersion
		if name == "List" {
			want = "v1"
		}
		if version == "" {
			return "apiVersion", "is missing: use " + quote(want)
		}
		return "apiVersion", quote(version) + " has no " + name + " that is supported: use " + quote(want)
	}
	article := "a "
	switch name[0] {
	case 'A', 'E', 'I', 'O':
		article = "an "
	}
	return "kind", "is " + article + clip(name, maxValueRunes) + ", not a ReplicaSet: " + supported
}

// list loads the items of a list, in order.
func (l *loader) list(o object, inherited string, f *faults) error {
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

// replicaSet loads a ReplicaSet, or reports to f why not.
func (l *loader) replicaSet(o object, f *faults) {
	var rs appsv1.ReplicaSet
	if !o.decode(&rs, f) {
		return
	}
	if rs.Namespace == "" {
		rs.Namespace = metav1.NamespaceDefault
	}
	errs, fields := validate(&rs), newLocator(o.node)
	for _, e := range errs {
		f.add(fields.find(e.Field), e.Field, explainInvalid(e))
	}
	if len(errs) > 0 {
		return
	}
	set := newReplicaSet(&rs, fmt.Sprintf("%s:%d", f.file, o.node.Line))
	if first, ok := l.declared[set.Key()]; ok {
		text := fmt.Sprintf("%s is the name of another ReplicaSet in namespace %s, at %s", quote(set.Name), quote(set.Namespace), first)
		f.add(fields.find("metadata.name"), "metadata.name", text)
		return
	}
	l.declared[set.Key()] = set.Source
	l.sets = append(l.sets, set)
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
