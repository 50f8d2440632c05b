package manifest

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// A document is one part of a stream, between two separators.
type document struct {
	file string
	line int // of the first byte of text, 1-based
	text []byte
}

// split cuts a stream at its separators, the lines "---", as kubectl does: only
// spaces or a comment may follow on the line. Cutting lines is right for JSON
// as well, where no string holds a raw line break.
// Source: k8s.io/apimachinery/pkg/util/yaml/decoder.go:YAMLReader.Read.
func split(file string, data []byte) ([]document, error) {
	data = bytes.TrimPrefix(data, []byte("\uFEFF"))
	if err := checkText(file, data); err != nil {
		return nil, err
	}
	var documents []document
	current := document{file: file, line: 1}
	start, offset, line := 0, 0, 0
	for text := range bytes.Lines(data) {
		line++
		begin := offset
		offset += len(text)
		if !bytes.HasPrefix(text, []byte("---")) {
			continue
		}
		rest := bytes.TrimSpace(text[len("---"):])
		if len(rest) > 0 && rest[0] != '#' {
			problem := quote(string(bytes.TrimSpace(text))) + ` is no separator: write "---" on a line of its own`
			return nil, &Error{File: file, Line: line, Text: problem}
		}
		current.text = data[start:begin]
		documents = appendDocument(documents, current)
		current.line, start = line+1, offset
	}
	current.text = data[start:]
	return appendDocument(documents, current), nil
}

// appendDocument leaves out what is blank, as before the first separator.
func appendDocument(documents []document, d document) []document {
	if len(bytes.TrimSpace(d.text)) == 0 {
		return documents
	}
	return append(documents, d)
}

// checkText refuses what cannot be a manifest before a parser sees it, since
// parsers report such bytes without a line.
func checkText(file string, data []byte) error {
	for i := 0; i < len(data); {
		if data[i] >= ' ' && data[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRune(data[i:])
		problem := ""
		switch {
		case r == utf8.RuneError && size == 1:
			problem = fmt.Sprintf("is not UTF-8 text: byte 0x%02x", data[i])
		case r < ' ' && r != '\t' && r != '\n' && r != '\r':
			problem = fmt.Sprintf("is not text: control character U+%04X", r)
		}
		if problem != "" {
			return &Error{File: file, Line: 1 + bytes.Count(data[:i], []byte("\n")), Text: problem}
		}
		i += size
	}
	return nil
}
