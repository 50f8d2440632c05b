package manifest_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLoadRefusesOtherKinds(t *testing.T) {
	const remedy = "want apps/v1 ReplicaSet, policy/v1 PodDisruptionBudget, v1 Node, or a v1 List of them"
	for _, c := range []struct{ name, text, want string }{
		{"Service", "# front\n---\napiVersion: v1\nkind: Service\nmetadata:\n  name: web\n", "4: kind: is a Service, which is not modelled: " + remedy},
		{"Service after a ReplicaSet", valid + "---\nkind: Service\napiVersion: v1\n", "20: kind: is a Service, which is not modelled: " + remedy},
		{"Service in a list", "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n", "5: kind: is a Service, which is not modelled: " + remedy},
		{"Ingress", "apiVersion: v1\nkind: Ingress\n", "2: kind: is an Ingress, which is not modelled: " + remedy},
		{"Deployment", edit(t, "kind: ReplicaSet", "kind: Deployment"), "2: kind: is a Deployment, not a ReplicaSet: give its ReplicaSet, as kubectl get replicaset -o yaml prints it"},
		{"no kind", edit(t, "kind: ReplicaSet\n", ""), "1: kind: is missing: " + remedy},
		{"kind is a map", edit(t, "kind: ReplicaSet\n", "kind: {}\n"), "2: kind: is missing: " + remedy},
		{"no apiVersion", edit(t, "apiVersion: apps/v1\n", ""), `1: apiVersion: is missing: use "apps/v1"`},
		{"old apiVersion", edit(t, "apps/v1", "extensions/v1beta1"), `1: apiVersion: "extensions/v1beta1" has no ReplicaSet that is supported: use "apps/v1"`},
		{"core apiVersion", edit(t, "apps/v1", "v1"), `1: apiVersion: "v1" has no ReplicaSet that is supported: use "apps/v1"`},
		{"list of apps/v1", "apiVersion: apps/v1\nkind: List\nitems: []\n", `1: apiVersion: "apps/v1" has no List that is supported: use "v1"`},
		{"empty map", "{}", "1: kind: is missing: " + remedy},
		{"item without kind", "apiVersion: v1\nkind: List\nitems:\n- metadata: {}\n", "4: kind: is missing: " + remedy},
		{"null item", "apiVersion: v1\nkind: List\nitems:\n-\n", "4: is not a manifest: " + remedy},
	} {
		t.Run(c.name, func(t *testing.T) { requireFault(t, c.text, c.want) })
	}
}

func TestLoadRefusesUnknownFields(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"near", edit(t, "replicas", "replica"), `6: spec.replica: unknown field, did you mean "replicas"?`},
		{"case", edit(t, "replicas", "Replicas"), `6: spec.Replicas: unknown field, did you mean "replicas"?`},
		{"far", edit(t, "replicas: 5", "size: 5"), `6: spec.size: unknown field`},
		{"top", valid + "foo: 1\n", `19: foo: unknown field`},
		{"in a list", edit(t, "image: nginx", "img: nginx"), `18: spec.template.spec.containers[0].img: unknown field, did you mean "image"?`},
		{"in a list of a list", valid + "        ports:\n        - port: 80\n", `20: spec.template.spec.containers[0].ports[0].port: unknown field`},
		{"through an alias", edit(t, "metadata:\n  name: web\n", "metadata: &m\n  name: web\n  nam: x\n") + "status: *m\n", `4: status.name: unknown field`},
		{"through a merge", edit(t, "  replicas: 5\n", "  <<: {replica: 5}\n"), `6: spec.replica: unknown field, did you mean "replicas"?`},
		{"of a list", "apiVersion: v1\nkind: List\nitem: []\n", `3: item: unknown field, did you mean "items"?`},
		{"control characters", edit(t, "replicas", `"re\u001b\nplicas"`), `6: spec.re? plicas: unknown field, did you mean "replicas"?`},
		{"megabyte", edit(t, "replicas", strings.Repeat("é", 1000)), "6: spec." + strings.Repeat("é", 192) + "...: unknown field"},
	} {
		t.Run(c.name, func(t *testing.T) { requireFault(t, c.text, c.want) })
	}
}

func TestLoadRefusesValuesOfAnotherType(t *testing.T) {
	replicas := func(value string) string { return edit(t, "replicas: 5", "replicas: "+value) }
	for _, c := range []struct{ name, text, want string }{
		{"fraction", replicas("2.5"), `6: spec.replicas: "2.5" is not an integer`},
		{"word", replicas("five"), `6: spec.replicas: "five" is not an integer`},
		{"quoted", replicas(`"5"`), `6: spec.replicas: "5" is a string, not an integer: take the quotes off`},
		{"large", replicas("99999999999"), `6: spec.replicas: "99999999999" does not fit in 32 bits`},
		{"larger", replicas("99999999999999999999999"), `6: spec.replicas: "99999999999999999999999" is not an integer`},
		{"boolean", replicas("true"), `6: spec.replicas: "true" is not an integer`},
		{"list for integer", replicas("[5]"), `6: spec.replicas: a list is not an integer`},
		{"map for integer", replicas("{a: 5}"), `6: spec.replicas: a map is not an integer`},
		{"number for string", edit(t, `ver: "1.0"`, "ver: 1.0"), `14: spec.template.metadata.labels.ver: "1.0" is not a string: put it in quotes`},
		{"YAML 1.1 boolean", edit(t, `ver: "1.0"`, "ver: yes"), `14: spec.template.metadata.labels.ver: "yes" is not a string: put it in quotes`},
		{"map for string", edit(t, "name: web", "name: {a: b}"), `4: metadata.name: a map is not a string`},
		{"string for map", edit(t, "metadata:\n  name: web", "metadata: web"), `3: metadata: "web" is not a map`},
		{"map for list", edit(t, "- name: pod-sample\n        image", "  name: pod-sample\n        image"), `16: spec.template.spec.containers: a map is not a list`},
		{"string for list item", edit(t, "- name: pod-sample\n        image: nginx", "- nginx"), `17: spec.template.spec.containers[0]: "nginx" is not a map`},
		{"string for boolean", valid + "      hostNetwork: maybe\n", `19: spec.template.spec.hostNetwork: "maybe" is neither true nor false`},
		{"quantity", valid + "        resources:\n          limits:\n            cpu: lots\n", `21: spec.template.spec.containers[0].resources.limits.cpu: "lots": quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`},
		{"tiny quantity", valid + "        resources:\n          limits: {cpu: '1e-300000000'}\n", `20: spec.template.spec.containers[0].resources.limits.cpu: "1e-300000000": is out of the range of quantities`},
		{"huge quantity", `{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}, "status": {"capacity": {"pods": 1e300000000}}}`, `1: status.capacity.pods: "1e300000000": is out of the range of quantities`},
		{"time", edit(t, "name: web", "name: web\n  creationTimestamp: now"), `5: metadata.creationTimestamp: "now": parsing time "now" as "2006-01-02T15:04:05Z07:00": cannot parse "now" as "2006"`},
		{"two faults", edit(t, "replicas: 5", "size: 5\n  replicas: x"), `6: spec.size: unknown field`},
	} {
		t.Run(c.name, func(t *testing.T) { requireFault(t, c.text, c.want) })
	}
}

func TestLoadReadsValuesAsKubectlDoes(t *testing.T) {
	got := loadOne(t, edit(t, "replicas: 5", "replicas: 0x10")+"      hostNetwork: yes\n")
	require.Equal(t, 16, got.Replicas)

	hash := loadOne(t, edit(t, `ver: "1.0"`, `ver: "8e12345678"`))
	require.Equal(t, "8e12345678", hash.PodLabels["ver"], "what would be an absurd quantity is a fine label")
}
