package replicaset_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/reconverge/reconverge/impl/controller/replicaset"
)

func TestClaims(t *testing.T) {
	another := func(p *v1.Pod) { p.OwnerReferences[0].UID = "web-0" }
	pods := []*v1.Pod{
		pod("active"),
		pod("another", another),
		pod("ended", phase(v1.PodFailed)),
		pod("ended-marked", phase(v1.PodSucceeded), terminating),
		pod("marked", terminating),
		pod("orphan", orphan),
		pod("orphan-ended", orphan, phase(v1.PodFailed)),
		pod("orphan-marked", orphan, terminating),
		pod("orphan-unlabelled", orphan, unlabelled),
		pod("unlabelled", unlabelled),
		pod("unlabelled-marked", unlabelled, terminating),
	}
	c := replicaset.Options{}.Claims(newReplicaSet(1), selector, pods)
	require.Equal(t, []string{"active"}, names(c.Owned))
	require.Equal(t, []string{"orphan"}, names(c.Adopt))
	require.Equal(t, []string{"unlabelled"}, names(c.Release))
	require.Equal(t, []string{"marked"}, names(c.Terminating))

	b08 := replicaset.Options{AdoptTerminating: true}.Claims(newReplicaSet(1), selector, pods)
	require.Equal(t, []string{"orphan", "orphan-marked"}, names(b08.Adopt))

	deleting := newReplicaSet(1)
	deleting.DeletionTimestamp = &metav1.Time{Time: now}
	c = replicaset.Options{AdoptTerminating: true}.Claims(deleting, selector, pods)
	require.Equal(t, []string{"active"}, names(c.Owned))
	require.Empty(t, c.Adopt)
	require.Empty(t, c.Release)
}
