package apiserver_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/reconverge/reconverge/impl/apiserver"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"
)

// A write is one row of the table of preconditions (protocol.md 2.2).
type write struct {
	what string
	do   func(ctx context.Context, c kubernetes.Interface, old, now *corev1.Pod) error
	err  func(error) bool // nil: it succeeds
}

func put(change func(old, now *corev1.Pod) *corev1.Pod) func(context.Context, kubernetes.Interface, *corev1.Pod, *corev1.Pod) error {
	return func(ctx context.Context, c kubernetes.Interface, old, now *corev1.Pod) error {
		p := change(old.DeepCopy(), now.DeepCopy())
		p.Labels["written"] = "yes"
		_, err := c.CoreV1().Pods("default").Update(ctx, p, metav1.UpdateOptions{})
		return err
	}
}

func patch(t types.PatchType, body func(old, now *corev1.Pod) string, sub ...string) func(context.Context, kubernetes.Interface, *corev1.Pod, *corev1.Pod) error {
	return func(ctx context.Context, c kubernetes.Interface, old, now *corev1.Pod) error {
		_, err := c.CoreV1().Pods("default").Patch(ctx, now.Name, t, []byte(body(old, now)), metav1.PatchOptions{}, sub...)
		return err
	}
}

func bind(change func(old, now *corev1.Pod, b *corev1.Binding)) func(context.Context, kubernetes.Interface, *corev1.Pod, *corev1.Pod) error {
	return func(ctx context.Context, c kubernetes.Interface, old, now *corev1.Pod) error {
		b := &corev1.Binding{ObjectMeta: metav1.ObjectMeta{Name: now.Name, Namespace: "default"}, Target: corev1.ObjectReference{Kind: "Node", Name: "n"}}
		change(old, now, b)
		return c.CoreV1().Pods("default").Bind(ctx, b, metav1.CreateOptions{})
	}
}

func TestPreconditions(t *testing.T) {
	constant := func(s string) func(old, now *corev1.Pod) string {
		return func(_, _ *corev1.Pod) string { return s }
	}
	for _, w := range []write{
		{"PUT with the revision", put(func(_, now *corev1.Pod) *corev1.Pod { return now }), nil},
		{"PUT with an old revision", put(func(old, _ *corev1.Pod) *corev1.Pod { return old }), apierrors.IsConflict},
		{"PUT without a revision", put(func(old, _ *corev1.Pod) *corev1.Pod { old.ResourceVersion = ""; return old }), nil},
		{"PUT with another UID", put(func(_, now *corev1.Pod) *corev1.Pod { now.UID = "x"; return now }), apierrors.IsConflict},
		{"PUT of what is not there", put(func(_, now *corev1.Pod) *corev1.Pod { now.Name, now.UID = "b", ""; return now }), apierrors.IsNotFound},
		{"PATCH", patch(types.MergePatchType, constant(`{"metadata":{"labels":{"x":"y"}}}`)), nil},
		{"PATCH with the revision", patch(types.MergePatchType, func(_, now *corev1.Pod) string {
			return `{"metadata":{"resourceVersion":"` + now.ResourceVersion + `","labels":{"x":"y"}}}`
		}), nil},
		{"PATCH with an old revision", patch(types.StrategicMergePatchType, func(old, _ *corev1.Pod) string {
			return `{"metadata":{"resourceVersion":"` + old.ResourceVersion + `","labels":{"x":"y"}}}`
		}), apierrors.IsConflict},
		{"PATCH with the UID", patch(types.StrategicMergePatchType, func(_, now *corev1.Pod) string {
			return `{"metadata":{"uid":"` + string(now.UID) + `","labels":{"x":"y"}}}`
		}), nil},
		{"PATCH with another UID", patch(types.StrategicMergePatchType, constant(`{"metadata":{"uid":"x","labels":{"x":"y"}}}`)), apierrors.IsInvalid},
		{"PATCH of status with another UID", patch(types.StrategicMergePatchType, constant(`{"metadata":{"uid":"x"},"status":{"reason":"r"}}`), "status"), apierrors.IsInvalid},
		{"server-side apply", patch(types.ApplyYAMLPatchType, constant(`{}`)), apierrors.IsUnsupportedMediaType},
		{"binding with the UID", bind(func(_, now *corev1.Pod, b *corev1.Binding) { b.UID = now.UID }), nil},
		{"binding without UID", bind(func(_, _ *corev1.Pod, b *corev1.Binding) {}), nil},
		{"binding with another UID", bind(func(_, _ *corev1.Pod, b *corev1.Binding) { b.UID = "x" }), apierrors.IsConflict},
		{"binding with an old revision", bind(func(old, _ *corev1.Pod, b *corev1.Binding) { b.ResourceVersion = old.ResourceVersion }), apierrors.IsConflict},
	} {
		t.Run(w.what, func(t *testing.T) {
			ctx := context.Background()
			c := clientset(t, newServer(t, apiserver.Options{}), inJSON)
			old, err := c.CoreV1().Pods("default").Create(ctx, newPod("a"), metav1.CreateOptions{})
			require.NoError(t, err)
			changed := old.DeepCopy()
			changed.Labels["changed"] = "yes"
			changed, err = c.CoreV1().Pods("default").Update(ctx, changed, metav1.UpdateOptions{})
			require.NoError(t, err)

			err = w.do(ctx, c, old, changed)
			if w.err == nil {
				require.NoError(t, err)
			} else {
				require.True(t, w.err(err), "%v", err)
			}
			got, err := c.CoreV1().Pods("default").Get(ctx, "a", metav1.GetOptions{})
			require.NoError(t, err)
			require.Equal(t, w.err != nil, got.ResourceVersion == changed.ResourceVersion, "a write that fails leaves no trace")
		})
	}
}

func TestBindOnce(t *testing.T) {
	ctx := context.Background()
	c := clientset(t, newServer(t, apiserver.Options{}), inProtobuf)
	pods := c.CoreV1().Pods("default")
	to := func(name, node string) error {
		return pods.Bind(ctx, &corev1.Binding{ObjectMeta: metav1.ObjectMeta{Name: name}, Target: corev1.ObjectReference{Name: node}}, metav1.CreateOptions{})
	}
	_, err := pods.Create(ctx, newPod("a"), metav1.CreateOptions{})
	require.NoError(t, err)
	require.NoError(t, to("a", "n1"))
	p, err := pods.Get(ctx, "a", metav1.GetOptions{})
	require.NoError(t, err)
	require.Equal(t, "n1", p.Spec.NodeName)
	require.Equal(t, corev1.PodScheduled, p.Status.Conditions[0].Type)
	require.True(t, apierrors.IsConflict(to("a", "n2")))
	require.True(t, apierrors.IsNotFound(to("b", "n2")))
	require.NoError(t, pods.Delete(ctx, "a", metav1.DeleteOptions{}))

	held := newPod("held")
	held.Finalizers = []string{"a/b"}
	_, err = pods.Create(ctx, held, metav1.CreateOptions{})
	require.NoError(t, err)
	require.NoError(t, pods.Delete(ctx, "held", metav1.DeleteOptions{}))
	require.True(t, apierrors.IsConflict(to("held", "n1")), "a terminating pod is never bound")

	gated := newPod("gated")
	gated.Spec.SchedulingGates = []corev1.PodSchedulingGate{{Name: "a/b"}}
	_, err = pods.Create(ctx, gated, metav1.CreateOptions{})
	require.NoError(t, err)
	require.True(t, apierrors.IsConflict(to("gated", "n1")))
}

// TestHazardsOfWrites sees each mutation do what it is there for.
func TestHazardsOfWrites(t *testing.T) {
	ctx := context.Background()
	for _, broken := range []bool{false, true} {
		pods := clientset(t, newServer(t, apiserver.Options{NoConflict: broken, BindNoUID: broken}), inProtobuf).CoreV1().Pods("default")
		old, err := pods.Create(ctx, newPod("a"), metav1.CreateOptions{})
		require.NoError(t, err)
		_, err = pods.Patch(ctx, "a", types.MergePatchType, []byte(`{"metadata":{"labels":{"x":"y"}}}`), metav1.PatchOptions{})
		require.NoError(t, err)
		_, err = pods.Update(ctx, old, metav1.UpdateOptions{})
		require.Equal(t, broken, err == nil)
		err = pods.Bind(ctx, &corev1.Binding{ObjectMeta: metav1.ObjectMeta{Name: "a", UID: "x"}, Target: corev1.ObjectReference{Name: "n"}}, metav1.CreateOptions{})
		require.Equal(t, broken, err == nil)
	}
}

func TestWritesOfNothing(t *testing.T) {
	ctx := context.Background()
	pods := clientset(t, newServer(t, apiserver.Options{}), inProtobuf).CoreV1().Pods("default")
	p, err := pods.Create(ctx, newPod("a"), metav1.CreateOptions{})
	require.NoError(t, err)
	same, err := pods.Update(ctx, p, metav1.UpdateOptions{})
	require.NoError(t, err)
	require.Equal(t, p, same)
	same, err = pods.Patch(ctx, "a", types.StrategicMergePatchType, []byte(`{"metadata":{"labels":{"app":"web"}}}`), metav1.PatchOptions{})
	require.NoError(t, err)
	require.Equal(t, p.ResourceVersion, same.ResourceVersion)
	l, err := pods.List(ctx, metav1.ListOptions{})
	require.NoError(t, err)
	require.Equal(t, p.ResourceVersion, l.ResourceVersion, "there was no other write")
}

func TestStatusAndSpecAreApart(t *testing.T) {
	ctx := context.Background()
	sets := clientset(t, newServer(t, apiserver.Options{}), inProtobuf).AppsV1().ReplicaSets("default")
	rs, err := sets.Create(ctx, newReplicaSet("web", 3), metav1.CreateOptions{})
	require.NoError(t, err)
	require.EqualValues(t, 1, rs.Generation)
	require.Equal(t, map[string]string{"app": "web"}, rs.Labels)

	rs.Status.Replicas, rs.Spec.Replicas = 2, ptr.To[int32](7)
	rs, err = sets.UpdateStatus(ctx, rs, metav1.UpdateOptions{})
	require.NoError(t, err)
	require.EqualValues(t, 3, *rs.Spec.Replicas)
	require.EqualValues(t, 2, rs.Status.Replicas)
	require.EqualValues(t, 1, rs.Generation)

	rs.Status.Replicas, rs.Spec.Replicas = 9, ptr.To[int32](7)
	rs, err = sets.Update(ctx, rs, metav1.UpdateOptions{})
	require.NoError(t, err)
	require.EqualValues(t, 7, *rs.Spec.Replicas)
	require.EqualValues(t, 2, rs.Status.Replicas)
	require.EqualValues(t, 2, rs.Generation)
}

// A status update of a pod changes its labels, too, but not whose it is.
func TestStatusOfAPod(t *testing.T) {
	ctx := context.Background()
	pods := clientset(t, newServer(t, apiserver.Options{}), inProtobuf).CoreV1().Pods("default")
	p, err := pods.Create(ctx, newPod("a"), metav1.CreateOptions{})
	require.NoError(t, err)
	p.Labels["x"] = "y"
	p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Pod", Name: "o", UID: "v"}}
	p, err = pods.UpdateStatus(ctx, p, metav1.UpdateOptions{})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"app": "web", "x": "y"}, p.Labels)
	require.Empty(t, p.OwnerReferences)
}

func newReplicaSet(name string, replicas int32) *appsv1.ReplicaSet {
	p := newPod("")
	return &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.ReplicaSetSpec{
			Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: p.Labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: p.Labels}, Spec: p.Spec},
		},
	}
}

func TestGeneratedNamesAndUIDs(t *testing.T) {
	ctx := context.Background()
	pods := clientset(t, newServer(t, apiserver.Options{}), inProtobuf).CoreV1().Pods("default")
	taken, err := pods.Create(ctx, newPod("web-bbbbc"), metav1.CreateOptions{})
	require.NoError(t, err)
	p := newPod("")
	p.GenerateName = "web-"
	first, err := pods.Create(ctx, p, metav1.CreateOptions{})
	require.NoError(t, err)
	require.Equal(t, "web-bbbbb", first.Name)
	second, err := pods.Create(ctx, p, metav1.CreateOptions{})
	require.NoError(t, err)
	require.Equal(t, "web-bbbbd", second.Name, "a name that is in use is passed over")
	require.NotEqual(t, first.UID, second.UID)
	require.NotEqual(t, taken.UID, second.UID)

	p.UID, p.DeletionTimestamp, p.DeletionGracePeriodSeconds = "mine", &metav1.Time{Time: time.Now()}, ptr.To[int64](1)
	third, err := pods.Create(ctx, p, metav1.CreateOptions{})
	require.NoError(t, err)
	require.NotEqual(t, p.UID, third.UID)
	require.Nil(t, third.DeletionTimestamp)
	require.Nil(t, third.DeletionGracePeriodSeconds)
}

func TestLeasesAreCreatedByUpdate(t *testing.T) {
	ctx := context.Background()
	leases := clientset(t, newServer(t, apiserver.Options{}), inProtobuf).CoordinationV1().Leases("kube-node-lease")
	l := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: "n"}}
	made, err := leases.Update(ctx, l, metav1.UpdateOptions{})
	require.NoError(t, err)
	require.NotEmpty(t, made.UID)
	_, err = leases.Update(ctx, l, metav1.UpdateOptions{})
	require.True(t, apierrors.IsInvalid(err), "no unconditional update: %v", err)
}

func TestDefaultsAndAdmission(t *testing.T) {
	ctx := context.Background()
	c := clientset(t, newServer(t, apiserver.Options{}), inProtobuf)
	p, err := c.CoreV1().Pods("default").Create(ctx, newPod("a"), metav1.CreateOptions{})
	require.NoError(t, err)
	require.EqualValues(t, 30, *p.Spec.TerminationGracePeriodSeconds)
	require.Equal(t, corev1.RestartPolicyAlways, p.Spec.RestartPolicy)
	require.Equal(t, "default-scheduler", p.Spec.SchedulerName)
	require.Len(t, p.Spec.Tolerations, 2)
	for _, toleration := range p.Spec.Tolerations {
		require.EqualValues(t, 300, *toleration.TolerationSeconds)
	}
	n, err := c.CoreV1().Nodes().Create(ctx, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n"}}, metav1.CreateOptions{})
	require.NoError(t, err)
	require.Equal(t, []corev1.Taint{{Key: corev1.TaintNodeNotReady, Effect: corev1.TaintEffectNoSchedule}}, n.Spec.Taints)
}

func TestUntaintedNodes(t *testing.T) {
	c := clientset(t, newServer(t, apiserver.Options{UntaintedNodes: true}), inProtobuf)
	n, err := c.CoreV1().Nodes().Create(t.Context(), &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n"}}, metav1.CreateOptions{})
	require.NoError(t, err)
	require.Empty(t, n.Spec.Taints)
}

// TestPatchInParts holds a patch that names only parts of the object against the
// same patch with the kind beside them, which is applied to the whole.
func TestPatchInParts(t *testing.T) {
	ctx := context.Background()
	for _, body := range []string{
		`{}`,
		`{"metadata":{"labels":{"app":null,"x":"y"},"finalizers":["a/b"]}}`,
		`{"metadata":{"annotations":{"a":"b"}},"spec":{"activeDeadlineSeconds":5}}`,
		`{"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"o","uid":"u"}]}}`,
		`{"metadata":{"ownerReferences":[{"$patch":"delete","uid":"v"}],"labels":{"$patch":"replace","z":"z"}}}`,
		`{"spec":{"containers":[{"name":"main","image":"web:2"}]}}`,
		`{"spec":null}`, `{"metadata":{"name":"b"}}`, `{"spec":"words"}`, `{"spec":{"containers":3}}`, `{"unknown":{}}`,
	} {
		for _, kind := range []types.PatchType{types.MergePatchType, types.StrategicMergePatchType} {
			var results []string
			for _, whole := range []bool{false, true} {
				pods := clientset(t, newServer(t, apiserver.Options{}), inJSON).CoreV1().Pods("default")
				p := newPod("a")
				p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Pod", Name: "o", UID: "v"}}
				p, err := pods.Create(ctx, p, metav1.CreateOptions{})
				require.NoError(t, err)
				patch := body
				if whole {
					patch = `{"kind":"Pod"` + strings.TrimSuffix(","+body[1:], ",}") + map[bool]string{true: "}"}[body == "{}"]
				}
				got, err := pods.Patch(ctx, "a", kind, []byte(patch), metav1.PatchOptions{})
				if err != nil {
					results = append(results, string(apierrors.ReasonForError(err)))
					continue
				}
				got.CreationTimestamp = p.CreationTimestamp
				results = append(results, got.String())
			}
			require.Equal(t, results[1], results[0], "%s %s", kind, body)
		}
	}
}
