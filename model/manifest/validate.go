package manifest

import (
	"fmt"
	"math"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// validate returns what an API server would refuse in a ReplicaSet, as far as
// it bears on the protocol, and what the model cannot represent. The namespace
// has been defaulted.
// Source: pkg/apis/apps/validation/validation.go:ValidateReplicaSet.
func validate(rs *appsv1.ReplicaSet) field.ErrorList {
	metadata, spec := field.NewPath("metadata"), field.NewPath("spec")
	errs := validateMeta(&rs.ObjectMeta, true)
	if rs.DeletionTimestamp != nil {
		errs = append(errs, field.Forbidden(metadata.Child("deletionTimestamp"),
			"is not modelled: the controller of a ReplicaSet that is being deleted creates nothing"))
	}
	errs = append(errs, validateCount(int64(valueOr(rs.Spec.Replicas, 1)), MaxReplicas, spec.Child("replicas"))...)
	errs = append(errs, validateCount(int64(rs.Spec.MinReadySeconds), math.MaxInt32, spec.Child("minReadySeconds"))...)
	errs = append(errs, validateSelector(rs, spec)...)
	return append(errs, validateTemplate(&rs.Spec.Template, spec.Child("template"))...)
}

// validateMeta checks the metadata of an object of any kind.
func validateMeta(meta *metav1.ObjectMeta, namespaced bool) field.ErrorList {
	path := field.NewPath("metadata")
	if meta.Name == "" {
		// A server would generate one from generateName, but a report must be
		// able to say which object it is about.
		return field.ErrorList{field.Required(path.Child("name"), "")}
	}
	return apivalidation.ValidateObjectMeta(meta, namespaced, apivalidation.NameIsDNSSubdomain, path)
}

func validateCount(value, limit int64, path *field.Path) field.ErrorList {
	if value > limit {
		return field.ErrorList{field.Invalid(path, value, fmt.Sprintf("must be at most %d", limit))}
	}
	return validateNotNegative(value, path)
}

func validateNotNegative(value int64, path *field.Path) field.ErrorList {
	if value < 0 {
		return field.ErrorList{field.Invalid(path, value, "must be 0 or more")}
	}
	return nil
}

// validateSelector checks the selector, and that it selects the pods that the
// ReplicaSet creates: one that does not would create pods for ever.
func validateSelector(rs *appsv1.ReplicaSet, spec *field.Path) field.ErrorList {
	path, selector := spec.Child("selector"), rs.Spec.Selector
	switch {
	case selector == nil:
		return field.ErrorList{field.Required(path, "")}
	case len(selector.MatchLabels)+len(selector.MatchExpressions) == 0:
		return field.ErrorList{field.Required(path, "is empty: it must select the labels of the template")}
	}
	strict := metav1validation.LabelSelectorValidationOptions{}
	if errs := metav1validation.ValidateLabelSelector(selector, strict, path); len(errs) > 0 {
		return errs
	}
	parsed, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return field.ErrorList{field.Invalid(path, selector, err.Error())}
	}
	if podLabels := labels.Set(rs.Spec.Template.Labels); !parsed.Matches(podLabels) {
		detail := fmt.Sprintf("does not match the labels of the template, %s", quote(podLabels))
		return field.ErrorList{field.Invalid(path, canonicalSelector(selector), detail)}
	}
	return nil
}

// validateTemplate checks the pod template.
// Source: pkg/apis/apps/validation/validation.go:ValidatePodTemplateSpecForReplicaSet
// and pkg/apis/core/validation/validation.go:ValidatePodTemplateSpec.
func validateTemplate(template *corev1.PodTemplateSpec, path *field.Path) field.ErrorList {
	metadata, spec := path.Child("metadata"), path.Child("spec")
	pod := &template.Spec
	errs := metav1validation.ValidateLabels(template.Labels, metadata.Child("labels"))
	errs = append(errs, apivalidation.ValidateAnnotations(template.Annotations, metadata.Child("annotations"))...)
	if pod.RestartPolicy != "" && pod.RestartPolicy != corev1.RestartPolicyAlways {
		errs = append(errs, field.Invalid(spec.Child("restartPolicy"), pod.RestartPolicy, "must be Always in a ReplicaSet"))
	}
	if pod.ActiveDeadlineSeconds != nil {
		errs = append(errs, field.Forbidden(spec.Child("activeDeadlineSeconds"), "is not allowed in a ReplicaSet"))
	}
	if len(pod.EphemeralContainers) > 0 {
		errs = append(errs, field.Forbidden(spec.Child("ephemeralContainers"), "is not allowed in a template"))
	}
	errs = append(errs, validateGrace(pod, spec)...)
	errs = append(errs, validateContainers(pod, spec)...)
	errs = append(errs, validateTolerations(pod.Tolerations, spec.Child("tolerations"))...)
	return append(errs, validateModelled(template, path)...)
}

// validateGrace checks the grace period. Upstream takes a negative one, and
// gives the pods 1 second (pkg/apis/core/v1/defaults.go:SetDefaults_Pod); here
// it is more likely to be a mistake.
func validateGrace(pod *corev1.PodSpec, spec *field.Path) field.ErrorList {
	grace := valueOr(pod.TerminationGracePeriodSeconds, defaultGraceSeconds)
	return validateCount(grace, math.MaxInt32, spec.Child("terminationGracePeriodSeconds"))
}

// validateContainers checks the names and images of all containers. Names are
// unique over both lists.
func validateContainers(pod *corev1.PodSpec, spec *field.Path) field.ErrorList {
	var errs field.ErrorList
	if len(pod.Containers) == 0 {
		errs = append(errs, field.Required(spec.Child("containers"), ""))
	}
	seen := make(map[string]bool)
	check := func(containers []corev1.Container, path *field.Path) {
		for i := range containers {
			name, at := containers[i].Name, path.Index(i)
			if name == "" {
				errs = append(errs, field.Required(at.Child("name"), ""))
			}
			if name != "" && seen[name] {
				errs = append(errs, field.Invalid(at.Child("name"), name, "is the name of another container"))
			}
			seen[name] = true
			for _, msg := range validation.IsDNS1123Label(name) {
				if name != "" {
					errs = append(errs, field.Invalid(at.Child("name"), name, msg))
				}
			}
			if containers[i].Image == "" {
				errs = append(errs, field.Required(at.Child("image"), ""))
			}
		}
	}
	check(pod.InitContainers, spec.Child("initContainers"))
	check(pod.Containers, spec.Child("containers"))
	return errs
}

// validateTolerations checks tolerations. The operators Lt and Gt are behind
// the feature gate TaintTolerationComparisonOperators, off up to v1.37.
// Source: pkg/apis/core/validation/validation.go:ValidateTolerations.
func validateTolerations(tolerations []corev1.Toleration, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i := range tolerations {
		errs = append(errs, validateToleration(&tolerations[i], path.Index(i))...)
	}
	return errs
}

func validateToleration(t *corev1.Toleration, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if t.Key != "" {
		errs = append(errs, metav1validation.ValidateLabelName(t.Key, path.Child("key"))...)
	} else if t.Operator != corev1.TolerationOpExists {
		errs = append(errs, field.Required(path.Child("key"), "is missing: only operator Exists needs none"))
	}
	switch t.Operator {
	case corev1.TolerationOpEqual, "":
		for _, msg := range validation.IsValidLabelValue(t.Value) {
			errs = append(errs, field.Invalid(path.Child("value"), t.Value, msg))
		}
	case corev1.TolerationOpExists:
		if t.Value != "" {
			errs = append(errs, field.Invalid(path.Child("value"), t.Value, "must be absent with operator Exists"))
		}
	default:
		errs = append(errs, field.Invalid(path.Child("operator"), t.Operator, "must be Exists or Equal"))
	}
	if t.Effect != "" {
		errs = append(errs, validateEffect(t.Effect, path.Child("effect"))...)
	}
	if t.TolerationSeconds != nil && t.Effect != corev1.TaintEffectNoExecute {
		errs = append(errs, field.Invalid(path.Child("tolerationSeconds"), *t.TolerationSeconds, "needs effect NoExecute"))
	}
	return errs
}

// validateModelled refuses what is valid but would make a verdict of the model
// say nothing about the cluster. The controller copies all three to its pods.
// Source: pkg/controller/controller_utils.go:GetPodFromTemplate.
func validateModelled(template *corev1.PodTemplateSpec, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if len(template.Finalizers) > 0 {
		errs = append(errs, field.Forbidden(path.Child("metadata", "finalizers"),
			"is not modelled: evicted pods would stay until somebody removes their finalizers"))
	}
	if template.Spec.NodeName != "" {
		errs = append(errs, field.Forbidden(path.Child("spec", "nodeName"),
			"is not modelled: all pods would be bound to that node, past the scheduler"))
	}
	if len(template.Spec.SchedulingGates) > 0 {
		errs = append(errs, field.Forbidden(path.Child("spec", "schedulingGates"),
			"is not modelled: pods would not be scheduled until somebody removes their gates"))
	}
	return errs
}
