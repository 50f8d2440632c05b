package replay

import (
	"reflect"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/reconverge/reconverge/impl/controller"
	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/traces/internal/abstract"
)

// What the model would call the objects of a cluster. Only what the store holds is
// compared: the rest of the model's values is what processes remember.

// pod is an object as the model would have it; gone if there is none any more.
func (d *driver) pod(o runtime.Object) model.Pod {
	p, _ := o.(*corev1.Pod)
	if p == nil {
		return model.Pod{Object: model.Removed}
	}
	m := abstract.Pod(p).Pod()
	m.Phase, m.Node, m.Bare = d.phaseOf(p), d.nodeRef(p.Spec.NodeName), p.Name == bareName
	m.Unlabelled = !m.Bare && p.Labels["app"] != setName
	if ref := metav1.GetControllerOfNoCopy(p); ref != nil {
		m.Owner = d.ownerUID(ref.UID)
	}
	return m
}

// phaseOf is the phase of a pod. In the model a kubelet says in one write that the
// containers of a pod run and are ready: until it first was ready it is pending.
func (d *driver) phaseOf(p *corev1.Pod) model.Phase {
	switch {
	case controller.IsTerminal(p):
		return model.Terminal
	case p.Status.Phase == corev1.PodRunning && (controller.IsReady(p) || d.world.wasReady(p)):
		return model.Running
	}
	return model.Pending
}

func (d *driver) nodeRef(name string) model.NodeRef {
	return model.NodeRef(slices.Index(d.nodes, name) + 1)
}

// ownerUID is the number of a ReplicaSet, from 1.
func (d *driver) ownerUID(uid types.UID) uint8 { return uint8(slices.Index(d.world.owners, uid) + 1) }

// inStore leaves of a pod of the model what the store holds of it.
func inStore(p model.Pod) model.Pod {
	if p.Object != model.Stored {
		return model.Pod{Object: p.Object}
	}
	return model.Pod{
		Object: p.Object, Phase: p.Phase, Node: p.Node, Ready: p.Ready, Deletion: p.Deletion,
		Lost: p.Lost, Bare: p.Bare, Owner: p.Owner, Unlabelled: p.Unlabelled,
	}
}

// node is a Node as the model would have it. One that does not exist is Unknown.
func node(o runtime.Object) model.Node {
	n, _ := o.(*corev1.Node)
	if n == nil {
		return model.Node{Ready: model.Unknown}
	}
	v := abstract.Node(n)
	return model.Node{Object: v.Object, Ready: v.Ready, Taints: v.Taints, Unschedulable: v.Unschedulable}
}

func nodeInStore(n model.Node) model.Node {
	return model.Node{Object: n.Object, Ready: n.Ready, Taints: n.Taints, Unschedulable: n.Unschedulable}
}

// owner is the ReplicaSet as the model would have it.
func (d *driver) owner(o runtime.Object) model.ReplicaSet {
	s, _ := o.(*appsv1.ReplicaSet)
	if s == nil {
		return model.ReplicaSet{}
	}
	m := abstract.ReplicaSet(s)
	m.UID = d.ownerUID(s.UID)
	if d.scenario.Status {
		m.Status = model.ReplicaSetStatus{
			Replicas: uint8(s.Status.Replicas), Ready: uint8(s.Status.ReadyReplicas), Observed: s.Status.ObservedGeneration == s.Generation,
		}
	}
	return m
}

// towards reports whether a change from one value to another changes something, and
// nothing but to what it is in target.
func towards[T comparable](from, to, target T) bool {
	if from == to {
		return false
	}
	a, b, c := reflect.ValueOf(from), reflect.ValueOf(to), reflect.ValueOf(target)
	for i := range a.NumField() {
		x, y, z := a.Field(i).Interface(), b.Field(i).Interface(), c.Field(i).Interface()
		if t, ok := y.(model.Taints); ok {
			if changed := t ^ x.(model.Taints); changed&(t^z.(model.Taints)) != 0 {
				return false
			}
			continue
		}
		if x != y && y != z {
			return false
		}
	}
	return true
}
