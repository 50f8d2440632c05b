package apiserver_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/reconverge/reconverge/impl/apiserver"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/utils/ptr"
)

// A testGate asks functions; those that are nil let everything pass.
type testGate struct {
	request func(ctx context.Context, r *apiserver.Request) apiserver.Verdict
	answer  func(r *apiserver.Request) apiserver.Verdict
	event   func(e *apiserver.Event) apiserver.Verdict
}

func (g *testGate) Request(ctx context.Context, r *apiserver.Request) (v apiserver.Verdict) {
	if g.request != nil {
		v = g.request(ctx, r)
	}
	return v
}

func (g *testGate) Answer(_ context.Context, r *apiserver.Request) (v apiserver.Verdict) {
	if g.answer != nil {
		v = g.answer(r)
	}
	return v
}

func (g *testGate) Event(_ context.Context, e *apiserver.Event) (v apiserver.Verdict) {
	if g.event != nil {
		v = g.event(e)
	}
	return v
}

// only makes a gate function of a verdict for one verb.
func only(verb string, v apiserver.Verdict) func(context.Context, *apiserver.Request) apiserver.Verdict {
	return func(_ context.Context, r *apiserver.Request) apiserver.Verdict {
		if r.Verb == verb {
			return v
		}
		return apiserver.Verdict{}
	}
}

func TestTwoHeldCallsAreDurablyBlocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var held []apiserver.Request
		g := &testGate{request: func(ctx context.Context, r *apiserver.Request) apiserver.Verdict {
			held = append(held, *r)
			select {
			case <-release:
			case <-ctx.Done():
			}
			return apiserver.Verdict{}
		}}
		c := clientset(t, newServer(t, apiserver.Options{Gate: g}), inProtobuf)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		done := make(chan error, 3)
		for _, name := range []string{"a", "b"} {
			go func() {
				_, err := c.CoreV1().Pods("default").Create(ctx, newPod(name), metav1.CreateOptions{})
				done <- err
			}()
			synctest.Wait() // returns only if the call is durably blocked
		}
		short, giveUp := context.WithCancel(ctx)
		go func() {
			_, err := c.CoreV1().Nodes().Get(short, "n", metav1.GetOptions{})
			done <- err
		}()
		synctest.Wait()
		require.Len(t, held, 3)
		require.Equal(t, apiserver.Request{
			Client: apiserver.Client{Actor: "test", Component: "component"},
			Verb:   "create", Resource: corev1.SchemeGroupVersion.WithResource("pods"), Namespace: "default", Name: "b",
		}, held[1])
		giveUp()
		require.ErrorIs(t, <-done, context.Canceled)
		close(release)
		require.NoError(t, <-done)
		require.NoError(t, <-done)
	})
}

func TestOutcomesOfRequests(t *testing.T) {
	ctx := context.Background()
	g := &testGate{}
	pods := clientset(t, newServer(t, apiserver.Options{Gate: g}), inProtobuf).CoreV1().Pods("default")
	exists := func(name string) bool {
		g.request, g.answer = nil, nil
		_, err := pods.Get(ctx, name, metav1.GetOptions{})
		return err == nil
	}

	g.request = only("create", apiserver.Verdict{Outcome: apiserver.Fail})
	_, err := pods.Create(ctx, newPod("refused"), metav1.CreateOptions{})
	require.ErrorContains(t, err, "connection refused")
	require.False(t, exists("refused"))

	g.request = only("create", apiserver.Verdict{Outcome: apiserver.Fail, Err: errTest})
	_, err = pods.Create(ctx, newPod("failed"), metav1.CreateOptions{})
	require.ErrorIs(t, err, errTest)
	require.False(t, exists("failed"))

	g.request = only("create", apiserver.Verdict{Outcome: apiserver.Fail, Err: apierrors.NewServiceUnavailable("busy")})
	_, err = pods.Create(ctx, newPod("busy"), metav1.CreateOptions{})
	require.True(t, apierrors.IsServiceUnavailable(err))

	g.request = only("create", apiserver.Verdict{Outcome: apiserver.Lose})
	_, err = pods.Create(ctx, newPod("lost"), metav1.CreateOptions{})
	require.ErrorContains(t, err, "connection reset")
	require.True(t, exists("lost"), "the answer is lost, not the request")

	g.request = only("create", apiserver.Verdict{Hold: true})
	g.answer = func(*apiserver.Request) apiserver.Verdict { return apiserver.Verdict{Outcome: apiserver.Lose} }
	_, err = pods.Create(ctx, newPod("late"), metav1.CreateOptions{})
	require.ErrorContains(t, err, "connection reset")
	require.True(t, exists("late"))

	g.request = only("list", apiserver.Verdict{Outcome: apiserver.Expire})
	_, err = pods.List(ctx, metav1.ListOptions{})
	require.True(t, apierrors.IsResourceExpired(err))
	g.request = only("watch", apiserver.Verdict{Outcome: apiserver.Expire})
	w, err := pods.Watch(ctx, metav1.ListOptions{ResourceVersion: "1"})
	require.NoError(t, err)
	require.True(t, apierrors.IsResourceExpired(apierrors.FromObject((<-w.ResultChan()).Object)))
}

func TestOutcomesOfEvents(t *testing.T) {
	ctx := context.Background()
	for _, contentType := range []string{inJSON, inProtobuf} {
		g := &testGate{}
		c := clientset(t, newServer(t, apiserver.Options{Gate: g}), contentType)
		p, err := c.CoreV1().Pods("default").Create(ctx, newPod("a"), metav1.CreateOptions{})
		require.NoError(t, err)
		for outcome, check := range map[apiserver.Outcome]func(e watch.Event, open bool){
			apiserver.Pass:   func(e watch.Event, open bool) { require.Equal(t, watch.Modified, e.Type) },
			apiserver.Fail:   func(_ watch.Event, open bool) { require.False(t, open) },
			apiserver.Expire: func(e watch.Event, open bool) { require.Equal(t, watch.Error, e.Type) },
		} {
			g.event = func(e *apiserver.Event) apiserver.Verdict {
				require.Equal(t, "a", e.Name)
				return apiserver.Verdict{Outcome: outcome}
			}
			w, err := c.CoreV1().Pods("default").Watch(ctx, metav1.ListOptions{ResourceVersion: p.ResourceVersion})
			require.NoError(t, err)
			p = touch(t, c, "a")
			e, open := <-w.ResultChan()
			check(e, open)
			w.Stop()
		}
	}
}

// TestRemovalIsAPartOfItsOwn lets another pod take the name between the two writes
// of a DELETE: by name alone the second removes it, with the repair or a precondition
// it does not.
func TestRemovalIsAPartOfItsOwn(t *testing.T) {
	for _, x := range []struct {
		repaired bool
		guard    func(p *corev1.Pod) *metav1.Preconditions
		removed  bool
	}{
		{removed: true},
		{repaired: true},
		{guard: func(p *corev1.Pod) *metav1.Preconditions { return &metav1.Preconditions{UID: &p.UID} }},
		{guard: func(p *corev1.Pod) *metav1.Preconditions {
			return &metav1.Preconditions{ResourceVersion: &p.ResourceVersion}
		}},
	} {
		ctx := context.Background()
		g := &testGate{}
		s := newServer(t, apiserver.Options{Gate: g, RemoveWithUID: x.repaired})
		pods, other := clientset(t, s, inProtobuf).CoreV1().Pods("default"), clientset(t, s, inProtobuf).CoreV1().Pods("default")
		old, err := pods.Create(ctx, newPod("a"), metav1.CreateOptions{})
		require.NoError(t, err)
		var parts []apiserver.Part
		g.request = func(_ context.Context, r *apiserver.Request) apiserver.Verdict {
			if r.Verb == "delete" {
				parts = append(parts, r.Part)
			}
			if r.Part != apiserver.PartRemove || len(parts) > 2 {
				return apiserver.Verdict{}
			}
			marked, err := other.Get(ctx, "a", metav1.GetOptions{})
			require.NoError(t, err)
			require.NotNil(t, marked.DeletionTimestamp)
			require.NoError(t, other.Delete(ctx, "a", metav1.DeleteOptions{GracePeriodSeconds: ptr.To[int64](0)}))
			_, err = other.Create(ctx, newPod("a"), metav1.CreateOptions{})
			require.NoError(t, err)
			return apiserver.Verdict{}
		}
		var options metav1.DeleteOptions
		if x.guard != nil {
			options.Preconditions = x.guard(old)
		}
		err = pods.Delete(ctx, "a", options)
		now, getErr := pods.Get(ctx, "a", metav1.GetOptions{})
		if x.removed {
			require.NoError(t, err)
			require.True(t, apierrors.IsNotFound(getErr))
		} else {
			require.True(t, apierrors.IsConflict(err), "%v", err)
			require.NoError(t, getErr)
			require.NotEqual(t, old.UID, now.UID)
		}
	}
}

func TestServerStopsBetweenTheParts(t *testing.T) {
	ctx := context.Background()
	g := &testGate{request: func(_ context.Context, r *apiserver.Request) apiserver.Verdict {
		if r.Part == apiserver.PartRemove {
			return apiserver.Verdict{Outcome: apiserver.Fail}
		}
		return apiserver.Verdict{}
	}}
	pods := clientset(t, newServer(t, apiserver.Options{Gate: g}), inProtobuf).CoreV1().Pods("default")
	_, err := pods.Create(ctx, newPod("a"), metav1.CreateOptions{})
	require.NoError(t, err)
	require.Error(t, pods.Delete(ctx, "a", metav1.DeleteOptions{}))
	p, err := pods.Get(ctx, "a", metav1.GetOptions{})
	require.NoError(t, err)
	require.EqualValues(t, 0, *p.DeletionGracePeriodSeconds)
	require.NoError(t, pods.Delete(ctx, "a", metav1.DeleteOptions{}), "another DELETE removes what is left")
	_, err = pods.Get(ctx, "a", metav1.GetOptions{})
	require.True(t, apierrors.IsNotFound(err))
}

func TestStaleReads(t *testing.T) {
	ctx := context.Background()
	var at int64
	g := &testGate{request: func(_ context.Context, r *apiserver.Request) apiserver.Verdict {
		if r.Stale {
			return apiserver.Verdict{At: at}
		}
		return apiserver.Verdict{}
	}}
	s := newServer(t, apiserver.Options{Gate: g})
	c := clientset(t, s, inProtobuf)
	first, err := c.CoreV1().Pods("default").Create(ctx, newPod("a"), metav1.CreateOptions{})
	require.NoError(t, err)
	second := touch(t, c, "a")
	at = 2 // the revision of first

	old, err := c.CoreV1().Pods("default").Get(ctx, "a", metav1.GetOptions{ResourceVersion: "0"})
	require.NoError(t, err)
	require.Equal(t, first.ResourceVersion, old.ResourceVersion)
	live, err := c.CoreV1().Pods("default").Get(ctx, "a", metav1.GetOptions{})
	require.NoError(t, err)
	require.Equal(t, second.ResourceVersion, live.ResourceVersion)
	l, err := c.CoreV1().Pods("default").List(ctx, metav1.ListOptions{ResourceVersion: "0"})
	require.NoError(t, err)
	require.Equal(t, first.ResourceVersion, l.Items[0].ResourceVersion)

	_, err = c.CoreV1().Pods("default").List(ctx, metav1.ListOptions{}) // consistent: the cache is as new as that
	require.NoError(t, err)
	l, err = c.CoreV1().Pods("default").List(ctx, metav1.ListOptions{ResourceVersion: "0"})
	require.NoError(t, err)
	require.Equal(t, second.ResourceVersion, l.Items[0].ResourceVersion, "a cache never goes back")

	again, err := clientset(t, s, inJSON).CoreV1().Pods("default").List(ctx, metav1.ListOptions{ResourceVersion: "0"})
	require.NoError(t, err)
	require.Equal(t, first.ResourceVersion, again.Items[0].ResourceVersion, "another connection may")
}

// TestDivergentCache is hazard B54.
func TestDivergentCache(t *testing.T) {
	for _, broken := range []bool{false, true} {
		ctx := context.Background()
		g := &testGate{}
		pods := clientset(t, newServer(t, apiserver.Options{Gate: g, CacheDivergent: broken}), inProtobuf).CoreV1().Pods("default")
		_, err := pods.Create(ctx, newPod("a"), metav1.CreateOptions{})
		require.NoError(t, err)
		require.NoError(t, pods.Delete(ctx, "a", metav1.DeleteOptions{}))
		g.request = only("list", apiserver.Verdict{At: 2})
		l, err := pods.List(ctx, metav1.ListOptions{})
		require.NoError(t, err)
		require.Equal(t, "4", l.ResourceVersion)
		require.Equal(t, broken, len(l.Items) == 1)
	}
}

func TestAnotherOneWinsTheRemoval(t *testing.T) {
	ctx := context.Background()
	g := &testGate{}
	s := newServer(t, apiserver.Options{Gate: g})
	pods := clientset(t, s, inProtobuf).CoreV1().Pods("default")
	_, err := pods.Create(ctx, newPod("a"), metav1.CreateOptions{})
	require.NoError(t, err)
	nested := false
	g.request = func(_ context.Context, r *apiserver.Request) apiserver.Verdict {
		if r.Part == apiserver.PartRemove && !nested {
			nested = true
			require.NoError(t, clientset(t, s, inJSON).CoreV1().Pods("default").Delete(ctx, "a", metav1.DeleteOptions{}))
		}
		return apiserver.Verdict{}
	}
	require.NoError(t, pods.Delete(ctx, "a", metav1.DeleteOptions{}), "NotFound is tolerated between the writes")
	require.True(t, nested)
	require.True(t, apierrors.IsNotFound(pods.Delete(ctx, "a", metav1.DeleteOptions{})))
}

// TestUpdateOfAMarkedPodRemovesIt acts between the two writes of a DELETE: nothing
// keeps the pod any more, so that the update is its removal.
func TestUpdateOfAMarkedPodRemovesIt(t *testing.T) {
	ctx := context.Background()
	g := &testGate{}
	s := newServer(t, apiserver.Options{Gate: g})
	c := clientset(t, s, inProtobuf)
	pods := c.CoreV1().Pods("default")
	_, err := pods.Create(ctx, newPod("a"), metav1.CreateOptions{})
	require.NoError(t, err)
	g.request = func(_ context.Context, r *apiserver.Request) apiserver.Verdict {
		if r.Part == apiserver.PartRemove {
			touch(t, clientset(t, s, inJSON), "a")
			_, err := pods.Get(ctx, "a", metav1.GetOptions{})
			require.True(t, apierrors.IsNotFound(err))
		}
		return apiserver.Verdict{}
	}
	require.NoError(t, pods.Delete(ctx, "a", metav1.DeleteOptions{}))
}
