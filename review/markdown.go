package review

import (
	"fmt"
	"strings"
)

// A markdown is a page being written.
type markdown struct{ strings.Builder }

func (m *markdown) heading(level int, text string) {
	fmt.Fprintf(m, "%s %s\n\n", strings.Repeat("#", level), text)
}

func (m *markdown) paragraph(text string) {
	if text != "" {
		m.WriteString(text + "\n\n")
	}
}

// item writes an entry of a list, unless there is nothing to say.
func (m *markdown) item(name, text string) {
	if text != "" {
		fmt.Fprintf(m, "- **%s:** %s\n", name, text)
	}
}

// table writes rows of cells; the first is the heading.
func (m *markdown) table(rows [][]string) {
	for i, row := range rows {
		m.WriteString("|")
		for _, cell := range row {
			m.WriteString(" " + strings.ReplaceAll(cell, "|", `\|`) + " |")
		}
		m.WriteString("\n")
		if i == 0 {
			m.WriteString("|" + strings.Repeat(" --- |", len(row)) + "\n")
		}
	}
	m.WriteString("\n")
}

// block writes text as it is, in the given language.
func (m *markdown) block(language, text string) {
	fmt.Fprintf(m, "```%s\n", language)
	for line := range strings.Lines(text) {
		m.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	m.WriteString("```\n\n")
}

// plain escapes what prose does not mean as markup.
func plain(text string) string { return specials.Replace(text) }

var specials = strings.NewReplacer("<", "&lt;", ">", "&gt;", "*", `\*`, "[", `\[`, "]", `\]`)

func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + text + "`"
}

// firstSentence is the beginning of prose.
func firstSentence(text string) string {
	if i := strings.Index(text, ". "); i >= 0 {
		text = text[:i+1]
	}
	text, _, _ = strings.Cut(text, "\n")
	return text
}

// anchor is the fragment that GitHub gives a heading.
func anchor(heading string) string {
	return "#" + strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case strings.ContainsRune(".()/,:", r):
			return -1
		}
		return r
	}, strings.ToLower(heading))
}
