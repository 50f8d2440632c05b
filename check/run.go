package check

import (
	"context"
	"errors"
	"fmt"
	"runtime"
)

// Options bound and direct a run. The zero value explores everything, exactly.
type Options struct {
	Workers     int    // goroutines; 0: GOMAXPROCS. Never changes a verdict, a trace or a count
	MaxStates   uint64 // distinct states, looked at after every round; 0: no bound
	MaxDepth    int    // steps from an initial state; 0: no bound
	MemoryBytes int64  // of Stats.StoredBytes, looked at after every round; 0: no bound

	Visited Visited // how states are recognised that were found before
	Order   Order   // of exploration

	Seed  uint64 // of Simulate: the same seed, the same walks
	Walks int    // of Simulate; 0: 1,000

	// Symmetry explores only the states that Model.Canonical returns, and
	// unfolds every counterexample into a behaviour of the model itself.
	//
	// It is sound, for liveness too, if Canonical(s) is bisimilar to s: the
	// same actions lead from both to states of the same representatives, and
	// every predicate has the same value on both. Then each behaviour of the
	// quotient is that of a behaviour of the model with the same actions
	// enabled and taken at each step (Browne, Clarke and Grumberg 1988), and
	// fairness, which speaks of declared actions, is the same for both. Run
	// compares both sides on the first 4,096 states, met without the symmetry
	// (all of them, in a small model), and on a sample of the rest; a
	// difference is an error.
	Symmetry bool

	// PartialOrder follows at each state only some of the enabled actions, where
	// their footprints (Action.Footprint, Property.Reading) show that the order
	// in which actions are taken makes no difference to any property. Verdicts
	// are those of the model; traces are behaviours of it, but not always the
	// shortest, so a run that a bound cuts short may miss what it would find
	// without the reduction. It is refused with liveness properties and with
	// Symmetry.
	//
	// Run checks on the first 4,096 states, met without the reduction, and on a
	// sample of the rest, that actions commute which should; see CheckFootprints.
	PartialOrder bool

	// Continue explores everything, whatever is found on the way. Otherwise a
	// run ends with the first violation, and what is not decided by then is
	// Incomplete; or with the last witness, if there is nothing else to decide.
	Continue bool

	Progress func(Stats) // nil, or called about once a second from the goroutine that called Run
}

// Visited is a way to recognise the states that were found before.
type Visited uint8

const (
	// Exact compares states. No state is ever taken for another.
	Exact Visited = iota
	// Fingerprint compares 64-bit hashes of states, and forgets each state once
	// it is explored. States may be overlooked: see Stats.Omission.
	Fingerprint
)

// Order is an order of exploration.
type Order uint8

const (
	// BreadthFirst explores the states that are nearest to the initial ones
	// first. Counterexamples are shortest.
	BreadthFirst Order = iota
	// DepthFirst explores the states that were found last first. It comes soon
	// to what lies deep, by ways that are longer than they need to be, and uses
	// one worker. Liveness is not checked in this order.
	DepthFirst
)

// Run explores m and reports on each of its properties. An error means misuse
// or a broken model, such as a panic in one of its functions: a *PanicError,
// with the trace that leads there. What stops a run early (a bound, or the end
// of ctx) makes its results Incomplete and is no error.
func Run[S comparable](ctx context.Context, m *Model[S], o Options) (*Report[S], error) {
	if err := m.Validate(); err != nil {
		return nil, err
	}
	if o.Symmetry && m.Canonical == nil && m.CanonicalInPlace == nil {
		return nil, fmt.Errorf("check: Options.Symmetry needs Model.Canonical")
	}
	if err := o.validate(); err != nil {
		return nil, err
	}
	if o.Seed != 0 || o.Walks != 0 {
		return nil, errors.New("check: Options.Seed and Options.Walks are for Simulate: Run takes every way")
	}
	if err := m.suits(o); err != nil {
		return nil, err
	}
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	packing := m.Packing
	if packing == nil {
		packing = unpacked[S]()
	}
	return packing.run(ctx, m, o)
}

func (o *Options) validate() error {
	switch {
	case o.Workers < 0 || o.MaxDepth < 0 || o.MemoryBytes < 0 || o.Walks < 0:
		return fmt.Errorf("check: negative option in %+v", *o)
	case o.Visited > Fingerprint:
		return fmt.Errorf("check: Options.Visited: %d is no way to recognise states", o.Visited)
	case o.Order > DepthFirst:
		return fmt.Errorf("check: Options.Order: %d is no order", o.Order)
	}
	return nil
}

// suits refuses options that cannot decide the properties of m.
func (m *Model[S]) suits(o Options) error {
	for i := range m.Properties {
		p := &m.Properties[i]
		switch {
		case !p.kind.Liveness():
		case o.Visited == Fingerprint:
			return fmt.Errorf("check: property %q is about behaviours, which are looked at again when all states are known: with Fingerprint they are forgotten. Use Exact, or check it in a run of its own", p.name)
		case o.Order == DepthFirst:
			return fmt.Errorf("check: property %q is about behaviours, which are judged breadth first only. Use BreadthFirst, or check it in a run of its own", p.name)
		}
	}
	return nil
}

// A PanicError is a panic in a function of a model.
type PanicError struct {
	Where string // `action "Renew(c1)"`, `property "at most one holder"`, ...
	Value any    // what was passed to panic
	Stack string
	Trace string // the steps that led to the state in which it happened
}

func (e *PanicError) Error() string {
	return fmt.Sprintf("check: %s: panic: %v, after:\n%s", e.Where, e.Value, e.Trace)
}
