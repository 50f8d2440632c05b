package nodelifecycle

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func at(seconds int) time.Time { return epoch.Add(time.Duration(seconds) * time.Second) }

// reporting returns a node whose kubelet last reported at the time heartbeat that
// its condition is what it has been since the time turned.
func reporting(status corev1.ConditionStatus, heartbeat, turned int) *corev1.Node {
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: "n", CreationTimestamp: metav1.NewTime(epoch)},
		Status: corev1.NodeStatus{Conditions: []corev1.NodeCondition{{
			Type: corev1.NodeReady, Status: status, LastHeartbeatTime: metav1.NewTime(at(heartbeat)), LastTransitionTime: metav1.NewTime(at(turned)),
		}}},
	}
}

func silent() *corev1.Node {
	return &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n", CreationTimestamp: metav1.NewTime(epoch)}}
}

func renewed(seconds int) *coordinationv1.Lease {
	when := metav1.NewMicroTime(at(seconds))
	return &coordinationv1.Lease{Spec: coordinationv1.LeaseSpec{RenewTime: &when}}
}

func TestObserve(t *testing.T) {
	known := func(node *corev1.Node, lease *coordinationv1.Lease) *health {
		h := observe(nil, node, lease, at(100))
		return &h
	}
	ready := reporting(corev1.ConditionTrue, 90, 0)
	for _, c := range []struct {
		name           string
		known          *health
		node           *corev1.Node
		lease          *coordinationv1.Lease
		probed, turned int // looked at at 150
	}{
		{"new to the process, however old its heartbeat", nil, ready, nil, 150, 150},
		{"new and never reported: since it was created", nil, silent(), nil, 0, 0},
		{"still has not reported", known(silent(), nil), silent(), nil, 0, 0},
		{"reports for the first time", known(silent(), nil), ready, nil, 150, 150},
		{"the same heartbeat", known(ready, nil), ready, nil, 100, 100},
		{"a heartbeat", known(ready, nil), reporting(corev1.ConditionTrue, 140, 0), nil, 150, 100},
		{"a heartbeat from the past", known(ready, nil), reporting(corev1.ConditionTrue, 10, 0), nil, 150, 100},
		{"another condition", known(ready, nil), reporting(corev1.ConditionFalse, 140, 140), nil, 150, 150},
		{"another condition without a heartbeat is not noticed", known(ready, nil), reporting(corev1.ConditionFalse, 90, 140), nil, 100, 100},
		{"a condition that is gone is not noticed", known(ready, nil), silent(), nil, 100, 100},
		{"a first lease", known(ready, nil), ready, renewed(1), 150, 100},
		{"a renewed lease is enough", known(ready, renewed(90)), ready, renewed(140), 150, 100},
		{"the same lease", known(ready, renewed(90)), ready, renewed(90), 100, 100},
		{"a lease that is gone", known(ready, renewed(90)), ready, nil, 100, 100},
		{"never reported, but renews", known(silent(), nil), silent(), renewed(140), 150, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := observe(c.known, c.node, c.lease, at(150))
			require.Equal(t, at(c.probed), h.probed.UTC(), "probed")
			require.Equal(t, at(c.turned), h.turned.UTC(), "turned")
		})
	}
}

// A heartbeat of the status makes the lease forgotten, so that the next look at it
// counts as a sign of life.
func TestAHeartbeatForgetsTheLease(t *testing.T) {
	h := observe(nil, reporting(corev1.ConditionTrue, 90, 0), renewed(90), at(100))
	require.NotNil(t, h.lease)
	h = observe(&h, reporting(corev1.ConditionTrue, 140, 0), renewed(90), at(150))
	require.Nil(t, h.lease)
	h = observe(&h, reporting(corev1.ConditionTrue, 140, 0), renewed(90), at(155))
	require.Equal(t, at(155), h.probed)
}

func TestLapsed(t *testing.T) {
	o, old := Options{}.withDefaults(), Options{V1_9: true}.withDefaults()
	ready := reporting(corev1.ConditionTrue, 0, 0)
	h := health{probed: at(0)}
	require.False(t, o.lapsed(h, ready, at(50)), "the end of the grace is still in it")
	require.True(t, o.lapsed(h, ready, at(51)))
	require.False(t, old.lapsed(h, ready, at(40)))
	require.True(t, old.lapsed(h, ready, at(41)))
	require.False(t, o.lapsed(h, silent(), at(60)))
	require.True(t, o.lapsed(h, silent(), at(61)))
}

func TestSetUnknown(t *testing.T) {
	node := reporting(corev1.ConditionTrue, 90, 10)
	setUnknown(node, at(150))
	require.Len(t, node.Status.Conditions, 4)
	for _, c := range node.Status.Conditions {
		require.Equal(t, corev1.ConditionUnknown, c.Status)
		require.Equal(t, at(150), c.LastTransitionTime.UTC())
	}
	ready := condition(&node.Status, corev1.NodeReady)
	require.Equal(t, "NodeStatusUnknown", ready.Reason)
	require.Equal(t, at(90), ready.LastHeartbeatTime.UTC())
	require.Equal(t, "NodeStatusNeverUpdated", condition(&node.Status, corev1.NodeDiskPressure).Reason)

	again := node.DeepCopy()
	setUnknown(again, at(200))
	require.Equal(t, node, again, "it is Unknown already")
}
