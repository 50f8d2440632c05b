package apiserver_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/reconverge/reconverge/impl/apiserver"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// newServer returns a server of the test.
func newServer(t testing.TB, o apiserver.Options) *apiserver.Server {
	t.Helper()
	s, err := apiserver.New(o)
	require.NoError(t, err)
	return s
}

// clientset returns an unchanged clientset of the actor "test" in the given
// content type.
func clientset(t testing.TB, s *apiserver.Server, contentType string) *kubernetes.Clientset {
	t.Helper()
	config := rest.AddUserAgent(s.Config("test"), "component")
	config.ContentType = contentType
	c, err := kubernetes.NewForConfig(config)
	require.NoError(t, err)
	return c
}

const (
	inJSON     = "application/json"
	inProtobuf = "application/vnd.kubernetes.protobuf"
)

func newPod(name string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app": "web"}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "web:1"}}},
	}
}

func TestCreateReadUpdateDelete(t *testing.T) {
	for _, contentType := range []string{inJSON, inProtobuf} {
		t.Run(contentType, func(t *testing.T) {
			ctx := context.Background()
			pods := clientset(t, newServer(t, apiserver.Options{}), contentType).CoreV1().Pods("default")
			made, err := pods.Create(ctx, newPod("a"), metav1.CreateOptions{})
			require.NoError(t, err)
			require.Equal(t, corev1.PodPending, made.Status.Phase)
			require.NotEmpty(t, made.UID)

			w, err := pods.Watch(ctx, metav1.ListOptions{ResourceVersion: made.ResourceVersion})
			require.NoError(t, err)
			defer w.Stop()

			made.Labels["app"] = "db"
			updated, err := pods.Update(ctx, made, metav1.UpdateOptions{})
			require.NoError(t, err)
			got, err := pods.Get(ctx, "a", metav1.GetOptions{})
			require.NoError(t, err)
			require.Equal(t, updated, got)

			patched, err := pods.Patch(ctx, "a", types.StrategicMergePatchType, []byte(`{"metadata":{"labels":{"x":"y"}}}`), metav1.PatchOptions{})
			require.NoError(t, err)
			require.Equal(t, map[string]string{"app": "db", "x": "y"}, patched.Labels)

			list, err := pods.List(ctx, metav1.ListOptions{LabelSelector: "app=db"})
			require.NoError(t, err)
			require.Len(t, list.Items, 1)
			require.Equal(t, *patched, list.Items[0])

			require.NoError(t, pods.Delete(ctx, "a", metav1.DeleteOptions{}))
			for _, want := range []watch.EventType{watch.Modified, watch.Modified, watch.Modified, watch.Deleted} {
				e := <-w.ResultChan()
				require.Equal(t, want, e.Type)
				require.Equal(t, "a", e.Object.(*corev1.Pod).Name)
			}
		})
	}
}

func TestInformerInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c := clientset(t, newServer(t, apiserver.Options{}), inProtobuf)
		_, err := c.CoreV1().Pods("default").Create(ctx, newPod("a"), metav1.CreateOptions{})
		require.NoError(t, err)

		f := informers.NewSharedInformerFactory(c, 0)
		lister := f.Core().V1().Pods().Lister().Pods("default")
		var seen []string
		_, err = f.Core().V1().Pods().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    func(o any) { seen = append(seen, "add "+o.(*corev1.Pod).Name) },
			DeleteFunc: func(o any) { seen = append(seen, "delete "+o.(*corev1.Pod).Name) },
		})
		require.NoError(t, err)
		f.Start(ctx.Done())
		f.WaitForCacheSync(ctx.Done())
		_, err = lister.Get("a")
		require.NoError(t, err)

		require.NoError(t, c.CoreV1().Pods("default").Delete(ctx, "a", metav1.DeleteOptions{}))
		synctest.Wait()
		_, err = lister.Get("a")
		require.Error(t, err)
		require.Equal(t, []string{"add a", "delete a"}, seen)
		cancel()
		f.Shutdown()
	})
}
