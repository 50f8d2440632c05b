package manifest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"pgregory.net/rapid"

	"github.com/reconverge/reconverge/model/manifest"
)

// validBudget is the budget that the tests spoil, after a valid ReplicaSet.
const validBudget = `apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: web
spec:
  minAvailable: 2
  selector:
    matchLabels:
      app: web
`

// withBudget replaces the one occurrence of old in the valid budget and puts it
// before a ReplicaSet, so that lines are those of the budget.
func withBudget(t *testing.T, old, replacement string) string {
	t.Helper()
	require.Equal(t, 1, strings.Count(validBudget, old), "occurrences of %q in the valid budget", old)
	return strings.Replace(validBudget, old, replacement, 1) + "---\n" + valid
}

func loadBudget(t *testing.T, text string) manifest.PodDisruptionBudget {
	t.Helper()
	cluster, err := load(text)
	require.NoError(t, err)
	require.Len(t, cluster.Budgets, 1)
	return cluster.Budgets[0]
}

func number(n int32) *intstr.IntOrString   { v := intstr.FromInt32(n); return &v }
func percent(s string) *intstr.IntOrString { v := intstr.FromString(s); return &v }

func TestLoadReadsBudgets(t *testing.T) {
	require.Equal(t, manifest.PodDisruptionBudget{
		Name: "web", Namespace: "default", Selector: "app=web", MinAvailable: number(2),
		UnhealthyPodEvictionPolicy: policyv1.IfHealthyBudget, Source: "<stdin>:1",
	}, loadBudget(t, validBudget+"---\n"+valid))

	got := loadBudget(t, withBudget(t, "minAvailable: 2", "maxUnavailable: 25%\n  unhealthyPodEvictionPolicy: AlwaysAllow"))
	require.Nil(t, got.MinAvailable)
	require.Equal(t, percent("25%"), got.MaxUnavailable)
	require.Equal(t, policyv1.AlwaysAllow, got.UnhealthyPodEvictionPolicy)

	items := "apiVersion: policy/v1\nkind: PodDisruptionBudgetList\nitems:\n- metadata: {name: a, namespace: shop}\n  spec: {maxUnavailable: 0}\n"
	got = loadBudget(t, valid+"---\n"+items)
	require.Equal(t, "shop/a", got.Key())
	require.Equal(t, number(0), got.MaxUnavailable)
	require.Equal(t, "<stdin>:23", got.Source)
}

func TestBudgetSelects(t *testing.T) {
	web := map[string]string{"app": "web", "tier": "front"}
	for _, c := range []struct {
		selector     string
		web, nothing bool
	}{
		{"{matchLabels: {app: web}}", true, false},
		{"{matchExpressions: [{key: app, operator: In, values: [db, web]}, {key: x, operator: DoesNotExist}]}", true, false},
		{"{matchLabels: {app: web, tier: back}}", false, false},
		{"{}", true, true},
		{"null", false, false},
	} {
		got := loadBudget(t, withBudget(t, "\n    matchLabels:\n      app: web", " "+c.selector))
		require.Equal(t, c.web, got.Selects(web), c.selector)
		require.Equal(t, c.nothing, got.Selects(nil), c.selector)
	}
}

func TestDesiredHealthy(t *testing.T) {
	for _, c := range []struct {
		min, max       *intstr.IntOrString
		expected, want int
	}{
		{min: number(2), expected: 5, want: 2},
		{min: number(2), expected: 1, want: 2}, // a number is not bounded by the pods there are
		{min: number(0), expected: 5, want: 0},
		{min: percent("50%"), expected: 5, want: 3},
		{min: percent("50%"), expected: 7, want: 4},
		{min: percent("1%"), expected: 5, want: 1},
		{min: percent("100%"), expected: 5, want: 5},
		{min: percent("0%"), expected: 5, want: 0},
		{max: number(1), expected: 5, want: 4},
		{max: number(0), expected: 5, want: 5},
		{max: number(7), expected: 5, want: 0},
		{max: percent("30%"), expected: 5, want: 3}, // 1.5 pods may go: two, not one
		{max: percent("1%"), expected: 1, want: 0},
		{max: percent("0%"), expected: 5, want: 5},
	} {
		b := manifest.PodDisruptionBudget{MinAvailable: c.min, MaxUnavailable: c.max}
		require.Equal(t, c.want, b.DesiredHealthy(c.expected), "min %v, max %v of %d", c.min, c.max, c.expected)
	}
}

// A percentage p of n pods is the least number of pods that are p percent.
func TestDesiredHealthyRoundsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, n := rapid.IntRange(0, 100).Draw(t, "percent"), rapid.IntRange(0, manifest.MaxReplicas).Draw(t, "pods")
		share := 0
		for share*100 < p*n {
			share++
		}
		value := intstr.FromString(fmt.Sprintf("%0*d%%", rapid.IntRange(1, 4).Draw(t, "digits"), p))
		require.Equal(t, share, (&manifest.PodDisruptionBudget{MinAvailable: &value}).DesiredHealthy(n))
		require.Equal(t, n-share, (&manifest.PodDisruptionBudget{MaxUnavailable: &value}).DesiredHealthy(n))
	})
}

func TestLoadRefusesInvalidBudgets(t *testing.T) {
	const intOrPercent = ` is neither an integer of 32 bits nor a percentage such as "50%"`
	const min = "minAvailable: 2"
	for _, c := range []struct{ name, old, replacement, want string }{
		{"no name", "name: web", "labels: {}", "3: metadata.name: is missing"},
		{"name", "name: web", "name: Web_", `4: metadata.name: "Web_": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com')`},
		{"both", min, "minAvailable: 2\n  maxUnavailable: 1", "7: spec.maxUnavailable: is set, and minAvailable too: a budget has one of them"},
		{"neither", "  " + min + "\n", "", "5: spec.minAvailable: is missing, and maxUnavailable too: set one of them"},
		{"null", min, "minAvailable: null", "6: spec.minAvailable: is missing, and maxUnavailable too: set one of them"},
		{"no spec", validBudget[strings.Index(validBudget, "spec:"):], "", "1: spec.minAvailable: is missing, and maxUnavailable too: set one of them"},
		{"negative", min, "minAvailable: -1", `6: spec.minAvailable: "-1": must be 0 or more`},
		{"negative maximum", min, "maxUnavailable: -1", `6: spec.maxUnavailable: "-1": must be 0 or more`},
		{"fraction", min, "minAvailable: 1.5", `6: spec.minAvailable: "1.5"` + intOrPercent},
		{"large", min, "minAvailable: 99999999999", `6: spec.minAvailable: "99999999999"` + intOrPercent},
		{"boolean", min, "maxUnavailable: true", `6: spec.maxUnavailable: "true"` + intOrPercent},
		{"list", min, "maxUnavailable: [1]", "6: spec.maxUnavailable: a list" + intOrPercent},
		{"quoted number", min, `minAvailable: "2"`, `6: spec.minAvailable: "2": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%')`},
		{"fraction of a percent", min, "minAvailable: 12.5%", `6: spec.minAvailable: "12.5%": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%')`},
		{"negative percentage", min, "maxUnavailable: -5%", `6: spec.maxUnavailable: "-5%": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%')`},
		{"more than all", min, "minAvailable: 101%", `6: spec.minAvailable: "101%": must be at most 100%`},
		{"absurd percentage", min, "maxUnavailable: 99999999999999999999%", `6: spec.maxUnavailable: "99999999999999999999%": must be at most 100%`},
		{"selector operator", "matchLabels:\n      app: web", "matchExpressions:\n    - {key: app, operator: Is}", `9: spec.selector.matchExpressions[0].operator: "Is": not a valid selector operator`},
		{"policy", min, min + "\n  unhealthyPodEvictionPolicy: Never", `7: spec.unhealthyPodEvictionPolicy: "Never": must be IfHealthyBudget or AlwaysAllow`},
		{"unknown field", min, "minAvailabel: 2", `6: spec.minAvailabel: unknown field, did you mean "minAvailable"?`},
		{"old apiVersion", "policy/v1", "policy/v1beta1", `1: apiVersion: "policy/v1beta1" has no PodDisruptionBudget that is supported: use "policy/v1"`},
		{"no apiVersion", "apiVersion: policy/v1\n", "", `1: apiVersion: is missing: use "policy/v1"`},
	} {
		t.Run(c.name, func(t *testing.T) { requireFault(t, withBudget(t, c.old, c.replacement), c.want) })
	}
	requireFault(t, validBudget+"---\n"+validBudget,
		`14: metadata.name: "web" is the name of another PodDisruptionBudget in namespace "default", at <stdin>:1`)
	_, err := load(validBudget)
	require.EqualError(t, err, "<stdin>: there is no ReplicaSet to check")
}
