package kubelet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	corev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	corelisters "k8s.io/client-go/listers/core/v1"

	"github.com/reconverge/reconverge/impl/controller"
)

const (
	nodeReportPeriod   = 5 * time.Minute
	nodeStatusAttempts = 5
)

// A nodeReporter creates the Node of a kubelet (K11) and keeps its status (K10).
//
// Abstracts: kubelet/kubelet_node_status.go.
type nodeReporter struct {
	o        Options
	client   corev1.NodeInterface
	lister   corelisters.NodeLister
	reported time.Time // when the status was last written; zero: not yet
}

// run registers once, and computes the status in every StatusPeriod. A Node that is deleted
// later is missed, and not created again.
func (n *nodeReporter) run(ctx context.Context) {
	if !n.register(ctx) {
		return
	}
	for {
		if err := n.update(ctx); err != nil && ctx.Err() == nil {
			utilruntime.HandleErrorWithContext(ctx, err, "cannot update the status of a node", "node", n.o.NodeName)
		}
		if !controller.Sleep(ctx, n.o.StatusPeriod) {
			return
		}
	}
}

// register creates the Node, or finds that it exists, and goes on until it has;
// false if ctx ends first.
//
// Abstracts: kubelet_node_status.go:registerWithAPIServer.
// Omits: what is put right in a Node that exists, besides its status.
func (n *nodeReporter) register(ctx context.Context) bool {
	for wait := firstRetry + n.o.Phase; controller.Sleep(ctx, wait); wait = min(2*wait, maxRetry) {
		_, err := n.client.Create(ctx, n.o.initialNode(), metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) {
			_, err = n.client.Get(ctx, n.o.NodeName, metav1.GetOptions{})
		}
		if err == nil {
			return true
		}
	}
	return false
}

// initialNode is the Node of a kubelet that has not asked its runtime yet.
func (o Options) initialNode() *v1.Node {
	labels := maps.Clone(o.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	labels[v1.LabelHostname] = o.NodeName
	node := &v1.Node{ObjectMeta: metav1.ObjectMeta{Name: o.NodeName, Labels: labels}}
	node.Status = o.nodeStatus(&node.Status, false, time.Now())
	return node
}

// update posts the status of the Node if it has changed, or was not posted for
// 5 min; in 1.9, always. It works on the cached Node first.
//
// Abstracts: kubelet_node_status.go:updateNodeStatus, tryUpdateNodeStatus.
func (n *nodeReporter) update(ctx context.Context) (err error) {
	for attempt := range nodeStatusAttempts {
		var node *v1.Node
		if attempt == 0 {
			node, err = n.lister.Get(n.o.NodeName)
		} else {
			node, err = n.client.Get(ctx, n.o.NodeName, metav1.GetOptions{})
		}
		if err == nil {
			err = n.post(ctx, node)
		}
		if err == nil || ctx.Err() != nil {
			return err
		}
	}
	return fmt.Errorf("kubelet: status of node %q not updated in %d attempts: %w", n.o.NodeName, nodeStatusAttempts, err)
}

func (n *nodeReporter) post(ctx context.Context, node *v1.Node) error {
	now := time.Now()
	status := n.o.nodeStatus(&node.Status, n.o.Machine.works(), now)
	due := n.o.HeartbeatByStatus || n.reported.IsZero() || now.Sub(n.reported) >= nodeReportPeriod
	if !due && !nodeStatusChanged(&node.Status, &status) {
		return nil
	}
	before, errBefore := json.Marshal(v1.Node{Status: node.Status})
	after, errAfter := json.Marshal(v1.Node{Status: status})
	if err := errors.Join(errBefore, errAfter); err != nil {
		return err
	}
	patch, err := strategicpatch.CreateTwoWayMergePatch(before, after, v1.Node{})
	if err != nil {
		return err
	}
	_, err = n.client.Patch(ctx, node.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
	if err == nil {
		n.reported = now
	}
	return err
}

// nodeStatus is the status of a node, over what is known of it.
//
// Abstracts: kubelet/nodestatus/setters.go.
func (o Options) nodeStatus(old *v1.NodeStatus, ready bool, now time.Time) v1.NodeStatus {
	status := *old.DeepCopy()
	status.Capacity, status.Allocatable = o.Allocatable, o.Allocatable
	status.Addresses = []v1.NodeAddress{
		{Type: v1.NodeInternalIP, Address: hostIP(o.NodeName)},
		{Type: v1.NodeHostName, Address: o.NodeName},
	}
	status.NodeInfo.KubeletVersion = "v1.37.2"
	for _, kind := range []v1.NodeConditionType{v1.NodeMemoryPressure, v1.NodeDiskPressure, v1.NodePIDPressure} {
		setNodeCondition(&status, kind, v1.ConditionFalse, "KubeletHasNoPressure", now)
	}
	if ready {
		setNodeCondition(&status, v1.NodeReady, v1.ConditionTrue, "KubeletReady", now)
	} else {
		setNodeCondition(&status, v1.NodeReady, v1.ConditionFalse, "KubeletNotReady", now)
	}
	return status
}

func setNodeCondition(s *v1.NodeStatus, kind v1.NodeConditionType, is v1.ConditionStatus, reason string, now time.Time) {
	at := metav1.NewTime(now).Rfc3339Copy()
	c := v1.NodeCondition{Type: kind, Status: is, Reason: reason, LastHeartbeatTime: at, LastTransitionTime: at}
	for i, old := range s.Conditions {
		if old.Type != kind {
			continue
		}
		if old.Status == is {
			c.LastTransitionTime = old.LastTransitionTime
		}
		s.Conditions[i] = c
		return
	}
	s.Conditions = append(s.Conditions, c)
}

// nodeStatusChanged compares two statuses apart from the times of heartbeats.
func nodeStatusChanged(before, after *v1.NodeStatus) bool {
	still := func(s *v1.NodeStatus) *v1.NodeStatus {
		s = s.DeepCopy()
		for i := range s.Conditions {
			s.Conditions[i].LastHeartbeatTime = metav1.Time{}
		}
		return s
	}
	return !equality.Semantic.DeepEqual(still(before), still(after))
}
