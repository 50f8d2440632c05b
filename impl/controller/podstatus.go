package controller

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/kubernetes"
)

// SetPodCondition sets a condition of a pod, by its type. The time of its
// transition is now if the status of the condition changes, and else what it was.
// It reports whether anything of the condition has changed.
//
// Upstream: pkg/api/v1/pod/util.go:UpdatePodCondition.
func SetPodCondition(status *corev1.PodStatus, condition corev1.PodCondition) bool {
	condition.LastTransitionTime = metav1.Now()
	i := slices.IndexFunc(status.Conditions, func(c corev1.PodCondition) bool { return c.Type == condition.Type })
	if i < 0 {
		status.Conditions = append(status.Conditions, condition)
		return true
	}
	old := status.Conditions[i]
	if old.Status == condition.Status {
		condition.LastTransitionTime = old.LastTransitionTime
	}
	status.Conditions[i] = condition
	return old.Status != condition.Status || old.Reason != condition.Reason || old.Message != condition.Message ||
		!old.LastProbeTime.Equal(&condition.LastProbeTime)
}

// PatchPodStatus writes the status of a pod as the difference to the one that was
// read. The patch carries the UID, so it is refused, by Conflict, if the name is
// another pod's by then. Nothing is written if there is no difference. It returns
// the pod as it is then.
//
// Upstream: pkg/util/pod/pod.go:PatchPodStatus.
func PatchPodStatus(ctx context.Context, client kubernetes.Interface, read *corev1.Pod, status corev1.PodStatus) (*corev1.Pod, error) {
	before, err1 := json.Marshal(corev1.Pod{Status: read.Status})
	// The UID is in the new object alone, so that it is in the difference.
	after, err2 := json.Marshal(corev1.Pod{ObjectMeta: metav1.ObjectMeta{UID: read.UID}, Status: status})
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	patch, err := strategicpatch.CreateTwoWayMergePatch(before, after, corev1.Pod{})
	if err != nil {
		return nil, fmt.Errorf("compare two statuses of pod %s/%s: %w", read.Namespace, read.Name, err)
	}
	if bytes.Equal(patch, fmt.Appendf(nil, `{"metadata":{"uid":%q}}`, read.UID)) {
		return read, nil
	}
	return client.CoreV1().Pods(read.Namespace).Patch(ctx, read.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
}
