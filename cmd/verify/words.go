package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/reconverge/reconverge/model"
)

// inWords says on one line what a scenario is.
func inWords(s model.Scenario) string {
	parts := []string{
		count(s.Replicas, "replica") + " on " + nodesInWords(&s),
		"Kubernetes " + s.Version.String(),
		"faults: " + s.Faults.String(),
		"caches behind by at most " + count(s.Lag, "event") + " of a kind",
		"from " + startInWords(s.Start),
	}
	if s.BarePods > 0 {
		parts[0] = count(s.BarePods, "pod") + " of a user beside " + parts[0]
	}
	if s.Version == model.V1_37 && s.Toleration != model.TolerateLonger {
		parts = append(parts, "an unreachable node is tolerated "+s.Toleration.String())
	}
	if s.Version == model.V1_37 && s.NotReady != model.TolerateLonger {
		parts = append(parts, "a node that is not ready is tolerated "+s.NotReady.String())
	}
	if s.Disruption.Limit != model.NoLimit {
		parts = append(parts, disruptionInWords(s.Disruption))
	}
	if s.Past > 0 {
		parts = append(parts, "caches go back by at most "+count(s.Past, "event"))
	}
	if s.Faults[model.OwnerDelete] > 0 {
		parts = append(parts, "the owner is deleted with propagation "+s.Propagation.String())
	}
	if s.Status {
		parts = append(parts, "with status writes")
	}
	if s.Untimed {
		parts = append(parts, "untimed")
	}
	if s.NoGrace {
		parts = append(parts, "pods end without grace")
	}
	if s.Pods > 0 {
		parts = append(parts, "at most "+count(s.Pods, "pod identity"))
	}
	bugs, repairs := switches(s.Mutations)
	if len(bugs) > 0 {
		parts = append(parts, "with the planted "+plural(len(bugs), "bug")+" "+strings.Join(bugs, ", "))
	}
	if len(repairs) > 0 {
		parts = append(parts, "with the "+plural(len(repairs), "repair")+" "+strings.Join(repairs, ", "))
	}
	return strings.Join(parts, "; ")
}

// switches tells planted bugs and repairs apart.
func switches(names []string) (bugs, repairs []string) {
	for _, name := range names {
		if slices.ContainsFunc(model.Repairs(), func(r model.Repair) bool { return r.Name == name }) {
			repairs = append(repairs, name)
		} else {
			bugs = append(bugs, name)
		}
	}
	return bugs, repairs
}

// nodesInWords says how many nodes there are, in which zones, with how much room.
func nodesInWords(s *model.Scenario) string {
	text := count(s.Nodes, "node")
	if zones := 1 + int(slices.Max(s.Zones[:])); zones > 1 {
		text += " in " + count(zones, "zone")
	}
	cordoned := 0
	for _, c := range s.Cordoned {
		if c {
			cordoned++
		}
	}
	if cordoned > 0 {
		text += fmt.Sprintf(", %d of them cordoned", cordoned)
	}
	rooms := slices.Compact(slices.Clone(s.Capacity[:s.Nodes]))
	switch {
	case len(rooms) == 1 && rooms[0] > 0:
		text += ", with room for " + count(int(rooms[0]), "pod") + " each"
	case len(rooms) > 1:
		text += fmt.Sprintf(", with room for %v pods (0: any number)", s.Capacity[:s.Nodes])
	}
	return text
}

func disruptionInWords(d model.Disruption) string {
	limit := count(d.Value, "pod")
	if d.Percent {
		limit = fmt.Sprintf("%d%% of the pods", d.Value)
	}
	if d.Limit == model.MinAvailable {
		return "at least " + limit + " healthy after an eviction"
	}
	return "at most " + limit + " unavailable by eviction"
}

func startInWords(s model.Start) string {
	if s == model.StartRunning {
		return "all pods running, placed in every way"
	}
	return "an empty cluster"
}

// count writes a number with its noun: "1 node", "2 nodes".
func count(n int, noun string) string { return thousands(uint64(n)) + " " + plural(n, noun) }

func plural(n int, noun string) string {
	switch {
	case n == 1:
		return noun
	case strings.HasSuffix(noun, "y"):
		return strings.TrimSuffix(noun, "y") + "ies"
	case strings.HasSuffix(noun, "ch"):
		return noun + "es"
	}
	return noun + "s"
}

// thousands writes a number with separators: "1,234,567".
func thousands(n uint64) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// wrap breaks text into lines of at most width runes, if its words allow it.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len([]rune(line))+1+len([]rune(word)) > width {
			lines = append(lines, line)
			line = ""
		}
		line = strings.TrimLeft(line+" "+word, " ")
	}
	return append(lines, line)
}
