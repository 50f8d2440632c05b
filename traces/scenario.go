package traces

import (
	"fmt"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/reconverge/reconverge/model"
)

// A Scenario is a model.Scenario as a document: sizes by name, faults and
// switches in words.
type Scenario struct {
	Name       string         `json:"name"` // of the ReplicaSet
	Version    string         `json:"version"`
	Replicas   int            `json:"replicas"`
	Nodes      int            `json:"nodes"`
	Toleration string         `json:"toleration"` // of an unreachable node: longer, shorter (than its grace period), none, forever
	NoGrace    bool           `json:"noGrace"`    // terminationGracePeriodSeconds is 0
	Start      string         `json:"start"`
	Lag        int            `json:"lag"`
	MaxPods    int            `json:"maxPods"` // pod identities; 0: as many as the scenario needs at most
	BarePods   int            `json:"barePods"`
	Faults     map[string]int `json:"faults"` // at most so often each
	Mutations  []string       `json:"mutations"`
}

var tolerations = map[model.Toleration]string{
	model.TolerateLonger:  "longer",
	model.TolerateShorter: "shorter",
	model.TolerateNot:     "none",
	model.TolerateForever: "forever",
}

// FromScenario returns s as a document.
func FromScenario(s model.Scenario) Scenario {
	doc := Scenario{
		Name: s.Name, Version: s.Version.String(), Replicas: s.Replicas, Nodes: s.Nodes,
		Toleration: tolerations[s.Toleration], NoGrace: s.NoGrace, Start: s.Start.String(), Lag: s.Lag,
		MaxPods: s.Pods, BarePods: s.BarePods,
		Faults: map[string]int{}, Mutations: append([]string{}, s.Mutations...),
	}
	for f, n := range s.Faults {
		if n > 0 {
			doc.Faults[model.Fault(f).String()] = int(n)
		}
	}
	return doc
}

// Model is the inverse of FromScenario. It does not say whether the scenario
// can be modelled: model.New does.
func (d *Scenario) Model() (model.Scenario, error) {
	s := model.Scenario{
		Name: d.Name, Replicas: d.Replicas, Nodes: d.Nodes, NoGrace: d.NoGrace, Lag: d.Lag,
		Pods: d.MaxPods, BarePods: d.BarePods, Mutations: append([]string(nil), d.Mutations...),
	}
	if err := validName(d.Name); err != nil {
		return s, err
	}
	for i, name := range d.Mutations {
		if slices.Contains(d.Mutations[:i], name) {
			return s, fmt.Errorf("mutation %.60q is planted twice", name)
		}
	}
	var err error
	if s.Version, err = model.ParseVersion(d.Version); err != nil {
		return s, err
	}
	if s.Toleration, err = parseToleration(d.Toleration); err != nil {
		return s, err
	}
	if s.Start, err = ParseStart(d.Start); err != nil {
		return s, err
	}
	s.Faults, err = ParseBudget(d.Faults)
	return s, err
}

// MaxFault is the largest number of faults of a kind that the model takes.
const MaxFault = 15

// ParseBudget turns counts by the name of a fault into a budget.
func ParseBudget(faults map[string]int) (b model.Budget, err error) {
	for name, n := range faults {
		f, err := model.ParseFault(name)
		if err != nil {
			return b, err
		}
		if n < 0 || n > MaxFault {
			return b, fmt.Errorf("fault %s=%d: the model takes 0 to %d of a kind", name, n, MaxFault)
		}
		b[f] = uint8(n)
	}
	return b, nil
}

// ParseStart is the inverse of model.Start.String.
func ParseStart(s string) (model.Start, error) {
	for _, start := range []model.Start{model.StartEmpty, model.StartRunning} {
		if s == start.String() {
			return start, nil
		}
	}
	return 0, fmt.Errorf("start %q is not known: use %v or %v", s, model.StartEmpty, model.StartRunning)
}

func parseToleration(s string) (model.Toleration, error) {
	for t, name := range tolerations {
		if s == name {
			return t, nil
		}
	}
	return 0, fmt.Errorf("toleration %q is not known: use longer, shorter, none or forever", s)
}

// maxNameBytes is the longest name of an object in Kubernetes.
const maxNameBytes = 253

// validName keeps what is printed to one line and to characters that a terminal
// shows.
func validName(name string) error {
	if len(name) > maxNameBytes || !utf8.ValidString(name) {
		return fmt.Errorf("the name of the scenario is not valid: at most %d bytes of UTF-8", maxNameBytes)
	}
	for _, r := range name {
		if !unicode.IsPrint(r) {
			return fmt.Errorf("the name of the scenario has the unprintable character %q", r)
		}
	}
	return nil
}
