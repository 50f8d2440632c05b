package manifest

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"
)

// DefaultTolerationSeconds is what the admission plugin of that name gives a
// pod that says nothing about a not-ready or unreachable node, in seconds
// (kube-apiserver --default-not-ready-toleration-seconds and
// --default-unreachable-toleration-seconds).
const DefaultTolerationSeconds = 300

// A Toleration says how long the taint eviction controller leaves a pod on a
// node after it saw a NoExecute taint there. The zero value is no time at all:
// the pod is evicted at once, be it because tolerationSeconds is 0 or less or
// because nothing tolerates the taint.
type Toleration struct {
	Forever bool  // never evicted for this taint; then Seconds is 0
	Seconds int64 // counted from when the controller saw the taint; 0: at once
}

// String returns "for ever" or a number of seconds, such as "300s".
func (t Toleration) String() string {
	if t.Forever {
		return "for ever"
	}
	return fmt.Sprintf("%ds", t.Seconds)
}

// withDefaults returns the tolerations of a pod after admission. The plugin
// looks at key and effect only. A pod whose toleration has the key but another
// value than the taint's, which is empty, therefore gets no default and is
// evicted at once.
// Source: plugin/pkg/admission/defaulttolerationseconds/admission.go:Admit.
func withDefaults(tolerations []corev1.Toleration) []corev1.Toleration {
	all := append([]corev1.Toleration(nil), tolerations...)
	for _, key := range []string{corev1.TaintNodeNotReady, corev1.TaintNodeUnreachable} {
		if mentions(tolerations, key) {
			continue
		}
		seconds := int64(DefaultTolerationSeconds)
		all = append(all, corev1.Toleration{
			Key:               key,
			Operator:          corev1.TolerationOpExists,
			Effect:            corev1.TaintEffectNoExecute,
			TolerationSeconds: &seconds,
		})
	}
	return all
}

// mentions reports whether admission takes one of the tolerations to be about
// the NoExecute taint with that key.
func mentions(tolerations []corev1.Toleration, key string) bool {
	for _, t := range tolerations {
		if (t.Key == key || t.Key == "") && (t.Effect == corev1.TaintEffectNoExecute || t.Effect == "") {
			return true
		}
	}
	return false
}

// firstMatch returns the toleration that upstream uses for a taint: the first
// in the order of the pod that tolerates it, or nil. A shorter one that comes
// later has no say; a minimum is taken over the taints of a node only.
// Source: pkg/apis/core/v1/helper/helpers.go:GetMatchingTolerations.
func firstMatch(tolerations []corev1.Toleration, key string, effect corev1.TaintEffect) *corev1.Toleration {
	taint := corev1.Taint{Key: key, Effect: effect}
	for i := range tolerations {
		// Validation refuses the comparison operators Lt and Gt, which are off
		// by default up to v1.37 and are all that the logger is for.
		if tolerations[i].ToleratesTaint(klog.Logger{}, &taint, false) {
			return &tolerations[i]
		}
	}
	return nil
}

// stay returns how long an admitted pod stays on a node with the NoExecute
// taint of that key and no other.
// Source: pkg/controller/tainteviction/taint_eviction.go:getMinTolerationTime
// and processPodOnNode.
func stay(tolerations []corev1.Toleration, key string) Toleration {
	t := firstMatch(tolerations, key, corev1.TaintEffectNoExecute)
	switch {
	case t == nil:
		return Toleration{}
	case t.TolerationSeconds == nil:
		return Toleration{Forever: true}
	}
	return Toleration{Seconds: max(0, *t.TolerationSeconds)}
}

// admits reports whether the scheduler's TaintToleration filter lets an
// admitted pod onto a node that has the taint of that key with both effects, as
// the node lifecycle controller sets them.
// Source: pkg/scheduler/framework/plugins/tainttoleration/taint_toleration.go:Filter.
func admits(tolerations []corev1.Toleration, key string) bool {
	return firstMatch(tolerations, key, corev1.TaintEffectNoSchedule) != nil &&
		firstMatch(tolerations, key, corev1.TaintEffectNoExecute) != nil
}
