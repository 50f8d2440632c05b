package apiserver_test

import (
	"context"
	"net/http/httptest"
	"testing"
	"testing/synctest"

	"github.com/reconverge/reconverge/impl/apiserver"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	clientscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// A widget is a custom resource.
type widget struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              widgetSpec   `json:"spec,omitempty"`
	Status            widgetStatus `json:"status,omitempty"`
}

type widgetSpec struct {
	Size int `json:"size,omitempty"`
}

type widgetStatus struct {
	Built int `json:"built,omitempty"`
}

func (w *widget) DeepCopyObject() runtime.Object {
	c := *w
	w.ObjectMeta.DeepCopyInto(&c.ObjectMeta)
	return &c
}

type widgetList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []widget `json:"items"`
}

func (l *widgetList) DeepCopyObject() runtime.Object {
	c := *l
	c.Items = nil
	for i := range l.Items {
		c.Items = append(c.Items, *l.Items[i].DeepCopyObject().(*widget))
	}
	return &c
}

var widgets = schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: "Widget"}

// widgetServer serves widgets beside the built-in kinds.
func widgetServer(t *testing.T) (*apiserver.Server, *runtime.Scheme) {
	t.Helper()
	scheme := runtime.NewScheme()
	require.NoError(t, clientscheme.AddToScheme(scheme))
	scheme.AddKnownTypeWithName(widgets, &widget{})
	scheme.AddKnownTypeWithName(widgets.GroupVersion().WithKind("WidgetList"), &widgetList{})
	metav1.AddToGroupVersion(scheme, widgets.GroupVersion())
	return newServer(t, apiserver.Options{
		Scheme: scheme,
		Kinds:  []apiserver.Kind{{GroupVersionKind: widgets, Plural: "widgets", Namespaced: true, Status: true}},
	}), scheme
}

func TestControllerRuntime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s, scheme := widgetServer(t)
		c, err := client.New(s.Config("test"), client.Options{Scheme: scheme})
		require.NoError(t, err)
		w := &widget{ObjectMeta: metav1.ObjectMeta{Name: "a", Namespace: "default"}, Spec: widgetSpec{Size: 3}, Status: widgetStatus{Built: 9}}
		require.NoError(t, c.Create(ctx, w))
		require.EqualValues(t, 1, w.Generation)
		require.Zero(t, w.Status.Built, "a create sets no status")
		w.Status.Built, w.Spec.Size, w.Labels = 2, 7, map[string]string{"x": "y"}
		require.NoError(t, c.Status().Update(ctx, w))
		require.Equal(t, widgetStatus{Built: 2}, w.Status)
		require.Equal(t, 3, w.Spec.Size)
		require.Empty(t, w.Labels)
		before := w.DeepCopyObject().(*widget)
		w.Spec.Size = 4
		require.NoError(t, c.Patch(ctx, w, client.MergeFrom(before)))
		require.EqualValues(t, 2, w.Generation)

		stored, err := cache.New(s.Config("test"), cache.Options{Scheme: scheme})
		require.NoError(t, err)
		done := make(chan error, 1)
		go func() { done <- stored.Start(ctx) }()
		synctest.Wait()
		var got widget
		require.NoError(t, stored.Get(ctx, client.ObjectKeyFromObject(w), &got))
		require.Equal(t, w.ResourceVersion, got.ResourceVersion)

		pod := newPod("p")
		pod.Namespace = "default"
		require.NoError(t, c.Create(ctx, pod))
		var pods corev1.PodList
		require.NoError(t, stored.List(ctx, &pods, client.MatchingLabels{"app": "web"}))
		require.Len(t, pods.Items, 1)

		require.NoError(t, c.Delete(ctx, w))
		synctest.Wait()
		require.True(t, apierrors.IsNotFound(stored.Get(ctx, client.ObjectKeyFromObject(w), &got)))
		cancel()
		require.NoError(t, <-done)
	})
}

func TestDynamicClient(t *testing.T) {
	ctx := context.Background()
	s, _ := widgetServer(t)
	c, err := dynamic.NewForConfig(s.Config("test"))
	require.NoError(t, err)
	r := c.Resource(widgets.GroupVersion().WithResource("widgets")).Namespace("default")
	w := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "example.com/v1", "kind": "Widget",
		"metadata": map[string]any{"name": "a"}, "spec": map[string]any{"size": int64(3), "unknown": true},
	}}
	w, err = r.Create(ctx, w, metav1.CreateOptions{})
	require.NoError(t, err)
	require.Equal(t, map[string]any{"size": int64(3)}, w.Object["spec"], "unknown fields are pruned")
	l, err := r.List(ctx, metav1.ListOptions{})
	require.NoError(t, err)
	require.Equal(t, w.GetUID(), l.Items[0].GetUID())
	require.Equal(t, "Widget", l.Items[0].GetKind())
	_, err = r.Patch(ctx, "a", "application/strategic-merge-patch+json", []byte(`{"spec":{"size":4}}`), metav1.PatchOptions{})
	require.True(t, apierrors.IsUnsupportedMediaType(err), "custom resources have no strategic merge: %v", err)
	_, err = r.Update(ctx, &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "example.com/v1", "kind": "Widget", "metadata": map[string]any{"name": "a"},
	}}, metav1.UpdateOptions{})
	require.True(t, apierrors.IsInvalid(err), "nor unconditional updates: %v", err)
}

func TestDiscovery(t *testing.T) {
	s, _ := widgetServer(t)
	for _, legacy := range []bool{true, false} {
		c, err := discovery.NewDiscoveryClientForConfig(s.Config("test"))
		require.NoError(t, err)
		c.UseLegacyDiscovery = legacy
		groups, lists, err := c.ServerGroupsAndResources()
		require.NoError(t, err)
		names := map[string]bool{}
		for _, g := range groups {
			names[g.Name] = true
		}
		require.True(t, names[""] && names["apps"] && names["example.com"])
		kinds := map[string]string{}
		for _, l := range lists {
			for _, r := range l.APIResources {
				kinds[l.GroupVersion+"/"+r.Name] = r.Kind
			}
		}
		require.Equal(t, "Pod", kinds["v1/pods"])
		require.Equal(t, "Eviction", kinds["v1/pods/eviction"])
		require.Equal(t, "Widget", kinds["example.com/v1/widgets/status"])
		v, err := c.ServerVersion()
		require.NoError(t, err)
		require.Equal(t, "37", v.Minor)
	}
}

// TestOverTheNetwork is the same server as an http.Handler.
func TestOverTheNetwork(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s, scheme := widgetServer(t)
	web := httptest.NewServer(s)
	defer web.Close()
	c, err := client.NewWithWatch(&rest.Config{Host: web.URL}, client.Options{Scheme: scheme})
	require.NoError(t, err)
	w, err := c.Watch(ctx, &corev1.PodList{}, client.InNamespace("default"))
	require.NoError(t, err)
	defer w.Stop()
	p := newPod("a")
	p.Namespace = "default"
	require.NoError(t, c.Create(ctx, p))
	e := <-w.ResultChan()
	require.Equal(t, p.ResourceVersion, e.Object.(*corev1.Pod).ResourceVersion)
	require.True(t, apierrors.IsAlreadyExists(c.Create(ctx, func() *corev1.Pod { q := newPod("a"); q.Namespace = "default"; return q }())))
}
