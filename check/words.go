package check

// Words are a table's memory. A large table lives outside the Go heap where it
// can: it is given back at once when it is outgrown, and in huge pages where the
// system has any.
type words[T uint32 | uint64] struct {
	at     []T
	mapped bool
}

// mapFrom is the number of words from which a table is large.
const mapFrom = 1 << 17

func newWords[T uint32 | uint64](n int) words[T] {
	if n >= mapFrom {
		if at := mapWords[T](n); at != nil {
			return words[T]{at, true}
		}
	}
	return words[T]{make([]T, n), false}
}

func (w *words[T]) free() {
	if w.mapped {
		unmapWords(w.at)
	}
	*w = words[T]{}
}
