package classic

import (
	"fmt"
	"strings"

	"github.com/reconverge/reconverge/check"
)

// MaxContenders is how many processes PetersonFilter can have.
const MaxContenders = 6

// A Place is where a process is at a level of the filter lock.
type Place uint8

// The places, in the order in which a process comes through them.
const (
	Announce Place = iota // about to say which level it is at
	Yield                 // about to let all others of that level go first
	Wait                  // until it may go up
	Critical
)

func (p Place) String() string { return [...]string{"announce", "yield", "wait", "critical"}[p] }

// A Stage is how far a process has come: a level, from 1, and a place at it.
type Stage uint8

func stage(level int, p Place) Stage { return Stage(level<<2) | Stage(p) }

// Level is the level that the process wants to pass.
func (s Stage) Level() int { return int(s >> 2) }

// Place is where the process is at its level.
func (s Stage) Place() Place { return Place(s & 3) }

// announced is the level that others see the process at: it says so by a step
// of its own.
func (s Stage) announced() int {
	if s.Place() == Announce {
		return s.Level() - 1
	}
	return s.Level()
}

// Filter is a state of Peterson's filter lock: a byte for the stage of each
// process, low to high, and above them, three bits for each level, the process
// that came there last.
type Filter uint64

// At is how far a process has come.
func (s Filter) At(process int) Stage { return Stage(s >> (8 * process)) }

// With returns s after a process has come to a stage.
func (s Filter) With(process int, at Stage) Filter {
	return s&^(0xff<<(8*process)) | Filter(at)<<(8*process)
}

// Last is the process that came last to a level.
func (s Filter) Last(level int) int { return int(s >> lastShift(level) & 7) }

func (s Filter) withLast(level, process int) Filter {
	return s&^(7<<lastShift(level)) | Filter(process)<<lastShift(level)
}

func lastShift(level int) int { return 8*MaxContenders + 3*(level-1) }

func (s Filter) String() string {
	var b strings.Builder
	for i := range MaxContenders {
		if at := s.At(i); at != 0 {
			fmt.Fprintf(&b, "%d: %v %d  ", i, at.Place(), at.Level())
		}
	}
	b.WriteString("last:")
	for level := 1; level < MaxContenders; level++ {
		fmt.Fprintf(&b, " %d", s.Last(level))
	}
	return b.String()
}

// PetersonFilter is mutual exclusion for n processes that come back for ever
// (Peterson, "Myths about the mutual exclusion problem", 1981).
func PetersonFilter(n int) *check.Model[Filter] {
	m := &check.Model[Filter]{Name: "Peterson's filter lock", Init: []Filter{0}}
	for i := range n {
		m.Init[0] = m.Init[0].With(i, stage(1, Announce))
	}
	m.Properties = append(m.Properties, check.Invariant("mutual exclusion", func(s Filter) bool {
		inside := 0
		for i := range n {
			if s.At(i).Place() == Critical {
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
				if t, ok := s.advance(i, n); ok {
					dst = append(dst, t)
				}
				return dst
			},
			Label: func(from, _ Filter) string { return instance(from.At(i).Place().String(), i) },
		})
		m.Properties = append(m.Properties, check.LeadsTo(instance("no starvation", i),
			func(s Filter) bool { return s.At(i).Place() != Critical },
			func(s Filter) bool { return s.At(i).Place() == Critical }))
	}
	return m
}

// advance is the next step of process i, if it need not wait.
func (s Filter) advance(i, n int) (t Filter, ok bool) {
	level := s.At(i).Level()
	switch s.At(i).Place() {
	case Announce:
		return s.With(i, stage(level, Yield)), true
	case Yield:
		return s.withLast(level, i).With(i, stage(level, Wait)), true
	case Wait:
		switch {
		case s.Last(level) == i && s.isAhead(i, level, n):
			return s, false
		case level == n-1:
			return s.With(i, stage(level, Critical)), true
		}
		return s.With(i, stage(level+1, Announce)), true
	}
	return s.With(i, stage(1, Announce)), true
}

// isAhead reports whether another process than i has announced this level or a
// higher one.
func (s Filter) isAhead(i, level, n int) bool {
	for j := range n {
		if j != i && s.At(j).announced() >= level {
			return true
		}
	}
	return false
}
