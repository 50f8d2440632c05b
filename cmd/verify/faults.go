package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/traces"
)

// parseFaults reads the parts of --fault: "node-crash=1", or "none" alone.
func parseFaults(parts []string) (model.Budget, error) {
	if len(parts) == 1 && parts[0] == "none" {
		return model.Budget{}, nil
	}
	counts := map[string]int{}
	for _, part := range parts {
		name, value, hasCount := strings.Cut(part, "=")
		if _, err := model.ParseFault(name); err != nil {
			return model.Budget{}, fmt.Errorf("%w, or none", err)
		}
		if !hasCount {
			return model.Budget{}, fmt.Errorf("%s has no count: use %s=1", name, name)
		}
		n, err := strconv.ParseUint(value, 10, 31)
		if err != nil {
			return model.Budget{}, fmt.Errorf("%s=%q is not a count", name, value)
		}
		if _, twice := counts[name]; twice {
			return model.Budget{}, fmt.Errorf("%s is given twice", name)
		}
		counts[name] = int(n)
	}
	if len(counts) == 0 {
		return model.Budget{}, fmt.Errorf("empty: use none")
	}
	return traces.ParseBudget(counts)
}
