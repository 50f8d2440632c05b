package replay

import (
	"fmt"
	"strings"

	"github.com/reconverge/reconverge/model"
)

func podInWords(d *driver, p model.Pod) string {
	switch p.Object {
	case model.Unused:
		return "not created yet"
	case model.Removed:
		return "gone"
	}
	words := []string{[...]string{"pending", "running", "ended"}[p.Phase]}
	if p.Ready {
		words = append(words, "ready")
	}
	if p.Node != 0 {
		words = append(words, "on "+d.nodes[p.Node-1])
	} else {
		words = append(words, "on no node")
	}
	switch p.Deletion {
	case model.Graceful:
		words = append(words, "terminating")
	case model.Immediate:
		words = append(words, "terminating without grace")
	}
	if p.Lost {
		words = append(words, "NodeLost")
	}
	if p.Owner == 0 && !p.Bare {
		words = append(words, "without owner")
	}
	if p.Owner > 1 {
		words = append(words, fmt.Sprintf("of owner %d", p.Owner))
	}
	if p.Unlabelled {
		words = append(words, "without the label")
	}
	return strings.Join(words, " ")
}

func nodeInWords(n model.Node) string {
	if !n.Object {
		return "gone"
	}
	words := []string{[...]string{"ready", "not ready", "unknown"}[n.Ready]}
	for _, t := range []struct {
		taint model.Taints
		name  string
	}{
		{model.NoScheduleNotReady, "not-ready:NoSchedule"},
		{model.NoScheduleUnreachable, "unreachable:NoSchedule"},
		{model.NoScheduleUnschedulable, "unschedulable:NoSchedule"},
		{model.NoExecuteNotReady, "not-ready:NoExecute"},
		{model.NoExecuteUnreachable, "unreachable:NoExecute"},
		{model.OutOfServiceTaint, "out-of-service"},
	} {
		if n.Taints&t.taint != 0 {
			words = append(words, "tainted "+t.name)
		}
	}
	if n.Unschedulable {
		words = append(words, "cordoned")
	}
	return strings.Join(words, ", ")
}

func ownerInWords(r model.ReplicaSet) string {
	if r.UID == 0 {
		return "gone"
	}
	words := fmt.Sprintf("owner %d with replicas %d", r.UID, r.Replicas)
	if r.Finalizer != model.NoFinalizer {
		words += ", being deleted"
	}
	if r.Status != (model.ReplicaSetStatus{}) {
		words += fmt.Sprintf(", status %+v", r.Status)
	}
	return words
}

// viewInWords is what a process sees of an object: one of the model's views.
func viewInWords(view any) string {
	switch v := view.(type) {
	case model.PodView:
		if !v.Stored {
			return "nothing"
		}
		words := []string{[...]string{"pending", "running", "ended"}[v.Phase]}
		for _, is := range []struct {
			so   bool
			word string
		}{{v.Ready, "ready"}, {v.Node != 0, "bound"}, {v.Deletion, "terminating"}, {v.Owner == 0, "without owner"}, {v.Unlabelled, "without the label"}} {
			if is.so {
				words = append(words, is.word)
			}
		}
		return strings.Join(words, " ")
	case model.NodeView:
		return nodeInWords(model.Node{Object: v.Object, Ready: v.Ready, Taints: v.Taints, Unschedulable: v.Unschedulable})
	case model.ReplicaSetView:
		owner := model.ReplicaSet{UID: v.UID, Replicas: v.Replicas, Status: v.Status}
		if v.Deleting {
			owner.Finalizer = model.Foreground
		}
		return ownerInWords(owner)
	}
	return fmt.Sprint(view)
}
