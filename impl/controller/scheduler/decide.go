package scheduler

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	v1 "k8s.io/api/core/v1"

	"github.com/reconverge/reconverge/impl/controller/internal/fit"
)

// A filter says why a pod may not go to a node that has the given pods; empty if
// it may.
type filter func(pod *v1.Pod, node *v1.Node, on []*v1.Pod) string

// filters are asked in this order, and the first reason counts.
//
// Abstracts: scheduler/apis/config/v1/default_plugins.go:getDefaultPlugins.
// Omits: ports, volumes, affinity between pods, topology spread; and NodeName,
// since a pod that names a node counts as bound to it, and is never here.
var filters = []filter{nodeUnschedulable, taints, affinity, resources}

// decide picks a node for a pod: among those that pass the filters the one with
// the fewest pods, of several the first by name. Without one it returns why not.
//
// Abstracts: schedule_one.go:schedulePod.
// Omits: a snapshot; what happens between it and the assumption happens here
// before or after both. Upstream scores otherwise and breaks ties at random.
func (c *nodeCache) decide(pod *v1.Pod, o Options) (node string, why string) {
	best, fewest, reasons := "", 0, map[string]int{}
	for _, n := range c.sortedNodes() {
		on := c.podsOn(n.Name)
		if reason := reject(pod, n, on, o); reason != "" {
			reasons[reason]++
			continue
		}
		if best == "" || len(on) < fewest {
			best, fewest = n.Name, len(on)
		}
	}
	if best == "" {
		why = explain(len(c.nodes), reasons)
	}
	return best, why
}

// reject asks all filters.
func reject(pod *v1.Pod, n *v1.Node, on []*v1.Pod, o Options) string {
	if o.RequireReady {
		if reason := nodeCondition(n); reason != "" {
			return reason
		}
	}
	for _, f := range filters {
		if reason := f(pod, n, on); reason != "" {
			return reason
		}
	}
	return ""
}

// explain words a failure like the scheduler does, most frequent reason first.
func explain(nodes int, reasons map[string]int) string {
	if nodes == 0 {
		return "no nodes available to schedule pods"
	}
	names := slices.SortedFunc(maps.Keys(reasons), func(a, b string) int {
		return cmp.Or(cmp.Compare(reasons[b], reasons[a]), strings.Compare(a, b))
	})
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = fmt.Sprintf("%d %s", reasons[name], name)
	}
	return fmt.Sprintf("0/%d nodes are available: %s.", nodes, strings.Join(parts, ", "))
}

// nodeCondition is (9)'s look at the Ready condition.
//
// Abstracts: algorithm/predicates/predicates.go:CheckNodeConditionPredicate (9).
func nodeCondition(n *v1.Node) string {
	for _, c := range n.Status.Conditions {
		if c.Type == v1.NodeReady && c.Status == v1.ConditionTrue {
			return ""
		}
	}
	return "node(s) were not ready"
}

func nodeUnschedulable(pod *v1.Pod, n *v1.Node, _ []*v1.Pod) string {
	if n.Spec.Unschedulable && !fit.ToleratesUnschedulable(pod) {
		return "node(s) were unschedulable"
	}
	return ""
}

func taints(pod *v1.Pod, n *v1.Node, _ []*v1.Pod) string {
	if taint, ok := fit.Tolerates(pod, n, v1.TaintEffectNoSchedule, v1.TaintEffectNoExecute); !ok {
		return fmt.Sprintf("node(s) had untolerated taint {%s: %s}", taint.Key, taint.Value)
	}
	return ""
}

func affinity(pod *v1.Pod, n *v1.Node, _ []*v1.Pod) string {
	if !fit.Selects(pod, n) {
		return "node(s) didn't match Pod's node affinity/selector"
	}
	return ""
}

func resources(pod *v1.Pod, n *v1.Node, on []*v1.Pod) string {
	switch lack := fit.Lacking(pod, n, on); lack {
	case "":
		return ""
	case v1.ResourcePods:
		return "Too many pods"
	default:
		return fmt.Sprintf("Insufficient %s", lack)
	}
}
