package claims

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
)

// A story is a history of a cluster that a test tells by hand, to the judges of
// some claims.
type story struct {
	t    *testing.T
	run  *Run
	now  time.Time
	rev  int64
	sent uint64
	err  error // the first violation
}

func newStory(t *testing.T, sc Scenario, ids ...string) *story {
	some, err := ByID(ids...)
	require.NoError(t, err)
	return &story{t: t, run: NewRun(sc, some), now: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), rev: 1}
}

func (s *story) tell(e Event) {
	e.At = s.now
	if err := s.run.Observe(e); s.err == nil {
		s.err = err
	}
}

func (s *story) settled() {
	if err := s.run.Settled(); s.err == nil {
		s.err = err
	}
}

// wait lets time pass with nothing under way.
func (s *story) wait(d time.Duration) {
	s.now = s.now.Add(d)
	s.rest()
}

func (s *story) rest() { s.tell(Event{Rest: true}) }

// send is a request such as ("kcm/replicaset", "create pods").
func (s *story) send(by, what string) *Request {
	s.sent++
	actor, component, _ := strings.Cut(by, "/")
	verb, resource, _ := strings.Cut(what, " ")
	resource, subresource, _ := strings.Cut(resource, "/")
	r := &Request{ID: s.sent, Actor: actor, Component: component, Verb: verb, Resource: resource, Subresource: subresource}
	s.tell(Event{Sent: r})
	return r
}

func (s *story) answer(r *Request) { s.tell(Event{Answered: &Answer{r.ID}}) }

// write stores an object as the effect of a request, which may be nil.
func (s *story) write(r *Request, o metav1.Object) {
	resource := resourceOf(s.t, o)
	o = o.(runtime.Object).DeepCopyObject().(metav1.Object)
	before := s.run.State().Object(resource, key(o))
	if o.GetUID() == "" {
		o.SetUID(types.UID("uid-of-" + o.GetName()))
	}
	s.rev++
	o.SetResourceVersion(fmt.Sprint(s.rev))
	s.tell(Event{Write: &Write{Revision: s.rev, Resource: resource, Before: before, After: o, Request: r}})
}

func (s *story) remove(r *Request, o metav1.Object) {
	resource := resourceOf(s.t, o)
	s.rev++
	s.tell(Event{Write: &Write{Revision: s.rev, Resource: resource, Before: s.run.State().Object(resource, key(o)), Request: r}})
}

// put stores objects whoever it was.
func (s *story) put(objects ...metav1.Object) {
	for _, o := range objects {
		s.write(nil, o)
	}
}

// does is a request that takes effect and is answered at once.
func (s *story) does(by, what string, o metav1.Object) {
	r := s.send(by, what)
	if strings.HasPrefix(what, "remove") {
		r.Verb = "delete"
		s.remove(r, o)
	} else {
		s.write(r, o)
	}
	s.answer(r)
	s.rest()
}

// see brings the caches of an actor up to date, and lets everything come to rest.
func (s *story) see(actor string, resources ...string) {
	for _, r := range resources {
		s.tell(Event{Seen: &Seen{Actor: actor, Resource: r, Revision: s.rev}})
	}
	s.rest()
}

func resourceOf(t *testing.T, o metav1.Object) string {
	switch o.(type) {
	case *corev1.Pod:
		return "pods"
	case *corev1.Node:
		return "nodes"
	case *appsv1.ReplicaSet:
		return "replicasets"
	case *policyv1.PodDisruptionBudget:
		return "poddisruptionbudgets"
	case *coordinationv1.Lease:
		return "leases"
	}
	t.Fatalf("no resource of %T", o)
	return ""
}

func set(replicas int32) *appsv1.ReplicaSet {
	return &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "web", UID: "set"},
		Spec:       appsv1.ReplicaSetSpec{Replicas: &replicas, Selector: webs()},
	}
}

func webs() *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}
}

// free is a pod without owner; mods change it.
func free(name string, mods ...func(*corev1.Pod)) *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Namespace: "default", Name: name, UID: types.UID("uid-of-" + name), Labels: map[string]string{"app": "web"},
	}}
	pod.Status.Phase = corev1.PodPending
	for _, mod := range mods {
		mod(pod)
	}
	return pod
}

// web is a pod of the ReplicaSet that set returns.
func web(name string, mods ...func(*corev1.Pod)) *corev1.Pod {
	return free(name, append([]func(*corev1.Pod){owned("web", "set")}, mods...)...)
}

func owned(name string, uid types.UID) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: name, UID: uid, Controller: ptr.To(true)}}
	}
}

func on(node string) func(*corev1.Pod) { return func(pod *corev1.Pod) { pod.Spec.NodeName = node } }

func uid(uid types.UID) func(*corev1.Pod) { return func(pod *corev1.Pod) { pod.UID = uid } }

func phase(p corev1.PodPhase) func(*corev1.Pod) {
	return func(pod *corev1.Pod) { pod.Status.Phase = p }
}

func ready(pod *corev1.Pod) {
	pod.Status.Phase = corev1.PodRunning
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
}

func isDeleting(pod *corev1.Pod) {
	pod.DeletionTimestamp = &metav1.Time{Time: time.Date(2000, 1, 1, 0, 0, 30, 0, time.UTC)}
	pod.DeletionGracePeriodSeconds = ptr.To[int64](30)
}

func tolerating(key string, seconds *int64) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.Spec.Tolerations = append(pod.Spec.Tolerations,
			corev1.Toleration{Key: key, Operator: corev1.TolerationOpExists, TolerationSeconds: seconds})
	}
}

func node(name string, is corev1.ConditionStatus, noExecute ...string) *corev1.Node {
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID("uid-of-" + name)}}
	n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: is}}
	for _, taint := range noExecute {
		n.Spec.Taints = append(n.Spec.Taints, corev1.Taint{Key: taint, Effect: corev1.TaintEffectNoExecute})
	}
	return n
}

const (
	well        = corev1.ConditionTrue
	unknown     = corev1.ConditionUnknown
	unreachable = corev1.TaintNodeUnreachable
)

// budget demands that a number of the pods stay, and allows some evictions; those
// of the named pods have been accepted.
func budget(least int, allowed int32, evicted ...string) *policyv1.PodDisruptionBudget {
	pdb := &policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "web", UID: "pdb", Generation: 1}}
	pdb.Spec.MinAvailable, pdb.Spec.Selector = ptr.To(intstr.FromInt(least)), webs()
	pdb.Status.DisruptionsAllowed, pdb.Status.ObservedGeneration = allowed, 1
	pdb.Status.DisruptedPods = map[string]metav1.Time{}
	for _, name := range evicted {
		pdb.Status.DisruptedPods[name] = metav1.NewTime(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC))
	}
	return pdb
}

func uidOf(s string) types.UID { return types.UID(s) }

func uidsOf(pods ...string) (uids []types.UID) {
	for _, pod := range pods {
		uids = append(uids, types.UID("uid-of-"+pod))
	}
	return uids
}
