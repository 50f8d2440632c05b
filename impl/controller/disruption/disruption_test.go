package disruption_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"

	"github.com/reconverge/reconverge/impl/controller/disruption"
	"github.com/reconverge/reconverge/impl/controller/manager"
	"github.com/reconverge/reconverge/impl/sim"
)

var (
	ctx    = context.Background()
	labels = map[string]string{"app": "web"}
)

// counting runs a cluster that has nothing but the disruption controller, and four
// pods of one ReplicaSet, three of them ready.
func counting(t *testing.T, o disruption.Options, spec policyv1.PodDisruptionBudgetSpec, f func(*sim.Cluster)) {
	sim.Run(t, sim.Options{}, func(c *sim.Cluster) {
		c.Start("kcm", func(config *rest.Config) (sim.Runnable, error) {
			return manager.New(config, manager.Options{Controllers: []string{"disruption"}, Disruption: o})
		})
		template := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: podSpec()}
		set, err := c.Client().AppsV1().ReplicaSets("default").Create(ctx, &appsv1.ReplicaSet{
			ObjectMeta: metav1.ObjectMeta{Name: "web"},
			Spec:       appsv1.ReplicaSetSpec{Replicas: ptr.To[int32](4), Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: template},
		}, metav1.CreateOptions{})
		require.NoError(t, err)
		owner := *metav1.NewControllerRef(set, appsv1.SchemeGroupVersion.WithKind("ReplicaSet"))
		for _, name := range []string{"a", "b", "c", "unready"} {
			pod(t, c, name, name != "unready", owner)
		}
		spec.Selector = &metav1.LabelSelector{MatchLabels: labels}
		_, err = c.Client().PolicyV1().PodDisruptionBudgets("default").Create(ctx, &policyv1.PodDisruptionBudget{
			ObjectMeta: metav1.ObjectMeta{Name: "web"}, Spec: spec,
		}, metav1.CreateOptions{})
		require.NoError(t, err)
		f(c)
	})
}

func podSpec() corev1.PodSpec {
	return corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "web:1"}}, NodeName: "n1"}
}

func pod(t *testing.T, c *sim.Cluster, name string, ready bool, owners ...metav1.OwnerReference) {
	pods := c.Client().CoreV1().Pods("default")
	made, err := pods.Create(ctx, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels, OwnerReferences: owners}, Spec: podSpec()}, metav1.CreateOptions{})
	require.NoError(t, err)
	made.Status.Phase = corev1.PodRunning
	if ready {
		made.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	}
	_, err = pods.UpdateStatus(ctx, made, metav1.UpdateOptions{})
	require.NoError(t, err)
}

func budget(t *testing.T, c *sim.Cluster) *policyv1.PodDisruptionBudget {
	pdb, err := c.Client().PolicyV1().PodDisruptionBudgets("default").Get(ctx, "web", metav1.GetOptions{})
	require.NoError(t, err)
	return pdb
}

func evict(c *sim.Cluster, name string) error {
	return c.Client().PolicyV1().Evictions("default").Evict(ctx, &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name}})
}

func least(v intstr.IntOrString) policyv1.PodDisruptionBudgetSpec {
	return policyv1.PodDisruptionBudgetSpec{MinAvailable: &v}
}

func most(v intstr.IntOrString) policyv1.PodDisruptionBudgetSpec {
	return policyv1.PodDisruptionBudgetSpec{MaxUnavailable: &v}
}

func TestStatus(t *testing.T) {
	for name, tt := range map[string]struct {
		spec                       policyv1.PodDisruptionBudgetSpec
		expected, desired, allowed int32
	}{
		"minAvailable":              {least(intstr.FromInt(2)), 4, 2, 1},
		"minAvailable, more":        {least(intstr.FromInt(5)), 4, 5, 0},
		"minAvailable, percent":     {least(intstr.FromString("30%")), 4, 2, 1},
		"maxUnavailable":            {most(intstr.FromInt(3)), 4, 1, 2},
		"maxUnavailable, percent":   {most(intstr.FromString("60%")), 4, 1, 2},
		"maxUnavailable, all":       {most(intstr.FromInt(9)), 4, 0, 3},
		"maxUnavailable, too small": {most(intstr.FromInt(1)), 4, 3, 0},
	} {
		t.Run(name, func(t *testing.T) {
			counting(t, disruption.Options{}, tt.spec, func(c *sim.Cluster) {
				c.Settle(time.Minute)
				status := budget(t, c).Status
				require.Equal(t, int32(3), status.CurrentHealthy)
				require.Equal(t, []int32{tt.expected, tt.desired, tt.allowed},
					[]int32{status.ExpectedPods, status.DesiredHealthy, status.DisruptionsAllowed})
				require.Equal(t, budget(t, c).Generation, status.ObservedGeneration)
			})
		})
	}
}

// A pod that is owned by something that the controller cannot count makes a budget
// that depends on the count allow nothing.
func TestFailSafe(t *testing.T) {
	counting(t, disruption.Options{}, most(intstr.FromInt(3)), func(c *sim.Cluster) {
		c.Settle(time.Minute)
		require.NotZero(t, budget(t, c).Status.DisruptionsAllowed)
		pod(t, c, "stray", true, metav1.OwnerReference{APIVersion: "v1", Kind: "Widget", Name: "w", UID: "w", Controller: ptr.To(true)})
		c.Settle(time.Minute)
		status := budget(t, c).Status
		require.Zero(t, status.DisruptionsAllowed)
		require.Equal(t, policyv1.SyncFailedReason, status.Conditions[0].Reason)
	})
}

// An eviction takes from the budget at once, and what it has taken is not given back
// before the deletion is seen.
func TestEviction(t *testing.T) {
	counting(t, disruption.Options{}, least(intstr.FromInt(2)), func(c *sim.Cluster) {
		c.Settle(time.Minute)
		require.NoError(t, evict(c, "a"))
		status := budget(t, c).Status
		require.Zero(t, status.DisruptionsAllowed)
		require.Contains(t, status.DisruptedPods, "a")
		require.True(t, apierrors.IsTooManyRequests(evict(c, "b")))
		c.Settle(time.Minute)
		status = budget(t, c).Status
		require.Empty(t, status.DisruptedPods)
		require.Equal(t, int32(2), status.CurrentHealthy)
		require.True(t, apierrors.IsTooManyRequests(evict(c, "b")))
	})
}

// entry remembers an eviction of pod a that no deletion has followed.
func entry(t *testing.T, c *sim.Cluster) {
	c.Settle(time.Minute)
	pdb := budget(t, c)
	pdb.Status.DisruptedPods = map[string]metav1.Time{"a": metav1.Now()}
	pdb.Status.DisruptionsAllowed--
	_, err := c.Client().PolicyV1().PodDisruptionBudgets("default").UpdateStatus(ctx, pdb, metav1.UpdateOptions{})
	require.NoError(t, err)
}

func TestEntryExpires(t *testing.T) {
	counting(t, disruption.Options{}, least(intstr.FromInt(2)), func(c *sim.Cluster) {
		entry(t, c)
		c.Settle(disruption.DeletionTimeout - time.Second)
		status := budget(t, c).Status
		require.Equal(t, []int32{2, 0}, []int32{status.CurrentHealthy, status.DisruptionsAllowed})
		c.Settle(2 * time.Second)
		status = budget(t, c).Status
		require.Equal(t, []int32{3, 1}, []int32{status.CurrentHealthy, status.DisruptionsAllowed})
		require.Empty(t, status.DisruptedPods)
	})
}

func TestStaleTargetIsReset(t *testing.T) {
	counting(t, disruption.Options{}, least(intstr.FromInt(2)), func(c *sim.Cluster) {
		pods := c.Client().CoreV1().Pods("default")
		pod, err := pods.Get(ctx, "a", metav1.GetOptions{})
		require.NoError(t, err)
		pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{
			Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now(),
		})
		_, err = pods.UpdateStatus(ctx, pod, metav1.UpdateOptions{})
		require.NoError(t, err)
		target := func() corev1.ConditionStatus {
			pod, err := pods.Get(ctx, "a", metav1.GetOptions{})
			require.NoError(t, err)
			return pod.Status.Conditions[1].Status
		}
		c.Settle(disruption.StaleTimeout - time.Second)
		require.Equal(t, corev1.ConditionTrue, target())
		c.Settle(2 * time.Second)
		require.Equal(t, corev1.ConditionFalse, target())
	})
}

// evictBeforeWrite lets a pod be evicted between the computation of a status and its write.
func evictBeforeWrite(t *testing.T, c *sim.Cluster) *policyv1.PodDisruptionBudget {
	c.Settle(time.Minute)
	pod(t, c, "new", true)
	steps, err := sim.ParseSchedule(`
		release kcm watch pods ADDED default/new
		release kcm watch pods MODIFIED default/new`)
	require.NoError(t, err)
	require.NoError(t, c.Replay(steps, nil))
	require.NoError(t, evict(c, "a")) // takes the one that the old status allows
	write := sim.Step{Verb: sim.Release, Target: "kcm/disruption update poddisruptionbudgets/status default/web"}
	for _, step := range c.Pending() {
		if step == write {
			require.NoError(t, c.Do(step))
		}
	}
	for _, step := range c.Pending() { // the hazard only: it reads and writes again
		if step.Target == "kcm/disruption get poddisruptionbudgets default/web" {
			require.NoError(t, c.Do(step))
			require.NoError(t, c.Do(write))
		}
	}
	return budget(t, c)
}

func TestConflictIsNotOverwritten(t *testing.T) {
	counting(t, disruption.Options{}, least(intstr.FromInt(2)), func(c *sim.Cluster) {
		require.Contains(t, evictBeforeWrite(t, c).Status.DisruptedPods, "a")
	})
}

func TestRetryWithOldNumbers(t *testing.T) {
	counting(t, disruption.Options{RetryWithOldNumbers: true}, least(intstr.FromInt(2)), func(c *sim.Cluster) {
		status := evictBeforeWrite(t, c).Status
		require.Empty(t, status.DisruptedPods, "the hazard has not shown")
		require.NotZero(t, status.DisruptionsAllowed)
	})
}

func TestNoDisruptedPods(t *testing.T) {
	counting(t, disruption.Options{NoDisruptedPods: true}, least(intstr.FromInt(2)), func(c *sim.Cluster) {
		entry(t, c)
		c.Settle(time.Second)
		require.NotZero(t, budget(t, c).Status.DisruptionsAllowed, "the hazard has not shown")
	})
}

func TestControllerDown(t *testing.T) {
	counting(t, disruption.Options{ControllerDown: true}, least(intstr.FromInt(2)), func(c *sim.Cluster) {
		c.Settle(time.Hour)
		require.Zero(t, budget(t, c).Status.ObservedGeneration, "the hazard has not shown")
	})
}
