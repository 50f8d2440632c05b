package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
)

// A protocolRow is what one scenario of the protocol costs, with all that is
// claimed of it, with and without symmetry.
type protocolRow struct {
	Varied, Scenario string
	Orbits, States   explored
}

// explored is a search. One that ended early is over its bound.
type explored struct {
	Distinct, Generated uint64
	Seconds             float64
	StoredBytes         int64
	Over                string `json:",omitempty"` // the bound that ended it
}

// The bounds of each of these searches.
const (
	protocolStates  = 500_000
	protocolSeconds = 20
)

// protocolBase is the scenario that is varied.
var protocolBase = model.Scenario{Replicas: 2, Nodes: 2, Lag: 1, Start: model.StartRunning,
	Faults: model.Budget{model.NodeCrash: 1, model.PodDelete: 1, model.Restart: 1}}

// varied lists the scenarios: one size is changed at a time.
func varied() (rows []protocolRow, scenarios []model.Scenario) {
	add := func(what string, from, to int, set func(s *model.Scenario, n int)) {
		for n := from; n <= to; n++ {
			s := protocolBase
			set(&s, n)
			rows = append(rows, protocolRow{Varied: fmt.Sprintf("%s %d", what, n),
				Scenario: fmt.Sprintf("%d replicas, %d nodes, lag %d, %v", s.Replicas, s.Nodes, s.Lag, s.Faults)})
			scenarios = append(scenarios, s)
		}
	}
	add("replicas", 1, 6, func(s *model.Scenario, n int) { s.Replicas = n })
	add("nodes", 1, 4, func(s *model.Scenario, n int) { s.Nodes = n })
	add("lag", 0, 3, func(s *model.Scenario, n int) { s.Lag = n })
	add("faults", 0, 3, func(s *model.Scenario, n int) {
		s.Faults = model.Budget{}
		for _, f := range []model.Fault{model.PodDelete, model.NodeCrash, model.Restart}[:n] {
			s.Faults[f] = 1
		}
	})
	return rows, scenarios
}

// protocol measures how the protocol grows with its sizes.
func (b *bench) protocol(ctx context.Context, r *report) error {
	rows, scenarios := varied()
	for i, s := range scenarios {
		m, err := model.New(s)
		if err != nil {
			return err
		}
		for symmetry, to := range map[bool]*explored{true: &rows[i].Orbits, false: &rows[i].States} {
			if *to, err = explore(ctx, m, symmetry); err != nil {
				return err
			}
		}
	}
	r.Protocol = rows
	return nil
}

func explore(parent context.Context, m *model.Model, symmetry bool) (explored, error) {
	ctx, stop := context.WithTimeout(parent, protocolSeconds*time.Second)
	defer stop()
	found, err := check.Run(ctx, m.Model, check.Options{Symmetry: symmetry, Continue: true, MaxStates: protocolStates})
	if err != nil {
		return explored{}, err
	}
	e := explored{Distinct: found.Stats.Distinct, Generated: found.Stats.Generated, Seconds: found.Stats.Elapsed.Seconds(), StoredBytes: found.Stats.StoredBytes}
	switch err := found.Err(); {
	case parent.Err() != nil:
		return e, parent.Err()
	case errors.Is(err, check.ErrMaxStates):
		e.Over = fmt.Sprintf("over %d", protocolStates)
	case errors.Is(err, context.DeadlineExceeded):
		e.Over = fmt.Sprintf("over %d s", protocolSeconds)
	case err != nil:
		return e, err
	}
	return e, nil
}

func protocolTable(r *report) table {
	t := table{
		title: "The protocol as its sizes grow",
		head:  []string{"varied", "scenario", "orbits", "steps", "s", "MiB", "states", "steps", "s", "MiB"},
		notes: []string{
			"Orbits are the states under symmetry: pods and nodes that differ in name only are not told apart. All that is claimed of a scenario is checked, liveness included.",
			fmt.Sprintf("A search ends after the round in which it exceeds %d states, and after %d s: the row says so, with the steps until then.", protocolStates, protocolSeconds),
			"MiB is what check stores, by its own account.",
		},
	}
	for _, row := range r.Protocol {
		cells := []string{row.Varied, row.Scenario}
		for _, e := range []explored{row.Orbits, row.States} {
			cells = append(cells, cmp.Or(e.Over, fmt.Sprint(e.Distinct)), fmt.Sprint(e.Generated), fmt.Sprintf("%.1f", e.Seconds), fmt.Sprintf("%.0f", float64(e.StoredBytes)/(1<<20)))
		}
		t.rows = append(t.rows, cells)
	}
	return t
}
