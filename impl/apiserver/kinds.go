package apiserver

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/validate/content"
	"k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
)

// strategies of the kinds that have one.
var strategies = map[schema.GroupKind]strategy{
	{Kind: "Pod"}: {
		onCreate: func(o object) { createPod(o.(*corev1.Pod)) },
		onStatus: func(next, was object) { next.SetOwnerReferences(was.GetOwnerReferences()) },
		valid:    func(o object) field.ErrorList { return validPod(o.(*corev1.Pod)) },
		validChange: func(next, was object) field.ErrorList {
			return validPodChange(next.(*corev1.Pod), was.(*corev1.Pod))
		},
		selectable: func(o object, set fields.Set) {
			p := o.(*corev1.Pod)
			set["spec.nodeName"] = p.Spec.NodeName
			set["spec.restartPolicy"] = string(p.Spec.RestartPolicy)
			set["spec.schedulerName"] = p.Spec.SchedulerName
			set["spec.hostNetwork"] = fmt.Sprint(p.Spec.HostNetwork)
			set["spec.serviceAccountName"] = p.Spec.ServiceAccountName
			set["status.phase"] = string(p.Status.Phase)
			set["status.podIP"] = p.Status.PodIP
			set["status.nominatedNodeName"] = p.Status.NominatedNodeName
		},
		graceful: true, returnsDeleted: true, unconditionalUpdate: true,
	},
	{Kind: "Node"}: {
		onCreate: func(o object) { createNode(o.(*corev1.Node)) },
		selectable: func(o object, set fields.Set) {
			set["spec.unschedulable"] = fmt.Sprint(o.(*corev1.Node).Spec.Unschedulable)
		},
		noGeneration: true, unconditionalUpdate: true,
	},
	{Kind: "Namespace"}: {
		onCreate: func(o object) {
			ns := o.(*corev1.Namespace)
			ns.Status.Phase = corev1.NamespaceActive
			ns.Labels = withLabel(ns.Labels, corev1.LabelMetadataName, ns.Name)
		},
		selectable: func(o object, set fields.Set) {
			set["status.phase"] = string(o.(*corev1.Namespace).Status.Phase)
		},
		validName: validation.NameIsDNSLabel, noGeneration: true, unconditionalUpdate: true,
	},
	{Kind: "Event"}: {
		selectable: func(o object, set fields.Set) {
			e := o.(*corev1.Event)
			set["involvedObject.kind"] = e.InvolvedObject.Kind
			set["involvedObject.namespace"] = e.InvolvedObject.Namespace
			set["involvedObject.name"] = e.InvolvedObject.Name
			set["involvedObject.uid"] = string(e.InvolvedObject.UID)
			set["reason"] = e.Reason
			set["type"] = e.Type
		},
		validName: isPathSegment, uncollected: true, unconditionalUpdate: true, createOnUpdate: true,
	},
	{Group: "events.k8s.io", Kind: "Event"}: {validName: isPathSegment, uncollected: true, unconditionalUpdate: true, createOnUpdate: true},
	{Kind: "ConfigMap"}:                     {unconditionalUpdate: true},
	{Kind: "Secret"}:                        {unconditionalUpdate: true},
	{Kind: "Service"}:                       {noGeneration: true, unconditionalUpdate: true, returnsDeleted: true},
	{Kind: "ServiceAccount"}:                {unconditionalUpdate: true, returnsDeleted: true},
	{Group: "apps", Kind: "ReplicaSet"}: {
		onCreate: func(o object) { createReplicaSet(o.(*appsv1.ReplicaSet)) },
		valid:    func(o object) field.ErrorList { return validReplicaSet(o.(*appsv1.ReplicaSet)) },
		validChange: func(next, was object) field.ErrorList {
			return validation.ValidateImmutableField(next.(*appsv1.ReplicaSet).Spec.Selector,
				was.(*appsv1.ReplicaSet).Spec.Selector, field.NewPath("spec", "selector"))
		},
		selectable: func(o object, set fields.Set) {
			set["status.replicas"] = fmt.Sprint(o.(*appsv1.ReplicaSet).Status.Replicas)
		},
		unconditionalUpdate: true,
	},
	{Group: "apps", Kind: "Deployment"}:           {unconditionalUpdate: true},
	{Group: "apps", Kind: "StatefulSet"}:          {unconditionalUpdate: true},
	{Group: "apps", Kind: "DaemonSet"}:            {unconditionalUpdate: true},
	{Group: "batch", Kind: "Job"}:                 {unconditionalUpdate: true},
	{Group: "coordination.k8s.io", Kind: "Lease"}: {noGeneration: true, createOnUpdate: true},
	{Group: "policy", Kind: "PodDisruptionBudget"}: {
		valid: func(o object) field.ErrorList { return validBudget(o.(*policyv1.PodDisruptionBudget)) },
	},
}

// isPathSegment says what is wrong with the name of an event
// (apimachinery/pkg/api/validation/path/name.go:ValidatePathSegmentName).
func isPathSegment(name string, prefix bool) []string {
	if prefix {
		return content.IsPathSegmentPrefix(name)
	}
	return content.IsPathSegmentName(name)
}

func withLabel(m map[string]string, key, value string) map[string]string {
	if m == nil {
		m = make(map[string]string)
	}
	m[key] = value
	return m
}

// createNode taints a node that has not been judged yet
// (plugin/pkg/admission/nodetaint/admission.go).
func createNode(n *corev1.Node) {
	defaultNode(n)
	for _, t := range n.Spec.Taints {
		if t.Key == corev1.TaintNodeNotReady && t.Effect == corev1.TaintEffectNoSchedule {
			return
		}
	}
	n.Spec.Taints = append(n.Spec.Taints, corev1.Taint{Key: corev1.TaintNodeNotReady, Effect: corev1.TaintEffectNoSchedule})
}

func defaultNode(o object) {
	if n := o.(*corev1.Node); n.Status.Allocatable == nil {
		n.Status.Allocatable = n.Status.Capacity.DeepCopy()
	}
}

func createReplicaSet(rs *appsv1.ReplicaSet) {
	if rs.Spec.Replicas == nil {
		rs.Spec.Replicas = ptr.To[int32](1)
	}
	if len(rs.Labels) == 0 {
		rs.Labels = rs.Spec.Template.Labels
	}
	defaultPodSpec(&rs.Spec.Template.Spec)
}

// validReplicaSet follows pkg/apis/apps/validation/validation.go:ValidateReplicaSetSpec.
func validReplicaSet(rs *appsv1.ReplicaSet) field.ErrorList {
	spec := field.NewPath("spec")
	var errs field.ErrorList
	if rs.Spec.Replicas != nil {
		errs = validation.ValidateNonnegativeField(int64(*rs.Spec.Replicas), spec.Child("replicas"))
	}
	if rs.Spec.Selector == nil {
		return append(errs, field.Required(spec.Child("selector"), ""))
	}
	errs = append(errs, metav1validation.ValidateLabelSelector(rs.Spec.Selector, metav1validation.LabelSelectorValidationOptions{}, spec.Child("selector"))...)
	selector, err := metav1.LabelSelectorAsSelector(rs.Spec.Selector)
	switch {
	case err != nil:
		errs = append(errs, field.Invalid(spec.Child("selector"), rs.Spec.Selector, "invalid label selector"))
	case selector.Empty():
		errs = append(errs, field.Invalid(spec.Child("selector"), rs.Spec.Selector, "empty selector is invalid for deployment"))
	case !selector.Matches(labels.Set(rs.Spec.Template.Labels)):
		errs = append(errs, field.Invalid(spec.Child("template", "metadata", "labels"), rs.Spec.Template.Labels, "`selector` does not match template `labels`"))
	}
	template := spec.Child("template", "spec")
	if policy := rs.Spec.Template.Spec.RestartPolicy; policy != corev1.RestartPolicyAlways {
		errs = append(errs, field.NotSupported(template.Child("restartPolicy"), policy, []corev1.RestartPolicy{corev1.RestartPolicyAlways}))
	}
	return append(errs, validPodSpec(&rs.Spec.Template.Spec, template)...)
}

// validBudget follows pkg/apis/policy/validation/validation.go.
func validBudget(b *policyv1.PodDisruptionBudget) field.ErrorList {
	spec := field.NewPath("spec")
	var errs field.ErrorList
	if b.Spec.MinAvailable != nil && b.Spec.MaxUnavailable != nil {
		errs = append(errs, field.Invalid(spec, b.Spec, "minAvailable and maxUnavailable cannot be both set"))
	}
	for name, n := range map[string]int32{
		"currentHealthy": b.Status.CurrentHealthy, "desiredHealthy": b.Status.DesiredHealthy,
		"disruptionsAllowed": b.Status.DisruptionsAllowed, "expectedPods": b.Status.ExpectedPods,
	} {
		errs = append(errs, validation.ValidateNonnegativeField(int64(n), field.NewPath("status", name))...)
	}
	return append(errs, metav1validation.ValidateLabelSelector(b.Spec.Selector, metav1validation.LabelSelectorValidationOptions{}, spec.Child("selector"))...)
}

// validPodChange lets a pod's spec change only where upstream does
// (pkg/apis/core/validation/validation.go:ValidatePodUpdate).
func validPodChange(next, was *corev1.Pod) field.ErrorList {
	spec := field.NewPath("spec")
	if equality.Semantic.DeepEqual(next.Spec, was.Spec) {
		return nil
	}
	var errs field.ErrorList
	if !tolerationsKept(next.Spec.Tolerations, was.Spec.Tolerations) {
		errs = append(errs, field.Forbidden(spec.Child("tolerations"), "existing toleration can not be modified except its tolerationSeconds"))
	}
	masked := next.Spec.DeepCopy()
	maskImages(masked.Containers, was.Spec.Containers)
	maskImages(masked.InitContainers, was.Spec.InitContainers)
	masked.ActiveDeadlineSeconds = was.Spec.ActiveDeadlineSeconds
	masked.Tolerations = was.Spec.Tolerations
	if len(masked.SchedulingGates) < len(was.Spec.SchedulingGates) {
		masked.SchedulingGates = was.Spec.SchedulingGates
	}
	if grace := was.Spec.TerminationGracePeriodSeconds; grace != nil && *grace < 0 && ptr.Equal(next.Spec.TerminationGracePeriodSeconds, ptr.To[int64](1)) {
		masked.TerminationGracePeriodSeconds = grace
	}
	if !equality.Semantic.DeepEqual(*masked, was.Spec) {
		errs = append(errs, field.Forbidden(spec, "pod updates may not change fields other than `spec.containers[*].image`,"+
			"`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"+
			"`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"))
	}
	return errs
}

func maskImages(next, was []corev1.Container) {
	for i := range min(len(next), len(was)) {
		next[i].Image = was[i].Image
	}
}

// tolerationsKept says that no toleration was removed or changed other than in its
// seconds.
func tolerationsKept(next, was []corev1.Toleration) bool {
	for _, old := range was {
		kept := false
		for _, t := range next {
			t.TolerationSeconds = old.TolerationSeconds
			kept = kept || t == old
		}
		if !kept {
			return false
		}
	}
	return true
}
