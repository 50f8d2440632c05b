package replay

import (
	"encoding/json"
	"strconv"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/reconverge/reconverge/impl/apiserver"
	"github.com/reconverge/reconverge/impl/sim"
)

// What a write that waits would do if it were released now. It is a guess to choose
// by, not a judgement: what it does do, the store tells.

// An effect is one object before and after a write.
type effect struct {
	key           string // in the world's history
	before, after runtime.Object
}

// effectOf returns the effect of a write on an object that exists; false if it has
// none that can be foretold: it creates something, or its object is not there.
func (d *driver) effectOf(w sim.Waiting) (effect, bool) {
	r := w.Request
	e := effect{key: r.Resource.Resource + "/" + r.Name}
	if r.Resource.Resource == "pods" {
		pod := d.world.named(r.Name)
		if pod == nil {
			return e, false
		}
		e.key = podKey(pod.UID)
	}
	if e.before = d.world.live(e.key); e.before == nil {
		return e, false
	}
	known := func(after runtime.Object) (effect, bool) {
		e.after = after
		if m, ok := after.(metav1.Object); ok && r.Resource.Resource != "pods" && m.GetDeletionTimestamp() != nil && len(m.GetFinalizers()) == 0 {
			e.after = nil // the last finalizer was what it waited for
		}
		return e, after != nil
	}
	switch {
	case r.Part == apiserver.PartRemove:
		return e, true
	case r.Subresource == "binding":
		return known(bound(e.before, w.Body))
	case r.Verb == "delete":
		return known(marked(e.before, w.Body))
	case r.Verb == "patch":
		return known(patched(e.before, w))
	case r.Verb == "update":
		return known(updated(e.before, w))
	}
	return e, false
}

func decoded(body []byte) runtime.Object {
	o, _, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, nil)
	if err != nil {
		return nil
	}
	return o
}

// bound is a pod after a binding, or as it is if that is refused.
func bound(o runtime.Object, body []byte) runtime.Object {
	binding, _ := decoded(body).(*corev1.Binding)
	pod, _ := o.(*corev1.Pod)
	switch {
	case binding == nil || pod == nil:
		return nil
	case pod.Spec.NodeName != "" || pod.DeletionTimestamp != nil || binding.UID != "" && binding.UID != pod.UID:
		return o
	}
	pod = pod.DeepCopy()
	pod.Spec.NodeName = binding.Target.Name
	return pod
}

// marked is an object after the first write of a DELETE.
func marked(o runtime.Object, body []byte) runtime.Object {
	options, _ := decoded(body).(*metav1.DeleteOptions)
	if options == nil {
		options = &metav1.DeleteOptions{}
	}
	m, _ := o.(metav1.Object)
	if p := options.Preconditions; p != nil && (p.UID != nil && *p.UID != m.GetUID() || p.ResourceVersion != nil && *p.ResourceVersion != m.GetResourceVersion()) {
		return o
	}
	pod, ok := o.(*corev1.Pod)
	if !ok {
		return nil
	}
	grace := int64(corev1.DefaultTerminationGracePeriodSeconds)
	switch {
	case options.GracePeriodSeconds != nil:
		grace = *options.GracePeriodSeconds
	case pod.Spec.TerminationGracePeriodSeconds != nil:
		grace = *pod.Spec.TerminationGracePeriodSeconds
	}
	if pod.Spec.NodeName == "" || pod.Status.Phase == corev1.PodFailed || pod.Status.Phase == corev1.PodSucceeded {
		grace = 0
	}
	if pod.DeletionTimestamp != nil && pod.DeletionGracePeriodSeconds != nil && *pod.DeletionGracePeriodSeconds <= grace {
		return o
	}
	pod = pod.DeepCopy()
	now := metav1.Now()
	pod.DeletionTimestamp, pod.DeletionGracePeriodSeconds = &now, &grace
	return pod
}

// patched is an object after a PATCH, or as it is if that is refused.
func patched(o runtime.Object, w sim.Waiting) runtime.Object {
	before, err := json.Marshal(o)
	if err != nil {
		return nil
	}
	m, _ := o.(metav1.Object)
	var wants struct {
		Metadata struct {
			UID             types.UID `json:"uid"`
			ResourceVersion string    `json:"resourceVersion"`
		} `json:"metadata"`
	}
	_ = json.Unmarshal(w.Body, &wants) // a JSON patch wants nothing in this way
	if wants.Metadata.UID != "" && wants.Metadata.UID != m.GetUID() || wants.Metadata.ResourceVersion != "" && wants.Metadata.ResourceVersion != m.GetResourceVersion() {
		return o
	}
	var after []byte
	switch types.PatchType(w.Type) {
	case types.StrategicMergePatchType:
		after, err = strategicpatch.StrategicMergePatch(before, w.Body, o)
	case types.MergePatchType:
		after, err = jsonpatch.MergePatch(before, w.Body)
	default:
		return nil
	}
	if err != nil {
		return nil
	}
	return likeIt(o, after)
}

// likeIt decodes an object of the same kind.
func likeIt(o runtime.Object, text []byte) runtime.Object {
	var to runtime.Object
	switch o.(type) {
	case *corev1.Pod:
		to = &corev1.Pod{}
	case *corev1.Node:
		to = &corev1.Node{}
	case *appsv1.ReplicaSet:
		to = &appsv1.ReplicaSet{}
	default:
		return nil
	}
	if json.Unmarshal(text, to) != nil {
		return nil
	}
	return to
}

// updated is an object after a PUT, or as it is if that is refused.
func updated(o runtime.Object, w sim.Waiting) runtime.Object {
	sent := decoded(w.Body)
	m, _ := sent.(metav1.Object)
	was, _ := o.(metav1.Object)
	if m == nil || was == nil {
		return nil
	}
	if v := m.GetResourceVersion(); v != "" && v != was.GetResourceVersion() {
		if _, err := strconv.Atoi(v); err == nil {
			return o
		}
	}
	if w.Request.Subresource != "status" {
		return sent
	}
	switch after := o.DeepCopyObject().(type) {
	case *corev1.Pod:
		after.Status = sent.(*corev1.Pod).Status
		return after
	case *corev1.Node:
		after.Status = sent.(*corev1.Node).Status
		return after
	case *appsv1.ReplicaSet:
		after.Status = sent.(*appsv1.ReplicaSet).Status
		return after
	}
	return nil
}
