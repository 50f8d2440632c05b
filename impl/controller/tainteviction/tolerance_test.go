package tainteviction

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
)

func TestTolerance(t *testing.T) {
	lost := corev1.Taint{Key: corev1.TaintNodeUnreachable, Effect: corev1.TaintEffectNoExecute}
	broken := corev1.Taint{Key: corev1.TaintNodeNotReady, Effect: corev1.TaintEffectNoExecute}
	other := corev1.Taint{Key: "example.com/dedicated", Value: "db", Effect: corev1.TaintEffectNoExecute}
	exists := func(taint corev1.Taint, seconds ...int64) corev1.Toleration {
		tol := corev1.Toleration{Key: taint.Key, Operator: corev1.TolerationOpExists, Effect: taint.Effect}
		if len(seconds) > 0 {
			tol.TolerationSeconds = &seconds[0]
		}
		return tol
	}
	everything := corev1.Toleration{Operator: corev1.TolerationOpExists}
	for _, c := range []struct {
		name        string
		taints      []corev1.Taint
		tolerations []corev1.Toleration
		want        time.Duration
		all         bool
	}{
		{"none", []corev1.Taint{lost}, nil, 0, false},
		{"for a time", []corev1.Taint{lost}, []corev1.Toleration{exists(lost, 300)}, 300 * time.Second, true},
		{"for ever", []corev1.Taint{lost}, []corev1.Toleration{exists(lost)}, forever, true},
		{"the least of those used", []corev1.Taint{lost, broken}, []corev1.Toleration{exists(lost, 300), exists(broken, 20)}, 20 * time.Second, true},
		{"one that is not used does not count", []corev1.Taint{lost}, []corev1.Toleration{exists(lost, 300), exists(broken, 20)}, 300 * time.Second, true},
		{"the first that matches is used", []corev1.Taint{lost}, []corev1.Toleration{everything, exists(lost, 20)}, forever, true},
		{"one for ever, one for a time", []corev1.Taint{lost, broken}, []corev1.Toleration{exists(lost), exists(broken, 20)}, 20 * time.Second, true},
		{"one of two is not tolerated", []corev1.Taint{lost, other}, []corev1.Toleration{exists(lost, 300)}, 0, false},
		{"for no time is tolerated all the same", []corev1.Taint{lost}, []corev1.Toleration{exists(lost, 0)}, 0, true},
		{"a negative time is none", []corev1.Taint{lost}, []corev1.Toleration{exists(lost, -5)}, 0, true},
		{"another value", []corev1.Taint{other}, []corev1.Toleration{{Key: other.Key, Value: "web"}}, 0, false},
		{"the value", []corev1.Taint{other}, []corev1.Toleration{{Key: other.Key, Value: "db"}}, forever, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, all := tolerance(c.taints, c.tolerations)
			require.Equal(t, c.all, all)
			require.Equal(t, c.want, got)
		})
	}
}

func TestOnlyNoExecuteEvicts(t *testing.T) {
	evicting := corev1.Taint{Key: "a", Effect: corev1.TaintEffectNoExecute}
	got := noExecute([]corev1.Taint{{Key: "a", Effect: corev1.TaintEffectNoSchedule}, evicting, {Key: "b", Effect: corev1.TaintEffectPreferNoSchedule}})
	require.Equal(t, []corev1.Taint{evicting}, got)
}

func TestNodesComeBeforePods(t *testing.T) {
	var q nodesFirst
	p1, p2, n1, n2 := podItem("ns", "p1", "n1", ""), podItem("ns", "p2", "n1", ""), item{node: "n1"}, item{node: "n2"}
	for _, i := range []item{p1, n2, p2, n1} {
		q.Push(i)
	}
	var got []item
	for q.Len() > 0 {
		got = append(got, q.Pop())
	}
	require.Equal(t, []item{n2, n1, p1, p2}, got)
}
