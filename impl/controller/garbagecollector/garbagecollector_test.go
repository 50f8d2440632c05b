package garbagecollector_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"

	"github.com/reconverge/reconverge/impl/apiserver"
	"github.com/reconverge/reconverge/impl/controller/garbagecollector"
	"github.com/reconverge/reconverge/impl/controller/manager"
	"github.com/reconverge/reconverge/impl/sim"
)

var ctx = context.Background()

// collecting runs a cluster that has nothing but the garbage collector.
func collecting(t *testing.T, o garbagecollector.Options, f func(*sim.Cluster)) {
	sim.Run(t, sim.Options{}, func(c *sim.Cluster) {
		c.Start("kcm", func(config *rest.Config) (sim.Runnable, error) {
			return manager.New(config, manager.Options{Controllers: []string{"garbagecollector"}, GarbageCollector: o})
		})
		f(c)
	})
}

// replicaSet creates a ReplicaSet and two pods of it.
func replicaSet(t *testing.T, c *sim.Cluster) *appsv1.ReplicaSet {
	labels := map[string]string{"app": "web"}
	template := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: podSpec()}
	made, err := c.Client().AppsV1().ReplicaSets("default").Create(ctx, &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec:       appsv1.ReplicaSetSpec{Replicas: ptr.To[int32](2), Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: template},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	pod(t, c, "web-a", owner(made))
	pod(t, c, "web-b", owner(made))
	return made
}

func owner(set *appsv1.ReplicaSet) metav1.OwnerReference {
	return *metav1.NewControllerRef(set, appsv1.SchemeGroupVersion.WithKind("ReplicaSet"))
}

func podSpec() corev1.PodSpec {
	return corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "web:1"}}}
}

func pod(t *testing.T, c *sim.Cluster, name string, owners ...metav1.OwnerReference) {
	_, err := c.Client().CoreV1().Pods("default").Create(ctx, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, OwnerReferences: owners, Labels: map[string]string{"app": "web"}}, Spec: podSpec(),
	}, metav1.CreateOptions{})
	require.NoError(t, err)
}

func deleteSet(t *testing.T, c *sim.Cluster, p metav1.DeletionPropagation) {
	require.NoError(t, c.Client().AppsV1().ReplicaSets("default").Delete(ctx, "web", metav1.DeleteOptions{PropagationPolicy: &p}))
}

// left are the pods that there are, each with the number of its owners.
func left(t *testing.T, c *sim.Cluster) (sets int, pods map[string]int) {
	list, err := c.Client().CoreV1().Pods("default").List(ctx, metav1.ListOptions{})
	require.NoError(t, err)
	pods = map[string]int{}
	for _, pod := range list.Items {
		pods[pod.Name] = len(pod.OwnerReferences)
	}
	all, err := c.Client().AppsV1().ReplicaSets("default").List(ctx, metav1.ListOptions{})
	require.NoError(t, err)
	return len(all.Items), pods
}

func TestPropagation(t *testing.T) {
	for _, tt := range []struct {
		propagation metav1.DeletionPropagation
		want        map[string]int
	}{
		{metav1.DeletePropagationBackground, map[string]int{}},
		{metav1.DeletePropagationForeground, map[string]int{}},
		{metav1.DeletePropagationOrphan, map[string]int{"web-a": 0, "web-b": 0}},
	} {
		t.Run(string(tt.propagation), func(t *testing.T) {
			collecting(t, garbagecollector.Options{}, func(c *sim.Cluster) {
				replicaSet(t, c)
				c.Settle(time.Minute)
				_, pods := left(t, c)
				require.Len(t, pods, 2)
				deleteSet(t, c, tt.propagation)
				c.Settle(time.Minute)
				sets, pods := left(t, c)
				require.Zero(t, sets)
				require.Equal(t, tt.want, pods)
			})
		})
	}
}

func TestOwnerOfTheSameNameIsAnother(t *testing.T) {
	collecting(t, garbagecollector.Options{}, func(c *sim.Cluster) {
		gone := owner(replicaSet(t, c))
		gone.UID = "of-one-before"
		pod(t, c, "stray", gone)
		c.Settle(time.Minute)
		_, pods := left(t, c)
		require.Equal(t, map[string]int{"web-a": 1, "web-b": 1}, pods)
	})
}

func TestReferencesToLostOwnersAreRemoved(t *testing.T) {
	collecting(t, garbagecollector.Options{}, func(c *sim.Cluster) {
		set := replicaSet(t, c)
		gone := metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: "gone", UID: "gone"}
		pod(t, c, "shared", owner(set), gone)
		c.Settle(time.Minute)
		_, pods := left(t, c)
		require.Equal(t, map[string]int{"web-a": 1, "web-b": 1, "shared": 1}, pods)
	})
}

// An owner that is deleted with propagation orphan is there until it has let go.
func TestDeletingIsGone(t *testing.T) {
	collecting(t, garbagecollector.Options{DeletingIsGone: true}, func(c *sim.Cluster) {
		replicaSet(t, c)
		c.Settle(time.Minute)
		deleteSet(t, c, metav1.DeletePropagationOrphan)
		c.Settle(time.Minute)
		_, pods := left(t, c)
		require.Empty(t, pods, "the hazard has not shown")
	})
}

// A lease of a node goes with the node: its owner has no namespace.
func TestOwnerWithoutNamespace(t *testing.T) {
	collecting(t, garbagecollector.Options{}, func(c *sim.Cluster) {
		node, err := c.Client().CoreV1().Nodes().Create(ctx, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n1"}}, metav1.CreateOptions{})
		require.NoError(t, err)
		ref := metav1.OwnerReference{APIVersion: "v1", Kind: "Node", Name: "n1", UID: node.UID}
		pod(t, c, "of-node", ref)
		c.Settle(time.Minute)
		_, pods := left(t, c)
		require.Len(t, pods, 1)
		require.NoError(t, c.Client().CoreV1().Nodes().Delete(ctx, "n1", metav1.DeleteOptions{}))
		c.Settle(time.Minute)
		_, pods = left(t, c)
		require.Empty(t, pods)
	})
}

// The wanted order: dependents before their owner's finalizer; an owner that was
// gone for one dependent is not looked for again.
func TestRequestsAreInOrder(t *testing.T) {
	for propagation, want := range map[metav1.DeletionPropagation][]string{
		metav1.DeletePropagationBackground: {
			"get pods default/web-a", "get replicasets default/web", "delete pods default/web-a", "delete pods default/web-a",
			"get pods default/web-b", "delete pods default/web-b", "delete pods default/web-b",
		},
		metav1.DeletePropagationForeground: {
			"get pods default/web-a", "get replicasets default/web", "delete pods default/web-a", "delete pods default/web-a",
			"get pods default/web-b", "get replicasets default/web", "delete pods default/web-b", "delete pods default/web-b",
			"get replicasets default/web", "patch replicasets default/web",
		},
		metav1.DeletePropagationOrphan: {
			"patch pods default/web-a", "patch pods default/web-b",
			"get replicasets default/web", "patch replicasets default/web",
		},
	} {
		t.Run(string(propagation), func(t *testing.T) {
			collecting(t, garbagecollector.Options{}, func(c *sim.Cluster) {
				replicaSet(t, c)
				c.Settle(time.Minute)
				deleteSet(t, c, propagation)
				require.Equal(t, want, requests(c, time.Minute))
			})
		})
	}
}

// requests are those that the collector sends in a time. A pod that has no grace is
// deleted in two steps.
func requests(c *sim.Cluster, d time.Duration) (all []string) {
	before := len(c.Taken())
	c.Settle(d)
	for _, step := range c.Taken()[before:] {
		if what, of := strings.CutPrefix(step.String(), "release kcm/garbagecollector "); of {
			all = append(all, what)
		}
	}
	return all
}

// A dependent that changes between its read and its DELETE is read again, and deleted
// although its revision is another; one that has another owner by then is not.
func TestDependentChangesMeanwhile(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*corev1.Pod, metav1.OwnerReference)
		want   int
	}{
		"labels": {func(pod *corev1.Pod, _ metav1.OwnerReference) { pod.Labels["a"] = "b" }, 0},
		"owners": {func(pod *corev1.Pod, other metav1.OwnerReference) {
			pod.OwnerReferences = []metav1.OwnerReference{other}
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			collecting(t, garbagecollector.Options{}, func(c *sim.Cluster) {
				set := replicaSet(t, c)
				pods := c.Client().CoreV1().Pods("default")
				require.NoError(t, pods.Delete(ctx, "web-b", metav1.DeleteOptions{}))
				config, err := c.Client().CoreV1().ConfigMaps("default").Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "c"}}, metav1.CreateOptions{})
				require.NoError(t, err)
				c.Settle(time.Minute)
				deleteSet(t, c, metav1.DeletePropagationBackground)
				steps, err := sim.ParseSchedule(`
					release kcm watch replicasets DELETED default/web
					release kcm/garbagecollector get pods default/web-a
					release kcm/garbagecollector get replicasets default/web`)
				require.NoError(t, err)
				require.NoError(t, c.Replay(steps, nil))

				live, err := pods.Get(ctx, "web-a", metav1.GetOptions{})
				require.NoError(t, err)
				require.Equal(t, owner(set), live.OwnerReferences[0])
				tt.change(live, metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: "c", UID: config.UID})
				_, err = pods.Update(ctx, live, metav1.UpdateOptions{})
				require.NoError(t, err)
				c.Settle(time.Minute)
				_, still := left(t, c)
				require.Len(t, still, tt.want)
			})
		})
	}
}

// Kinds that are not watched are no dependents; as owners they are read live.
func TestResources(t *testing.T) {
	collecting(t, garbagecollector.Options{Resources: []string{"pods"}}, func(c *sim.Cluster) {
		replicaSet(t, c)
		c.Settle(time.Minute)
		require.Equal(t, []string{"kcm watch pods"}, c.Watches())
		deleteSet(t, c, metav1.DeletePropagationBackground)
		c.Settle(20 * time.Minute) // it looks again less and less often
		_, pods := left(t, c)
		require.Empty(t, pods)
	})
}

// Custom kinds are found by discovery, as owners and as dependents.
func TestCustomKinds(t *testing.T) {
	widget := schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: "Widget"}
	scheme := runtime.NewScheme()
	require.NoError(t, clientgoscheme.AddToScheme(scheme))
	scheme.AddKnownTypeWithName(widget, &unstructured.Unstructured{})
	o := apiserver.Options{Scheme: scheme, Kinds: []apiserver.Kind{{GroupVersionKind: widget, Plural: "widgets", Namespaced: true}}}
	sim.Run(t, sim.Options{Server: o}, func(c *sim.Cluster) {
		c.Start("kcm", func(config *rest.Config) (sim.Runnable, error) {
			return manager.New(config, manager.Options{Controllers: []string{"garbagecollector"}})
		})
		widgets := dynamic.NewForConfigOrDie(c.Config("user")).Resource(widget.GroupVersion().WithResource("widgets")).Namespace("default")
		make := func(name string, owners ...metav1.OwnerReference) metav1.OwnerReference {
			w := &unstructured.Unstructured{}
			w.SetGroupVersionKind(widget)
			w.SetName(name)
			w.SetOwnerReferences(owners)
			made, err := widgets.Create(ctx, w, metav1.CreateOptions{})
			require.NoError(t, err)
			return metav1.OwnerReference{APIVersion: "example.com/v1", Kind: "Widget", Name: name, UID: made.GetUID()}
		}
		top := make("top")
		middle := make("middle", top)
		make("other", middle, top)
		pod(t, c, "of-middle", middle)
		c.Settle(time.Minute)
		require.NoError(t, widgets.Delete(ctx, "middle", metav1.DeleteOptions{}))
		c.Settle(time.Minute)
		_, pods := left(t, c)
		require.Empty(t, pods)
		other, err := widgets.Get(ctx, "other", metav1.GetOptions{})
		require.NoError(t, err)
		require.Equal(t, []metav1.OwnerReference{top}, other.GetOwnerReferences())
	})
}
