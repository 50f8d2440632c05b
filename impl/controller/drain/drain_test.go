package drain_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"

	"github.com/reconverge/reconverge/impl/controller/drain"
	"github.com/reconverge/reconverge/impl/controller/manager"
	"github.com/reconverge/reconverge/impl/sim"
)

var ctx = context.Background()

// draining runs a cluster with two ready pods on node n1, of which a budget lets one
// go at a time, a pod of a DaemonSet there, and a pod on another node.
func draining(t *testing.T, f func(*sim.Cluster)) {
	sim.Run(t, sim.Options{}, func(c *sim.Cluster) {
		c.Apply(&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n1"}}, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n2"}})
		c.Apply(pod("a", "n1"), pod("b", "n1"), pod("elsewhere", "n2"))
		ds := pod("ds", "n1")
		ds.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "DaemonSet", Name: "ds", UID: "ds", Controller: ptr.To(true)}}
		ds.Labels = nil
		c.Apply(ds)
		c.Apply(&policyv1.PodDisruptionBudget{
			ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "default"},
			Spec: policyv1.PodDisruptionBudgetSpec{
				MinAvailable: ptr.To(intstr.FromInt(2)), Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}},
			},
		})
		c.Start("kcm", func(config *rest.Config) (sim.Runnable, error) {
			return manager.New(config, manager.Options{Controllers: []string{"disruption"}})
		})
		c.Settle(time.Minute)
		f(c)
	})
}

func pod(name, node string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default", Labels: map[string]string{"app": "web"}},
		Spec:       corev1.PodSpec{NodeName: node, Containers: []corev1.Container{{Name: "main", Image: "web:1"}}},
		Status: corev1.PodStatus{
			Phase:      corev1.PodRunning,
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
		},
	}
}

// terminating are the pods that are being deleted.
func terminating(t *testing.T, c *sim.Cluster) (names []string) {
	list, err := c.Client().CoreV1().Pods("default").List(ctx, metav1.ListOptions{})
	require.NoError(t, err)
	for _, pod := range list.Items {
		if pod.DeletionTimestamp != nil {
			names = append(names, pod.Name)
		}
	}
	return names
}

func kill(t *testing.T, c *sim.Cluster, name string) {
	require.NoError(t, c.Client().CoreV1().Pods("default").Delete(ctx, name, metav1.DeleteOptions{GracePeriodSeconds: ptr.To[int64](0)}))
}

func TestDrain(t *testing.T) {
	draining(t, func(c *sim.Cluster) {
		var listed []string
		c.Start("person", func(config *rest.Config) (sim.Runnable, error) {
			return drain.New(config, "n1", drain.Options{Listed: func(pods []corev1.Pod) {
				for _, pod := range pods {
					listed = append(listed, pod.Name)
				}
			}})
		})
		c.Settle(time.Minute)
		node, err := c.Client().CoreV1().Nodes().Get(ctx, "n1", metav1.GetOptions{})
		require.NoError(t, err)
		require.True(t, node.Spec.Unschedulable)
		require.Equal(t, []string{"a", "b"}, listed)
		require.Equal(t, []string{"a"}, terminating(t, c), "the budget allows one")

		c.Apply(pod("replacement", "n2"))
		c.Settle(time.Minute)
		require.Equal(t, []string{"a", "b"}, terminating(t, c))
		running, _ := c.Running("person")
		require.True(t, running, "it waits for the pods to go")

		kill(t, c, "a")
		kill(t, c, "b")
		c.Apply(pod("b", "n2")) // another one of that name
		c.Settle(time.Minute)
		_, err = c.Running("person")
		require.EqualError(t, err, "its Start has returned")
		require.Empty(t, terminating(t, c))
	})
}

func TestDrainOfNoNode(t *testing.T) {
	draining(t, func(c *sim.Cluster) {
		c.Start("person", func(config *rest.Config) (sim.Runnable, error) { return drain.New(config, "n9", drain.Options{}) })
		c.Settle(time.Second)
		_, err := c.Running("person")
		require.ErrorContains(t, err, `cordoning node n9: nodes "n9" not found`)
	})
}
