package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"
)

// Bounds on one document.
const (
	maxDepth         = 100
	maxExpandedBytes = 64 << 20 // with aliases written out; a document without aliases stays below
	nodeBytes        = 16       // what one node counts for besides its text
)

// check refuses a document that is too deep, or too large once its aliases are
// written out. It reports duplicate keys to f, and makes the lines of the nodes
// those of the file.
func (d document) check(root *yamlv3.Node, f *faults) error {
	budget := maxExpandedBytes
	if problem := expand(root, 1, &budget); problem != "" {
		return &Error{File: d.file, Line: d.line + root.Line - 1, Text: problem}
	}
	d.place(root, f)
	return nil
}

// expand walks the document with its aliases written out and says what is too
// much. go-yaml has such a check, but it counts nodes only: one alias of a long
// string, repeated, passes it and takes terabytes when written as JSON.
func expand(n *yamlv3.Node, depth int, budget *int) string {
	*budget -= nodeBytes + len(n.Value)
	switch {
	case depth > maxDepth && n.Kind != yamlv3.ScalarNode:
		return fmt.Sprintf("is nested more than %d levels deep", maxDepth)
	case *budget < 0:
		return fmt.Sprintf("is larger than %d MiB with its aliases written out", maxExpandedBytes>>20)
	case n.Kind == yamlv3.AliasNode:
		return expand(n.Alias, depth+1, budget)
	}
	for _, child := range n.Content {
		if problem := expand(child, depth+1, budget); problem != "" {
			return problem
		}
	}
	return ""
}

// place moves n and all below it to their lines in the file, and reports the
// keys that a mapping has twice or that JSON cannot have.
func (d document) place(n *yamlv3.Node, f *faults) {
	n.Line += d.line - 1
	for _, child := range n.Content {
		d.place(child, f)
	}
	if n.Kind != yamlv3.MappingNode {
		return
	}
	lines := make(map[string]int, len(n.Content)/2)
	for i := 0; i < len(n.Content); i += 2 {
		key := n.Content[i]
		if t := target(key); t.Kind != yamlv3.ScalarNode || t.ShortTag() == "!!null" {
			f.add(key, "", "a key that is not a string")
		} else if first, ok := lines[t.Value]; ok {
			f.add(key, t.Value, fmt.Sprintf("duplicate key, first on line %d", first))
		} else {
			lines[t.Value] = key.Line
		}
	}
}

// An entry is a key of a mapping, and its value.
type entry struct{ key, value *yamlv3.Node }

// entries returns what a mapping holds, merged mappings (<<) included, where
// the mapping's own keys win and then the earlier of the merged ones. Of a
// duplicate key it is the first. It is nil for other nodes.
func entries(n *yamlv3.Node) map[string]entry {
	n = target(n)
	if n == nil || n.Kind != yamlv3.MappingNode {
		return nil
	}
	all := make(map[string]entry, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		name := target(n.Content[i]).Value
		if _, ok := all[name]; !ok && n.Content[i].ShortTag() != "!!merge" {
			all[name] = entry{n.Content[i], n.Content[i+1]}
		}
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].ShortTag() != "!!merge" {
			continue
		}
		merged := []*yamlv3.Node{n.Content[i+1]}
		if t := target(n.Content[i+1]); t.Kind == yamlv3.SequenceNode {
			merged = t.Content
		}
		for _, m := range merged {
			for name, e := range entries(m) {
				if _, ok := all[name]; !ok {
					all[name] = e
				}
			}
		}
	}
	return all
}

// target returns the node that n is an alias of, or n itself.
func target(n *yamlv3.Node) *yamlv3.Node {
	if n != nil && n.Kind == yamlv3.AliasNode {
		return n.Alias
	}
	return n
}

// A locator finds fields below a node. It lists each mapping once: a hostile
// document can make that slow, by merging, and have many faults to locate.
type locator struct {
	root  *yamlv3.Node
	known map[*yamlv3.Node]map[string]entry
}

func newLocator(root *yamlv3.Node) *locator {
	return &locator{root: root, known: make(map[*yamlv3.Node]map[string]entry)}
}

// find returns the node where a reader should look for a field such as
// "spec.template.spec.containers[0].name": its key, or the list item, or the
// nearest of these above it when the field is absent.
func (l *locator) find(field string) *yamlv3.Node {
	at, value := l.root, target(l.root)
	for field != "" {
		var child entry
		name, rest := head(field)
		switch value.Kind {
		case yamlv3.MappingNode:
			if _, ok := l.known[value]; !ok {
				l.known[value] = entries(value)
			}
			child = l.known[value][name]
		case yamlv3.SequenceNode:
			if i, err := strconv.Atoi(strings.Trim(name, "[]")); err == nil && 0 <= i && i < len(value.Content) {
				child = entry{value.Content[i], value.Content[i]}
			}
		}
		if child.key == nil {
			return at
		}
		at, value, field = child.key, target(child.value), rest
	}
	return at
}

// head cuts the first step off a field: "a" of "a.b", "[0]" of "[0].c".
func head(field string) (name, rest string) {
	if end := strings.IndexAny(field[1:], ".["); end >= 0 {
		return field[:end+1], strings.TrimPrefix(field[end+1:], ".")
	}
	return field, ""
}

// jsonNode returns the nodes of a JSON value, so that the fields of JSON have
// lines as those of YAML have. The YAML parser would not do: it refuses JSON
// that is indented with tabs.
func (d document) jsonNode() (*yamlv3.Node, error) {
	b := jsonNodes{decoder: json.NewDecoder(bytes.NewReader(d.text)), text: d.text, line: 1}
	b.decoder.UseNumber()
	return b.next()
}

// jsonNodes builds nodes from the tokens of a JSON text.
type jsonNodes struct {
	decoder *json.Decoder
	text    []byte
	offset  int // up to which the lines were counted
	line    int // at offset, 1-based
	column  int // at offset, 0-based
}

// next returns the node of the next value. Recursion is bounded: encoding/json
// has read the text before, and refuses more than 10000 levels.
func (b *jsonNodes) next() (*yamlv3.Node, error) {
	token, err := b.decoder.Token()
	if err != nil {
		return nil, err
	}
	n := b.node()
	delim, ok := token.(json.Delim)
	if !ok {
		n.Kind, n.Value = yamlv3.ScalarNode, fmt.Sprint(token)
		if _, ok := token.(string); ok {
			n.Tag = "!!str" // else a key "<<" would merge
		}
		return n, nil
	}
	n.Kind = yamlv3.SequenceNode
	if delim == '{' {
		n.Kind = yamlv3.MappingNode
	}
	for b.decoder.More() {
		child, err := b.next()
		if err != nil {
			return nil, err
		}
		n.Content = append(n.Content, child)
	}
	_, err = b.decoder.Token()
	return n, err
}

// node returns an empty node at the end of the token that was just read. No
// JSON token spans lines.
func (b *jsonNodes) node() *yamlv3.Node {
	end := int(b.decoder.InputOffset())
	skipped := b.text[b.offset:end]
	if last := bytes.LastIndexByte(skipped, '\n'); last >= 0 {
		b.line += bytes.Count(skipped, []byte("\n"))
		b.column = -last - 1
	}
	b.column += len(skipped)
	b.offset = end
	return &yamlv3.Node{Line: b.line, Column: b.column}
}
