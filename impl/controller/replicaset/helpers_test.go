package replicaset_test

import (
	"time"

	apps "k8s.io/api/apps/v1"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/utils/ptr"
)

// now is the time of tests without a clock of their own.
var now = time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)

func newReplicaSet(replicas int32) *apps.ReplicaSet {
	web := map[string]string{"app": "web"}
	return &apps.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "web", UID: "web-1"},
		Spec: apps.ReplicaSetSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: web},
			Template: v1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: web},
				Spec:       v1.PodSpec{Containers: []v1.Container{{Name: "main", Image: "pause"}}},
			},
		},
	}
}

var selector = labels.SelectorFromSet(labels.Set{"app": "web"})

// pod is a running, ready pod of the ReplicaSet on a node, with changes.
func pod(name string, changes ...func(*v1.Pod)) *v1.Pod {
	p := &v1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "default", Name: name,
			Labels:            map[string]string{"app": "web"},
			OwnerReferences:   []metav1.OwnerReference{{Kind: "ReplicaSet", Name: "web", UID: "web-1", Controller: ptr.To(true)}},
			CreationTimestamp: metav1.Time{Time: now.Add(-time.Hour)},
		},
		Spec:   v1.PodSpec{NodeName: "node-a", Containers: []v1.Container{{Name: "main", Image: "pause"}}},
		Status: v1.PodStatus{Phase: v1.PodRunning},
	}
	ready(v1.ConditionTrue, now.Add(-time.Hour))(p)
	for _, change := range changes {
		change(p)
	}
	return p
}

func ready(status v1.ConditionStatus, since time.Time) func(*v1.Pod) {
	return func(p *v1.Pod) {
		p.Status.Conditions = []v1.PodCondition{{Type: v1.PodReady, Status: status, LastTransitionTime: metav1.Time{Time: since}}}
	}
}

func unready(p *v1.Pod) { ready(v1.ConditionFalse, now)(p) }

func terminating(p *v1.Pod) { p.DeletionTimestamp = &metav1.Time{Time: now} }

func phase(phase v1.PodPhase) func(*v1.Pod) {
	return func(p *v1.Pod) { p.Status.Phase = phase }
}

func on(node string) func(*v1.Pod) {
	return func(p *v1.Pod) { p.Spec.NodeName = node }
}

func orphan(p *v1.Pod) { p.OwnerReferences = nil }

func unlabelled(p *v1.Pod) { p.Labels = nil }

func names(pods []*v1.Pod) []string {
	var names []string
	for _, p := range pods {
		names = append(names, p.Name)
	}
	return names
}
