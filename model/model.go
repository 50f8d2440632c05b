package model

import (
	"fmt"
	"slices"

	"github.com/reconverge/reconverge/check"
)

// A Model is a scenario made ready to be explored.
type Model struct {
	*check.Model[State]
	Claims []Claim // one per property of the check.Model, in its order
	y      *system
}

// New builds the model of a scenario with the properties of the given ids, or,
// if there are none, with all that Claims says are claimed of it.
func New(s Scenario, properties ...string) (*Model, error) {
	y, err := newSystem(s)
	if err != nil {
		return nil, err
	}
	m := &Model{y: y, Model: &check.Model[State]{
		Name:             s.Name,
		Init:             y.initial(),
		CanonicalInPlace: y.canonical,
		Facts:            func(s *State) uint64 { return uint64(y.facts(s)) },
		Packing:          y.packing(),
		Bounds: []check.Bound[State]{{
			Name: "pod identities",
			At: func(s State) bool {
				return s.used() == y.limit && (s.KCM.ToCreate+s.Former.Creates > 0 || y.mayRecreate(&s))
			},
		}},
	}}
	if m.Actions, err = y.actions(); err != nil {
		return nil, err
	}
	if m.Claims, err = y.claimed(properties); err != nil {
		return nil, err
	}
	m.Properties = y.properties(m.Claims)
	return m, nil
}

// actions lists what can happen, in the order of exploration: what the control
// plane does at once, what takes any time, and faults and users. Everything a
// process owes is weakly fair; faults and users owe nothing.
func (y *system) actions() (all []check.Action[State], err error) {
	steps := slices.Concat(
		y.replicaSetSteps(), y.adoptionSteps(), y.statusSteps(), y.garbageCollectorSteps(), y.schedulerSteps(), y.apiSteps(), y.podGCSteps(),
		y.nodeLifecycleSteps(), y.zoneSteps(), y.leaseSteps(), y.watchSteps(), y.nodeControllerSteps(), y.taintEvictionSteps(), y.kubeletSteps(), y.clockSteps(),
		y.nodeFaults(), y.managerFaults(), y.watchFaults(), y.userSteps(),
		y.evictionSteps(), y.disruptionSteps(), y.drainSteps(),
	)
	for _, kind := range []stepKind{urgent, anyTime, optional} {
		for _, step := range steps {
			if step.kind != kind || kind == optional && y.Faults[step.fault] == 0 {
				continue
			}
			all = append(all, step.Action)
			y.actionNames = append(y.actionNames, step.Name)
			if kind == urgent {
				y.control = append(y.control, step)
			}
		}
	}
	for _, f := range y.spendable {
		if !slices.ContainsFunc(steps, func(s step) bool { return s.fault == f && s.kind == optional }) && !f.outcome() {
			return nil, fmt.Errorf("fault %v is not modelled", f)
		}
	}
	return all, nil
}

// A step is an action and what makes it happen.
type step struct {
	check.Action[State]
	kind  stepKind
	fault Fault // what an optional step spends
}

// stepKind says when a step happens: before time passes (see tick); at some
// time; if it likes.
type stepKind uint8

const (
	urgent stepKind = iota
	anyTime
	optional
)

type nextFunc = func(dst []State, s *State) []State

// fair declares a step that the control plane owes, before time passes.
//
// It is fair as a family: if one of its instances stays enabled, one is taken
// again and again. That asks less than fairness of each instance, so what
// holds under it holds under that too.
func fair(name string, next nextFunc, of labelFunc) step {
	return step{Action: check.Action[State]{Name: name, Fair: check.Weak, NextInPlace: next, Label: label(name, of)}}
}

// slow declares a step that is owed and may take any time.
func slow(name string, next nextFunc, of labelFunc) step {
	s := fair(name, next, of)
	s.kind = anyTime
	return s
}

// fault declares a step that nobody promises, or promises not to do. It needs
// something of the budget of f, and next spends one of it.
func fault(f Fault, name string, next nextFunc, of labelFunc) step {
	s := fair(name, next, of)
	s.kind, s.fault, s.Fair = optional, f, check.Unfair
	return s.needs(budget(f))
}

// Assumptions lists what every verdict about the scenario rests on besides its
// budgets: what the model takes for granted of the world.
func (m *Model) Assumptions() []string {
	all := []string{
		"time is an order: what the control plane has to do takes less than the grace period of a node, and that less than a toleration; kubelets may take any time",
		fmt.Sprintf("no cache is behind by more than %s that it looks at, of one kind of object", events(m.y.Lag)),
	}
	if m.y.Untimed {
		all = all[1:]
	}
	if requests := m.y.requestAssumption(); requests != "" {
		all = append(all, requests)
	}
	room := "every node has room for every pod"
	if m.y.limited {
		room = "every pod takes one slot of its node"
	}
	all = append(all, room+"; containers start, become ready and stop when told to")
	if m.y.Version == V1_37 {
		all = append(all, "the first list of a restarted controller manager is consistent (WatchList, no fallback)")
	}
	if m.y.Start == StartRunning {
		running := "all replicas"
		if m.y.limited {
			running = "as many replicas as there is room for"
		}
		all = append(all, "behaviours begin with "+running+" running, spread over the nodes in every way")
	}
	return all
}

func events(n int) string {
	if n == 1 {
		return "1 event"
	}
	return fmt.Sprintf("%d events", n)
}
