package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/traces"
)

// unlimited is the COUNT of a fault that may happen again and again.
const unlimited = "unlimited"

// parseFaults reads the parts of --fault: "node-crash=1", or "none" alone.
func parseFaults(parts []string) (model.Budget, error) {
	if len(parts) == 1 && parts[0] == "none" {
		return model.Budget{}, nil
	}
	if strings.Join(parts, "") == "" {
		return model.Budget{}, errors.New("empty: use none")
	}
	if slices.Contains(parts, "none") {
		return model.Budget{}, errors.New("none excludes every fault: give it alone")
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
		n, err := strconv.Atoi(value)
		if value == unlimited {
			n, err = traces.Unlimited, nil
		} else if err != nil || n < 0 || n > traces.MaxFault {
			return model.Budget{}, fmt.Errorf("%s=%q: the model takes 0 to %d of a kind, or %s", name, value, traces.MaxFault, unlimited)
		}
		if _, twice := counts[name]; twice {
			return model.Budget{}, fmt.Errorf("%s is given twice", name)
		}
		counts[name] = n
	}
	return traces.ParseBudget(counts)
}
