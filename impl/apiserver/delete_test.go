package apiserver_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reconverge/reconverge/impl/apiserver"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"
)

// A life is a pod before its DELETE, and what the DELETE is to do.
type life struct {
	node       string
	phase      corev1.PodPhase
	finalizers []string
	grace      int64  // of the spec
	before     *int64 // a DELETE with this grace came first
	after      time.Duration
	options    metav1.DeleteOptions

	events []watch.EventType // of the DELETE that is looked at
	stays  bool
	kept   []string      // finalizers of what stays; nil: those of before
	left   int64         // deletionGracePeriodSeconds of what stays
	ends   time.Duration // deletionTimestamp, from the beginning
	gen    int64
	err    func(error) bool
}

// TestDeletionStateMachine goes through protocol.md 2.3 row by row.
func TestDeletionStateMachine(t *testing.T) {
	both := []watch.EventType{watch.Modified, watch.Deleted}
	marked := []watch.EventType{watch.Modified}
	grace := func(n int64) metav1.DeleteOptions { return metav1.DeleteOptions{GracePeriodSeconds: &n} }
	for name, l := range map[string]life{
		"live, the grace of the spec":        {node: "n", grace: 30, events: marked, stays: true, left: 30, ends: 30 * time.Second, gen: 2},
		"live, the grace of the options":     {node: "n", grace: 30, options: grace(5), events: marked, stays: true, left: 5, ends: 5 * time.Second, gen: 2},
		"live, a negative grace is a second": {node: "n", grace: 30, options: grace(-7), events: marked, stays: true, left: 1, ends: time.Second, gen: 2},
		"live, no grace":                     {node: "n", grace: 30, options: grace(0), events: both},
		"live, unbound":                      {grace: 30, events: both},
		"live, unbound, grace asked for":     {grace: 30, options: grace(9), events: both},
		"live, succeeded":                    {node: "n", grace: 30, phase: corev1.PodSucceeded, events: both},
		"live, failed":                       {node: "n", grace: 30, phase: corev1.PodFailed, events: both},
		"live, grace, finalizer":             {node: "n", grace: 30, finalizers: []string{"a/b"}, events: marked, stays: true, left: 30, ends: 30 * time.Second, gen: 2},
		"live, no grace, finalizer":          {node: "n", grace: 30, finalizers: []string{"a/b"}, options: grace(0), events: marked, stays: true, left: 0, gen: 2},
		"terminating, no grace given":        {node: "n", grace: 30, before: ptr.To[int64](20), stays: true, left: 20, ends: 20 * time.Second, gen: 2},
		"terminating, the same grace":        {node: "n", grace: 30, before: ptr.To[int64](20), options: grace(20), stays: true, left: 20, ends: 20 * time.Second, gen: 2},
		"terminating, a longer grace":        {node: "n", grace: 30, before: ptr.To[int64](20), options: grace(40), stays: true, left: 20, ends: 20 * time.Second, gen: 2},
		"terminating, a shorter grace":       {node: "n", grace: 30, before: ptr.To[int64](20), after: time.Second, options: grace(5), events: marked, stays: true, left: 5, ends: 5 * time.Second, gen: 2},
		"terminating, shorter than the past": {node: "n", grace: 30, before: ptr.To[int64](20), after: 10 * time.Second, options: grace(5), events: marked, stays: true, left: 5, ends: 10 * time.Second, gen: 2},
		"terminating, a negative grace":      {node: "n", grace: 30, before: ptr.To[int64](20), options: grace(-7), events: marked, stays: true, left: 1, ends: time.Second, gen: 2},
		"terminating, no grace":              {node: "n", grace: 30, before: ptr.To[int64](20), options: grace(0), events: both},
		"terminating, no grace, finalizer":   {node: "n", grace: 30, finalizers: []string{"a/b"}, before: ptr.To[int64](20), options: grace(0), events: marked, stays: true, left: 0, gen: 2},
		"terminating without grace":          {node: "n", grace: 30, finalizers: []string{"a/b"}, before: ptr.To[int64](0), stays: true, left: 0, gen: 2},
		"another UID": {node: "n", options: metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: ptr.To(types.UID("x"))}},
			stays: true, gen: 1, err: apierrors.IsConflict},
		"another revision": {node: "n", options: metav1.DeleteOptions{Preconditions: &metav1.Preconditions{ResourceVersion: ptr.To("1")}},
			stays: true, gen: 1, err: apierrors.IsConflict},
		"orphan":     {node: "n", options: metav1.DeleteOptions{GracePeriodSeconds: ptr.To[int64](0), PropagationPolicy: ptr.To(metav1.DeletePropagationOrphan)}, events: marked, stays: true, kept: []string{metav1.FinalizerOrphanDependents}, gen: 2},
		"foreground": {node: "n", options: metav1.DeleteOptions{GracePeriodSeconds: ptr.To[int64](0), PropagationPolicy: ptr.To(metav1.DeletePropagationForeground)}, events: marked, stays: true, kept: []string{metav1.FinalizerDeleteDependents}, gen: 2},
		"orphan, foreground before": {node: "n", finalizers: []string{"a/b", metav1.FinalizerDeleteDependents}, options: metav1.DeleteOptions{GracePeriodSeconds: ptr.To[int64](0), PropagationPolicy: ptr.To(metav1.DeletePropagationOrphan)},
			events: marked, stays: true, kept: []string{"a/b", metav1.FinalizerOrphanDependents}, gen: 2},
		"background, foreground before": {node: "n", finalizers: []string{metav1.FinalizerDeleteDependents}, options: metav1.DeleteOptions{GracePeriodSeconds: ptr.To[int64](0), PropagationPolicy: ptr.To(metav1.DeletePropagationBackground)}, events: both},
		"background":                    {node: "n", options: metav1.DeleteOptions{GracePeriodSeconds: ptr.To[int64](0), PropagationPolicy: ptr.To(metav1.DeletePropagationBackground)}, events: both},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { l.check(t, clientset(t, newServer(t, apiserver.Options{}), inProtobuf)) })
		})
	}
}

func (l life) check(t *testing.T, c kubernetes.Interface) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	pods := c.CoreV1().Pods("default")
	p := newPod("a")
	p.Spec.NodeName, p.Finalizers, p.Spec.TerminationGracePeriodSeconds = l.node, l.finalizers, &l.grace
	p, err := pods.Create(ctx, p, metav1.CreateOptions{})
	require.NoError(t, err)
	if l.phase != "" {
		p.Status.Phase = l.phase
		p, err = pods.UpdateStatus(ctx, p, metav1.UpdateOptions{})
		require.NoError(t, err)
	}
	start := time.Now()
	if l.before != nil {
		require.NoError(t, pods.Delete(ctx, "a", metav1.DeleteOptions{GracePeriodSeconds: l.before}))
		p, err = pods.Get(ctx, "a", metav1.GetOptions{})
		require.NoError(t, err)
	}
	time.Sleep(l.after)
	w, err := pods.Watch(ctx, metav1.ListOptions{ResourceVersion: p.ResourceVersion})
	require.NoError(t, err)
	err = pods.Delete(ctx, "a", l.options)
	if l.err != nil {
		require.True(t, l.err(err), "%v", err)
	} else {
		require.NoError(t, err)
	}
	require.Equal(t, l.events, received(t, w))

	p, err = pods.Get(ctx, "a", metav1.GetOptions{})
	if !l.stays {
		require.True(t, apierrors.IsNotFound(err))
		return
	}
	require.NoError(t, err)
	require.Equal(t, l.gen, p.Generation)
	if l.err != nil {
		return
	}
	require.Equal(t, l.left, *p.DeletionGracePeriodSeconds)
	if l.kept == nil {
		l.kept = l.finalizers
	}
	require.Equal(t, l.kept, p.Finalizers)
	require.WithinDuration(t, start.Add(l.ends), p.DeletionTimestamp.Time, 0)
}

// received stops a watch once everything in the bubble is quiet, and returns the
// types of its events.
func received(t *testing.T, w watch.Interface) (got []watch.EventType) {
	t.Helper()
	for {
		synctest.Wait()
		select {
		case e := <-w.ResultChan():
			got = append(got, e.Type)
		default:
			w.Stop()
			return got
		}
	}
}

func TestFinalizers(t *testing.T) {
	ctx := context.Background()
	c := clientset(t, newServer(t, apiserver.Options{}), inProtobuf)
	pods, nodes := c.CoreV1().Pods("default"), c.CoreV1().Nodes()

	// A kind without graceful deletion is marked, and the update that empties its
	// finalizers is its removal.
	_, err := nodes.Create(ctx, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n", Finalizers: []string{"a/b"}}}, metav1.CreateOptions{})
	require.NoError(t, err)
	require.NoError(t, nodes.Delete(ctx, "n", metav1.DeleteOptions{}))
	n, err := nodes.Get(ctx, "n", metav1.GetOptions{})
	require.NoError(t, err)
	require.NotNil(t, n.DeletionTimestamp)
	n.DeletionTimestamp, n.Labels = nil, map[string]string{"x": "y"}
	n, err = nodes.Update(ctx, n, metav1.UpdateOptions{})
	require.NoError(t, err)
	require.NotNil(t, n.DeletionTimestamp, "nobody takes a deletion back")
	n.Finalizers = []string{"a/b", "c/d"}
	_, err = nodes.Update(ctx, n, metav1.UpdateOptions{})
	require.True(t, apierrors.IsInvalid(err), "finalizers may not be added after deletion: %v", err)
	n.Finalizers = nil
	_, err = nodes.Update(ctx, n, metav1.UpdateOptions{})
	require.NoError(t, err)
	_, err = nodes.Get(ctx, "n", metav1.GetOptions{})
	require.True(t, apierrors.IsNotFound(err))

	// A pod with grace left stays without its finalizers.
	p := newPod("p")
	p.Spec.NodeName, p.Finalizers = "n", []string{"a/b"}
	_, err = pods.Create(ctx, p, metav1.CreateOptions{})
	require.NoError(t, err)
	require.NoError(t, pods.Delete(ctx, "p", metav1.DeleteOptions{}))
	_, err = pods.Patch(ctx, "p", types.JSONPatchType, []byte(`[{"op":"remove","path":"/metadata/finalizers"}]`), metav1.PatchOptions{})
	require.NoError(t, err)
	p, err = pods.Get(ctx, "p", metav1.GetOptions{})
	require.NoError(t, err)
	require.Empty(t, p.Finalizers)
	require.NoError(t, pods.Delete(ctx, "p", metav1.DeleteOptions{GracePeriodSeconds: ptr.To[int64](0)}))
	_, err = pods.Get(ctx, "p", metav1.GetOptions{})
	require.True(t, apierrors.IsNotFound(err))
}

func TestDeleteCollection(t *testing.T) {
	ctx := context.Background()
	pods := clientset(t, newServer(t, apiserver.Options{}), inProtobuf).CoreV1().Pods("default")
	for _, name := range []string{"a", "b", "c"} {
		p := newPod(name)
		p.Labels["name"], p.Spec.NodeName = name, "n"
		_, err := pods.Create(ctx, p, metav1.CreateOptions{})
		require.NoError(t, err)
	}
	require.NoError(t, pods.DeleteCollection(ctx, *metav1.NewDeleteOptions(0), metav1.ListOptions{LabelSelector: "name!=b"}))
	l, err := pods.List(ctx, metav1.ListOptions{})
	require.NoError(t, err)
	require.Len(t, l.Items, 1)
	require.Equal(t, "b", l.Items[0].Name)
}

// TestDeleteExtends is hazard B49.
func TestDeleteExtends(t *testing.T) {
	for _, broken := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			ctx := t.Context()
			pods := clientset(t, newServer(t, apiserver.Options{DeleteExtends: broken}), inProtobuf).CoreV1().Pods("default")
			p := newPod("a")
			p.Spec.NodeName = "n"
			_, err := pods.Create(ctx, p, metav1.CreateOptions{})
			require.NoError(t, err)
			require.NoError(t, pods.Delete(ctx, "a", metav1.DeleteOptions{}))
			first, err := pods.Get(ctx, "a", metav1.GetOptions{})
			require.NoError(t, err)
			time.Sleep(10 * time.Second)
			require.NoError(t, pods.Delete(ctx, "a", metav1.DeleteOptions{}))
			second, err := pods.Get(ctx, "a", metav1.GetOptions{})
			require.NoError(t, err)
			require.Equal(t, broken, second.DeletionTimestamp.After(first.DeletionTimestamp.Time))
		})
	}
}
