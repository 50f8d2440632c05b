package check

import "testing"

func TestVecKeepsWhatWasPushed(t *testing.T) {
	var v, w vec[int]
	n := 5*chunkMax + 7
	for i := range n {
		v.push(i)
	}
	w.extend(3)
	w.extend(n - 3)
	for i := range n {
		*w.at(i) = i
	}
	for i := range n {
		if *v.at(i) != i || *w.at(i) != i {
			t.Fatalf("at(%d) = %d and %d", i, *v.at(i), *w.at(i))
		}
	}
	if v.len() != n || w.len() != n {
		t.Fatalf("len = %d and %d, want %d", v.len(), w.len(), n)
	}
	if v.bytes() < int64(8*n) || v.bytes() > int64(8*(n+2*chunkMax)) {
		t.Errorf("bytes = %d for %d elements of 8 bytes", v.bytes(), n)
	}
}
