package manifest

import (
	"fmt"
	"maps"
	"math"

	corev1 "k8s.io/api/core/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// excludeDisruption is the label of nodes that the node lifecycle controller
// leaves out when it judges how much of a zone is disrupted.
// Source: pkg/controller/nodelifecycle/node_lifecycle_controller.go:labelNodeDisruptionExclusion.
const excludeDisruption = "node.kubernetes.io/exclude-disruption"

// A Node is what the protocol model needs to know of a v1 Node. Its conditions
// carry no fact, since what they lead to is for the model to say; those that a
// healthy node does not have are named in Abstracted.
type Node struct {
	Name          string
	Labels        map[string]string // nil when there are none
	Zone          string            // "" when no label says so, see zone
	Unschedulable bool              // cordoned
	Taints        []Taint           // those that the protocol gives a meaning to

	// How many pods it takes at most, 1 or more; 0 when the manifest does not
	// say. It is what is allocatable, or else the capacity.
	PodCapacity int

	// Whether it does not count when a zone is judged.
	ExcludeFromDisruption bool

	// Abstracted names the fields that are set and bear on the protocol, but
	// that have no counterpart above, such as "spec.taints[gpu:NoSchedule]".
	Abstracted []string

	Source string // "file:line" where the object begins, for messages
}

// A Taint is one that controllers set or read by its key.
type Taint struct {
	Key    string             // TaintNodeNotReady, -Unreachable, -Unschedulable or -OutOfService of core/v1
	Effect corev1.TaintEffect // NoSchedule or NoExecute
}

// String returns "key:effect".
func (t Taint) String() string { return t.Key + ":" + string(t.Effect) }

func (l *loader) node(o object, f *faults) {
	var n corev1.Node
	if !o.decode(&n, f) {
		return
	}
	source, ok := l.accept(o, "Node", &n.ObjectMeta, validateNode(&n), f)
	if !ok {
		return
	}
	_, excluded := n.Labels[excludeDisruption]
	node := Node{
		Name: n.Name, Labels: maps.Clone(n.Labels), Zone: zone(n.Labels), Unschedulable: n.Spec.Unschedulable,
		PodCapacity: podCapacity(&n), ExcludeFromDisruption: excluded, Source: source,
	}
	for i := range n.Spec.Taints {
		if t, ok := knownTaint(&n.Spec.Taints[i]); ok {
			node.Taints = append(node.Taints, t)
		} else {
			node.Abstracted = append(node.Abstracted, "spec.taints["+n.Spec.Taints[i].ToString()+"]")
		}
	}
	for _, c := range n.Status.Conditions {
		if isAbnormal(c) {
			node.Abstracted = append(node.Abstracted, "status.conditions["+string(c.Type)+"]")
		}
	}
	l.cluster.Nodes = append(l.cluster.Nodes, node)
}

// zone returns the failure zone as the node lifecycle controller tells zones
// apart: by region and zone, "region/zone" if there is a region, where the old
// labels win over the stable ones. In 1.9 it knew only the old ones.
// Source: k8s.io/component-helpers/node/topology/helpers.go:GetZoneKey.
func zone(labels map[string]string) string {
	either := func(old, stable string) string {
		if value, ok := labels[old]; ok {
			return value
		}
		return labels[stable]
	}
	region := either(corev1.LabelFailureDomainBetaRegion, corev1.LabelTopologyRegion)
	zone := either(corev1.LabelFailureDomainBetaZone, corev1.LabelTopologyZone)
	if region == "" {
		return zone
	}
	return region + "/" + zone // no value of a label has a slash
}

// knownTaint returns a taint that the protocol gives a meaning to. One with a
// value is another taint to a toleration without, and only that of a node out
// of service is set by people, with any value.
func knownTaint(t *corev1.Taint) (Taint, bool) {
	switch t.Key {
	case corev1.TaintNodeNotReady, corev1.TaintNodeUnreachable, corev1.TaintNodeUnschedulable:
		if t.Value != "" {
			return Taint{}, false
		}
	case corev1.TaintNodeOutOfService:
	default:
		return Taint{}, false
	}
	return Taint{t.Key, t.Effect}, t.Effect != corev1.TaintEffectPreferNoSchedule
}

// isAbnormal reports whether a healthy node does not have that condition.
// Conditions of other types than these have no meaning to the control plane.
func isAbnormal(c corev1.NodeCondition) bool {
	switch c.Type {
	case corev1.NodeReady:
		return c.Status != corev1.ConditionTrue
	case corev1.NodeMemoryPressure, corev1.NodeDiskPressure, corev1.NodePIDPressure, corev1.NodeNetworkUnavailable:
		return c.Status != corev1.ConditionFalse
	}
	return false
}

// podCapacity returns the number of pods that a valid node takes, or 0.
func podCapacity(n *corev1.Node) int {
	for _, resources := range []corev1.ResourceList{n.Status.Allocatable, n.Status.Capacity} {
		if pods, ok := resources[corev1.ResourcePods]; ok {
			return int(pods.Value())
		}
	}
	return 0
}

// validateNode returns what an API server would refuse in a node, as far as it
// bears on the protocol, and what the model cannot represent.
// Source: pkg/apis/core/validation/validation.go:ValidateNode.
func validateNode(n *corev1.Node) field.ErrorList {
	errs := validateMeta(&n.ObjectMeta, false)
	if n.DeletionTimestamp != nil {
		errs = append(errs, field.Forbidden(field.NewPath("metadata", "deletionTimestamp"),
			"is not modelled: a node that is being deleted is gone once its finalizers are"))
	}
	errs = append(errs, validateTaints(n.Spec.Taints, field.NewPath("spec", "taints"))...)
	errs = append(errs, validatePods(n.Status.Allocatable, field.NewPath("status", "allocatable", "pods"))...)
	return append(errs, validatePods(n.Status.Capacity, field.NewPath("status", "capacity", "pods"))...)
}

// validatePods checks the number of pods of a node, if there is one. A quantity
// that has no fast conversion is a fraction, or can be of a million digits.
func validatePods(resources corev1.ResourceList, path *field.Path) field.ErrorList {
	quantity, ok := resources[corev1.ResourcePods]
	pods, isInt := quantity.AsInt64()
	switch {
	case !ok:
		return nil
	case !isInt:
		return field.ErrorList{field.Forbidden(path, fmt.Sprintf("is not an integer of at most %d", math.MaxInt32))}
	case pods == 0:
		return field.ErrorList{field.Forbidden(path, "is 0, which is not modelled: leave out a node that takes no pods")}
	}
	return validateCount(pods, math.MaxInt32, path)
}

// validateTaints checks taints as a server does.
// Source: pkg/apis/core/validation/validation.go:validateNodeTaints.
func validateTaints(taints []corev1.Taint, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	seen := make(map[Taint]bool)
	for i := range taints {
		t, at := &taints[i], path.Index(i)
		errs = append(errs, metav1validation.ValidateLabelName(t.Key, at.Child("key"))...)
		for _, msg := range validation.IsValidLabelValue(t.Value) {
			errs = append(errs, field.Invalid(at.Child("value"), t.Value, msg))
		}
		errs = append(errs, validateEffect(t.Effect, at.Child("effect"))...)
		if identity := (Taint{t.Key, t.Effect}); seen[identity] {
			errs = append(errs, field.Invalid(at.Child("key"), t.Key, "is the key of another taint of that effect"))
		} else {
			seen[identity] = true
		}
	}
	return errs
}

func validateEffect(effect corev1.TaintEffect, path *field.Path) field.ErrorList {
	switch effect {
	case corev1.TaintEffectNoSchedule, corev1.TaintEffectPreferNoSchedule, corev1.TaintEffectNoExecute:
		return nil
	case "":
		return field.ErrorList{field.Required(path, "")}
	}
	return field.ErrorList{field.Invalid(path, effect, "must be NoSchedule, PreferNoSchedule or NoExecute")}
}
