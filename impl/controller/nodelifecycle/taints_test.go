package nodelifecycle

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
)

func TestNoScheduleDiff(t *testing.T) {
	key := func(keys ...string) (taints []corev1.Taint) {
		for _, k := range keys {
			taints = append(taints, corev1.Taint{Key: k, Effect: corev1.TaintEffectNoSchedule})
		}
		return taints
	}
	pressed := func(kind corev1.NodeConditionType) *corev1.Node {
		node := reporting(corev1.ConditionTrue, 0, 0)
		node.Status.Conditions = append(node.Status.Conditions, corev1.NodeCondition{Type: kind, Status: corev1.ConditionTrue})
		return node
	}
	cordoned := reporting(corev1.ConditionUnknown, 0, 0)
	cordoned.Spec.Unschedulable = true
	for _, c := range []struct {
		name             string
		node             *corev1.Node
		has              []corev1.Taint
		missing, surplus []corev1.Taint
	}{
		{"ready", reporting(corev1.ConditionTrue, 0, 0), nil, nil, nil},
		{"born with one", reporting(corev1.ConditionTrue, 0, 0), key(corev1.TaintNodeNotReady), nil, key(corev1.TaintNodeNotReady)},
		{"never reported", silent(), key(corev1.TaintNodeNotReady), nil, key(corev1.TaintNodeNotReady)},
		{"not ready", reporting(corev1.ConditionFalse, 0, 0), nil, key(corev1.TaintNodeNotReady), nil},
		{"from not ready to unknown", reporting(corev1.ConditionUnknown, 0, 0), key(corev1.TaintNodeNotReady), key(corev1.TaintNodeUnreachable), key(corev1.TaintNodeNotReady)},
		{"unknown and cordoned", cordoned, nil, key(corev1.TaintNodeUnschedulable, corev1.TaintNodeUnreachable), nil},
		{"memory", pressed(corev1.NodeMemoryPressure), nil, key(corev1.TaintNodeMemoryPressure), nil},
		{"disk", pressed(corev1.NodeDiskPressure), nil, key(corev1.TaintNodeDiskPressure), nil},
		{"processes", pressed(corev1.NodePIDPressure), nil, key(corev1.TaintNodePIDPressure), nil},
		{"network", pressed(corev1.NodeNetworkUnavailable), nil, key(corev1.TaintNodeNetworkUnavailable), nil},
		{"another effect does not count", reporting(corev1.ConditionUnknown, 0, 0), []corev1.Taint{unreachable}, key(corev1.TaintNodeUnreachable), nil},
		{"what it does not know it leaves", reporting(corev1.ConditionTrue, 0, 0), key("example.com/mine"), nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.node.Spec.Taints = c.has
			missing, surplus := noScheduleDiff(c.node)
			require.Equal(t, c.missing, missing)
			require.Equal(t, c.surplus, surplus)
		})
	}
}
