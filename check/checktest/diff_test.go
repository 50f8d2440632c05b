package checktest

import (
	"strings"
	"testing"
)

func TestDiff(t *testing.T) {
	for _, tt := range []struct{ a, b, want string }{
		{"", "", ""},
		{"a b", "a b", "  a|  b|"},
		{"a b c", "a c", "  a|- b|  c|"},
		{"a c", "a b c", "  a|+ b|  c|"},
		{"a b c d", "a x y d", "  a|- b|- c|+ x|+ y|  d|"},
		{"a b c", "b c a", "- a|  b|  c|+ a|"},
		{"", "a", "+ a|"},
		{"a a a", "a a", "  a|  a|- a|"},
		{"1 2 3 4 x 1 2 3 4", "1 2 3 4 y 1 2 3 4", "  1|  2|  3|  4|- x|+ y|  1|  2|  3|  4|"},
		{"1 2 3 4 5 x 1 2 3 4 5", "1 2 3 4 5 y 1 2 3 4 5", "  ... 2 equal lines|  3|  4|  5|- x|+ y|  1|  2|  3|  ... 2 equal lines|"},
	} {
		got := strings.ReplaceAll(diff(strings.Fields(tt.a), strings.Fields(tt.b)), "\n", "|")
		if got != tt.want {
			t.Errorf("diff(%q, %q):\n got %s\nwant %s", tt.a, tt.b, got, tt.want)
		}
	}
}
