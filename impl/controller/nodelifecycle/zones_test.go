package nodelifecycle

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"
)

// conditions returns Ready conditions: so many True, False, Unknown and missing.
func conditions(ready, broken, unknown, missing int) (all []*corev1.NodeCondition) {
	for status, n := range map[corev1.ConditionStatus]int{corev1.ConditionTrue: ready, corev1.ConditionFalse: broken, corev1.ConditionUnknown: unknown} {
		for range n {
			all = append(all, &corev1.NodeCondition{Type: corev1.NodeReady, Status: status})
		}
	}
	return append(all, make([]*corev1.NodeCondition, missing)...)
}

func TestStateOfAZone(t *testing.T) {
	o := Options{}.withDefaults()
	for _, c := range []struct {
		name                            string
		ready, broken, unknown, missing int
		want                            zoneState
	}{
		{"all well", 3, 0, 0, 0, zoneNormal},
		{"its only node is lost", 0, 0, 1, 0, zoneFull},
		{"one that never reported is lost", 0, 0, 0, 1, zoneFull},
		{"one of two", 1, 0, 1, 0, zoneNormal},
		{"two of three are normal: too few to be partial", 1, 1, 1, 0, zoneNormal},
		{"three of five are above the share", 2, 1, 1, 1, zonePartial},
		{"three of six are below it", 3, 0, 3, 0, zoneNormal},
		{"eleven of twenty are just it", 9, 0, 11, 0, zonePartial},
		{"all of many", 0, 2, 3, 0, zoneFull},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, o.zoneStateOf(conditions(c.ready, c.broken, c.unknown, c.missing)))
		})
	}
}

func TestRateOfAZone(t *testing.T) {
	o := Options{}.withDefaults()
	require.EqualValues(t, float32(0.1), o.rate(zoneNormal, 3))
	require.EqualValues(t, float32(0.1), o.rate(zoneFull, 3), "some other zone is not")
	require.EqualValues(t, 0, o.rate(zonePartial, 50))
	require.EqualValues(t, float32(0.01), o.rate(zonePartial, 51))
}

func TestDecide(t *testing.T) {
	type zones = map[string]zoneState
	for _, c := range []struct {
		name    string
		was, is zones
		want    change
	}{
		{"the first pass", zones{"a": zoneInitial}, zones{"a": zoneNormal}, adapt},
		{"the first pass finds all lost", zones{"a": zoneInitial}, zones{"a": zoneFull}, enter},
		{"the last zone goes", zones{"a": zoneFull, "b": zoneNormal}, zones{"a": zoneFull, "b": zoneFull}, enter},
		{"all stay lost", zones{"a": zoneFull, "b": zoneFull}, zones{"a": zoneFull, "b": zoneFull}, keep},
		{"one comes back", zones{"a": zoneFull, "b": zoneFull}, zones{"a": zoneFull, "b": zoneNormal}, leave},
		{"one is lost beside a live one", zones{"a": zoneNormal, "b": zoneNormal}, zones{"a": zoneFull, "b": zoneNormal}, adapt},
		{"a pass found nothing", zones{"a": zoneNormal}, zones{}, keep},
		{"a zone that is gone does not count", zones{"a": zoneFull, "b": zoneNormal}, zones{"a": zoneFull}, keep},
		{"a new zone was not lost", zones{"a": zoneFull}, zones{"a": zoneFull, "b": zoneFull}, enter},
		{"nor is it when it is well", zones{"a": zoneFull}, zones{"a": zoneFull, "b": zoneNormal}, adapt},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, decide(c.was, c.is)) })
	}
}

func TestExcludedNodes(t *testing.T) {
	labelled := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n", Labels: map[string]string{"node.kubernetes.io/exclude-disruption": ""}}}
	o, old := Options{}, Options{V1_9: true}
	require.True(t, o.excluded(labelled))
	require.False(t, old.excluded(labelled))
	for name, master := range map[string]bool{"kube-master": true, "kube-master-abc": true, "kube-master-abcd": false, "web": false, "masters": false} {
		node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
		require.Equal(t, master, old.excluded(node), name)
		require.False(t, o.excluded(node), name)
	}
}

// A zone without a ready node is full, and one with a ready node never is.
func TestFullMeansNoReadyNode(t *testing.T) {
	o := Options{}.withDefaults()
	rapid.Check(t, func(t *rapid.T) {
		n := func(label string) int { return rapid.IntRange(0, 60).Draw(t, label) }
		ready, lost := n("ready"), n("lost")
		state := o.zoneStateOf(conditions(ready, lost, 0, 0))
		require.Equal(t, ready == 0 && lost > 0, state == zoneFull)
		require.True(t, state != zonePartial || lost > 2 && lost > ready)
	})
}
