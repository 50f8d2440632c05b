package sim_test

import (
	"context"
	"slices"
	"strings"

	"github.com/reconverge/reconverge/impl/sim"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/ptr"
)

// A keeper is a small controller: it keeps as many pods as each ReplicaSet wants.
// It has no expectations, so a lagging cache makes it create too many: the bug that
// tests look for.
type keeper struct {
	client  kubernetes.Interface
	shared  informers.SharedInformerFactory
	queue   workqueue.TypedRateLimitingInterface[string]
	patient bool // waits until the cache shows what it has written
	wrote   map[string]string
}

// keepers makes keepers, patient ones or not.
func keepers(patient bool) sim.Factory {
	return func(config *rest.Config) (sim.Runnable, error) {
		client, err := kubernetes.NewForConfig(rest.AddUserAgent(rest.CopyConfig(config), "keeper"))
		if err != nil {
			return nil, err
		}
		shared, err := kubernetes.NewForConfig(config)
		if err != nil {
			return nil, err
		}
		return &keeper{
			client: client, patient: patient, wrote: make(map[string]string),
			shared: informers.NewSharedInformerFactory(shared, 0),
			queue:  workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[string]()),
		}, nil
	}
}

// Start implements sim.Runnable.
func (k *keeper) Start(ctx context.Context) error {
	defer k.queue.ShutDown()
	enqueue := func(any) { k.queue.Add("default/web") }
	handler := cache.ResourceEventHandlerFuncs{
		AddFunc: enqueue, DeleteFunc: enqueue, UpdateFunc: func(_, o any) { enqueue(o) },
	}
	sets := k.shared.Apps().V1().ReplicaSets().Informer()
	pods := k.shared.Core().V1().Pods().Informer()
	for _, i := range []cache.SharedIndexInformer{sets, pods} {
		if _, err := i.AddEventHandler(handler); err != nil {
			return err
		}
	}
	k.shared.StartWithContext(ctx)
	defer k.shared.Shutdown()
	if !cache.WaitForCacheSync(ctx.Done(), sets.HasSynced, pods.HasSynced) {
		return nil
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for k.next(ctx) {
		}
	}()
	<-ctx.Done()
	k.queue.ShutDown()
	<-done
	return nil
}

func (k *keeper) next(ctx context.Context) bool {
	key, stop := k.queue.Get()
	if stop {
		return false
	}
	defer k.queue.Done(key)
	if err := k.reconcile(ctx, key); err != nil {
		k.queue.AddRateLimited(key)
		return true
	}
	k.queue.Forget(key)
	return true
}

func (k *keeper) reconcile(ctx context.Context, key string) error {
	namespace, name, _ := strings.Cut(key, "/")
	set, err := k.shared.Apps().V1().ReplicaSets().Lister().ReplicaSets(namespace).Get(name)
	if err != nil {
		return nil
	}
	pods, err := k.shared.Core().V1().Pods().Lister().Pods(namespace).List(labels.Everything())
	if err != nil {
		return err
	}
	slices.SortFunc(pods, func(a, b *corev1.Pod) int { return strings.Compare(a.Name, b.Name) })
	for name := range k.wrote {
		if k.patient && !slices.ContainsFunc(pods, func(p *corev1.Pod) bool { return p.Name == name }) {
			return nil // its event is still on the way
		}
	}
	clear(k.wrote)
	want := int(*set.Spec.Replicas)
	for len(pods) > want {
		pod := pods[len(pods)-1]
		if err := k.client.CoreV1().Pods(namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{}); err != nil {
			return err
		}
		pods = pods[:len(pods)-1]
	}
	for range want - len(pods) {
		pod, err := k.client.CoreV1().Pods(namespace).Create(ctx, podOf(set), metav1.CreateOptions{})
		if err != nil {
			return err
		}
		k.wrote[pod.Name] = key
	}
	return nil
}

func podOf(set *appsv1.ReplicaSet) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			GenerateName: set.Name + "-", Labels: set.Spec.Template.Labels,
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(set, appsv1.SchemeGroupVersion.WithKind("ReplicaSet"))},
		},
		Spec: *set.Spec.Template.Spec.DeepCopy(),
	}
}

// web is a ReplicaSet.
func web(replicas int32) *appsv1.ReplicaSet {
	app := map[string]string{"app": "web"}
	return &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "default"},
		Spec: appsv1.ReplicaSetSpec{
			Replicas: ptr.To(replicas),
			Selector: &metav1.LabelSelector{MatchLabels: app},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: app},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Image: "web"}}},
			},
		},
	}
}

// pods are the names of the pods that there are.
func pods(c *sim.Cluster) []string {
	list, err := c.Client().CoreV1().Pods("").List(context.Background(), metav1.ListOptions{})
	if err != nil {
		panic(err)
	}
	var names []string
	for _, p := range list.Items {
		names = append(names, p.Name)
	}
	return names
}

// hasPods is a condition for Settle.
func hasPods(c *sim.Cluster, n int) func() bool {
	return func() bool { return len(pods(c)) == n }
}

// list lists the nodes of any age, once.
func list(ctx context.Context, config *rest.Config) (names []string) {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		panic(err)
	}
	nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{ResourceVersion: "0"})
	if err != nil {
		return nil
	}
	for _, n := range nodes.Items {
		names = append(names, n.Name)
	}
	return names
}

func node(name string) *corev1.Node {
	return &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
}

// bare is a pod that nobody keeps.
func bare(name string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "web:1"}}},
	}
}
