package nodelifecycle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/strategicpatch"

	"github.com/reconverge/reconverge/impl/controller"
)

var (
	notReady    = corev1.Taint{Key: corev1.TaintNodeNotReady, Effect: corev1.TaintEffectNoExecute}
	unreachable = corev1.Taint{Key: corev1.TaintNodeUnreachable, Effect: corev1.TaintEffectNoExecute}
)

// noExecuteFor returns the NoExecute taint of a node in a condition that is not
// True, and the one of the other such condition.
func noExecuteFor(status corev1.ConditionStatus) (wanted, opposite corev1.Taint) {
	if status == corev1.ConditionFalse {
		return notReady, unreachable
	}
	return unreachable, notReady
}

// conditionTaints are the keys of the NoSchedule taints that stand for conditions.
var conditionTaints = []struct {
	condition corev1.NodeConditionType
	status    corev1.ConditionStatus
	key       string
}{
	{corev1.NodeReady, corev1.ConditionFalse, corev1.TaintNodeNotReady},
	{corev1.NodeReady, corev1.ConditionUnknown, corev1.TaintNodeUnreachable},
	{corev1.NodeMemoryPressure, corev1.ConditionTrue, corev1.TaintNodeMemoryPressure},
	{corev1.NodeDiskPressure, corev1.ConditionTrue, corev1.TaintNodeDiskPressure},
	{corev1.NodeNetworkUnavailable, corev1.ConditionTrue, corev1.TaintNodeNetworkUnavailable},
	{corev1.NodePIDPressure, corev1.ConditionTrue, corev1.TaintNodePIDPressure},
}

// noScheduleDiff returns the NoSchedule taints that a node should have by what it
// says of itself and has not, and those of the same kinds that it should not have.
//
// Abstracts: node_lifecycle_controller.go:doNoScheduleTaintingPass.
func noScheduleDiff(node *corev1.Node) (missing, surplus []corev1.Taint) {
	kinds := []string{corev1.TaintNodeUnschedulable}
	wanted := map[string]bool{corev1.TaintNodeUnschedulable: node.Spec.Unschedulable}
	for _, t := range conditionTaints {
		kinds = append(kinds, t.key)
		c := condition(&node.Status, t.condition)
		wanted[t.key] = c != nil && c.Status == t.status
	}
	for _, key := range kinds {
		taint := corev1.Taint{Key: key, Effect: corev1.TaintEffectNoSchedule}
		switch has := hasTaint(node.Spec.Taints, taint); {
		case wanted[key] && !has:
			missing = append(missing, taint)
		case !wanted[key] && has:
			surplus = append(surplus, taint)
		}
	}
	return missing, surplus
}

func hasTaint(taints []corev1.Taint, taint corev1.Taint) bool {
	return slices.ContainsFunc(taints, func(t corev1.Taint) bool { return t.MatchTaint(&taint) })
}

// swapTaints adds taints to a node and then, in another write, takes others off.
//
// Abstracts: util/node/controller_utils.go:SwapNodeControllerTaint.
func (c *Controller) swapTaints(ctx context.Context, node *corev1.Node, add, remove []corev1.Taint) error {
	if err := c.addTaints(ctx, node.Name, add); err != nil {
		return err
	}
	return c.removeTaints(ctx, node, remove)
}

// addTaints adds taints to the node of a name; one that is there already gets the
// time of now.
//
// Abstracts: pkg/controller/controller_utils.go:AddOrUpdateTaintOnNode.
func (c *Controller) addTaints(ctx context.Context, node string, taints []corev1.Taint) error {
	if len(taints) == 0 {
		return nil
	}
	now := metav1.Now()
	return c.changeTaints(ctx, node, func(old []corev1.Taint) []corev1.Taint {
		changed := slices.Clone(old)
		for _, t := range taints {
			t.TimeAdded = &now
			if i := slices.IndexFunc(changed, func(o corev1.Taint) bool { return o.MatchTaint(&t) }); i >= 0 {
				changed[i] = t
			} else {
				changed = append(changed, t)
			}
		}
		return changed
	})
}

// removeTaints takes taints off a node, unless the node that is given has none of
// them.
//
// Abstracts: pkg/controller/controller_utils.go:RemoveTaintOffNode.
func (c *Controller) removeTaints(ctx context.Context, node *corev1.Node, taints []corev1.Taint) error {
	if !slices.ContainsFunc(taints, func(t corev1.Taint) bool { return hasTaint(node.Spec.Taints, t) }) {
		return nil
	}
	return c.changeTaints(ctx, node.Name, func(old []corev1.Taint) []corev1.Taint {
		return slices.DeleteFunc(slices.Clone(old), func(o corev1.Taint) bool { return hasTaint(taints, o) })
	})
}

const (
	taintTries = 5
	taintRetry = 100 * time.Millisecond
)

// changeTaints writes the taints of a node on what a read of it shows: first a
// read that may be old, and after a conflict a current one. Nothing else of the
// node is looked at.
//
// Omits: the random part of the time between two tries.
func (c *Controller) changeTaints(ctx context.Context, name string, change func([]corev1.Taint) []corev1.Taint) error {
	read := metav1.GetOptions{ResourceVersion: "0"}
	for try := 1; ; try++ {
		node, err := c.client.CoreV1().Nodes().Get(ctx, name, read)
		if err != nil {
			return err
		}
		taints := change(node.Spec.Taints)
		if equality.Semantic.DeepEqual(taints, node.Spec.Taints) {
			return nil
		}
		err = c.patchTaints(ctx, node, taints)
		if !apierrors.IsConflict(err) || try == taintTries || !controller.Sleep(ctx, taintRetry) {
			return err
		}
		read = metav1.GetOptions{}
	}
}

// patchTaints writes the taints of a node that was read. The list is replaced as a
// whole, so the patch carries the resource version.
//
// Abstracts: pkg/controller/controller_utils.go:PatchNodeTaints.
func (c *Controller) patchTaints(ctx context.Context, node *corev1.Node, taints []corev1.Taint) error {
	before := corev1.Node{Spec: corev1.NodeSpec{Taints: node.Spec.Taints}}
	after := corev1.Node{Spec: corev1.NodeSpec{Taints: taints}}
	after.ResourceVersion = node.ResourceVersion
	old, err1 := json.Marshal(before)
	changed, err2 := json.Marshal(after)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	patch, err := strategicpatch.CreateTwoWayMergePatch(old, changed, corev1.Node{})
	if err != nil {
		return fmt.Errorf("compare the taints of node %s: %w", node.Name, err)
	}
	_, err = c.client.CoreV1().Nodes().Patch(ctx, node.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{})
	return err
}
