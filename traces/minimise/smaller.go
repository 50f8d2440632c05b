package minimise

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/reconverge/reconverge/model"
)

// A candidate is a scenario that has less of one thing.
type candidate struct {
	what     string // has become less, in words
	scenario model.Scenario
}

// lowered are the numbers to try in place of n, the smallest first: some of those
// in between are left out where there are many.
func lowered(n, least int) (all []int) {
	const few = 4
	for v := least; v < n; v++ {
		if v <= few || v == n-1 || bits.OnesCount(uint(v)) == 1 {
			all = append(all, v)
		}
	}
	return all
}

// fewerFaults are the scenarios in which one kind of fault happens less often.
// One without limit comes back with the limits that are worth trying.
func fewerFaults(s model.Scenario) (all []candidate) {
	for f, n := range s.Faults {
		limit := fmt.Sprint(n)
		if n == model.Unlimited {
			limit = "without limit"
		}
		for _, v := range lowered(int(n), 0) {
			less := s
			less.Faults[f] = uint8(v)
			all = append(all, candidate{fmt.Sprintf("%v %s -> %d", model.Fault(f), limit, v), less})
		}
	}
	return all
}

// fewerObjects are the scenarios that have less of something that is there, or one
// special thing less to keep in mind.
func fewerObjects(s model.Scenario) (all []candidate) {
	add := func(what string, change func(*model.Scenario)) {
		less := s
		less.Mutations = slices.Clone(s.Mutations)
		change(&less)
		all = append(all, candidate{what, less})
	}
	number := func(name string, least int, field func(*model.Scenario) *int) {
		n := *field(&s)
		for _, v := range lowered(n, least) {
			add(fmt.Sprintf("%s %d -> %d", name, n, v), func(less *model.Scenario) { *field(less) = v })
		}
	}
	number("replicas", 0, func(s *model.Scenario) *int { return &s.Replicas })
	all = append(all, fewerNodes(s)...)
	number("pods of a user", 0, func(s *model.Scenario) *int { return &s.BarePods })
	for i, name := range s.Mutations {
		if _, err := model.MutationByName(name); err == nil { // a repair is no bug
			add("without the planted bug "+name, func(less *model.Scenario) { less.Mutations = slices.Delete(less.Mutations, i, i+1) })
		}
	}
	number("lag", 0, func(s *model.Scenario) *int { return &s.Lag })
	number("past", 0, func(s *model.Scenario) *int { return &s.Past })
	for _, special := range specials {
		less := s
		if special.remove(&less); !equal(less, s) {
			all = append(all, candidate{special.what, less})
		}
	}
	return all
}

// fewerNodes are the scenarios with some of the nodes, in their order.
func fewerNodes(s model.Scenario) (all []candidate) {
	for n := 1; n < s.Nodes; n++ {
		for set := range 1 << s.Nodes {
			if bits.OnesCount(uint(set)) != n {
				continue
			}
			less := withNodes(s, set)
			if !slices.ContainsFunc(all, func(c candidate) bool { return equal(c.scenario, less) }) {
				all = append(all, candidate{fmt.Sprintf("nodes %d -> %d", s.Nodes, n), less})
			}
		}
	}
	return all
}

// withNodes leaves the nodes whose bits are in the set.
func withNodes(s model.Scenario, set int) model.Scenario {
	less := s
	less.Nodes, less.Zones, less.Capacity, less.Cordoned = 0, [model.MaxNodes]uint8{}, [model.MaxNodes]uint8{}, [model.MaxNodes]bool{}
	for n := range s.Nodes {
		if set>>n&1 == 1 {
			less.Zones[less.Nodes], less.Capacity[less.Nodes], less.Cordoned[less.Nodes] = s.Zones[n], s.Capacity[n], s.Cordoned[n]
			less.Nodes++
		}
	}
	return less
}

// specials are what makes a scenario special, beside its numbers.
var specials = []struct {
	what   string
	remove func(*model.Scenario)
}{
	{"all nodes in one zone", func(s *model.Scenario) { s.Zones = [model.MaxNodes]uint8{} }},
	{"nodes with room for all", func(s *model.Scenario) { s.Capacity = [model.MaxNodes]uint8{} }},
	{"no node cordoned from the start", func(s *model.Scenario) { s.Cordoned = [model.MaxNodes]bool{} }},
	{"no PodDisruptionBudget", func(s *model.Scenario) { s.Disruption = model.Disruption{} }},
	{"the usual toleration of unreachable nodes", func(s *model.Scenario) { s.Toleration = model.TolerateLonger }},
	{"the usual toleration of nodes that are not ready", func(s *model.Scenario) { s.NotReady = model.TolerateLonger }},
	{"pods end with grace", func(s *model.Scenario) { s.NoGrace = false }},
	{"deletion in the background", func(s *model.Scenario) { s.Propagation = model.PropagateBackground }},
	{"no writes of status", func(s *model.Scenario) { s.Status = false }},
	{"time that waits for what is due", func(s *model.Scenario) { s.Untimed = false }},
}

func equal(a, b model.Scenario) bool { return key(a) == key(b) }

// key tells scenarios apart, whose mutations make them incomparable.
func key(s model.Scenario) string { return fmt.Sprintf("%#v", s) }

// sizes measures a scenario.
func sizes(s model.Scenario) []size {
	all := []size{{"faults", 0}, {"kinds of faults without limit", 0}}
	for _, n := range s.Faults {
		if n == model.Unlimited {
			all[1].n++
		} else {
			all[0].n += int(n)
		}
	}
	special := 0
	for _, x := range specials {
		less := s
		if x.remove(&less); !equal(less, s) {
			special++
		}
	}
	return append(all,
		size{"replicas", s.Replicas}, size{"nodes", s.Nodes}, size{"pods of a user", s.BarePods},
		size{"planted bugs and repairs", len(s.Mutations)}, size{"lag", s.Lag}, size{"past", s.Past}, size{"special settings", special})
}
