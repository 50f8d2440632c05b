package claims

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/types"

	"github.com/reconverge/reconverge/impl/controller"
)

// containers are the claims about what runs on nodes, and on how much room.
func containers() []Claim {
	return []Claim{
		{ID: "P-NOREVIVE", Status: Guaranteed, New: always(notRevived),
			Text: "no kubelet starts the container of a pod that was marked for deletion, or gone, before that kubelet started"},
		{ID: "P-NORESTART", Status: Guaranteed, New: newNotRestarted,
			Text: "a container that its kubelet has ended is not started again, by a restarted kubelet neither"},
		{ID: "P-NAME-RUN", Status: Assuming, New: newOnePerName,
			Text:    "at most one container of one name runs",
			Assumes: "an object leaves the store only after its container has stopped",
			Unless:  []Fault{ForceDeleted, NodeDeleted, StaleFirstList}},
		{ID: "P-DEL-TARGET-KUBELET", Status: Guaranteed, New: writes(kubeletDeletesItsOwn),
			Text: "the final delete of a kubelet hits a pod that was bound to its node, was being deleted, and has ended"},
		{ID: "P-CAP", Status: Assuming, New: newFits,
			Text:    "the pods that are bound to a node and not terminal never exceed its capacity",
			Assumes: "one scheduler"},
	}
}

// notRevived looks up the pod as it was when the kubelet started: a kubelet knows at
// least that, if its first list is consistent.
func notRevived(s *State, e Event) error {
	c := e.Container
	if c == nil || !c.Started {
		return nil
	}
	kubelet, running := s.kubelet(c.Node)
	if !running {
		return nil
	}
	pod := s.at("pods", c.Pod, kubelet.revision)
	switch {
	case pod != nil && pod.GetUID() == c.UID && pod.GetDeletionTimestamp() != nil:
		return fmt.Errorf("node %s starts pod %s (UID %s), which was marked for deletion before its kubelet started", c.Node, c.Pod, c.UID)
	case s.removedBy(c, kubelet.revision):
		return fmt.Errorf("node %s starts pod %s (UID %s), which was gone before its kubelet started", c.Node, c.Pod, c.UID)
	}
	return nil
}

func (s *State) kubelet(node string) (running, bool) {
	for _, p := range s.processes {
		if p.Node == node {
			return p, true
		}
	}
	return running{}, false
}

// removedBy reports whether the pod of a container had left the store by a revision.
func (s *State) removedBy(c *Container, revision int64) bool {
	for _, w := range s.history["pods"][c.Pod] {
		if w.After == nil && w.Before.GetUID() == c.UID {
			return w.Revision <= revision
		}
	}
	return false
}

func newNotRestarted(Scenario) Judge {
	ended := map[types.UID]bool{}
	return Judge{Observe: func(_ *State, e Event) error {
		c := e.Container
		switch {
		case c == nil:
		case c.Started && ended[c.UID]:
			return fmt.Errorf("node %s starts pod %s (UID %s) again, which its kubelet had ended", c.Node, c.Pod, c.UID)
		case c.Ended:
			ended[c.UID] = true
		}
		return nil
	}}
}

func newOnePerName(Scenario) Judge {
	running := map[string]map[types.UID]string{} // pod, UID: node
	return Judge{Observe: func(_ *State, e Event) error {
		c := e.Container
		if c == nil {
			return nil
		}
		if running[c.Pod] == nil {
			running[c.Pod] = map[types.UID]string{}
		}
		if !c.Started {
			delete(running[c.Pod], c.UID)
			return nil
		}
		running[c.Pod][c.UID] = c.Node
		if len(running[c.Pod]) > 1 {
			return fmt.Errorf("pod %s runs more than once, by UID: %v", c.Pod, running[c.Pod])
		}
		return nil
	}}
}

func kubeletDeletesItsOwn(s *State, w *Write) error {
	pod, _ := w.Before.(*corev1.Pod)
	if pod == nil || w.Request == nil || w.Request.Verb != "delete" {
		return nil
	}
	node, kubelet := s.kubelets[w.Request.Actor]
	switch {
	case !kubelet:
		return nil
	case pod.Spec.NodeName != node:
		return fmt.Errorf("the kubelet of node %s deletes pod %s, which is bound to node %q", node, describe(pod), pod.Spec.NodeName)
	case pod.DeletionTimestamp == nil || !controller.IsTerminal(pod):
		return fmt.Errorf("the kubelet of node %s deletes pod %s, which is %s and being deleted: %t",
			node, describe(pod), pod.Status.Phase, pod.DeletionTimestamp != nil)
	}
	return nil
}

func newFits(Scenario) Judge {
	late := map[string]bool{} // nodes with a pod that a scheduler has bound after it had stopped
	return Judge{Observe: func(s *State, e Event) error {
		if e.Write == nil {
			return nil
		}
		pod, bound := binds(e.Write)
		if !bound {
			return nil
		}
		node := s.node(pod.Spec.NodeName)
		if s.orphaned(e.Write) {
			late[pod.Spec.NodeName] = true
		}
		if node == nil || late[node.Name] {
			return nil
		}
		if what := s.tooMuch(node); what != "" {
			return fmt.Errorf("with pod %s the pods of node %s exceed its %s", key(pod), node.Name, what)
		}
		return nil
	}}
}

// tooMuch is a resource of which the pods of a node want more than there is, or empty.
// A node that does not say how much it has of one has enough.
func (s *State) tooMuch(node *corev1.Node) string {
	wanted := corev1.ResourceList{}
	for _, pod := range s.pods() {
		if pod.Spec.NodeName == node.Name && !controller.IsTerminal(pod) {
			add(wanted, requests(pod))
		}
	}
	return exceeds(wanted, node.Status.Allocatable)
}

// requests are what a pod wants of its node: its own place, and what its containers ask for.
func requests(pod *corev1.Pod) corev1.ResourceList {
	sum := corev1.ResourceList{corev1.ResourcePods: resource.MustParse("1")}
	for _, c := range pod.Spec.Containers {
		add(sum, c.Resources.Requests)
	}
	return sum
}

func add(sum, more corev1.ResourceList) {
	for name, quantity := range more {
		total := sum[name]
		total.Add(quantity)
		sum[name] = total
	}
}

func exceeds(wanted, there corev1.ResourceList) string {
	for name, quantity := range wanted {
		if limit, limited := there[name]; limited && quantity.Cmp(limit) > 0 {
			return string(name)
		}
	}
	return ""
}

// hasRoom reports whether a pod that is not bound fits on a node.
func (s *State) hasRoom(node *corev1.Node, pod *corev1.Pod) bool {
	wanted := requests(pod)
	for _, other := range s.pods() {
		if other.Spec.NodeName == node.Name && !controller.IsTerminal(other) {
			add(wanted, requests(other))
		}
	}
	return exceeds(wanted, node.Status.Allocatable) == ""
}
