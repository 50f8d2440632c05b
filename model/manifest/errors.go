package manifest

import (
	"fmt"
	"strings"
	"unicode"
)

// Longest parts of a message, in runes. Input may hold keys and values of
// megabytes, and a message is one line on a terminal.
const (
	maxValueRunes = 60
	maxFieldRunes = 200
	maxTextRunes  = 600
)

// An Error is one fault in the input. Every error that [Load] returns is an
// *Error, so a caller may treat all of them as bad input.
type Error struct {
	File  string // as given to Load, or "<stdin>"; "" when no input was named
	Line  int    // first is 1; 0 when the fault is of the file as a whole
	Field string // such as "spec.replicas"; "" when the fault is of the document as a whole
	Text  string // what is wrong, then the remedy if there is one
	Err   error  // the cause, such as one that is fs.ErrNotExist, or nil
}

// Error returns "file:line: field: text" without the parts that are empty. It
// is always a single line of printable characters, whatever the input held.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	for _, part := range []string{clip(e.Field, maxFieldRunes), clip(e.Text, maxTextRunes)} {
		if part == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(": ")
		}
		b.WriteString(part)
	}
	return strings.Map(printable, b.String())
}

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.Err }

// printable keeps a message on its line and a terminal out of its reach.
func printable(r rune) rune {
	switch {
	case unicode.IsSpace(r):
		return ' '
	case unicode.IsPrint(r):
		return r
	}
	return '?'
}

// clip shortens s to at most limit runes, an ellipsis included.
func clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	runes := 0
	cut := 0
	for i := range s {
		if runes == limit-3 {
			cut = i
		}
		if runes == limit {
			return s[:cut] + "..."
		}
		runes++
	}
	return s
}

// quote renders an offending value for a message.
func quote(value any) string {
	return `"` + clip(fmt.Sprint(value), maxValueRunes) + `"`
}
