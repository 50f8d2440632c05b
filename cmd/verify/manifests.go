package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/model/manifest"
)

// fromManifests reads manifests and makes a scenario of each ReplicaSet, with
// everything else as in base.
func (f *scenarioFlags) fromManifests(base model.Scenario, stdin io.Reader) ([]job, error) {
	order, err := f.timers.of(base.Version, f.set.Changed)
	if err != nil {
		return nil, err
	}
	cluster, err := f.load(stdin)
	if err != nil {
		return nil, err
	}
	if base.Nodes, err = f.nodesOf(cluster); err != nil {
		return nil, err
	}
	if err := applyNodes(&base, cluster.Nodes); err != nil {
		return nil, err
	}
	var jobs []job
	for i := range cluster.ReplicaSets {
		set := &cluster.ReplicaSets[i]
		budget, err := budgetOf(cluster, set)
		if err != nil {
			return nil, err
		}
		order.apply(set)
		j := job{
			title: "ReplicaSet " + set.Key() + ", " + set.Source, source: set.Source, slug: set.Namespace + "_" + set.Name,
			scenario: applyManifest(base, set, budget, order), subject: newSubject(set, budget), assumptions: manifestAssumptions(set, base.Version),
		}
		if text := order.assumption(base.Version); text != "" {
			j.assumptions = append(j.assumptions, text)
		}
		j.assumptions = append(j.assumptions, clusterAssumptions(cluster)...)
		jobs = append(jobs, j)
	}
	return jobs, nil
}

// load reads what -f and -R name.
func (f *scenarioFlags) load(stdin io.Reader) (*manifest.Cluster, error) {
	files, err := manifest.Expand(f.recursive, f.files...)
	if err != nil {
		return nil, err
	}
	return manifest.Load(stdin, files...)
}

// nodesOf returns the number of nodes: that of the manifests of nodes, if there
// are any, and else that of --nodes.
func (f *scenarioFlags) nodesOf(cluster *manifest.Cluster) (int, error) {
	switch n := len(cluster.Nodes); {
	case n == 0:
		return f.nodes, nil
	case n > model.MaxNodes:
		first := &cluster.Nodes[model.MaxNodes]
		return 0, fmt.Errorf("%s: %s is one of %s, the model takes at most %d", first.Source, first.Name, count(n, "node"), model.MaxNodes)
	case f.set.Changed("nodes") && f.nodes != n:
		return 0, fmt.Errorf("--nodes: %d, but there are manifests of %s, the first at %s: leave the flag out", f.nodes, count(n, "node"), cluster.Nodes[0].Source)
	default:
		return n, nil
	}
}

// budgetOf returns the PodDisruptionBudget of the pods of a ReplicaSet, or nil.
// Of several none would count: the eviction API answers 500 then.
// Source: pkg/registry/core/pod/storage/eviction.go:Create.
func budgetOf(cluster *manifest.Cluster, set *manifest.ReplicaSet) (found *manifest.PodDisruptionBudget, err error) {
	for i := range cluster.Budgets {
		b := &cluster.Budgets[i]
		switch {
		case b.Namespace != set.Namespace || !b.Selects(set.PodLabels):
		case found != nil:
			return nil, fmt.Errorf("%s: the pods of ReplicaSet %s, %s, have more than one PodDisruptionBudget, %s and %s, %s: the eviction API refuses to evict them",
				b.Source, set.Key(), set.Source, b.Name, found.Name, found.Source)
		default:
			found = b
		}
	}
	return found, nil
}

// applyNodes puts the zones and the room of nodes into a scenario. The model
// numbers nodes by zone, and within a zone by room.
func applyNodes(s *model.Scenario, nodes []manifest.Node) error {
	zones := map[string]uint8{}
	type node struct {
		zone, capacity uint8
		cordoned       bool
	}
	var all []node
	for i := range nodes {
		n := &nodes[i]
		if _, known := zones[n.Zone]; !known {
			if len(zones) == model.MaxZones {
				return fmt.Errorf("%s: node %s is in zone %q, one of more than the %d that the model takes", n.Source, n.Name, n.Zone, model.MaxZones)
			}
			zones[n.Zone] = uint8(len(zones))
		}
		room := n.PodCapacity
		if room >= model.MaxPods {
			room = 0 // for all there can be
		}
		all = append(all, node{zones[n.Zone], uint8(room), n.Unschedulable})
	}
	slices.SortStableFunc(all, func(a, b node) int {
		last := 0
		switch {
		case a.cordoned && !b.cordoned:
			last = 1
		case b.cordoned && !a.cordoned:
			last = -1
		}
		return cmp.Or(cmp.Compare(a.zone, b.zone), cmp.Compare(a.capacity, b.capacity), last)
	})
	for i, n := range all {
		s.Zones[i], s.Capacity[i], s.Cordoned[i] = n.zone, n.capacity, n.cordoned
	}
	return nil
}

// disruption puts a budget, or nil, in the terms of the model.
func disruption(budget *manifest.PodDisruptionBudget) (d model.Disruption) {
	if budget == nil {
		return d
	}
	d.Limit = model.MinAvailable
	value := budget.MinAvailable
	if value == nil {
		d.Limit, value = model.MaxUnavailable, budget.MaxUnavailable
	}
	d.Value, d.Percent = value.IntValue(), value.Type == intstr.String
	if d.Percent {
		d.Value, _ = strconv.Atoi(strings.TrimSuffix(value.StrVal, "%")) // valid, says the loader
	}
	d.AlwaysAllow = budget.UnhealthyPodEvictionPolicy == policyv1.AlwaysAllow
	return d
}

// applyManifest puts what a ReplicaSet, and the budget of its pods, say into a
// scenario.
func applyManifest(s model.Scenario, set *manifest.ReplicaSet, budget *manifest.PodDisruptionBudget, order timers) model.Scenario {
	s.Name = set.Name
	s.Replicas = set.Replicas
	s.NoGrace = set.GraceSeconds == 0
	s.Toleration = order.toleration(set.UnreachableToleration)
	s.NotReady = order.toleration(set.NotReadyToleration)
	s.Disruption = disruption(budget)
	return s
}

// manifestAssumptions says what of a manifest the model does not know, so that
// a verdict rests on it not mattering.
func manifestAssumptions(set *manifest.ReplicaSet, v model.Version) (all []string) {
	add := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if set.MinReadySeconds > 0 {
		add("minReadySeconds is %d, not modelled: pods are counted when ready, not when available", set.MinReadySeconds)
	}
	if set.SchedulesOnUnreachable {
		add("the pods tolerate the NoSchedule taint of an unreachable node, not modelled: no pod is bound to one")
	}
	if v == model.V1_9 {
		add("tolerations are not modelled in 1.9: its node controller evicts every pod of a failed node")
	}
	for _, field := range set.Abstracted {
		if field == "metadata.ownerReferences" {
			add("%s is set, not modelled: its owner changes nothing but spec.replicas, as often as --fault scale says", field)
			continue
		}
		add("%s is set, not modelled: liveness is claimed only for pods that this never keeps from a node or from becoming ready", field)
	}
	return all
}

// clusterAssumptions says what of the other manifests the model does not know.
func clusterAssumptions(cluster *manifest.Cluster) []string {
	var said groups
	for i := range cluster.Nodes {
		n := &cluster.Nodes[i]
		add := func(format string, args ...any) { said.add(fmt.Sprintf(format, args...), n.Name) }
		if n.ExcludeFromDisruption {
			add("excluded from disruption checks, not modelled: it counts as the others do")
		}
		for _, t := range n.Taints {
			if t.Key == corev1.TaintNodeUnschedulable && n.Unschedulable {
				continue // says the same
			}
			add("tainted %v, not modelled: every node begins ready and without taints", t)
		}
		for _, field := range n.Abstracted {
			add("%s is set, not modelled: every node begins ready and without taints", field)
		}
	}
	for i := range cluster.Budgets {
		b := &cluster.Budgets[i]
		selected := func(set manifest.ReplicaSet) bool { return b.Namespace == set.Namespace && b.Selects(set.PodLabels) }
		if !slices.ContainsFunc(cluster.ReplicaSets, selected) {
			said.add("selects no pod of what is checked", "PodDisruptionBudget "+b.Key())
		}
	}
	all := said.inWords()
	if len(cluster.ReplicaSets) > 1 {
		all = append(all, "each ReplicaSet is alone in the cluster: those of the input were checked one after another")
	}
	return all
}
