package check

import (
	"math/bits"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func hasherOf[K comparable](t *testing.T) *hasher[K] {
	t.Helper()
	h, err := newHasher[K]()
	require.NoError(t, err)
	return h
}

type padded struct {
	A uint8
	B uint64
	C uint8
	_ uint8
	D [3]struct {
		E uint16
		F uint8
	}
}

// dirty returns s in memory whose padding and blank fields are filled.
func dirty(s padded, fill byte) *padded {
	p := new(padded)
	bytes := (*[unsafe.Sizeof(*p)]byte)(unsafe.Pointer(p))
	for i := range bytes {
		bytes[i] = fill
	}
	p.A, p.B, p.C = s.A, s.B, s.C
	for i := range s.D {
		p.D[i].E, p.D[i].F = s.D[i].E, s.D[i].F
	}
	return p
}

func TestHashSkipsPadding(t *testing.T) {
	h := hasherOf[padded](t)
	s := padded{A: 1, B: 2, C: 3}
	s.D[2].F = 4
	one, other := dirty(s, 0), dirty(s, 0xff)
	require.True(t, *one == *other)
	require.Equal(t, h.hash(one), h.hash(other))
	s.D[2].F = 5
	require.NotEqual(t, h.hash(one), h.hash(dirty(s, 0)))
}

func TestHashFollowsStrings(t *testing.T) {
	type named struct {
		First, Last string
		N           int
	}
	h := hasherOf[named](t)
	a := named{strings.Repeat("a", 20), "b", 1}
	b := named{strings.Repeat("aa", 10), "b", 1}
	require.Equal(t, h.hash(&a), h.hash(&b))
	seen := map[uint64]named{}
	for _, s := range []named{{}, {N: 1}, {First: "ab"}, {Last: "ab"}, {First: "a", Last: "b"}, {First: "b", Last: "a"}, {First: "\x00"}, a} {
		other, ok := seen[h.hash(&s)]
		require.False(t, ok, "%v and %v", s, other)
		seen[h.hash(&s)] = s
	}
}

func TestHashEveryByteCounts(t *testing.T) {
	everyByteCounts[[1]byte](t)
	everyByteCounts[[7]byte](t)
	everyByteCounts[[8]byte](t)
	everyByteCounts[[9]byte](t)
	everyByteCounts[[16]byte](t)
	everyByteCounts[[31]byte](t)
	everyByteCounts[[200]byte](t)
}

func everyByteCounts[K comparable](t *testing.T) {
	h := hasherOf[K](t)
	var k K
	zero := h.hash(&k)
	bytes := unsafe.Slice((*byte)(unsafe.Pointer(&k)), unsafe.Sizeof(k))
	for i := range bytes {
		for bit := range 8 {
			bytes[i] = 1 << bit
			require.NotEqual(t, zero, h.hash(&k), "byte %d of %d", i, len(bytes))
			bytes[i] = 0
		}
	}
}

// The slot comes from the top of the hash and the partition from the bottom:
// both must vary in states that differ in a few low bits.
func TestHashSpreads(t *testing.T) {
	h := hasherOf[uint64](t)
	low, high := map[uint64]int{}, map[uint64]int{}
	const n = 1 << 14
	for i := range uint64(n) {
		x := h.hash(&i)
		low[x%partitions]++
		high[x>>(64-partitionBits)]++
	}
	for part := range uint64(partitions) {
		require.InDelta(t, n/partitions, low[part], n/partitions/2)
		require.InDelta(t, n/partitions, high[part], n/partitions/2)
	}
}

func TestHashIsTheSameInEveryRun(t *testing.T) {
	type state struct {
		A uint16
		B string
	}
	k, s := uint64(42), state{1, "two"}
	require.Equal(t, uint64(0x5ba20a6d52c84552), hasherOf[uint64](t).hash(&k))
	require.Equal(t, uint64(0x572a8e72bbfe41ec), hasherOf[state](t).hash(&s))
}

func TestHashOfEmptyTypes(t *testing.T) {
	h := hasherOf[struct{}](t)
	require.Equal(t, h.hash(&struct{}{}), h.hash(&struct{}{}))
	type blank struct{ _, _ uint32 }
	require.Equal(t, hasherOf[blank](t).hash(&blank{}), hasherOf[blank](t).hash(&blank{}))
	hasherOf[[0]float64](t)
}

func TestHashRefuses(t *testing.T) {
	type inner struct{ F float32 }
	for want, err := range map[string]error{
		"float64 is a float64":      refusal[float64](),
		"[].F is a float32":         refusal[struct{ A [2]inner }](),
		".P is a ptr":               refusal[struct{ P *int }](),
		".X is a interface":         refusal[struct{ X any }](),
		".C is a chan":              refusal[struct{ C chan int }](),
		".Z is a complex128":        refusal[struct{ Z complex128 }](),
		"unsafe.Pointer is a":       refusal[unsafe.Pointer](),
		"use integers, booleans, s": refusal[struct{ P *int }](),
	} {
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "check: state type: ")
	}
}

func refusal[K comparable]() error {
	_, err := newHasher[K]()
	return err
}

func TestHashOfEqualStatesIsEqual(t *testing.T) {
	type state struct {
		A bool
		B int32
		C [2]struct {
			D string
			E uint8
			F int64
		}
		G uint16
	}
	h := hasherOf[state](t)
	draw := rapid.Custom(func(t *rapid.T) (s state) {
		s.A, s.B, s.G = rapid.Bool().Draw(t, "a"), rapid.Int32Range(0, 1).Draw(t, "b"), rapid.Uint16Range(0, 1).Draw(t, "g")
		for i := range s.C {
			s.C[i].D = strings.Clone(rapid.SampledFrom([]string{"", "x", "xy"}).Draw(t, "d"))
			s.C[i].E, s.C[i].F = rapid.Uint8Range(0, 1).Draw(t, "e"), rapid.Int64Range(-1, 0).Draw(t, "f")
		}
		return s
	})
	rapid.Check(t, func(t *rapid.T) {
		s, u := draw.Draw(t, "s"), draw.Draw(t, "u")
		require.Equal(t, s == u, h.hash(&s) == h.hash(&u))
	})
}

func TestFold(t *testing.T) {
	hi, lo := bits.Mul64(seed0, seed1)
	require.Equal(t, hi^lo, fold(seed0, seed1))
}

var heap []*[16]byte

// A pointer past the end of an allocation is an error that -race looks for.
func TestHashStaysInside(t *testing.T) {
	h := hasherOf[[16]byte](t)
	for range 1000 { // some are the last of their kind in the heap's page
		k := new([16]byte)
		heap = append(heap, k)
		require.Equal(t, h.hash(heap[0]), h.hash(k))
	}
	heap = nil
}
