package controller_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"

	"github.com/reconverge/reconverge/impl/controller"
)

func TestPredicatesOfPods(t *testing.T) {
	marked := &metav1.Time{Time: time.Unix(1, 0)}
	for _, c := range []struct {
		phase                         v1.PodPhase
		deletion                      *metav1.Time
		active, terminating, terminal bool
	}{
		{v1.PodPending, nil, true, false, false},
		{v1.PodRunning, nil, true, false, false},
		{v1.PodUnknown, nil, true, false, false},
		{v1.PodRunning, marked, false, true, false},
		{v1.PodFailed, nil, false, false, true},
		{v1.PodSucceeded, marked, false, false, true},
	} {
		pod := &v1.Pod{ObjectMeta: metav1.ObjectMeta{DeletionTimestamp: c.deletion}, Status: v1.PodStatus{Phase: c.phase}}
		require.Equal(t, c.active, controller.IsActive(pod), c)
		require.Equal(t, c.terminating, controller.IsTerminating(pod), c)
		require.Equal(t, c.terminal, controller.IsTerminal(pod), c)
	}
}

func TestAvailableIsReadyForLongEnough(t *testing.T) {
	since := metav1.Unix(1000, 0)
	ready := func(status v1.ConditionStatus, since metav1.Time) *v1.Pod {
		return &v1.Pod{Status: v1.PodStatus{Conditions: []v1.PodCondition{
			{Type: v1.PodScheduled, Status: v1.ConditionTrue},
			{Type: v1.PodReady, Status: status, LastTransitionTime: since},
		}}}
	}
	pod, now := ready(v1.ConditionTrue, since), since.Add(4*time.Second)
	require.True(t, controller.IsAvailable(pod, 0, now))
	require.True(t, controller.IsAvailable(pod, 4, now))
	require.False(t, controller.IsAvailable(pod, 5, now))
	require.Equal(t, time.Second, controller.AvailableIn(pod, 5, now))

	unready := ready(v1.ConditionFalse, since)
	require.False(t, controller.IsReady(unready))
	require.False(t, controller.IsAvailable(unready, 0, now))
	require.Negative(t, controller.AvailableIn(unready, 5, now))

	timeless := ready(v1.ConditionTrue, metav1.Time{})
	require.True(t, controller.IsAvailable(timeless, 0, now))
	require.False(t, controller.IsAvailable(timeless, 1, now))
}

func TestANamesakeIsNotTheOwner(t *testing.T) {
	pod := &v1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "a", UID: "1"}}
	get := func(name string) (*v1.Pod, error) { return pod, nil }
	for _, c := range []struct {
		ref  *metav1.OwnerReference
		want bool
	}{
		{nil, false},
		{&metav1.OwnerReference{Kind: "Pod", Name: "a", UID: "1"}, true},
		{&metav1.OwnerReference{Kind: "Pod", Name: "a", UID: "2"}, false},
		{&metav1.OwnerReference{Kind: "Node", Name: "a", UID: "1"}, false},
	} {
		_, ok := controller.Resolve(c.ref, "Pod", get)
		require.Equal(t, c.want, ok, c.ref)
	}
}

func TestIndexedIsSorted(t *testing.T) {
	indexer := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{controller.PodsByNode: controller.IndexByNode})
	for _, key := range []types.NamespacedName{{Namespace: "b", Name: "a"}, {Namespace: "a", Name: "c"}, {Namespace: "a", Name: "b"}} {
		require.NoError(t, indexer.Add(&v1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name},
			Spec:       v1.PodSpec{NodeName: "node"},
		}))
	}
	pods, err := controller.Indexed[*v1.Pod](indexer, controller.PodsByNode, "node")
	require.NoError(t, err)
	var keys []string
	for _, p := range pods {
		keys = append(keys, controller.PodKey(p))
	}
	require.Equal(t, []string{"a/b", "a/c", "b/a"}, keys)
}

func TestDeletedSeesThroughATombstone(t *testing.T) {
	pod := &v1.Pod{}
	for _, c := range []struct {
		object any
		want   bool
	}{
		{pod, true},
		{cache.DeletedFinalStateUnknown{Key: "a/b", Obj: pod}, true},
		{cache.DeletedFinalStateUnknown{Key: "a/b", Obj: &v1.Node{}}, false},
		{nil, false},
	} {
		_, ok := controller.Deleted[*v1.Pod](c.object)
		require.Equal(t, c.want, ok)
	}
}
