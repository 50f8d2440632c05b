package classic

import "github.com/reconverge/reconverge/check"

const actors = 3

// A Request is an actor's wish to read or to write; the zero one is none.
type Request struct {
	Actor uint8 // from 1
	Write bool
}

// Library is a state of the readers and writers. Sets of actors are bit masks.
type Library struct {
	Reading, Writing uint8
	Waiting          [2 * actors]Request // first come, first served
}

func (s *Library) queued() int {
	n := 0
	for n < len(s.Waiting) && s.Waiting[n] != (Request{}) {
		n++
	}
	return n
}

// ReadersWriters serves requests in the order in which they came. It has the
// counts of ReadersWriters.tla of tlaplus/Examples, which says of each actor
// that it reads, writes and stops each again and again.
func ReadersWriters() *check.Model[Library] {
	m := &check.Model[Library]{Name: "readers and writers", Init: []Library{{}}}
	m.Properties = append(m.Properties, check.Invariant("a writer is alone", func(s Library) bool {
		return s.Writing == 0 || s.Reading == 0 && s.Writing&(s.Writing-1) == 0
	}))
	for i := range uint8(actors) {
		m.Actions = append(m.Actions, tryTo("Read", Request{i + 1, false}), tryTo("Write", Request{i + 1, true}))
		reads := func(s Library) bool { return s.Reading>>i&1 == 1 }
		writes := func(s Library) bool { return s.Writing>>i&1 == 1 }
		m.Properties = append(m.Properties,
			check.AlwaysEventually(instance("reads", int(i)), reads),
			check.AlwaysEventually(instance("writes", int(i)), writes),
			check.AlwaysEventually(instance("stops reading", int(i)), func(s Library) bool { return !reads(s) }),
			check.AlwaysEventually(instance("stops writing", int(i)), func(s Library) bool { return !writes(s) }))
	}
	m.Actions = append(m.Actions,
		check.Action[Library]{Name: "Serve", Fair: check.Weak, Next: serve},
		check.Action[Library]{Name: "Stop", Fair: check.Weak, Next: func(dst []Library, s Library) []Library {
			for i := range actors {
				bit, t := uint8(1)<<i, s
				switch {
				case s.Reading&bit != 0:
					t.Reading &^= bit
				case s.Writing&bit != 0:
					t.Writing &^= bit
				default:
					continue
				}
				dst = append(dst, t)
			}
			return dst
		}})
	return m
}

func tryTo(verb string, r Request) check.Action[Library] {
	return check.Action[Library]{Name: instance("TryTo"+verb, int(r.Actor)-1), Fair: check.Weak,
		Next: func(dst []Library, s Library) []Library {
			n := s.queued()
			for _, waiting := range s.Waiting[:n] {
				if waiting == r {
					return dst
				}
			}
			s.Waiting[n] = r
			return append(dst, s)
		}}
}

func serve(dst []Library, s Library) []Library {
	first := s.Waiting[0]
	if first == (Request{}) || s.Writing != 0 || first.Write && s.Reading != 0 {
		return dst
	}
	if first.Write {
		s.Writing |= 1 << (first.Actor - 1)
	} else {
		s.Reading |= 1 << (first.Actor - 1)
	}
	copy(s.Waiting[:], s.Waiting[1:])
	s.Waiting[len(s.Waiting)-1] = Request{}
	return append(dst, s)
}
