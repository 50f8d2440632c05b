package peterson_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// What docs/coming-from.md shows is what is compiled and run here.
func TestPage(t *testing.T) {
	page := read(t, "../../docs/coming-from.md")
	_, code, _ := strings.Cut(read(t, "peterson.go"), "\n)\n\n") // after the imports
	for fence, code := range map[string]string{"go": code, "promela": read(t, "peterson.pml")} {
		if block := "```" + fence + "\n" + code + "```\n"; !strings.Contains(page, block) {
			t.Errorf("docs/coming-from.md does not have this block:\n%s", block)
		}
	}
}

// The counts and verdicts that the page gives for Spin.
func TestSpin(t *testing.T) {
	for _, tool := range []string{"spin", "gcc"} {
		if _, err := exec.LookPath(tool); err != nil || testing.Short() {
			t.Skip("compiles a verifier with spin and gcc")
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/peterson.pml", []byte(read(t, "peterson.pml")), 0o666); err != nil {
		t.Fatal(err)
	}
	run := func(command string) string {
		cmd := exec.Command("sh", "-c", command)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
		return string(out)
	}
	run("spin -a peterson.pml && gcc -w -DNOREDUCE -o pan pan.c")
	for _, tt := range []struct{ command, want string }{
		{"./pan -w12 -a -N exclusion", `errors: 0\n +20 states, stored\n[^\n]*\n +35 transitions`},
		{"./pan -w12 -a -f -N served", `errors: 0\n +31 states, stored`},
		{"./pan -w12 -a -N served", `errors: 0\n`},
		{"./pan -w12 -a -f -N again", `errors: 0\n`},
		{"./pan -w12 -a -N again", `errors: 1\n`},
	} {
		if out := run(tt.command); !regexp.MustCompile(tt.want).MatchString(out) {
			t.Errorf("%s: want %s, got\n%s", tt.command, tt.want, out)
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
