package manifest

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// MaxReplicas is the largest number of replicas that [Load] takes. It only
// keeps absurd input out; what can be checked exhaustively is far smaller, and
// is for the model to say.
const MaxReplicas = 1000

// defaultGraceSeconds is corev1.DefaultTerminationGracePeriodSeconds.
const defaultGraceSeconds = corev1.DefaultTerminationGracePeriodSeconds

// A ReplicaSet is what the protocol model needs to know of an apps/v1
// ReplicaSet, after the defaulting and admission of an API server with default
// flags. Status and server-side metadata are read but carry no fact: the model
// starts from the specification.
type ReplicaSet struct {
	Name            string
	Namespace       string            // "default" when the manifest has none
	Replicas        int               // pods wanted, 0 to MaxReplicas; 1 when absent
	MinReadySeconds int               // that a pod must be Ready to count as available
	GraceSeconds    int               // terminationGracePeriodSeconds of the pods; 30 when absent
	PodLabels       map[string]string // labels of the pods at creation; never nil
	Selector        string            // requirements in canonical order, for labels.Parse

	// How long its pods stay on a node that is tainted NoExecute as
	// node.kubernetes.io/not-ready or as node.kubernetes.io/unreachable. On a
	// node that has both taints the lesser of the two counts.
	NotReadyToleration    Toleration
	UnreachableToleration Toleration

	// Whether the pods say nothing about such a node, so that a server gives them
	// its default, here [DefaultTolerationSeconds].
	NotReadyByDefault    bool
	UnreachableByDefault bool

	// Whether the scheduler may place its pods on such a node, because they
	// tolerate the NoSchedule taint of that key as well.
	SchedulesOnNotReady    bool
	SchedulesOnUnreachable bool

	// Abstracted names the fields that are set and bear on the protocol, but
	// that the model leaves to chance, such as "spec.template.spec.affinity".
	// A report should list them as assumptions.
	Abstracted []string

	Source string // "file:line" where the object begins, for messages
}

// Key returns "namespace/name".
func (r *ReplicaSet) Key() string { return r.Namespace + "/" + r.Name }

// Selects reports whether the selector matches a pod with those labels, whoever
// created it: then the controller may adopt it.
func (r *ReplicaSet) Selects(podLabels map[string]string) bool {
	return selects(r.Selector, podLabels)
}

func selects(selector string, podLabels map[string]string) bool {
	parsed, err := labels.Parse(selector)
	return err == nil && parsed.Matches(labels.Set(podLabels))
}

func (l *loader) replicaSet(o object, f *faults) {
	var rs appsv1.ReplicaSet
	if !o.decode(&rs, f) {
		return
	}
	rs.Namespace = cmp.Or(rs.Namespace, metav1.NamespaceDefault)
	if source, ok := l.accept(o, "ReplicaSet", &rs.ObjectMeta, validate(&rs), f); ok {
		l.cluster.ReplicaSets = append(l.cluster.ReplicaSets, newReplicaSet(&rs, source))
	}
}

// newReplicaSet returns the facts of a valid object.
func newReplicaSet(rs *appsv1.ReplicaSet, source string) ReplicaSet {
	pod := &rs.Spec.Template.Spec
	tolerations := withDefaults(pod.Tolerations)
	return ReplicaSet{
		Name:                   rs.Name,
		Namespace:              rs.Namespace,
		Replicas:               int(valueOr(rs.Spec.Replicas, 1)),
		MinReadySeconds:        int(rs.Spec.MinReadySeconds),
		GraceSeconds:           int(valueOr(pod.TerminationGracePeriodSeconds, defaultGraceSeconds)),
		PodLabels:              maps.Clone(rs.Spec.Template.Labels),
		Selector:               canonicalSelector(rs.Spec.Selector),
		NotReadyToleration:     stay(tolerations, corev1.TaintNodeNotReady),
		UnreachableToleration:  stay(tolerations, corev1.TaintNodeUnreachable),
		NotReadyByDefault:      !mentions(pod.Tolerations, corev1.TaintNodeNotReady),
		UnreachableByDefault:   !mentions(pod.Tolerations, corev1.TaintNodeUnreachable),
		SchedulesOnNotReady:    admits(tolerations, corev1.TaintNodeNotReady),
		SchedulesOnUnreachable: admits(tolerations, corev1.TaintNodeUnreachable),
		Abstracted:             abstracted(rs),
		Source:                 source,
	}
}

func valueOr[T any](p *T, absent T) T {
	if p == nil {
		return absent
	}
	return *p
}

// canonicalSelector writes a valid selector so that the order of its
// requirements, and of their values, makes no difference.
func canonicalSelector(s *metav1.LabelSelector) string {
	selector, err := metav1.LabelSelectorAsSelector(s)
	if err != nil {
		return ""
	}
	requirements, _ := selector.Requirements()
	parts := make([]string, 0, len(requirements))
	for _, r := range requirements {
		// Rebuilt, since a requirement prints a value as often as it was given.
		once, err := labels.NewRequirement(r.Key(), r.Operator(), r.Values().List())
		if err != nil {
			return ""
		}
		parts = append(parts, once.String())
	}
	slices.Sort(parts)
	return strings.Join(slices.Compact(parts), ",")
}

// abstractions are the fields that bear on the protocol and have no counterpart
// in the model. Each is safe to leave out of safety properties, where the model
// allows more than the cluster does; liveness assumes that it does not block.
var abstractions = []struct {
	field string
	isSet func(*appsv1.ReplicaSet) bool
}{
	// A Deployment scales its ReplicaSets, and deletes them.
	{"metadata.ownerReferences", func(rs *appsv1.ReplicaSet) bool { return metav1.GetControllerOf(rs) != nil }},
	// Where a pod may be placed, and whether it preempts another.
	{"spec.template.spec.affinity", func(rs *appsv1.ReplicaSet) bool { return rs.Spec.Template.Spec.Affinity != nil }},
	{"spec.template.spec.nodeSelector", func(rs *appsv1.ReplicaSet) bool { return len(rs.Spec.Template.Spec.NodeSelector) > 0 }},
	{"spec.template.spec.topologySpreadConstraints", func(rs *appsv1.ReplicaSet) bool { return len(rs.Spec.Template.Spec.TopologySpreadConstraints) > 0 }},
	{"spec.template.spec.priorityClassName", func(rs *appsv1.ReplicaSet) bool { return rs.Spec.Template.Spec.PriorityClassName != "" }},
	{"spec.template.spec.resourceClaims", func(rs *appsv1.ReplicaSet) bool { return len(rs.Spec.Template.Spec.ResourceClaims) > 0 }},
	{"spec.template.spec.schedulerName", hasOwnScheduler},
	{"spec.template.spec.volumes[].persistentVolumeClaim", claimsVolume},
	{"spec.template.spec.containers[].resources", anyContainer(func(c *corev1.Container) bool {
		return len(c.Resources.Requests)+len(c.Resources.Limits) > 0
	})},
	{"spec.template.spec.containers[].ports[].hostPort", anyContainer(usesHostPort)},
	// When a pod starts, becomes Ready, and stops.
	{"spec.template.spec.initContainers", func(rs *appsv1.ReplicaSet) bool { return len(rs.Spec.Template.Spec.InitContainers) > 0 }},
	{"spec.template.spec.readinessGates", func(rs *appsv1.ReplicaSet) bool { return len(rs.Spec.Template.Spec.ReadinessGates) > 0 }},
	{"spec.template.spec.containers[].readinessProbe", anyContainer(func(c *corev1.Container) bool { return c.ReadinessProbe != nil })},
	{"spec.template.spec.containers[].livenessProbe", anyContainer(func(c *corev1.Container) bool { return c.LivenessProbe != nil })},
	{"spec.template.spec.containers[].startupProbe", anyContainer(func(c *corev1.Container) bool { return c.StartupProbe != nil })},
	{"spec.template.spec.containers[].lifecycle", anyContainer(func(c *corev1.Container) bool { return c.Lifecycle != nil })},
}

func abstracted(rs *appsv1.ReplicaSet) []string {
	var fields []string
	for _, a := range abstractions {
		if a.isSet(rs) {
			fields = append(fields, a.field)
		}
	}
	return fields
}

func hasOwnScheduler(rs *appsv1.ReplicaSet) bool {
	name := rs.Spec.Template.Spec.SchedulerName
	return name != "" && name != corev1.DefaultSchedulerName
}

func claimsVolume(rs *appsv1.ReplicaSet) bool {
	return slices.ContainsFunc(rs.Spec.Template.Spec.Volumes, func(v corev1.Volume) bool {
		return v.PersistentVolumeClaim != nil || v.Ephemeral != nil
	})
}

func usesHostPort(c *corev1.Container) bool {
	return slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool { return p.HostPort != 0 })
}

func anyContainer(has func(*corev1.Container) bool) func(*appsv1.ReplicaSet) bool {
	return func(rs *appsv1.ReplicaSet) bool {
		containers := rs.Spec.Template.Spec.Containers
		for i := range containers {
			if has(&containers[i]) {
				return true
			}
		}
		return false
	}
}
