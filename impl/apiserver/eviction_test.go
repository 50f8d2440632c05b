package apiserver_test

import (
	"context"
	"testing"

	"github.com/reconverge/reconverge/impl/apiserver"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"
)

// evictable makes a running pod.
func evictable(t *testing.T, c kubernetes.Interface, name string, ready corev1.ConditionStatus) {
	t.Helper()
	ctx, pods := context.Background(), c.CoreV1().Pods("default")
	p := newPod(name)
	p.Spec.NodeName = "n"
	p, err := pods.Create(ctx, p, metav1.CreateOptions{})
	require.NoError(t, err)
	p.Status.Phase = corev1.PodRunning
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}
	_, err = pods.UpdateStatus(ctx, p, metav1.UpdateOptions{})
	require.NoError(t, err)
}

// budget makes a budget that its controller has judged.
func budget(t *testing.T, c kubernetes.Interface, name string, change func(b *policyv1.PodDisruptionBudget)) {
	t.Helper()
	ctx, budgets := context.Background(), c.PolicyV1().PodDisruptionBudgets("default")
	b := &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       policyv1.PodDisruptionBudgetSpec{MinAvailable: ptr.To(intstr.FromInt32(1)), Selector: &metav1.LabelSelector{}},
	}
	b.Status.ObservedGeneration = 1
	change(b)
	status := b.Status
	b, err := budgets.Create(ctx, b, metav1.CreateOptions{})
	require.NoError(t, err)
	require.Empty(t, b.Status)
	b.Status = status
	_, err = budgets.UpdateStatus(ctx, b, metav1.UpdateOptions{})
	require.NoError(t, err)
}

func evict(c kubernetes.Interface, name string) error {
	return c.CoreV1().Pods("default").EvictV1(context.Background(), &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: name}})
}

func TestEviction(t *testing.T) {
	none := func(*policyv1.PodDisruptionBudget) {}
	allows := func(n int32) func(*policyv1.PodDisruptionBudget) {
		return func(b *policyv1.PodDisruptionBudget) { b.Status.DisruptionsAllowed = n }
	}
	for name, e := range map[string]struct {
		ready   corev1.ConditionStatus
		budgets []func(b *policyv1.PodDisruptionBudget)
		err     func(error) bool
		left    int32 // disruptions allowed afterwards
	}{
		"no budget":            {ready: corev1.ConditionTrue},
		"allowed":              {ready: corev1.ConditionTrue, budgets: []func(*policyv1.PodDisruptionBudget){allows(2)}, left: 1},
		"the last one":         {ready: corev1.ConditionTrue, budgets: []func(*policyv1.PodDisruptionBudget){allows(1)}, left: 0},
		"exhausted":            {ready: corev1.ConditionTrue, budgets: []func(*policyv1.PodDisruptionBudget){none}, err: apierrors.IsTooManyRequests},
		"two budgets":          {ready: corev1.ConditionTrue, budgets: []func(*policyv1.PodDisruptionBudget){allows(1), allows(1)}, err: apierrors.IsInternalError, left: 1},
		"an old status":        {ready: corev1.ConditionTrue, budgets: []func(*policyv1.PodDisruptionBudget){func(b *policyv1.PodDisruptionBudget) { b.Status.ObservedGeneration, b.Status.DisruptionsAllowed = 0, 1 }}, err: apierrors.IsTooManyRequests, left: 1},
		"unready, exhausted":   {ready: corev1.ConditionFalse, budgets: []func(*policyv1.PodDisruptionBudget){none}, err: apierrors.IsTooManyRequests},
		"unready, healthy set": {ready: corev1.ConditionFalse, budgets: []func(*policyv1.PodDisruptionBudget){func(b *policyv1.PodDisruptionBudget) { b.Status.CurrentHealthy, b.Status.DesiredHealthy = 2, 2 }}},
		"unready, always": {ready: corev1.ConditionFalse, budgets: []func(*policyv1.PodDisruptionBudget){func(b *policyv1.PodDisruptionBudget) {
			b.Spec.UnhealthyPodEvictionPolicy = ptr.To(policyv1.AlwaysAllow)
		}}},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			c := clientset(t, newServer(t, apiserver.Options{}), inJSON)
			evictable(t, c, "a", e.ready)
			for i, change := range e.budgets {
				budget(t, c, string(rune('a'+i)), change)
			}
			err := evict(c, "a")
			p, getErr := c.CoreV1().Pods("default").Get(ctx, "a", metav1.GetOptions{})
			require.NoError(t, getErr)
			if e.err != nil {
				require.True(t, e.err(err) || len(e.budgets) == 2 && err != nil, "%v", err)
				require.Equal(t, len(e.budgets) == 1, apierrors.HasStatusCause(err, policyv1.DisruptionBudgetCause))
				require.Nil(t, p.DeletionTimestamp)
			} else {
				require.NoError(t, err)
				require.NotNil(t, p.DeletionTimestamp)
				require.Equal(t, corev1.DisruptionTarget, p.Status.Conditions[1].Type)
			}
			if len(e.budgets) > 0 {
				b, err := c.PolicyV1().PodDisruptionBudgets("default").Get(ctx, "a", metav1.GetOptions{})
				require.NoError(t, err)
				require.Equal(t, e.left, b.Status.DisruptionsAllowed)
				require.Equal(t, name == "allowed" || name == "the last one", len(b.Status.DisruptedPods) == 1)
			}
		})
	}
}

// TestEvictionInParts stops an eviction before each of its later writes.
func TestEvictionInParts(t *testing.T) {
	for stop, want := range map[apiserver.Part]struct{ condition, deleted bool }{
		apiserver.PartCondition: {},
		apiserver.PartDelete:    {condition: true},
		"never":                 {condition: true, deleted: true},
	} {
		g := &testGate{request: func(_ context.Context, r *apiserver.Request) apiserver.Verdict {
			if r.Subresource == "eviction" && r.Part == stop {
				return apiserver.Verdict{Outcome: apiserver.Fail}
			}
			return apiserver.Verdict{}
		}}
		c := clientset(t, newServer(t, apiserver.Options{Gate: g}), inProtobuf)
		evictable(t, c, "a", corev1.ConditionTrue)
		budget(t, c, "b", func(b *policyv1.PodDisruptionBudget) { b.Status.DisruptionsAllowed = 1 })
		require.Equal(t, want.deleted, evict(c, "a") == nil)
		p, err := c.CoreV1().Pods("default").Get(context.Background(), "a", metav1.GetOptions{})
		require.NoError(t, err)
		require.Equal(t, want.condition, len(p.Status.Conditions) == 2)
		require.Equal(t, want.deleted, p.DeletionTimestamp != nil)
		b, err := c.PolicyV1().PodDisruptionBudgets("default").Get(context.Background(), "b", metav1.GetOptions{})
		require.NoError(t, err)
		require.EqualValues(t, 0, b.Status.DisruptionsAllowed, "the budget stays taken")
	}
}

// TestUnreadyPodChangesWhileItIsEvicted lets the pod change after its eviction was
// granted without the budget, because it was not ready: the DELETE may not count.
func TestUnreadyPodChangesWhileItIsEvicted(t *testing.T) {
	g := &testGate{}
	s := newServer(t, apiserver.Options{Gate: g})
	c := clientset(t, s, inProtobuf)
	evictable(t, c, "a", corev1.ConditionFalse)
	budget(t, c, "b", func(b *policyv1.PodDisruptionBudget) { b.Status.CurrentHealthy, b.Status.DesiredHealthy = 2, 2 })
	g.request = func(_ context.Context, r *apiserver.Request) apiserver.Verdict {
		if r.Part == apiserver.PartDelete {
			touch(t, clientset(t, s, inJSON), "a")
		}
		return apiserver.Verdict{}
	}
	err := evict(c, "a")
	require.True(t, apierrors.IsTooManyRequests(err), "%v", err)
	p, err := c.CoreV1().Pods("default").Get(context.Background(), "a", metav1.GetOptions{})
	require.NoError(t, err)
	require.Nil(t, p.DeletionTimestamp)
}
