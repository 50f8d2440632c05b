package buchi

import (
	"fmt"
	"strings"
)

// An Automaton accepts infinite words. A run starts in an initial state and
// reads the first letter by its first transition. It accepts if for every i <
// Sets it takes infinitely many transitions marked with i; with no sets, if it
// is infinite. A word is accepted if one of its runs accepts.
//
// In what Translate returns, every state is reachable and has an accepting run;
// without states it accepts nothing. Marks are on transitions within a
// component only (see Groups): all or none of them where all cycles or none
// accept.
type Automaton struct {
	Initial []int          // states
	Out     [][]Transition // by state: 0..len(Out)-1
	Sets    int            // at most 64
}

// A Transition is taken on letters that contain all of True and none of False,
// which are disjoint. Bit i of Marks is set if it belongs to acceptance set i.
type Transition struct {
	To          int
	True, False uint64
	Marks       uint64
}

// Reads reports whether the transition can be taken on a letter.
func (t Transition) Reads(letter uint64) bool { return letter&t.True == t.True && letter&t.False == 0 }

// Groups gives each state the number of its strongly connected component, and
// says of each component whether an accepting cycle lies in it. No transition
// leads to a component of a smaller number.
func (a *Automaton) Groups() (of []int, accepting []bool) {
	of, n := a.components(func(Transition) bool { return true })
	return of, a.accepting(of, n, func(Transition) bool { return true })
}

// AcceptsForever reports whether the word of this letter alone is accepted from
// a state on.
func (a *Automaton) AcceptsForever(state int, letter uint64) bool {
	reads := func(t Transition) bool { return t.Reads(letter) }
	of, n := a.components(reads)
	accepting := a.accepting(of, n, reads)

	seen := make([]bool, len(a.Out))
	seen[state] = true
	for stack := []int{state}; len(stack) > 0; {
		s := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if accepting[of[s]] {
			return true
		}
		for _, t := range a.Out[s] {
			if reads(t) && !seen[t.To] {
				seen[t.To] = true
				stack = append(stack, t.To)
			}
		}
	}
	return false
}

// all is the marks of a transition that belongs to every set.
func (a *Automaton) all() uint64 { return 1<<a.Sets - 1 }

// accepting says which components have transitions of their own that carry
// every mark between them: then one cycle can take them all.
func (a *Automaton) accepting(of []int, components int, in func(Transition) bool) []bool {
	cycle := make([]bool, components)
	marks := make([]uint64, components)
	for s, out := range a.Out {
		for _, t := range out {
			if c := of[s]; of[t.To] == c && in(t) {
				cycle[c] = true
				marks[c] |= t.Marks
			}
		}
	}
	for c := range cycle {
		cycle[c] = cycle[c] && marks[c]&a.all() == a.all()
	}
	return cycle
}

// components numbers the strongly connected components of the transitions
// accepted by in, in topological order. (Tarjan 1972.)
func (a *Automaton) components(in func(Transition) bool) (of []int, n int) {
	of = make([]int, len(a.Out))
	number := make([]int, len(a.Out)) // in order of discovery, from 1
	discovered := 0
	var stack []int
	var visit func(s int) (low int)
	visit = func(s int) int {
		discovered++
		number[s] = discovered
		low := discovered
		stack = append(stack, s)
		for _, t := range a.Out[s] {
			switch {
			case !in(t):
			case number[t.To] == 0:
				low = min(low, visit(t.To))
			case of[t.To] == 0: // still on the stack
				low = min(low, number[t.To])
			}
		}
		if low == number[s] {
			n++
			for done := false; !done; {
				top := stack[len(stack)-1]
				stack = stack[:len(stack)-1]
				of[top] = n
				done = top == s
			}
		}
		return low
	}
	for s := range a.Out {
		if number[s] == 0 {
			visit(s)
		}
	}
	for s := range of { // they were finished last first
		of[s] = n - of[s]
	}
	return of, n
}

// String lists the transitions of an automaton, one a line.
func (a *Automaton) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "initial %v, %d sets\n", a.Initial, a.Sets)
	for s, out := range a.Out {
		for _, t := range out {
			fmt.Fprintf(&b, "%d -> %d on %s", s, t.To, t.label())
			for i := range a.Sets {
				if t.Marks>>i&1 == 1 {
					fmt.Fprintf(&b, " {%d}", i)
				}
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func (t Transition) label() string {
	var literals []string
	for i := range 64 {
		switch {
		case t.True>>i&1 == 1:
			literals = append(literals, fmt.Sprintf("p%d", i))
		case t.False>>i&1 == 1:
			literals = append(literals, fmt.Sprintf("!p%d", i))
		}
	}
	if literals == nil {
		return "true"
	}
	return strings.Join(literals, " && ")
}
