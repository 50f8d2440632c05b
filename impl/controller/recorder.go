package controller

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// A Recorder writes events of one component, one after the other and without the
// component waiting for it. An event is written once at most: it is lost if that
// fails, if too many wait, and when the process ends.
//
// It stands in for client-go's tools/record, which retries after a time of the
// global random source and does not wait for its last request when it ends.
type Recorder struct {
	client    kubernetes.Interface
	component string
	events    chan *corev1.Event
}

// NewRecorder returns a recorder, which writes nothing before Run.
func NewRecorder(client kubernetes.Interface, component string) *Recorder {
	return &Recorder{client: client, component: component, events: make(chan *corev1.Event, 1000)}
}

// Run writes events until ctx ends.
func (r *Recorder) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-r.events:
			// Nobody acts on an event, so nobody needs to know that one was lost.
			_, _ = r.client.CoreV1().Events(e.Namespace).Create(ctx, e, metav1.CreateOptions{})
		}
	}
}

// Pod records an event about a pod. The type is corev1.EventTypeNormal or
// corev1.EventTypeWarning.
func (r *Recorder) Pod(namespace, name, eventType, reason, format string, args ...any) {
	r.record(corev1.ObjectReference{APIVersion: "v1", Kind: "Pod", Namespace: namespace, Name: name}, eventType, reason, fmt.Sprintf(format, args...))
}

// Node records an event about a node.
func (r *Recorder) Node(node *corev1.Node, eventType, reason, format string, args ...any) {
	r.record(corev1.ObjectReference{APIVersion: "v1", Kind: "Node", Name: node.Name, UID: node.UID}, eventType, reason, fmt.Sprintf(format, args...))
}

// ReplicaSet records an event about a ReplicaSet.
func (r *Recorder) ReplicaSet(rs *appsv1.ReplicaSet, eventType, reason, format string, args ...any) {
	r.record(corev1.ObjectReference{APIVersion: "apps/v1", Kind: "ReplicaSet", Namespace: rs.Namespace, Name: rs.Name, UID: rs.UID},
		eventType, reason, fmt.Sprintf(format, args...))
}

func (r *Recorder) record(about corev1.ObjectReference, eventType, reason, message string) {
	namespace := about.Namespace
	if namespace == "" {
		namespace = metav1.NamespaceDefault
	}
	now := metav1.Now()
	event := &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Namespace: namespace, GenerateName: about.Name + "-"},
		InvolvedObject: about,
		Type:           eventType,
		Reason:         reason,
		Message:        message,
		Source:         corev1.EventSource{Component: r.component},
		FirstTimestamp: now,
		LastTimestamp:  now,
		Count:          1,
	}
	select {
	case r.events <- event:
	default:
	}
}
