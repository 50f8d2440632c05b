package classic

import "github.com/reconverge/reconverge/check"

const philosophers = 5

// A Meal is what a philosopher is about to do.
type Meal uint8

// The three of them; a philosopher hands over forks while looking for some.
const (
	Looking Meal = iota
	Eating
	Thinking
)

func (m Meal) String() string { return [...]string{"looking", "eating", "thinking"}[m] }

// Table is a state of the five philosophers. Fork i lies between i-1 and i.
type Table struct {
	Holder [philosophers]uint8 // per fork: a philosopher
	Clean  [philosophers]bool  // per fork: not used since it was handed over
	Doing  [philosophers]Meal
	Full   [philosophers]bool // not hungry
}

// DiningPhilosophers is the solution of Chandy and Misra (1984): a dirty fork is
// cleaned and handed over. It imitates DiningPhilosophers.tla of tlaplus/Examples,
// where looking for forks is a step even if nothing changes.
func DiningPhilosophers() *check.Model[Table] {
	start := Table{Holder: [philosophers]uint8{0, 0, 2, 3, 4}}
	m := &check.Model[Table]{Name: "dining philosophers", Init: []Table{start}}
	m.Properties = append(m.Properties, check.Invariant("neighbours do not eat at once", func(s Table) bool {
		for i := range philosophers {
			if s.Doing[i] == Eating && s.Doing[(i+1)%philosophers] == Eating {
				return false
			}
		}
		return true
	}))
	for i := range philosophers {
		m.Actions = append(m.Actions, check.Action[Table]{
			Name: instance("Philosopher", i),
			Fair: check.Weak,
			Next: func(dst []Table, s Table) []Table { return append(dst, s.turn(i)) },
		})
		m.Properties = append(m.Properties, check.AlwaysEventually(instance("fed again and again", i),
			func(s Table) bool { return s.Full[i] }))
	}
	return m
}

// turn is the next step of philosopher i.
func (s Table) turn(i int) Table {
	left, right := i, (i+1)%philosophers
	mine := func(fork int) bool { return int(s.Holder[fork]) == i }
	switch s.Doing[i] {
	case Eating:
		s.Full[i], s.Doing[i] = true, Looking
		s.Clean[left], s.Clean[right] = false, false
	case Thinking:
		s.Full[i], s.Doing[i] = false, Looking
	case Looking:
		switch {
		case s.Full[i]:
			s.Doing[i] = Thinking
		case mine(left) && mine(right) && s.Clean[left] && s.Clean[right]:
			s.Doing[i] = Eating
		}
		switch {
		case mine(left) && !s.Clean[left]:
			s.Holder[left], s.Clean[left] = uint8((i+philosophers-1)%philosophers), true
		case mine(right) && !s.Clean[right]:
			s.Holder[right], s.Clean[right] = uint8(right), true
		}
	}
	return s
}
