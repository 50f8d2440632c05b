package classic

import (
	"slices"

	"github.com/reconverge/reconverge/check"
)

// MaxContenders is how many processes PetersonFilter can have.
const MaxContenders = 6

// A Place is where a process is in the filter lock.
type Place uint8

// The places, in the order in which a process comes through them.
const (
	Announce Place = iota // about to say which level it is at
	Yield                 // about to let all others of that level go first
	Wait                  // until it may go up
	Critical
)

func (p Place) String() string { return [...]string{"announce", "yield", "wait", "critical"}[p] }

// Filter is a state of Peterson's filter lock. Levels count from 1; 0 is none.
type Filter struct {
	Place [MaxContenders]Place
	Next  [MaxContenders]uint8 // per process: the level it wants to pass
	Level [MaxContenders]uint8 // per process: the level it announced
	Last  [MaxContenders]uint8 // per level: the process that came last
}

// PetersonFilter is mutual exclusion for n processes that come back for ever
// (Peterson, "Myths about the mutual exclusion problem", 1981).
func PetersonFilter(n int) *check.Model[Filter] {
	m := &check.Model[Filter]{Name: "Peterson's filter lock", Init: []Filter{{}}}
	for i := range n {
		m.Init[0].Next[i] = 1
	}
	m.Properties = append(m.Properties, check.Invariant("mutual exclusion", func(s Filter) bool {
		inside := 0
		for _, p := range s.Place[:n] {
			if p == Critical {
				inside++
			}
		}
		return inside <= 1
	}))
	for i := range n {
		m.Actions = append(m.Actions, check.Action[Filter]{
			Name: instance("Process", i),
			Fair: check.Weak,
			Next: func(dst []Filter, s Filter) []Filter {
				if !s.advance(i, n) {
					return dst
				}
				return append(dst, s)
			},
			Label: func(from, _ Filter) string { return instance(from.Place[i].String(), i) },
		})
		m.Properties = append(m.Properties, check.LeadsTo(instance("no starvation", i),
			func(s Filter) bool { return s.Place[i] != Critical },
			func(s Filter) bool { return s.Place[i] == Critical }))
	}
	return m
}

// advance is the next step of process i, if it need not wait.
func (s *Filter) advance(i, n int) bool {
	level := s.Next[i]
	switch s.Place[i] {
	case Announce:
		s.Level[i], s.Place[i] = level, Yield
	case Yield:
		s.Last[level], s.Place[i] = uint8(i), Wait
	case Wait:
		ahead := slices.ContainsFunc(s.Level[:i], func(l uint8) bool { return l >= level }) ||
			slices.ContainsFunc(s.Level[i+1:n], func(l uint8) bool { return l >= level })
		if s.Last[level] == uint8(i) && ahead {
			return false
		}
		if int(level) == n-1 {
			s.Place[i] = Critical
		} else {
			s.Next[i], s.Place[i] = level+1, Announce
		}
	case Critical:
		s.Place[i], s.Next[i], s.Level[i] = Announce, 1, 0
	}
	return true
}

// PackFilter stores a state of up to five processes in eight bytes: per process
// two bits of place and three each of next, level and last.
func PackFilter() check.Packing[Filter] {
	const width, mask = 11, 1<<11 - 1
	return check.Pack(func(s Filter) (k uint64) {
		for i := range 5 {
			k |= (uint64(s.Place[i]) | uint64(s.Next[i])<<2 | uint64(s.Level[i])<<5 | uint64(s.Last[i])<<8) << (width * i)
		}
		return k
	}, func(k uint64) (s Filter) {
		for i := range 5 {
			one := k >> (width * i) & mask
			s.Place[i], s.Next[i], s.Level[i], s.Last[i] = Place(one&3), uint8(one>>2&7), uint8(one>>5&7), uint8(one>>8&7)
		}
		return s
	})
}
