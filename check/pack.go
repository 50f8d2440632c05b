package check

import (
	"context"
	"fmt"
)

// A Packing stores states of type S in another form. Make one with Pack.
type Packing[S comparable] interface {
	run(ctx context.Context, m *Model[S], o Options) (*Report[S], error)
}

// Pack stores each state as encode gives it, so that S can be made for reading
// and K for size. decode must return the very state that was encoded; Run
// checks that on a sample of the states and ends with an error if not.
func Pack[S, K comparable](encode func(S) K, decode func(K) S) Packing[S] {
	return packing[S, K]{encode, decode}
}

type packing[S, K comparable] struct {
	encode func(S) K
	decode func(K) S
}

func (p packing[S, K]) run(ctx context.Context, m *Model[S], o Options) (*Report[S], error) {
	h, err := newHasher[K]()
	if err != nil {
		return nil, err
	}
	s, err := newSearch(m, o, p, h)
	if err != nil {
		return nil, err
	}
	return s.run(ctx)
}

// unpacked is the packing of a model that declares none.
func unpacked[S comparable]() packing[S, S] {
	same := func(s S) S { return s }
	return packing[S, S]{same, same}
}

func (p packing[S, K]) audit(m *Model[S], s S) error {
	if back := p.decode(p.encode(s)); back != s {
		return fmt.Errorf("check: Packing: a state is not the same after encode and decode:\n  was %s\n  is  %s", m.format(s), m.format(back))
	}
	return nil
}
