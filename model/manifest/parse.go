package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	yamlv2 "go.yaml.in/yaml/v2"
	yamlv3 "go.yaml.in/yaml/v3"
	"sigs.k8s.io/yaml"
)

// An object is one map of a document: the bytes that an API server would get,
// and the nodes that know where each field stands in the file.
type object struct {
	json []byte
	node *yamlv3.Node
}

// objects parses the document: none if it is empty, several if it is a stream
// of JSON objects. Faults that leave it readable go to f.
func (d document) objects(f *faults) ([]object, error) {
	var jsonErr error
	if bytes.HasPrefix(bytes.TrimSpace(d.text), []byte("{")) {
		var parsed []object
		if parsed, jsonErr = d.jsonObjects(f); jsonErr == nil {
			return parsed, nil
		}
	}
	// What only looks like JSON may be YAML in flow style.
	parsed, err := d.yamlObject(f)
	if err != nil && jsonErr != nil {
		return nil, jsonErr
	}
	return parsed, err
}

// yamlObject parses the document as YAML, twice: for its values with the
// library that kubectl uses, which follows YAML 1.1 ("yes" is a boolean), and
// for its positions with the one that keeps them.
func (d document) yamlObject(f *faults) ([]object, error) {
	node, err := d.yamlNode()
	if err != nil || node == nil {
		return nil, err
	}
	if err := d.check(node, f); err != nil {
		return nil, err
	}
	// Not the strict conversion: it also refuses a key that overrides a merged
	// one, which is what merging is for. check has seen to the duplicates.
	values, err := yaml.YAMLToJSON(d.text)
	if err != nil && f.first == nil {
		f.add(node, "", "cannot be written as JSON: "+strings.TrimPrefix(err.Error(), "json: "))
	}
	if err != nil {
		return nil, nil
	}
	return []object{{json: values, node: node}}, nil
}

// yamlNode returns the root of a YAML document, or nil if it is empty.
func (d document) yamlNode() (*yamlv3.Node, error) {
	decoder := yamlv3.NewDecoder(bytes.NewReader(d.text))
	var first, second yamlv3.Node
	if err := decoder.Decode(&first); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, d.syntaxError(err)
	}
	if err := decoder.Decode(&second); err == nil {
		line := d.line + second.Line - 1
		return nil, &Error{File: d.file, Line: line, Text: `begins a document without a separator: write "---" on a line before it`}
	} else if !errors.Is(err, io.EOF) {
		return nil, d.syntaxError(err)
	}
	root := first.Content[0]
	if root.Kind == yamlv3.ScalarNode && root.ShortTag() == "!!null" {
		return nil, nil
	}
	return root, nil
}

// linePrefix is how go-yaml begins a message, if it knows the line.
var linePrefix = regexp.MustCompile(`^(?:yaml: )?(?:unmarshal errors:\s+)?(?:line (\d+): )?`)

// syntaxError rewords an error of go-yaml, whose lines need care: v3 gives the
// line where a construct began, v2 the one where it went wrong; and both count
// from 0 in the errors of the parser, from 1 in those of the scanner.
func (d document) syntaxError(err error) *Error {
	match := linePrefix.FindStringSubmatch(err.Error())
	text := strings.TrimPrefix(err.Error(), match[0])
	inParser := strings.HasPrefix(text, "did not find expected")
	if inParser || strings.Contains(text, "tab character") {
		// An empty target, since v2 expands aliases into any other.
		if v2 := yamlv2.Unmarshal(d.text, &struct{}{}); v2 != nil {
			match = linePrefix.FindStringSubmatch(v2.Error())
		}
	}
	line, _ := strconv.Atoi(match[1])
	if inParser {
		line++
	}
	line = min(max(line, 1), 1+bytes.Count(bytes.TrimSpace(d.text), []byte("\n")))
	if strings.HasPrefix(text, "found character that cannot start any token") && d.indentedByTab(line) {
		text = "found a tab in the indentation: indent with spaces"
	}
	return &Error{File: d.file, Line: d.line + line - 1, Text: "is not valid YAML: " + text}
}

// indentedByTab reports whether a line of the document, the first being 1, has
// a tab before its first other character.
func (d document) indentedByTab(line int) bool {
	lines := bytes.Split(d.text, []byte("\n"))
	if line > len(lines) {
		return false
	}
	indent := lines[line-1][:len(lines[line-1])-len(bytes.TrimLeft(lines[line-1], " \t"))]
	return bytes.ContainsRune(indent, '\t')
}

// jsonObjects parses the document as a stream of JSON values, and stops when
// there are more than anyone will look at.
func (d document) jsonObjects(f *faults) ([]object, error) {
	decoder := json.NewDecoder(bytes.NewReader(d.text))
	var parsed []object
	part, counted := document{file: d.file, line: d.line}, 0
	for len(parsed) <= maxDocuments {
		err := decoder.Decode((*json.RawMessage)(&part.text))
		if errors.Is(err, io.EOF) {
			return parsed, nil
		}
		if err != nil {
			return nil, d.jsonError(err, decoder.InputOffset())
		}
		start := int(decoder.InputOffset()) - len(part.text)
		part.line += bytes.Count(d.text[counted:start], []byte("\n"))
		counted = start
		node, err := part.jsonNode()
		if err != nil {
			return nil, d.jsonError(err, decoder.InputOffset())
		}
		if err := part.check(node, f); err != nil {
			return nil, err
		}
		parsed = append(parsed, object{json: bytes.Clone(part.text), node: node})
	}
	return parsed, nil
}

// jsonError rewords an error of encoding/json that occurred at or after offset.
func (d document) jsonError(err error, offset int64) *Error {
	text := err.Error()
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		offset = syntax.Offset
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		text, offset = "ends too early", int64(len(bytes.TrimSpace(d.text)))
	}
	offset = min(max(offset, 0), int64(len(d.text)))
	line := d.line + bytes.Count(d.text[:offset], []byte("\n"))
	return &Error{File: d.file, Line: line, Text: fmt.Sprintf("is not valid JSON: %s", text)}
}
