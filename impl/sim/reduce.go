package sim

// Reduce leaves out steps, more at a time first, as long as what is left is still of
// interest, until every step is needed. try takes the steps that can be taken, and
// returns them.
func Reduce[S ~[]Step, Step any](s S, try func(S) (taken S, ofInterest bool)) S {
	for before := len(s) + 1; len(s) < before; {
		before = len(s)
		for size := len(s); size > 0; size /= 2 {
			for from := 0; from+size <= len(s); {
				less := append(s[:from:from], s[from+size:]...)
				if taken, ok := try(less); ok {
					s = taken
				} else {
					from += (size + 1) / 2
				}
			}
		}
	}
	return s
}
