package check

import (
	"fmt"
	"math/bits"
	"reflect"
	"unsafe"
)

// A hasher hashes the values of one type by the memory they occupy. Its seed
// is fixed: the hash decides the order in which states are explored, and that
// must not change from run to run.
type hasher[K comparable] struct {
	size    uintptr // all of K is plain memory of this size; 0: see parts
	parts   []segment
	strings []uintptr // offsets of strings
}

// A segment is a range of bytes without padding.
type segment struct{ off, len uintptr }

// newHasher refuses types whose equality is not that of their bytes: floats,
// interfaces and pointers.
func newHasher[K comparable]() (*hasher[K], error) {
	h := &hasher[K]{}
	t := reflect.TypeFor[K]()
	if err := h.walk(t, 0, t.String()); err != nil {
		return nil, err
	}
	if len(h.strings) == 0 && len(h.parts) == 1 && h.parts[0] == (segment{0, t.Size()}) {
		h.size = t.Size()
	}
	return h, nil
}

func (h *hasher[K]) walk(t reflect.Type, off uintptr, where string) error {
	switch k := t.Kind(); k {
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		h.add(off, t.Size())
		return nil
	case reflect.String:
		h.strings = append(h.strings, off)
		return nil
	case reflect.Array:
		for i := range t.Len() {
			if err := h.walk(t.Elem(), off+uintptr(i)*t.Elem().Size(), where+"[]"); err != nil {
				return err
			}
		}
		return nil
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if f.Name == "_" { // == ignores blank fields
				continue
			}
			if err := h.walk(f.Type, off+f.Offset, where+"."+f.Name); err != nil {
				return err
			}
		}
		return nil
	default:
		return fmt.Errorf("check: state type: %s is a %s: use integers, booleans, strings, arrays and structs of them", where, k)
	}
}

func (h *hasher[K]) add(off, n uintptr) {
	if last := len(h.parts) - 1; last >= 0 && h.parts[last].off+h.parts[last].len == off {
		h.parts[last].len += n
		return
	}
	h.parts = append(h.parts, segment{off, n})
}

// injective reports whether different values always have different hashes.
func (h *hasher[K]) injective() bool { return 0 < h.size && h.size <= 8 }

func (h *hasher[K]) hash(k *K) uint64 {
	p := unsafe.Pointer(k)
	if h.size == 8 {
		return scramble(*(*uint64)(p))
	}
	if h.injective() {
		return scramble(lastBytes(p, 0, h.size))
	}
	x := uint64(seed0)
	if h.size != 0 {
		return finish(hashBytes(x, p, h.size))
	}
	for _, s := range h.parts {
		x = hashBytes(x, unsafe.Add(p, s.off), s.len)
	}
	for _, off := range h.strings {
		s := *(*string)(unsafe.Add(p, off))
		x = hashBytes(x, unsafe.Pointer(unsafe.StringData(s)), uintptr(len(s)))
	}
	return finish(x)
}

const (
	seed0 = 0xa0761d6478bd642f
	seed1 = 0xe7037ed1a0b428db
	seed2 = 0x8ebc6af09c88c6e3
)

// scramble is a bijection that spreads every bit over the word: xors with a
// shifted self and products with odd numbers can all be undone (the finishing
// step of MurmurHash3 by Austin Appleby, with constants of David Stafford's).
func scramble(x uint64) uint64 {
	x ^= seed0 // 0 is a common state, and would stay 0
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// fold is the multiply-and-fold step of wyhash (Wang Yi): the 128-bit product
// of two words, its halves xored.
func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

func finish(x uint64) uint64 { return fold(x^seed2, seed1) }

func hashBytes(x uint64, p unsafe.Pointer, n uintptr) uint64 {
	x = fold(x^uint64(n), seed2)
	off := uintptr(0) // p stays: past the end may be another object
	for ; n-off >= 16; off += 16 {
		x = fold(*(*uint64)(unsafe.Add(p, off))^seed1, *(*uint64)(unsafe.Add(p, off+8))^x)
	}
	var a uint64
	if n-off >= 8 {
		a = *(*uint64)(unsafe.Add(p, off))
		off += 8
	}
	return fold(a^seed1, lastBytes(p, off, n)^x)
}

// lastBytes reads the bytes of p from off to n, fewer than eight.
func lastBytes(p unsafe.Pointer, off, n uintptr) (x uint64) {
	for i := range n - off {
		x |= uint64(*(*byte)(unsafe.Add(p, off+i))) << (8 * i)
	}
	return x
}
