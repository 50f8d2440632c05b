package manifest_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"pgregory.net/rapid"
	"sigs.k8s.io/yaml"

	"github.com/reconverge/reconverge/model/manifest"
)

func TestSelectorIsCanonical(t *testing.T) {
	selector := func(expressions string) string { return edit(t, "matchLabels:\n      app: web", expressions) }
	one := loadOne(t, selector(`{matchLabels: {app: web, ver: "1.0"}, matchExpressions: [{key: x, operator: DoesNotExist}, {key: app, operator: In, values: [db, web]}]}`))
	two := loadOne(t, selector(`{matchExpressions: [{key: app, operator: In, values: [web, db, web]}, {key: x, operator: DoesNotExist}], matchLabels: {ver: "1.0", app: web}}`))
	require.Equal(t, "!x,app in (db,web),app=web,ver=1.0", one.Selector)
	require.Equal(t, one.Selector, two.Selector)
	require.True(t, one.Selects(one.PodLabels))
	require.False(t, one.Selects(map[string]string{"app": "web", "ver": "1.0", "x": ""}))
	require.False(t, one.Selects(nil))
}

func TestAbstractedNamesWhatTheModelLeavesOut(t *testing.T) {
	require.Empty(t, loadOne(t, valid).Abstracted)
	require.Empty(t, loadOne(t, valid+"      schedulerName: default-scheduler\n      nodeSelector: {}\n      affinity: null\n").Abstracted)
	text := edit(t, "name: web", "name: web\n  ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, uid: u, controller: true}]") + `        resources: {limits: {cpu: 1}}
        ports: [{containerPort: 80, hostPort: 80}]
        readinessProbe: {tcpSocket: {port: 80}}
        livenessProbe: {tcpSocket: {port: 80}}
        startupProbe: {tcpSocket: {port: 80}}
        lifecycle: {preStop: {sleep: {seconds: 5}}}
      affinity: {}
      nodeSelector: {disk: ssd}
      topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule}]
      priorityClassName: high
      resourceClaims: [{name: gpu, resourceClaimName: gpu}]
      schedulerName: mine
      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
      initContainers: [{name: init, image: nginx}]
      readinessGates: [{conditionType: example.com/ready}]
`
	require.Equal(t, []string{
		"metadata.ownerReferences",
		"spec.template.spec.affinity",
		"spec.template.spec.nodeSelector",
		"spec.template.spec.topologySpreadConstraints",
		"spec.template.spec.priorityClassName",
		"spec.template.spec.resourceClaims",
		"spec.template.spec.schedulerName",
		"spec.template.spec.volumes[].persistentVolumeClaim",
		"spec.template.spec.containers[].resources",
		"spec.template.spec.containers[].ports[].hostPort",
		"spec.template.spec.initContainers",
		"spec.template.spec.readinessGates",
		"spec.template.spec.containers[].readinessProbe",
		"spec.template.spec.containers[].livenessProbe",
		"spec.template.spec.containers[].startupProbe",
		"spec.template.spec.containers[].lifecycle",
	}, loadOne(t, text).Abstracted)
}

func TestLoadReturnsTheFactsOfAnyValidReplicaSet(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rs := drawReplicaSet(rt)
		marshal := rapid.SampledFrom([]func(any) ([]byte, error){yamlBytes, json.Marshal, jsonIndented}).Draw(rt, "format")
		text, err := marshal(rs)
		require.NoError(rt, err)
		cluster, err := load(string(text))
		require.NoError(rt, err, "%s", text)
		require.Len(rt, cluster.ReplicaSets, 1)
		got := cluster.ReplicaSets[0]

		spec := rs.Spec.Template.Spec
		require.Equal(rt, rs.Name, got.Name)
		require.Equal(rt, rs.Namespace == "", got.Namespace == "default", "namespace %q", got.Namespace)
		require.EqualValues(rt, orElse(rs.Spec.Replicas, 1), got.Replicas)
		require.EqualValues(rt, rs.Spec.MinReadySeconds, got.MinReadySeconds)
		require.EqualValues(rt, orElse(spec.TerminationGracePeriodSeconds, 30), got.GraceSeconds)
		require.Equal(rt, rs.Spec.Template.Labels, got.PodLabels)
		stay, byDefault := naiveStay(spec.Tolerations, "node.kubernetes.io/not-ready")
		require.Equal(rt, stay, got.NotReadyToleration, "%s", text)
		require.Equal(rt, byDefault, got.NotReadyByDefault, "%s", text)
		stay, byDefault = naiveStay(spec.Tolerations, "node.kubernetes.io/unreachable")
		require.Equal(rt, stay, got.UnreachableToleration, "%s", text)
		require.Equal(rt, byDefault, got.UnreachableByDefault, "%s", text)

		want, err := metav1.LabelSelectorAsSelector(rs.Spec.Selector)
		require.NoError(rt, err)
		other := drawLabels(rt, "other labels")
		require.True(rt, got.Selects(got.PodLabels), got.Selector)
		require.Equal(rt, want.Matches(labels.Set(other)), got.Selects(other), "%s of %v", got.Selector, other)
	})
}

func yamlBytes(v any) ([]byte, error)    { return yaml.Marshal(v) }
func jsonIndented(v any) ([]byte, error) { return json.MarshalIndent(v, "", "\t") }

func orElse[T any](p *T, absent T) T {
	if p == nil {
		return absent
	}
	return *p
}

// naiveStay says in one loop what admission and eviction do together.
func naiveStay(tolerations []corev1.Toleration, key string) (stay manifest.Toleration, byDefault bool) {
	byDefault = true
	for _, t := range tolerations {
		aboutKey := t.Key == key || t.Key == ""
		aboutEffect := t.Effect == "NoExecute" || t.Effect == ""
		byDefault = byDefault && !(aboutKey && aboutEffect)
		if aboutKey && aboutEffect && (t.Operator == "Exists" || t.Value == "") {
			if t.TolerationSeconds == nil {
				return manifest.Toleration{Forever: true}, false
			}
			return manifest.Toleration{Seconds: max(*t.TolerationSeconds, 0)}, false
		}
	}
	if !byDefault {
		return manifest.Toleration{}, false
	}
	return manifest.Toleration{Seconds: 300}, true
}

// drawReplicaSet draws a valid ReplicaSet. Its selector is drawn from its
// labels, so that it matches.
func drawReplicaSet(t *rapid.T) *appsv1.ReplicaSet {
	podLabels := drawLabels(t, "labels")
	podLabels["app"] = "x"
	rs := &appsv1.ReplicaSet{
		TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "ReplicaSet"},
		ObjectMeta: metav1.ObjectMeta{
			Name:      rapid.StringMatching(`[a-z0-9]([-a-z0-9]{0,8}[a-z0-9])?(\.[a-z0-9])?`).Draw(t, "name"),
			Namespace: rapid.SampledFrom([]string{"", "kube-system", "a"}).Draw(t, "namespace"),
		},
		Spec: appsv1.ReplicaSetSpec{
			Replicas:        rapid.Ptr(rapid.Int32Range(0, manifest.MaxReplicas), true).Draw(t, "replicas"),
			MinReadySeconds: rapid.Int32Min(0).Draw(t, "minReadySeconds"),
			Selector:        drawSelector(t, podLabels),
		},
	}
	rs.Spec.Template.Labels = podLabels
	rs.Spec.Template.Spec.TerminationGracePeriodSeconds = rapid.Ptr(rapid.Int64Range(0, 1<<31-1), true).Draw(t, "grace")
	rs.Spec.Template.Spec.Tolerations = rapid.SliceOfN(rapid.Custom(drawToleration), 0, 4).Draw(t, "tolerations")
	for i := range rapid.IntRange(1, 3).Draw(t, "containers") {
		rs.Spec.Template.Spec.Containers = append(rs.Spec.Template.Spec.Containers,
			corev1.Container{Name: fmt.Sprintf("c%d", i), Image: rapid.StringMatching(`[a-z0-9:/.@]{1,8}`).Draw(t, "image")})
	}
	return rs
}

func drawLabels(t *rapid.T, name string) map[string]string {
	key := rapid.SampledFrom([]string{"app", "in", "notin", "exists", "example.com/tier", "1"})
	value := rapid.SampledFrom([]string{"", "x", "y", "true", "1.0", "in", "1e3", "null"})
	return rapid.MapOfN(key, value, 0, 6).Draw(t, name)
}

func drawSelector(t *rapid.T, podLabels map[string]string) *metav1.LabelSelector {
	s := &metav1.LabelSelector{MatchLabels: map[string]string{"app": podLabels["app"]}}
	for _, key := range []string{"in", "notin", "exists", "example.com/tier", "1"} {
		value, ok := podLabels[key]
		choices := []metav1.LabelSelectorRequirement{
			{Key: key, Operator: metav1.LabelSelectorOpDoesNotExist},
			{Key: key, Operator: metav1.LabelSelectorOpNotIn, Values: []string{"z", "in"}},
		}
		if ok {
			choices = []metav1.LabelSelectorRequirement{
				{Key: key, Operator: metav1.LabelSelectorOpExists},
				{Key: key, Operator: metav1.LabelSelectorOpIn, Values: []string{"z", value}},
				{Key: key, Operator: metav1.LabelSelectorOpNotIn, Values: []string{"z"}},
			}
		}
		if rapid.Bool().Draw(t, "requires "+key) {
			s.MatchExpressions = append(s.MatchExpressions, rapid.SampledFrom(choices).Draw(t, "requirement"))
		}
	}
	return s
}

func drawToleration(t *rapid.T) corev1.Toleration {
	toleration := corev1.Toleration{
		Key:      rapid.SampledFrom([]string{"", "a", corev1.TaintNodeNotReady, corev1.TaintNodeUnreachable}).Draw(t, "key"),
		Operator: corev1.TolerationOpExists,
		Effect:   rapid.SampledFrom([]corev1.TaintEffect{"", "NoSchedule", "PreferNoSchedule", "NoExecute"}).Draw(t, "effect"),
	}
	if toleration.Key != "" {
		toleration.Operator = rapid.SampledFrom([]corev1.TolerationOperator{"", "Equal", "Exists"}).Draw(t, "operator")
	}
	if toleration.Operator != corev1.TolerationOpExists {
		toleration.Value = rapid.SampledFrom([]string{"", "x"}).Draw(t, "value")
	}
	if toleration.Effect == corev1.TaintEffectNoExecute {
		toleration.TolerationSeconds = rapid.Ptr(rapid.Int64Range(-2, 1000), true).Draw(t, "seconds")
	}
	return toleration
}
