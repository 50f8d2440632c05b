package nodelifecycle

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// A zoneState says how much of a zone is lost, by the last pass that found a node
// in it.
type zoneState string

const (
	zoneInitial zoneState = "Initial"
	zoneNormal  zoneState = "Normal"
	zonePartial zoneState = "PartialDisruption"
	zoneFull    zoneState = "FullDisruption"
)

// zoneStateOf returns the state of a zone by the Ready conditions of its nodes; one
// without the condition is not ready.
//
// Abstracts: node_lifecycle_controller.go:ComputeZoneState.
func (o *Options) zoneStateOf(ready []*corev1.NodeCondition) zoneState {
	lost := 0
	for _, c := range ready {
		if c == nil || c.Status != corev1.ConditionTrue {
			lost++
		}
	}
	switch {
	case lost > 0 && lost == len(ready):
		return zoneFull
	case lost > 2 && float32(lost)/float32(len(ready)) >= o.UnhealthyZone:
		return zonePartial
	}
	return zoneNormal
}

// rate returns how many nodes of a zone are evicted in a second.
//
// Abstracts: setLimiterInZone, HealthyQPSFunc, ReducedQPSFunc.
func (o *Options) rate(state zoneState, nodes int) float32 {
	switch {
	case state != zonePartial:
		return o.EvictionRate
	case nodes > o.LargeCluster:
		return o.SecondaryEvictionRate
	}
	return 0
}

// A change is what the end of a pass means for the states of the zones.
type change uint8

const (
	keep  change = iota // every zone was and is fully disrupted, or nothing was found
	adapt               // some zone was not and is not
	enter               // now every zone is: master disruption mode
	leave               // some zone no longer is
)

// decide compares the states that the zones had with those that a pass found. A
// pass that found no node in any zone changes nothing, as no zone is not full.
//
// Abstracts: handleDisruption, its first half.
func decide(was, is map[string]zoneState) change {
	wasFull, isFull := true, true
	for zone, state := range is {
		wasFull = wasFull && was[zone] == zoneFull
		isFull = isFull && state == zoneFull
	}
	switch {
	case isFull && wasFull:
		return keep
	case isFull:
		return enter
	case wasFull:
		return leave
	}
	return adapt
}

// endPass makes the states of the zones what a pass has found.
//
// Abstracts: handleDisruption (L9, N7).
// Omits: upstream forgets zones without nodes in the random order of a map and only
// up to the first zone that is not fully disrupted; here it forgets them all.
func (c *Controller) endPass(found map[string][]*corev1.NodeCondition) (change, []string) {
	is := map[string]zoneState{}
	for zone, ready := range found {
		is[zone] = c.options.zoneStateOf(ready)
	}
	how := decide(c.zones, is)
	c.zones = is
	return how, slices.Sorted(maps.Keys(is))
}

// excluded reports whether a node does not count for its zone.
//
// Abstracts: isNodeExcludedFromDisruptionChecks; (9) pkg/util/system:IsMasterNode.
func (o *Options) excluded(node *corev1.Node) bool {
	if !o.V1_9 {
		_, has := node.Labels["node.kubernetes.io/exclude-disruption"]
		return has
	}
	name := node.Name
	return strings.HasSuffix(name, "master") || len(name) >= 10 && strings.HasSuffix(name[:len(name)-3], "master-")
}
