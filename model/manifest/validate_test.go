package manifest_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLoadRefusesInvalidReplicaSets(t *testing.T) {
	const end = "image: nginx\n"
	for _, c := range []struct{ name, old, replacement, want string }{
		{"no name", "name: web", "labels: {}", "3: metadata.name: is missing"},
		{"generated name", "name: web", "generateName: web-", "3: metadata.name: is missing"},
		{"name", "name: web", "name: Web", `4: metadata.name: "Web": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com')`},
		{"namespace", "name: web", "name: web\n  namespace: a.b", `5: metadata.namespace: "a.b": must not contain dots`},
		{"label of its own", "name: web", "name: web\n  labels: {a: b c}", `5: metadata.labels: "b c": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345')`},

		{"negative replicas", "replicas: 5", "replicas: -1", `6: spec.replicas: "-1": must be 0 or more`},
		{"many replicas", "replicas: 5", "replicas: 10000", `6: spec.replicas: "10000": must be at most 1000`},
		{"negative minReadySeconds", "replicas: 5", "minReadySeconds: -1", `6: spec.minReadySeconds: "-1": must be 0 or more`},
		{"no spec", valid[len("apiVersion: apps/v1\nkind: ReplicaSet\nmetadata:\n  name: web\n"):], "", "1: spec.selector: is missing"},

		{"no selector", "  selector:\n    matchLabels:\n      app: web\n", "", "5: spec.selector: is missing"},
		{"empty selector", "  selector:\n    matchLabels:\n      app: web\n", "  selector: {}\n", "7: spec.selector: is empty: it must select the labels of the template"},
		{"selector of another", "matchLabels:\n      app: web", "matchLabels:\n      app: wbe", `7: spec.selector: "app=wbe": does not match the labels of the template, "app=web,ver=1.0"`},
		{"selector without a match", "matchLabels:\n      app: web", "matchExpressions:\n    - {key: app, operator: NotIn, values: [web]}", `7: spec.selector: "app notin (web)": does not match the labels of the template, "app=web,ver=1.0"`},
		{"selector operator", "matchLabels:\n      app: web", "matchExpressions:\n    - {key: app, operator: Is}", `9: spec.selector.matchExpressions[0].operator: "Is": not a valid selector operator`},
		{"selector without values", "matchLabels:\n      app: web", "matchExpressions:\n    - key: app\n      operator: In", "9: spec.selector.matchExpressions[0].values: must be specified when `operator` is 'In' or 'NotIn'"},
		{"selector value", "matchLabels:\n      app: web", "matchLabels:\n      app: a-", `8: spec.selector.matchLabels: "a-": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345')`},
		{"no template labels", "      labels:\n        app: web\n        ver: \"1.0\"\n", "      name: x\n", `7: spec.selector: "app=web": does not match the labels of the template, ""`},

		{"no containers", "      - name: pod-sample\n        image: nginx\n", "        []\n", "16: spec.template.spec.containers: is missing"},
		{"container without name", "- name: pod-sample\n        image", "- image", "17: spec.template.spec.containers[0].name: is missing"},
		{"container without image", "        image: nginx\n", "", "17: spec.template.spec.containers[0].image: is missing"},
		{"null container", "- name: pod-sample\n        image: nginx", "-", "17: spec.template.spec.containers[0].image: is missing"},
		{"container name", "name: pod-sample", "name: pod_sample", `17: spec.template.spec.containers[0].name: "pod_sample": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc')`},
		{"two containers of one name", end, end + "      - name: pod-sample\n        image: redis\n", `19: spec.template.spec.containers[1].name: "pod-sample": is the name of another container`},
		{"init container of one name", end, end + "      initContainers:\n      - name: pod-sample\n        image: redis\n", `17: spec.template.spec.containers[0].name: "pod-sample": is the name of another container`},

		{"restartPolicy", end, end + podField + "restartPolicy: Never\n", `19: spec.template.spec.restartPolicy: "Never": must be Always in a ReplicaSet`},
		{"deadline", end, end + podField + "activeDeadlineSeconds: 5\n", `19: spec.template.spec.activeDeadlineSeconds: is not allowed in a ReplicaSet`},
		{"ephemeral containers", end, end + podField + "ephemeralContainers: [{}]\n", `19: spec.template.spec.ephemeralContainers: is not allowed in a template`},
		{"negative grace", end, end + podField + "terminationGracePeriodSeconds: -1\n", `19: spec.template.spec.terminationGracePeriodSeconds: "-1": must be 0 or more`},
		{"endless grace", end, end + podField + "terminationGracePeriodSeconds: 2147483648\n", `19: spec.template.spec.terminationGracePeriodSeconds: "2147483648": must be at most 2147483647`},

		{"being deleted", "metadata:\n  name: web\n", "metadata:\n  name: web\n  deletionTimestamp: \"2026-01-02T03:04:05Z\"\n", "5: metadata.deletionTimestamp: is not modelled: the controller of a ReplicaSet that is being deleted creates nothing"},
		{"preset node", end, end + podField + "nodeName: n1\n", "19: spec.template.spec.nodeName: is not modelled: all pods would be bound to that node, past the scheduler"},
		{"gates", end, end + podField + "schedulingGates: [{name: a.b/c}]\n", "19: spec.template.spec.schedulingGates: is not modelled: pods would not be scheduled until somebody removes their gates"},
		{"finalizers of the pods", "      labels:\n        app", "      finalizers: [example.com/hold]\n      labels:\n        app", "12: spec.template.metadata.finalizers: is not modelled: evicted pods would stay until somebody removes their finalizers"},
	} {
		t.Run(c.name, func(t *testing.T) { requireFault(t, edit(t, c.old, c.replacement), c.want) })
	}
}

func TestLoadRefusesInvalidTolerations(t *testing.T) {
	const field = "20: spec.template.spec.tolerations[0]"
	for _, c := range []struct{ name, toleration, want string }{
		{"no key", "{operator: Equal, value: a}", ".key: is missing: only operator Exists needs none"},
		{"nothing", "{}", ".key: is missing: only operator Exists needs none"},
		{"key", "{key: a b, operator: Exists}", `.key: "a b": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc')`},
		{"operator", "{key: a, operator: In}", `.operator: "In": must be Exists or Equal`},
		{"operator behind a gate", "{key: a, operator: Gt, value: '5'}", `.operator: "Gt": must be Exists or Equal`},
		{"value with Exists", "{key: a, operator: Exists, value: b}", `.value: "b": must be absent with operator Exists`},
		{"effect", "{key: a, operator: Exists, effect: Evict}", `.effect: "Evict": must be NoSchedule, PreferNoSchedule or NoExecute`},
		{"seconds for NoSchedule", "{key: a, operator: Exists, effect: NoSchedule, tolerationSeconds: 5}", `.tolerationSeconds: "5": needs effect NoExecute`},
		{"seconds for all effects", "{key: a, operator: Exists, tolerationSeconds: 0}", `.tolerationSeconds: "0": needs effect NoExecute`},
	} {
		t.Run(c.name, func(t *testing.T) {
			requireFault(t, valid+podField+"tolerations:\n"+podField+"- "+c.toleration+"\n", field+c.want)
		})
	}
}

func TestLoadReportsTheFirstFaultByPosition(t *testing.T) {
	text := edit(t, "replicas: 5", "replicas: -1\n  minReadySeconds: -1") + podField + "nodeName: n1\n"
	requireFault(t, text, `6: spec.replicas: "-1": must be 0 or more`)

	text = edit(t, "replicas: 5", "replicaz: 1\n  minReadySeconds: x\n  replicaz: 2")
	requireFault(t, text, `6: spec.replicaz: unknown field, did you mean "replicas"?`)
}

func TestLoadAcceptsTheBounds(t *testing.T) {
	for _, c := range []struct {
		replicas string
		want     int
	}{{"replicas: 0", 0}, {"replicas: 1000", 1000}, {"replicas: 2.0", 2}, {"replicas: null", 1}, {"minReadySeconds: 0", 1}} {
		got := loadOne(t, edit(t, "replicas: 5", c.replicas))
		require.Equal(t, c.want, got.Replicas, c.replicas)
	}
}
