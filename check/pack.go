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
	return PackInPlace(
		func(s *S, k *K) { *k = encode(*s) },
		func(k *K, s *S) { *s = decode(*k) })
}

// PackInPlace is Pack for states so large that copying them each time is felt.
// What encode and decode write to is zero before; they must neither change what
// they read nor keep a pointer.
func PackInPlace[S, K comparable](encode func(*S, *K), decode func(*K, *S)) Packing[S] {
	return packing[S, K]{encode, decode}
}

type packing[S, K comparable] struct {
	encodeTo func(*S, *K)
	decodeTo func(*K, *S)
}

func (p packing[S, K]) encode(s *S) (k K) {
	p.encodeTo(s, &k)
	return k
}

func (p packing[S, K]) decode(k *K) (s S) {
	p.decodeTo(k, &s)
	return s
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
	same := func(from, to *S) { *to = *from }
	return packing[S, S]{same, same}
}

func (p packing[S, K]) audit(m *Model[S], s S) error {
	k := p.encode(&s)
	if back := p.decode(&k); back != s {
		return fmt.Errorf("check: Packing: a state is not the same after encode and decode:\n  was %s\n  is  %s", m.format(s), m.format(back))
	}
	return nil
}
