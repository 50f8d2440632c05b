package manifest_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/reconverge/reconverge/model/manifest"
)

// validNode is the node that the tests spoil, before a valid ReplicaSet.
const validNode = `apiVersion: v1
kind: Node
metadata:
  name: n1
  labels: {topology.kubernetes.io/zone: a}
spec:
  unschedulable: false
status:
  capacity: {pods: "20"}
`

// withNode replaces the one occurrence of old in the valid node and puts it
// before a ReplicaSet, so that lines are those of the node.
func withNode(t *testing.T, old, replacement string) string {
	t.Helper()
	require.Equal(t, 1, strings.Count(validNode, old), "occurrences of %q in the valid node", old)
	return strings.Replace(validNode, old, replacement, 1) + "---\n" + valid
}

func loadNode(t *testing.T, text string) manifest.Node {
	t.Helper()
	cluster, err := load(text)
	require.NoError(t, err, text)
	require.Len(t, cluster.Nodes, 1)
	return cluster.Nodes[0]
}

func TestLoadReadsNodes(t *testing.T) {
	cluster, err := manifest.Load(strings.NewReader(valid), "testdata/nodes.yaml", "-")
	require.NoError(t, err)
	require.Len(t, cluster.Nodes, 2)
	require.Contains(t, cluster.Nodes[0].Labels, "kubernetes.io/hostname")
	cluster.Nodes[0].Labels = nil
	require.Equal(t, manifest.Node{Name: "worker-1", Zone: "north/north-a", PodCapacity: 110, Source: "testdata/nodes.yaml:5"}, cluster.Nodes[0])
	require.Equal(t, manifest.Node{
		Name: "worker-2",
		Labels: map[string]string{
			"failure-domain.beta.kubernetes.io/zone": "north-b",
			"node.kubernetes.io/exclude-disruption":  "",
			"topology.kubernetes.io/zone":            "north-c",
		},
		Zone:          "north-b",
		Unschedulable: true,
		Taints: []manifest.Taint{
			{Key: corev1.TaintNodeUnreachable, Effect: corev1.TaintEffectNoSchedule},
			{Key: corev1.TaintNodeUnreachable, Effect: corev1.TaintEffectNoExecute},
			{Key: corev1.TaintNodeUnschedulable, Effect: corev1.TaintEffectNoSchedule},
		},
		ExcludeFromDisruption: true,
		Abstracted:            []string{"spec.taints[dedicated=gpu:NoSchedule]", "status.conditions[Ready]"},
		Source:                "testdata/nodes.yaml:81",
	}, cluster.Nodes[1])

	require.Equal(t, "n2", loadNode(t, "apiVersion: v1\nkind: NodeList\nitems:\n- metadata: {name: n2}\n---\n"+valid).Name)
}

func TestZone(t *testing.T) {
	const old, stable = "failure-domain.beta.kubernetes.io/", "topology.kubernetes.io/"
	for labels, want := range map[string]string{
		"{}":                                               "",
		"{" + stable + "zone: a}":                          "a",
		"{" + old + "zone: b}":                             "b",
		"{" + stable + "region: r}":                        "r/",
		"{" + stable + "zone: ''}":                         "",
		"{" + stable + "hostname: a.b.c}":                  "",
		"{" + stable + "zone: a, " + old + "zone: b}":      "b",
		"{" + stable + "zone: a, " + old + "zone: ''}":     "",
		"{" + stable + "zone: a, " + stable + "region: r}": "r/a",
		"{" + stable + "zone: a, " + stable + "region: r, " + old + "region: s}":                 "s/a",
		"{" + old + "zone: b, " + stable + "region: r, " + stable + "zone: a, kubernetes.io: x}": "r/b",
	} {
		require.Equal(t, want, loadNode(t, withNode(t, "{topology.kubernetes.io/zone: a}", labels)).Zone, labels)
	}
}

func TestPodCapacity(t *testing.T) {
	for status, want := range map[string]int{
		"{}":                                              0,
		"{capacity: {cpu: 4}}":                            0,
		"{capacity: {pods: 20.0}}":                        20,
		"{capacity: {pods: 20}}":                          20,
		"{capacity: {pods: 1k}}":                          1000,
		"{allocatable: {pods: 15}}":                       15,
		"{capacity: {pods: 2147483647}}":                  2147483647,
		"{allocatable: {pods: 15}, capacity: {pods: 20}}": 15,
	} {
		require.Equal(t, want, loadNode(t, withNode(t, "status:\n  capacity: {pods: \"20\"}", "status: "+status)).PodCapacity, status)
	}
}

func TestTaints(t *testing.T) {
	for _, c := range []struct {
		taint, known, abstracted string
	}{
		{"{key: node.kubernetes.io/not-ready, effect: NoSchedule}", "node.kubernetes.io/not-ready:NoSchedule", ""},
		{"{key: node.kubernetes.io/unreachable, effect: NoExecute}", "node.kubernetes.io/unreachable:NoExecute", ""},
		{"{key: node.kubernetes.io/unschedulable, effect: NoSchedule}", "node.kubernetes.io/unschedulable:NoSchedule", ""},
		{"{key: node.kubernetes.io/out-of-service, value: nodeshutdown, effect: NoExecute}", "node.kubernetes.io/out-of-service:NoExecute", ""},
		{"{key: node.kubernetes.io/not-ready, value: x, effect: NoExecute}", "", "spec.taints[node.kubernetes.io/not-ready=x:NoExecute]"},
		{"{key: node.kubernetes.io/unreachable, effect: PreferNoSchedule}", "", "spec.taints[node.kubernetes.io/unreachable:PreferNoSchedule]"},
		{"{key: node.kubernetes.io/memory-pressure, effect: NoSchedule}", "", "spec.taints[node.kubernetes.io/memory-pressure:NoSchedule]"},
		{"{key: gpu, effect: NoSchedule}", "", "spec.taints[gpu:NoSchedule]"},
	} {
		got := loadNode(t, withNode(t, "unschedulable: false", "taints: ["+c.taint+"]"))
		if c.known == "" {
			require.Empty(t, got.Taints, c.taint)
			require.Equal(t, []string{c.abstracted}, got.Abstracted)
			continue
		}
		require.Len(t, got.Taints, 1, c.taint)
		require.Equal(t, c.known, got.Taints[0].String())
		require.Empty(t, got.Abstracted, c.taint)
	}
}

func TestAbnormalConditionsAreAbstracted(t *testing.T) {
	for condition, want := range map[string][]string{
		"{type: Ready, status: 'True'}":              nil,
		"{type: Ready, status: 'False'}":             {"status.conditions[Ready]"},
		"{type: Ready, status: Unknown}":             {"status.conditions[Ready]"},
		"{type: DiskPressure, status: 'False'}":      nil,
		"{type: DiskPressure, status: 'True'}":       {"status.conditions[DiskPressure]"},
		"{type: NetworkUnavailable, status: 'True'}": {"status.conditions[NetworkUnavailable]"},
		"{type: KernelDeadlock, status: 'True'}":     nil,
	} {
		require.Equal(t, want, loadNode(t, withNode(t, `capacity: {pods: "20"}`, "conditions: ["+condition+"]")).Abstracted, condition)
	}
}

func TestLoadRefusesInvalidNodes(t *testing.T) {
	const capacity, taints = `capacity: {pods: "20"}`, "unschedulable: false"
	const name = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc')"
	for _, c := range []struct{ name, old, replacement, want string }{
		{"no name", "  name: n1\n", "", "3: metadata.name: is missing"},
		{"name", "name: n1", "name: N1", `4: metadata.name: "N1": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com')`},
		{"namespace", "name: n1", "name: n1\n  namespace: shop", "5: metadata.namespace: not allowed on this type"},
		{"being deleted", "name: n1", "name: n1\n  deletionTimestamp: \"2026-01-02T03:04:05Z\"", "5: metadata.deletionTimestamp: is not modelled: a node that is being deleted is gone once its finalizers are"},
		{"negative pods", capacity, "capacity: {pods: -1}", `9: status.capacity.pods: "-1": must be 0 or more`},
		{"half a pod", capacity, "allocatable:\n    pods: 0.5", "10: status.allocatable.pods: is not an integer of at most 2147483647"},
		{"no pods", capacity, "allocatable: {pods: 0}", "9: status.allocatable.pods: is 0, which is not modelled: leave out a node that takes no pods"},
		{"many pods", capacity, "capacity: {pods: 3G}", `9: status.capacity.pods: "3000000000": must be at most 2147483647`},
		{"absurd pods", capacity, "capacity: {pods: 1e30}", "9: status.capacity.pods: is not an integer of at most 2147483647"},
		{"no quantity", capacity, "capacity: {pods: many}", `9: status.capacity.pods: "many": quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`},
		{"taint without key", taints, "taints: [{effect: NoSchedule}]", `7: spec.taints[0].key: "": name part must be non-empty`},
		{"taint key", taints, "taints: [{key: a b, effect: NoSchedule}]", `7: spec.taints[0].key: "a b": ` + name},
		{"taint without effect", taints, "taints:\n  - key: a", "8: spec.taints[0].effect: is missing"},
		{"taint effect", taints, "taints: [{key: a, effect: Evict}]", `7: spec.taints[0].effect: "Evict": must be NoSchedule, PreferNoSchedule or NoExecute`},
		{"taint value", taints, "taints: [{key: a, value: b-, effect: NoSchedule}]", `7: spec.taints[0].value: "b-": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345')`},
		{"taint twice", taints, "taints:\n  - {key: a, effect: NoSchedule}\n  - {key: a, effect: NoExecute}\n  - {key: a, value: b, effect: NoSchedule}", `10: spec.taints[2].key: "a": is the key of another taint of that effect`},
		{"cordon", taints, "unschedulable: maybe", `7: spec.unschedulable: "maybe" is neither true nor false`},
		{"unknown field", taints, "unschedulabel: true", `7: spec.unschedulabel: unknown field, did you mean "unschedulable"?`},
		{"apiVersion", "apiVersion: v1", "apiVersion: core/v1", `1: apiVersion: "core/v1" has no Node that is supported: use "v1"`},
	} {
		t.Run(c.name, func(t *testing.T) { requireFault(t, withNode(t, c.old, c.replacement), c.want) })
	}
	requireFault(t, validNode+"---\n"+validNode, `14: metadata.name: "n1" is the name of another Node, at <stdin>:1`)
	_, err := load(validNode)
	require.EqualError(t, err, "<stdin>: there is no ReplicaSet to check")
}
