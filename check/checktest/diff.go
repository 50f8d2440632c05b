package checktest

import (
	"fmt"
	"strings"
)

// around is how many equal lines a diff shows before and after a difference.
const around = 3

// diff writes what becomes of the lines of a in b: "- " before a line that is
// only in a, "+ " before one that is only in b. Of the lines that both begin or
// end with it shows a few.
func diff(a, b []string) string {
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	var out strings.Builder
	line := func(mark, text string) { fmt.Fprintf(&out, "%s %s\n", mark, text) }
	equal := func(lines []string, hide bool) {
		if hide && len(lines) > 1 {
			lines = []string{fmt.Sprintf("... %d equal lines", len(lines))}
		}
		for _, text := range lines {
			line(" ", text)
		}
	}
	before, after := max(0, head-around), len(a)-max(0, tail-around)
	equal(a[:before], true)
	equal(a[before:head], false)
	changes(a[head:len(a)-tail], b[head:len(b)-tail], line)
	equal(a[len(a)-tail:after], false)
	equal(a[after:], true)
	return out.String()
}

// changes calls line for the lines of a and b, equal ones once, in an order that
// has as many of them as possible. It takes time and space len(a) * len(b).
func changes(a, b []string, line func(mark, text string)) {
	common := make([][]int, len(a)+1) // [i][j]: equal lines of a[i:] and b[j:], at most
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	for len(a) > 0 || len(b) > 0 {
		i, j := len(common)-1-len(a), len(common[0])-1-len(b)
		switch {
		case len(a) > 0 && len(b) > 0 && a[0] == b[0]:
			line(" ", a[0])
			a, b = a[1:], b[1:]
		case len(b) == 0 || len(a) > 0 && common[i+1][j] >= common[i][j+1]:
			line("-", a[0])
			a = a[1:]
		default:
			line("+", b[0])
			b = b[1:]
		}
	}
}
