package traces

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/reconverge/reconverge/model"
)

// A Scenario is a model.Scenario as a document: sizes by name, faults and
// switches in words.
type Scenario struct {
	Name        string         `json:"name"` // of the ReplicaSet
	Version     string         `json:"version"`
	Replicas    int            `json:"replicas"`
	Nodes       int            `json:"nodes"`
	Zones       []int          `json:"zones,omitempty"`    // of each node, 0 for the first; absent: all in one
	Capacity    []int          `json:"capacity,omitempty"` // pods that each node has room for; 0 or absent: any number
	Cordoned    []bool         `json:"cordoned,omitempty"` // from the start; absent: none
	Toleration  string         `json:"toleration"`         // of an unreachable node: longer, shorter (than its grace period), none, forever
	NotReady    string         `json:"notReady"`           // of a node that is not ready, likewise
	NoGrace     bool           `json:"noGrace"`            // terminationGracePeriodSeconds is 0
	Disruption  *Disruption    `json:"disruption,omitempty"`
	Propagation string         `json:"propagation"` // background, foreground, orphan
	Status      bool           `json:"status"`      // the ReplicaSet controller writes status
	Untimed     bool           `json:"untimed"`
	Start       string         `json:"start"`
	Lag         int            `json:"lag"`
	Past        int            `json:"past"`
	MaxPods     int            `json:"maxPods"` // pod identities; 0: as many as the scenario needs at most
	BarePods    int            `json:"barePods"`
	Faults      map[string]int `json:"faults"` // at most so often each; -1: without limit
	Mutations   []string       `json:"mutations"`
}

// A Disruption is a PodDisruptionBudget: one of the first two fields, in pods
// or, with Percent, of the replicas.
type Disruption struct {
	MinAvailable   *int `json:"minAvailable,omitempty"`
	MaxUnavailable *int `json:"maxUnavailable,omitempty"`
	Percent        bool `json:"percent"`
	AlwaysAllow    bool `json:"alwaysAllow"` // unhealthyPodEvictionPolicy
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
		Toleration: tolerations[s.Toleration], NotReady: tolerations[s.NotReady], NoGrace: s.NoGrace,
		Propagation: s.Propagation.String(), Status: s.Status, Untimed: s.Untimed,
		Start: s.Start.String(), Lag: s.Lag, Past: s.Past, MaxPods: s.Pods, BarePods: s.BarePods,
		Faults: map[string]int{}, Mutations: append([]string{}, s.Mutations...),
	}
	if s.Zones != [model.MaxNodes]uint8{} {
		doc.Zones = ints(s.Zones[:s.Nodes])
	}
	if s.Capacity != [model.MaxNodes]uint8{} {
		doc.Capacity = ints(s.Capacity[:s.Nodes])
	}
	if s.Cordoned != [model.MaxNodes]bool{} {
		doc.Cordoned = slices.Clone(s.Cordoned[:s.Nodes])
	}
	if d := s.Disruption; d.Limit != model.NoLimit {
		doc.Disruption = &Disruption{Percent: d.Percent, AlwaysAllow: d.AlwaysAllow}
		if d.Limit == model.MinAvailable {
			doc.Disruption.MinAvailable = &d.Value
		} else {
			doc.Disruption.MaxUnavailable = &d.Value
		}
	}
	for f, n := range s.Faults {
		switch {
		case n == model.Unlimited:
			doc.Faults[model.Fault(f).String()] = Unlimited
		case n > 0:
			doc.Faults[model.Fault(f).String()] = int(n)
		}
	}
	return doc
}

// Model is the inverse of FromScenario. It does not say whether the scenario
// can be modelled: model.New does.
func (d *Scenario) Model() (s model.Scenario, err error) {
	s = model.Scenario{
		Name: d.Name, Replicas: d.Replicas, Nodes: d.Nodes, NoGrace: d.NoGrace, Status: d.Status, Untimed: d.Untimed,
		Lag: d.Lag, Past: d.Past, Pods: d.MaxPods, BarePods: d.BarePods, Mutations: append([]string(nil), d.Mutations...),
	}
	if err := validName(d.Name); err != nil {
		return s, err
	}
	for i, name := range d.Mutations {
		if slices.Contains(d.Mutations[:i], name) {
			return s, fmt.Errorf("mutation %.60q is planted twice", name)
		}
	}
	if err := d.perNode("zones", d.Zones, model.MaxZones-1, s.Zones[:]); err != nil {
		return s, err
	}
	if err := d.perNode("capacity", d.Capacity, model.MaxPods, s.Capacity[:]); err != nil {
		return s, err
	}
	if n := copy(s.Cordoned[:], d.Cordoned); n < len(d.Cordoned) || n > 0 && n != d.Nodes {
		return s, fmt.Errorf("cordoned has %d values for %d nodes, of which the model takes 1 to %d", len(d.Cordoned), d.Nodes, model.MaxNodes)
	}
	if s.Disruption, err = d.Disruption.model(); err != nil {
		return s, err
	}
	if s.Version, err = model.ParseVersion(d.Version); err != nil {
		return s, err
	}
	if s.Toleration, err = parseToleration(d.Toleration); err != nil {
		return s, err
	}
	if s.NotReady, err = parseToleration(d.NotReady); err != nil {
		return s, err
	}
	if s.Propagation, err = ParsePropagation(d.Propagation); err != nil {
		return s, err
	}
	if s.Start, err = ParseStart(d.Start); err != nil {
		return s, err
	}
	s.Faults, err = ParseBudget(d.Faults)
	return s, err
}

// perNode takes a number of each node, if there are any.
func (d *Scenario) perNode(field string, values []int, most int, to []uint8) error {
	if len(values) > 0 && len(values) != d.Nodes || len(values) > len(to) {
		return fmt.Errorf("%s has %d numbers for %d nodes, of which the model takes 1 to %d", field, len(values), d.Nodes, model.MaxNodes)
	}
	for n, v := range values {
		if v < 0 || v > most {
			return fmt.Errorf("%s[%d] is %d, the model takes 0 to %d", field, n, v, most)
		}
		to[n] = uint8(v)
	}
	return nil
}

func ints(values []uint8) (all []int) {
	for _, v := range values {
		all = append(all, int(v))
	}
	return all
}

func (d *Disruption) model() (model.Disruption, error) {
	switch {
	case d == nil:
		return model.Disruption{}, nil
	case (d.MinAvailable == nil) == (d.MaxUnavailable == nil):
		return model.Disruption{}, errors.New("a disruption budget has one of minAvailable and maxUnavailable")
	case d.MinAvailable != nil:
		return model.Disruption{Limit: model.MinAvailable, Value: *d.MinAvailable, Percent: d.Percent, AlwaysAllow: d.AlwaysAllow}, nil
	}
	return model.Disruption{Limit: model.MaxUnavailable, Value: *d.MaxUnavailable, Percent: d.Percent, AlwaysAllow: d.AlwaysAllow}, nil
}

// MaxFault is the largest number of faults of a kind that the model counts, and
// Unlimited stands for any number.
const (
	MaxFault  = model.Unlimited - 1
	Unlimited = -1
)

// ParseBudget turns counts by the name of a fault into a budget.
func ParseBudget(faults map[string]int) (b model.Budget, err error) {
	for name, n := range faults {
		f, err := model.ParseFault(name)
		switch {
		case err != nil:
			return b, err
		case n == Unlimited:
			n = model.Unlimited
		case n < 0 || n > MaxFault:
			return b, fmt.Errorf("fault %s=%d: the model takes 0 to %d of a kind", name, n, MaxFault)
		}
		b[f] = uint8(n)
	}
	return b, nil
}

// ParseStart is the inverse of model.Start.String.
func ParseStart(s string) (model.Start, error) {
	return parse("start", s, model.StartEmpty, model.StartRunning)
}

// ParsePropagation is the inverse of model.Propagation.String.
func ParsePropagation(s string) (model.Propagation, error) {
	return parse("propagation", s, model.PropagateBackground, model.PropagateForeground, model.PropagateOrphan)
}

// parse returns the one of the values that is written s.
func parse[T fmt.Stringer](what, s string, values ...T) (zero T, err error) {
	var names []string
	for _, v := range values {
		if v.String() == s {
			return v, nil
		}
		names = append(names, v.String())
	}
	return zero, fmt.Errorf("%s %.60q is not known: use %s", what, s, strings.Join(names, " or "))
}

func parseToleration(s string) (model.Toleration, error) {
	for t, name := range tolerations {
		if s == name {
			return t, nil
		}
	}
	return 0, fmt.Errorf("toleration %.60q is not known: use longer, shorter, none or forever", s)
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
