package apiserver_test

import (
	"context"
	"strings"
	"testing"

	"github.com/reconverge/reconverge/impl/apiserver"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestSelectors(t *testing.T) {
	ctx := context.Background()
	pods := clientset(t, newServer(t, apiserver.Options{}), inProtobuf).CoreV1().Pods("default")
	for _, p := range []struct {
		name, app, node string
		phase           corev1.PodPhase
	}{{"a", "web", "n1", corev1.PodRunning}, {"b", "web", "n2", corev1.PodFailed}, {"c", "db", "", corev1.PodPending}, {"d", "db", "n1", corev1.PodFailed}} {
		pod := newPod(p.name)
		pod.Labels["app"], pod.Spec.NodeName = p.app, p.node
		pod, err := pods.Create(ctx, pod, metav1.CreateOptions{})
		require.NoError(t, err)
		pod.Status.Phase = p.phase
		_, err = pods.UpdateStatus(ctx, pod, metav1.UpdateOptions{})
		require.NoError(t, err)
	}
	for _, tt := range []struct{ labels, fields, want string }{
		{"", "", "a b c d"},
		{"app=web", "", "a b"},
		{"app notin (web)", "", "c d"},
		{"!app", "", ""},
		{"", "spec.nodeName=n1", "a d"},
		{"", "spec.nodeName=", "c"},
		{"", "spec.nodeName!=n1", "b c"},
		{"", "status.phase=Failed", "b d"},
		{"", "metadata.name=c", "c"},
		{"", "metadata.namespace=other", ""},
		{"app=web", "status.phase!=Failed,spec.nodeName=n1", "a"},
	} {
		l, err := pods.List(ctx, metav1.ListOptions{LabelSelector: tt.labels, FieldSelector: tt.fields})
		require.NoError(t, err)
		var names []string
		for _, p := range l.Items {
			names = append(names, p.Name)
		}
		require.Equal(t, tt.want, strings.Join(names, " "), "labels %q, fields %q", tt.labels, tt.fields)
	}
}
