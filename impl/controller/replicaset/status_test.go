package replicaset_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	apps "k8s.io/api/apps/v1"
	v1 "k8s.io/api/core/v1"

	"github.com/reconverge/reconverge/impl/controller/replicaset"
)

func TestStatusCounts(t *testing.T) {
	rs := newReplicaSet(9)
	rs.Spec.MinReadySeconds = 60
	rs.Spec.Template.Labels["tier"] = "front"
	labelled := func(p *v1.Pod) { p.Labels["tier"] = "front" }
	counted := []*v1.Pod{
		pod("available", labelled),
		pod("ready", ready(v1.ConditionTrue, now.Add(-59*time.Second))),
		pod("unready", unready, labelled),
	}
	gone := []*v1.Pod{pod("marked", terminating)}
	s := replicaset.Options{}.Status(rs, counted, gone, nil, now)
	require.EqualValues(t, 3, s.Replicas)
	require.EqualValues(t, 2, s.FullyLabeledReplicas)
	require.EqualValues(t, 2, s.ReadyReplicas)
	require.EqualValues(t, 1, s.AvailableReplicas)
	require.EqualValues(t, 1, *s.TerminatingReplicas)
	require.Nil(t, replicaset.Options{V1_9: true}.Status(rs, counted, gone, nil, now).TerminatingReplicas)
}

func TestStatusKeepsTheFirstFailureUntilASyncWithout(t *testing.T) {
	rs, o := newReplicaSet(2), replicaset.Options{}
	rs.Status = o.Status(rs, nil, nil, errors.New("quota"), now)
	require.Len(t, rs.Status.Conditions, 1)
	require.Equal(t, "FailedCreate", rs.Status.Conditions[0].Reason)
	require.Equal(t, "quota", rs.Status.Conditions[0].Message)

	again := o.Status(rs, nil, nil, errors.New("another"), now)
	require.Equal(t, rs.Status.Conditions, again.Conditions)

	require.Empty(t, o.Status(rs, nil, nil, nil, now).Conditions)
	require.Len(t, rs.Status.Conditions, 1, "the cached object is not touched")

	tooMany := []*v1.Pod{pod("a"), pod("b"), pod("c")}
	fresh := o.Status(newReplicaSet(2), tooMany, nil, errors.New("denied"), now)
	require.Equal(t, "FailedDelete", fresh.Conditions[0].Reason)
}

func TestRecheckWhenTheNextPodWillBeAvailable(t *testing.T) {
	rs := newReplicaSet(2)
	rs.Spec.MinReadySeconds = 60
	rs.Status = apps.ReplicaSetStatus{ReadyReplicas: 2, AvailableReplicas: 0}
	pods := []*v1.Pod{pod("a", ready(v1.ConditionTrue, now.Add(-20*time.Second))), pod("b", ready(v1.ConditionTrue, now.Add(-45*time.Second)))}
	require.Equal(t, 15*time.Second, replicaset.Options{}.Recheck(rs, pods, now))
	require.Equal(t, 60*time.Second, replicaset.Options{V1_9: true}.Recheck(rs, pods, now))
	require.Equal(t, 60*time.Second, replicaset.Options{}.Recheck(rs, []*v1.Pod{pod("a", unready)}, now), "whatever the time of a pod, there is one more look")

	rs.Status.ReadyReplicas = 1
	require.Zero(t, replicaset.Options{V1_9: true}.Recheck(rs, pods, now), "1.9 waits until all are ready")
	rs.Status.AvailableReplicas = 1
	require.Zero(t, replicaset.Options{}.Recheck(rs, pods, now))
	rs.Spec.MinReadySeconds, rs.Status.AvailableReplicas = 0, 0
	require.Zero(t, replicaset.Options{}.Recheck(rs, pods, now))
}
