package manifest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLoadRefusesWhatIsNoText(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"binary", "\x7fELF\x02\x01\x01\x00", "1: is not text: control character U+0002"},
		{"NUL", valid + "\x00", "19: is not text: control character U+0000"},
		{"Latin-1", edit(t, "nginx", "ngin\xe9"), "18: is not UTF-8 text: byte 0xe9"},
		{"UTF-16", "\xff\xfea\x00", "1: is not UTF-8 text: byte 0xff"},
		{"prose", "Dear Sir or Madam\n", "1: is not a manifest: want apps/v1 ReplicaSet, policy/v1 PodDisruptionBudget, v1 Node, or a v1 List of them"},
		{"a list", "- a\n- b\n", "1: is not a manifest: want apps/v1 ReplicaSet, policy/v1 PodDisruptionBudget, v1 Node, or a v1 List of them"},
		{"JSON list", `[{"kind": "ReplicaSet"}]`, "1: is not a manifest: want apps/v1 ReplicaSet, policy/v1 PodDisruptionBudget, v1 Node, or a v1 List of them"},
	} {
		t.Run(c.name, func(t *testing.T) { requireFault(t, c.text, c.want) })
	}
}

func TestLoadRefusesBrokenYAML(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"tab", edit(t, "  replicas", "\treplicas"), "6: is not valid YAML: found a tab in the indentation: indent with spaces"},
		{"tab after spaces", edit(t, "  selector", "  \tselector"), "7: is not valid YAML: found a tab character that violates indentation"},
		{"too far left", edit(t, "      app: web\n  template", "      app: web\n template"), "10: is not valid YAML: did not find expected key"},
		{"too far right", edit(t, "  selector", "    selector"), "7: is not valid YAML: mapping values are not allowed in this context"},
		{"open bracket", edit(t, "replicas: 5", "replicas: [5"), "7: is not valid YAML: did not find expected ',' or ']'"},
		{"open quote", edit(t, `"1.0"`, `"1.0`), "14: is not valid YAML: found unexpected end of stream"},
		{"no colon", edit(t, "replicas: 5", "replicas"), "7: is not valid YAML: mapping values are not allowed in this context"},
		{"in the first line", "a: b: c\n", "1: is not valid YAML: mapping values are not allowed in this context"},
		{"at the end", valid + "x", "19: is not valid YAML: could not find expected ':'"},
		{"anchor", edit(t, "replicas: 5", "replicas: *five"), "1: is not valid YAML: unknown anchor 'five' referenced"},
		{"second document", valid + "---\nkind: [", "20: is not valid YAML: did not find expected node content"},
		{"text at a separator", valid + "--- kind: x\n", `19: "--- kind: x" is no separator: write "---" on a line of its own`},
		{"end marker", valid + "...\n" + valid, "20: is not valid YAML: did not find expected <document start>"},
		{"line breaks of old", strings.ReplaceAll(valid+"---\n"+valid, "\n", "\r"), `19: begins a document without a separator: write "---" on a line before it`},
		{"map as key", edit(t, "replicas: 5", "{a: b}: 5"), "6: a key that is not a string"},
		{"null as key", edit(t, "replicas: 5", "~: 5"), "6: a key that is not a string"},
		{"infinity", edit(t, "replicas: 5", "replicas: .inf"), "1: cannot be written as JSON: unsupported value: +Inf"},
		{"duplicate key", edit(t, "replicas: 5", "replicas: 5\n  replicas: 6"), "7: replicas: duplicate key, first on line 6"},
		{"duplicate key in a list", valid + "        name: b\n", "19: name: duplicate key, first on line 17"},
	} {
		t.Run(c.name, func(t *testing.T) { requireFault(t, c.text, c.want) })
	}
}

func TestLoadRefusesBrokenJSON(t *testing.T) {
	const web = `{"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "web"}, "spec": {
	"selector": {"matchLabels": {"app": "web"}}, "template": {"metadata": {"labels": {"app": "web"}},
		"spec": {"containers": [{"name": "c", "image": "nginx"}]}}}}`
	const json = "{\n\t\"apiVersion\": \"apps/v1\",\n\t\"kind\": \"ReplicaSet\",\n\t\"metadata\": {\"name\": \"web\"}\n}\n"
	for _, c := range []struct{ name, text, want string }{
		{"comma", strings.Replace(json, "web\"", "web\" 5", 1), "4: is not valid JSON: invalid character '5' after object key:value pair"},
		{"cut off", json[:40], "3: is not valid JSON: ends too early"},
		{"trailing", json + "}", "6: is not valid JSON: invalid character '}' looking for beginning of value"},
		{"duplicate key", strings.Replace(web, `"web"`, "\"web\",\n\"name\": \"web\"", 1), "2: name: duplicate key, first on line 1"},
		{"incomplete", json, "1: spec.selector: is missing"},
		{"second of two", web + "\n{\"kind\": \"Pod\"}", "4: kind: is a Pod, which is not modelled: want apps/v1 ReplicaSet, policy/v1 PodDisruptionBudget, v1 Node, or a v1 List of them"},
	} {
		t.Run(c.name, func(t *testing.T) { requireFault(t, c.text, c.want) })
	}
}

func TestLoadReadsFormsOfYAML(t *testing.T) {
	flow := `{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: web}, spec: {replicas: 5, selector: {matchLabels: {app: web}},
  template: {metadata: {labels: {app: web, ver: "1.0"}}, spec: {containers: [{name: pod-sample, image: nginx}]}}}}`
	want := loadOne(t, valid)
	for name, text := range map[string]string{
		"CRLF":           strings.ReplaceAll(valid, "\n", "\r\n"),
		"byte order":     "\uFEFF" + valid,
		"no last line":   strings.TrimSpace(valid),
		"flow":           flow,
		"separators":     "# nothing\n---\n" + valid + "--- # nothing\n---\n",
		"end marker":     valid + "...\n",
		"override":       edit(t, "      labels:\n        app: web\n", "      labels:\n        <<: {app: other, ver: '2.0'}\n        app: web\n"),
		"list":           "kind: List\napiVersion: v1\nitems:\n- " + strings.ReplaceAll(strings.TrimSpace(valid), "\n", "\n  "),
		"list of a list": `{kind: List, apiVersion: v1, items: [{kind: List, apiVersion: v1, items: [` + flow + `]}]}`,
	} {
		got := loadOne(t, text)
		got.Source = want.Source
		require.Equal(t, want, got, name)
	}
}

func TestLoadBoundsItsInput(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	var laughs strings.Builder
	laughs.WriteString("a0: &a0 [x, x]\n")
	for i := 1; i <= 60; i++ {
		fmt.Fprintf(&laughs, "a%d: &a%d [*a%d, *a%d]\n", i, i, i-1, i-1)
	}
	var many, items strings.Builder
	for i := range 1001 {
		named := strings.Replace(valid, "name: web", fmt.Sprintf("name: web-%d", i), 1)
		many.WriteString(named + "---\n")
		items.WriteString("- " + strings.ReplaceAll(strings.TrimSpace(named), "\n", "\n  ") + "\n")
	}
	var unknown strings.Builder
	unknown.WriteString("field0: 1\nkind: ReplicaSet\napiVersion: apps/v1\n")
	for i := range 5_000 {
		fmt.Fprintf(&unknown, "k%0*d: {}\n", 50, i)
	}
	deep := "1: is not valid YAML: exceeded max depth of 10000"
	for _, c := range []struct{ name, text, want string }{
		{"unknown fields", unknown.String(), "1: field0: unknown field"},
		{"nested lists", strings.Repeat("[", 100_000), deep},
		{"nested maps", strings.Repeat("{a: ", 100_000), "1: is not valid JSON: invalid character 'a' looking for beginning of object key string"},
		{"nested JSON", strings.Repeat(`{"a":`, 100_000), "1: is not valid JSON: invalid character '{' exceeded max depth"},
		{"nested items", strings.Repeat("- ", 100_000), deep},
		{"101 levels", strings.Repeat("[", 101) + strings.Repeat("]", 101), "1: is nested more than 100 levels deep"},
		{"101 levels of JSON", strings.Repeat(`{"a":`, 101) + "1" + strings.Repeat("}", 101), "1: is nested more than 100 levels deep"},
		{"anchor in itself", "a: &a [*a]\n", "1: is nested more than 100 levels deep"},
		{"billion laughs", laughs.String(), "1: is larger than 64 MiB with its aliases written out"},
		{"repeated long string", "a: &a " + long + "\nb: [" + strings.Repeat("*a,", 10_000) + "]\n", "1: is larger than 64 MiB with its aliases written out"},
		{"1001 documents", many.String(), "19001: is one of more than 1000 documents"},
		{"a million JSON values", strings.Repeat("{}\n", 1<<20), "1: kind: is missing: want apps/v1 ReplicaSet, policy/v1 PodDisruptionBudget, v1 Node, or a v1 List of them"},
		{"list of 1001 items", "kind: List\napiVersion: v1\nitems:\n" + items.String(), "17986: is one of more than 1000 documents"},
	} {
		t.Run(c.name, func(t *testing.T) { requireFault(t, c.text, c.want) })
	}
}
