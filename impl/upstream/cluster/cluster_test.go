// Package cluster_test runs the controllers of this project, in real time, against
// storage that is real too.
package cluster_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/klog/v2"
	"k8s.io/utils/ptr"

	"github.com/reconverge/reconverge/impl/apiserver"
	"github.com/reconverge/reconverge/impl/controller"
	"github.com/reconverge/reconverge/impl/controller/kubelet"
	"github.com/reconverge/reconverge/impl/controller/manager"
	"github.com/reconverge/reconverge/impl/controller/scheduler"
	"github.com/reconverge/reconverge/impl/upstream/etcdstore"
	"github.com/reconverge/reconverge/impl/upstream/etcdtest"
)

const (
	namespace = "default"
	patience  = 2 * time.Minute // what must happen within seconds and otherwise never would
)

func TestMain(m *testing.M) { etcdtest.Main(m) }

// A ReplicaSet gets all its replicas ready although etcd is killed once in between:
// when the first of them are bound, and the rest are not.
func TestConvergesOnEtcd(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	etcd := etcdtest.Start(t)
	server, err := apiserver.New(apiserver.Options{Store: etcdstore.New(etcd.Client())})
	require.NoError(t, err)
	client, err := kubernetes.NewForConfig(server.Config("test"))
	require.NoError(t, err)
	stop := run(ctx, t, server)
	defer stop()

	const replicas = 6
	sets := client.AppsV1().ReplicaSets(namespace)
	_, err = sets.Create(ctx, replicaSet(replicas/2), metav1.CreateOptions{})
	require.NoError(t, err)
	waitReady(ctx, t, client, replicas/2)

	patch := fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, replicas)
	_, err = sets.Patch(ctx, "web", "application/merge-patch+json", patch, metav1.PatchOptions{})
	require.NoError(t, err)
	etcd.Restart()
	waitReady(ctx, t, client, replicas)
}

// run starts a controller manager, a scheduler and two kubelets. The function that
// it returns stops them.
func run(ctx context.Context, t *testing.T, server *apiserver.Server) func() {
	t.Helper()
	ctx, cancel := context.WithCancel(klog.NewContext(ctx, logr.Discard()))
	var group sync.WaitGroup
	start := func(r controller.Runnable, err error) {
		require.NoError(t, err)
		group.Go(func() { _ = r.Start(ctx) }) // its error is that ctx has ended
	}
	start(manager.New(server.Config("kcm"), manager.Options{}))
	start(scheduler.New(server.Config("scheduler"), scheduler.Options{}))
	for _, node := range []string{"node-a", "node-b"} {
		start(kubelet.New(server.Config("kubelet-"+node), kubelet.Options{
			NodeName: node, Machine: kubelet.NewMachine(node, nil),
			StartDuration: 10 * time.Millisecond, ReadyDuration: 10 * time.Millisecond, StopDuration: 10 * time.Millisecond,
			LeaseDuration: 8 * time.Second,
		}))
	}
	return func() {
		cancel()
		group.Wait()
	}
}

func replicaSet(replicas int32) *appsv1.ReplicaSet {
	labels := map[string]string{"app": "web"}
	return &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: appsv1.ReplicaSetSpec{
			Replicas: ptr.To(replicas),
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "web:1"}}},
			},
		},
	}
}

// waitReady follows the status of the ReplicaSet until so many of its replicas are
// ready. A watch that breaks off begins again.
func waitReady(ctx context.Context, t *testing.T, client kubernetes.Interface, want int32) {
	t.Helper()
	sets := client.AppsV1().ReplicaSets(namespace)
	for {
		require.NoError(t, ctx.Err(), "replicas are not ready")
		w, err := sets.Watch(ctx, metav1.ListOptions{})
		if err != nil {
			continue // etcd is away: the request itself has waited for it
		}
		for e := range w.ResultChan() {
			set, ok := e.Object.(*appsv1.ReplicaSet)
			if ok && set.Status.ReadyReplicas == want && set.Status.ObservedGeneration == set.Generation {
				w.Stop()
				return
			}
		}
	}
}
