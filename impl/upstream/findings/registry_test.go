package findings

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	genericrequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/kubernetes/pkg/apis/core"
	_ "k8s.io/kubernetes/pkg/apis/core/install" // into legacyscheme
	podstorage "k8s.io/kubernetes/pkg/registry/core/pod/storage"

	"github.com/reconverge/reconverge/impl/upstream/etcdtest"
)

// beforeDelete is an etcd storage on which something happens before each removal.
type beforeDelete struct {
	storage.Interface
	happens func()
}

func (s beforeDelete) Delete(ctx context.Context, key string, out runtime.Object, p *storage.Preconditions, v storage.ValidateObjectFunc, cached runtime.Object, o storage.DeleteOptions) error {
	s.happens()
	return s.Interface.Delete(ctx, key, out, p, v, cached, o)
}

// podRegistry is the registry of pods of kube-apiserver, unmodified, on etcd.
func podRegistry(t *testing.T) *podstorage.REST {
	t.Helper()
	pods := schema.GroupResource{Resource: "pods"}
	config := storagebackend.NewDefaultConfig("/registry", legacyscheme.Codecs.LegacyCodec(schema.GroupVersion{Version: "v1"}))
	config.Transport.ServerList = []string{etcdtest.Start(t).Endpoint()}
	s, err := podstorage.NewStorage(generic.RESTOptions{
		StorageConfig:  config.ForResource(pods),
		Decorator:      generic.UndecoratedStorage,
		ResourcePrefix: "pods",
	}, nil, nil, nil, nil)
	require.NoError(t, err)
	t.Cleanup(s.Pod.Destroy)
	return s.Pod
}

func createPod(ctx context.Context, t *testing.T, pods *podstorage.REST, node string) *core.Pod {
	t.Helper()
	pod := &core.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceDefault, Name: "db-0"},
		Spec: core.PodSpec{
			NodeName: node, RestartPolicy: core.RestartPolicyAlways, DNSPolicy: core.DNSClusterFirst,
			TerminationGracePeriodSeconds: new(int64(30)),
			SecurityContext:               &core.PodSecurityContext{},
			Containers: []core.Container{{
				Name: "db", Image: "db", ImagePullPolicy: core.PullIfNotPresent,
				TerminationMessagePath: "/dev/termination-log", TerminationMessagePolicy: core.TerminationMessageReadFile,
			}},
		},
	}
	made, err := pods.Create(ctx, pod, rest.ValidateAllObjectFunc, &metav1.CreateOptions{})
	require.NoError(t, err)
	return made.(*core.Pod)
}

// Between the two writes of a force delete the kubelet removes the pod, by UID, and
// somebody creates one of its name: that is removed.
func TestForcedNamesake(t *testing.T) {
	ctx := genericrequest.WithNamespace(t.Context(), metav1.NamespaceDefault)
	ctx = genericrequest.WithRequestInfo(ctx, &genericrequest.RequestInfo{APIVersion: "v1", Resource: "pods"})
	pods := podRegistry(t)
	raw := pods.Storage.Storage
	var second *core.Pod
	first := createPod(ctx, t, pods, "node-a")
	pods.Storage.Storage = beforeDelete{raw, func() {
		pods.Storage.Storage = raw // what follows is not disturbed
		_, gone, err := pods.Delete(ctx, "db-0", rest.ValidateAllObjectFunc, &metav1.DeleteOptions{
			GracePeriodSeconds: new(int64(0)), Preconditions: metav1.NewUIDPreconditions(string(first.UID)),
		})
		require.NoError(t, err)
		require.True(t, gone)
		second = createPod(ctx, t, pods, "node-b")
	}}

	removed, gone, err := pods.Delete(ctx, "db-0", rest.ValidateAllObjectFunc, metav1.NewDeleteOptions(0))
	require.NoError(t, err)
	require.True(t, gone)
	require.NotEqual(t, first.UID, second.UID)
	require.Equal(t, second.UID, removed.(*core.Pod).UID, "the pod that took the name is removed")
	requirePage(t, "forced-namesake", "A force delete removes a pod that took the name between its two writes", "reproduced")
}
