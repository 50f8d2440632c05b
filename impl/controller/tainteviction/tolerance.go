package tainteviction

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"
)

// forever is the tolerance of a pod that need not go.
const forever time.Duration = -1

// noExecute returns the taints that evict.
func noExecute(taints []corev1.Taint) (evicting []corev1.Taint) {
	for _, t := range taints {
		if t.Effect == corev1.TaintEffectNoExecute {
			evicting = append(evicting, t)
		}
	}
	return evicting
}

// tolerance returns how long taints are tolerated: for the least of the
// tolerations that are used, or forever. It is not all, and 0, if some taint is
// not tolerated. For a taint the first toleration that matches it is used.
//
// Abstracts: taint_eviction.go:getMinTolerationTime,
// pkg/apis/core/v1/helper/helpers.go:GetMatchingTolerations.
func tolerance(taints []corev1.Taint, tolerations []corev1.Toleration) (d time.Duration, all bool) {
	d = forever
	for i := range taints {
		used := matching(&taints[i], tolerations)
		if used == nil {
			return 0, false
		}
		if used.TolerationSeconds == nil {
			continue
		}
		seconds := time.Duration(max(*used.TolerationSeconds, 0)) * time.Second
		if d == forever || seconds < d {
			d = seconds
		}
	}
	return d, true
}

func matching(taint *corev1.Taint, tolerations []corev1.Toleration) *corev1.Toleration {
	for i := range tolerations {
		if tolerations[i].ToleratesTaint(klog.Logger{}, taint, false) {
			return &tolerations[i]
		}
	}
	return nil
}
