package sim

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/duration"
)

// KubectlGetPods is what "kubectl get pods" would print now, for the pods of a
// namespace (empty: all), with the NODE of -o wide.
//
// Abstracts: pkg/printers/internalversion/printers.go:printPod.
// Omits: init containers and sidecars, signals and exit codes without a reason,
// scheduling gates, IP and the last two columns of -o wide.
func (c *Cluster) KubectlGetPods(namespace string) string {
	list, err := c.client.CoreV1().Pods(namespace).List(c.context, metav1.ListOptions{})
	if err != nil {
		c.fatal(err)
	}
	if len(list.Items) == 0 {
		return "No resources found\n"
	}
	rows := [][]string{{"NAME", "READY", "STATUS", "RESTARTS", "AGE", "NODE"}}
	for _, p := range list.Items {
		rows = append(rows, podRow(&p, time.Now()))
	}
	if namespace == "" {
		for i, row := range rows {
			ns := "NAMESPACE"
			if i > 0 {
				ns = list.Items[i-1].Namespace
			}
			rows[i] = append([]string{ns}, row...)
		}
	}
	return table(rows)
}

func podRow(p *corev1.Pod, now time.Time) []string {
	ready, restarts := 0, int32(0)
	var lastRestart time.Time
	for _, s := range p.Status.ContainerStatuses {
		restarts += s.RestartCount
		if t := s.LastTerminationState.Terminated; t != nil && t.FinishedAt.After(lastRestart) {
			lastRestart = t.FinishedAt.Time
		}
		if s.Ready && s.State.Running != nil {
			ready++
		}
	}
	restarted := fmt.Sprint(restarts)
	if restarts > 0 && !lastRestart.IsZero() {
		restarted += fmt.Sprintf(" (%s ago)", duration.HumanDuration(now.Sub(lastRestart)))
	}
	return []string{
		p.Name, fmt.Sprintf("%d/%d", ready, len(p.Spec.Containers)), podStatus(p), restarted,
		age(p.CreationTimestamp, now), cmp.Or(p.Spec.NodeName, "<none>"),
	}
}

// nodeLost is the reason of pods on a lost node
// (pkg/util/node/node.go:NodeUnreachablePodReason).
const nodeLost = "NodeLost"

func podStatus(p *corev1.Pod) string {
	status := cmp.Or(p.Status.Reason, string(p.Status.Phase))
	running := false
	for _, s := range slices.Backward(p.Status.ContainerStatuses) {
		switch {
		case s.State.Waiting != nil && s.State.Waiting.Reason != "":
			status = s.State.Waiting.Reason
		case s.State.Terminated != nil && s.State.Terminated.Reason != "":
			status = s.State.Terminated.Reason
		case s.Ready && s.State.Running != nil:
			running = true
		}
	}
	terminal := p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed
	switch {
	case p.DeletionTimestamp != nil && p.Status.Reason == nodeLost:
		return "Unknown"
	case p.DeletionTimestamp != nil && !terminal:
		return "Terminating"
	case status == "Completed" && running:
		if podReady(p) {
			return "Running"
		}
		return "NotReady"
	}
	return status
}

func podReady(p *corev1.Pod) bool {
	return slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// KubectlGetNodes is what "kubectl get nodes" would print now, without the roles and
// the version.
//
// Abstracts: pkg/printers/internalversion/printers.go:printNode.
func (c *Cluster) KubectlGetNodes() string {
	list, err := c.client.CoreV1().Nodes().List(c.context, metav1.ListOptions{})
	if err != nil {
		c.fatal(err)
	}
	if len(list.Items) == 0 {
		return "No resources found\n"
	}
	rows := [][]string{{"NAME", "STATUS", "AGE"}}
	for _, n := range list.Items {
		rows = append(rows, []string{n.Name, nodeStatus(&n), age(n.CreationTimestamp, time.Now())})
	}
	return table(rows)
}

func nodeStatus(n *corev1.Node) string {
	status := "Unknown" // without the condition
	for _, c := range n.Status.Conditions {
		if c.Type != corev1.NodeReady {
			continue
		}
		status = "NotReady"
		if c.Status == corev1.ConditionTrue {
			status = "Ready"
		}
	}
	if n.Spec.Unschedulable {
		status += ",SchedulingDisabled"
	}
	return status
}

func age(t metav1.Time, now time.Time) string {
	if t.IsZero() {
		return "<unknown>"
	}
	return duration.HumanDuration(now.Sub(t.Time))
}

// table aligns columns as kubectl does, without blanks at the ends of lines.
func table(rows [][]string) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 6, 4, 3, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	w.Flush() // a strings.Builder takes everything
	lines := strings.Split(b.String(), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.Join(lines, "\n")
}
