package manifest

import (
	"cmp"

	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// A PodDisruptionBudget is what the protocol model needs to know of a policy/v1
// PodDisruptionBudget: which pods an eviction counts against, and how many of
// them are to stay healthy. Its status carries no fact, as for a [ReplicaSet].
type PodDisruptionBudget struct {
	Name      string
	Namespace string // "default" when the manifest has none

	Selector    string // requirements in canonical order, for labels.Parse; "" selects all pods of the namespace
	SelectsNone bool   // there is no selector, not even an empty one: it selects no pod

	// How many pods are to stay, or may go: a number or a percentage. One of the
	// two is nil.
	MinAvailable   *intstr.IntOrString
	MaxUnavailable *intstr.IntOrString

	UnhealthyPodEvictionPolicy policyv1.UnhealthyPodEvictionPolicyType // IfHealthyBudget when absent

	Source string // "file:line" where the object begins, for messages
}

// Key returns "namespace/name".
func (b *PodDisruptionBudget) Key() string { return b.Namespace + "/" + b.Name }

// Selects reports whether the selector matches a pod of the budget's namespace
// with those labels.
func (b *PodDisruptionBudget) Selects(podLabels map[string]string) bool {
	return !b.SelectsNone && selects(b.Selector, podLabels)
}

// DesiredHealthy returns how many pods are to stay healthy when the controllers
// of those selected want so many together. Percentages of both kinds are
// rounded up.
// Source: pkg/controller/disruption/disruption.go:getExpectedPodCount.
func (b *PodDisruptionBudget) DesiredHealthy(expected int) int {
	if b.MinAvailable != nil {
		return scaled(b.MinAvailable, expected)
	}
	return max(0, expected-scaled(b.MaxUnavailable, expected))
}

// scaled returns a valid number as it is, and a percentage as that of total.
func scaled(value *intstr.IntOrString, total int) int {
	n, err := intstr.GetScaledValueFromIntOrPercent(value, total, true)
	if err != nil { // not of a budget that Load returned
		return 0
	}
	return n
}

func (l *loader) budget(o object, f *faults) {
	var pdb policyv1.PodDisruptionBudget
	if !o.decode(&pdb, f) {
		return
	}
	pdb.Namespace = cmp.Or(pdb.Namespace, metav1.NamespaceDefault)
	if source, ok := l.accept(o, "PodDisruptionBudget", &pdb.ObjectMeta, validateBudget(&pdb), f); ok {
		l.cluster.Budgets = append(l.cluster.Budgets, PodDisruptionBudget{
			Name:                       pdb.Name,
			Namespace:                  pdb.Namespace,
			Selector:                   canonicalSelector(pdb.Spec.Selector),
			SelectsNone:                pdb.Spec.Selector == nil,
			MinAvailable:               pdb.Spec.MinAvailable,
			MaxUnavailable:             pdb.Spec.MaxUnavailable,
			UnhealthyPodEvictionPolicy: valueOr(pdb.Spec.UnhealthyPodEvictionPolicy, policyv1.IfHealthyBudget),
			Source:                     source,
		})
	}
}

// validateBudget returns what an API server would refuse in a budget, and one
// thing that it takes: a budget without a number allows no eviction at all, and
// is more likely to be a mistake.
// Source: pkg/apis/policy/validation/validation.go:ValidatePodDisruptionBudgetSpec.
func validateBudget(pdb *policyv1.PodDisruptionBudget) field.ErrorList {
	spec := field.NewPath("spec")
	errs := validateMeta(&pdb.ObjectMeta, true)
	switch {
	case pdb.Spec.MinAvailable != nil && pdb.Spec.MaxUnavailable != nil:
		errs = append(errs, field.Forbidden(spec.Child("maxUnavailable"), "is set, and minAvailable too: a budget has one of them"))
	case pdb.Spec.MinAvailable == nil && pdb.Spec.MaxUnavailable == nil:
		errs = append(errs, field.Required(spec.Child("minAvailable"), "is missing, and maxUnavailable too: set one of them"))
	}
	errs = append(errs, validateIntOrPercent(pdb.Spec.MinAvailable, spec.Child("minAvailable"))...)
	errs = append(errs, validateIntOrPercent(pdb.Spec.MaxUnavailable, spec.Child("maxUnavailable"))...)
	strict := metav1validation.LabelSelectorValidationOptions{}
	errs = append(errs, metav1validation.ValidateLabelSelector(pdb.Spec.Selector, strict, spec.Child("selector"))...)
	switch policy := valueOr(pdb.Spec.UnhealthyPodEvictionPolicy, policyv1.IfHealthyBudget); policy {
	case policyv1.IfHealthyBudget, policyv1.AlwaysAllow:
	default:
		errs = append(errs, field.Invalid(spec.Child("unhealthyPodEvictionPolicy"), policy, "must be IfHealthyBudget or AlwaysAllow"))
	}
	return errs
}

// validateIntOrPercent checks a number that may be a percentage, if it is set.
// Source: pkg/apis/apps/validation/validation.go:ValidatePositiveIntOrPercent
// and IsNotMoreThan100Percent.
func validateIntOrPercent(value *intstr.IntOrString, path *field.Path) field.ErrorList {
	if value == nil {
		return nil
	}
	if value.Type == intstr.Int {
		return validateNotNegative(int64(value.IntVal), path)
	}
	if problems := validation.IsValidPercent(value.StrVal); len(problems) > 0 {
		return field.ErrorList{field.Invalid(path, value.StrVal, problems[0])}
	}
	if percent, err := intstr.GetScaledValueFromIntOrPercent(value, 100, true); err != nil || percent > 100 {
		return field.ErrorList{field.Invalid(path, value.StrVal, "must be at most 100%")}
	}
	return nil
}
