package sim

import (
	"fmt"
	"strings"
)

// A Schedule is what happens in a cluster, in this order.
type Schedule []Step

// String writes one step a line.
func (s Schedule) String() string {
	var b strings.Builder
	for _, step := range s {
		b.WriteString(step.String())
		b.WriteByte('\n')
	}
	return b.String()
}

// ParseSchedule reads what Schedule.String writes. Empty lines, and what follows a
// # at the beginning of a line, are left out.
func ParseSchedule(text string) (Schedule, error) {
	var out Schedule
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		step, err := ParseStep(line)
		if err != nil {
			return nil, fmt.Errorf("sim: line %d: %w", n, err)
		}
		out = append(out, step)
	}
	return out, nil
}
