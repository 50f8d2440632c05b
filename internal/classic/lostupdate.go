package classic

import "github.com/reconverge/reconverge/check"

// Counter is a shared counter that two threads increment without a lock.
type Counter struct {
	Value uint8
	Read  [2]uint8 // per thread: what it has read
	Stage [2]uint8 // per thread: 0 is about to read, 1 to write, 2 is done
}

// LostUpdate is the race of two threads that read, add one and write, an example
// of Stateright.
func LostUpdate() *check.Model[Counter] {
	m := &check.Model[Counter]{Name: "lost update", Init: []Counter{{}}}
	for i := range 2 {
		m.Actions = append(m.Actions,
			check.Action[Counter]{Name: instance("Read", i), Next: func(dst []Counter, s Counter) []Counter {
				if s.Stage[i] != 0 {
					return dst
				}
				s.Read[i], s.Stage[i] = s.Value, 1
				return append(dst, s)
			}},
			check.Action[Counter]{Name: instance("Write", i), Next: func(dst []Counter, s Counter) []Counter {
				if s.Stage[i] != 1 {
					return dst
				}
				s.Value, s.Stage[i] = s.Read[i]+1, 2
				return append(dst, s)
			}})
	}
	m.Properties = []check.Property[Counter]{
		check.Invariant("no update is lost", func(s Counter) bool {
			return s.Value == s.Stage[0]/2+s.Stage[1]/2
		}),
	}
	return m
}
