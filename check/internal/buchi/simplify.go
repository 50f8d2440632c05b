package buchi

import "slices"

// maxSimulated is the number of transitions up to which simulations are
// computed: that takes the square of it, several times.
const maxSimulated = 4096

// simplify makes an automaton smaller without changing what it accepts.
//
// What is merged and dropped follows from direct simulations, as in F. Somenzi
// and R. Bloem (CAV 2000) and L. Clemente and R. Mayr: Advanced automata
// minimization, POPL 2013. A run takes a transition between two components once
// only, so its marks mean nothing, and it may have all of them or none when
// simulations are computed; each finds what the other misses.
func (a *Automaton) simplify() {
	a.trim()
	for before := -1; before != a.size(); {
		before = a.size()
		for _, marks := range []uint64{0, a.all()} {
			a.settle()
			a.markBetween(marks)
			sim := a.simulation()
			sim = a.merge(sim)
			a.widen()
			a.prune(sim)
			a.trim()
		}
	}
	for _, marks := range []uint64{a.all(), 0} {
		a.settle()
		a.markBetween(marks)
		a.narrow(a.simulation())
	}
}

func (a *Automaton) size() int {
	n := len(a.Out) + a.Sets
	for _, out := range a.Out {
		n += len(out)
	}
	return n
}

// trim drops the states that are unreachable or have no accepting run.
func (a *Automaton) trim() {
	of, accepting := a.Groups()
	order := make([]int, len(a.Out)) // last component first
	for s := range order {
		order[s] = s
	}
	slices.SortFunc(order, func(s, t int) int { return of[t] - of[s] })
	live := accepting // by component: an accepting cycle can be reached
	for _, s := range order {
		for _, t := range a.Out[s] {
			live[of[s]] = live[of[s]] || live[of[t.To]]
		}
	}

	to := make([]int, len(a.Out)) // the new number, from 1; 0: dropped
	var kept []int
	keep := func(s int) bool {
		if live[of[s]] && to[s] == 0 {
			kept = append(kept, s)
			to[s] = len(kept)
		}
		return to[s] > 0
	}
	a.Initial = slices.DeleteFunc(a.Initial, func(s int) bool { return !keep(s) })
	out := a.Out
	a.Out = nil
	for i := 0; i < len(kept); i++ {
		a.Out = append(a.Out, slices.DeleteFunc(out[kept[i]], func(t Transition) bool { return !keep(t.To) }))
	}
	for i := range a.Initial {
		a.Initial[i] = to[a.Initial[i]] - 1
	}
	for _, out := range a.Out {
		for i := range out {
			out[i].To = to[out[i].To] - 1
		}
	}
}

// settle brings the marks within components into the form that the comment on
// Automaton promises, with as few sets as any component needs: a set is not
// needed where another one's transitions all belong to it.
func (a *Automaton) settle() {
	of, accepting := a.Groups()
	inside := make([][]*Transition, len(accepting))
	for s := range a.Out {
		for i := range a.Out[s] {
			t := &a.Out[s][i]
			if of[s] == of[t.To] {
				inside[of[s]] = append(inside[of[s]], t)
			}
		}
	}
	needed := a.needed(of, inside)
	sets := 0
	for c, ts := range inside {
		switch {
		case accepting[c]:
			sets = max(sets, len(needed[c]))
		case len(ts) > 0:
			sets = max(sets, 1)
		}
	}
	a.Sets = sets
	for c, ts := range inside {
		for _, t := range ts {
			old := t.Marks
			t.Marks = 0
			if !accepting[c] {
				continue
			}
			t.Marks = a.all()
			for i, set := range needed[c] {
				if old>>set&1 == 0 {
					t.Marks &^= 1 << i
				}
			}
		}
	}
}

// needed lists, by component, the sets that tell accepting cycles from others.
func (a *Automaton) needed(of []int, inside [][]*Transition) [][]int {
	needed := make([][]int, len(inside))
	for i := range a.Sets {
		for c, avoidable := range a.avoidable(of, len(inside), i) {
			if avoidable {
				needed[c] = append(needed[c], i)
			}
		}
	}
	for c, sets := range needed {
		// A cycle that takes j takes i, if all of j belongs to i.
		implied := func(j, i int) bool {
			return !slices.ContainsFunc(inside[c], func(t *Transition) bool { return t.Marks>>j&1 > t.Marks>>i&1 })
		}
		for n := 0; n < len(sets); n++ {
			if slices.ContainsFunc(sets, func(j int) bool { return j != sets[n] && implied(j, sets[n]) }) {
				sets = slices.Delete(sets, n, n+1)
				n--
			}
		}
		needed[c] = sets
	}
	return needed
}

// avoidable reports, by component, whether a cycle within it has no transition
// of the set.
func (a *Automaton) avoidable(of []int, components, set int) []bool {
	without := func(t Transition) bool { return t.Marks>>set&1 == 0 }
	parts, _ := a.components(without)
	found := make([]bool, components)
	for s, out := range a.Out {
		for _, t := range out {
			found[of[s]] = found[of[s]] || without(t) && parts[t.To] == parts[s]
		}
	}
	return found
}

// markBetween sets the marks of the transitions between components.
func (a *Automaton) markBetween(marks uint64) {
	of, _ := a.Groups()
	for s, out := range a.Out {
		for i, t := range out {
			if of[s] != of[t.To] {
				out[i].Marks = marks
			}
		}
	}
}

// A simulation is a reflexive and transitive relation of states: sim[s][t] says
// that whatever transition s takes, t can answer on the same letters, with the
// same marks or more, to a state related in turn. So t accepts what s does.
type simulation [][]bool

// simulation returns the greatest one, or equality for a large automaton.
func (a *Automaton) simulation() simulation {
	small := a.size() <= maxSimulated
	sim := make(simulation, len(a.Out))
	for s := range sim {
		sim[s] = make([]bool, len(a.Out))
		for t := range sim[s] {
			sim[s][t] = small || s == t
		}
	}
	if !small {
		return sim
	}
	for changed := true; changed; {
		changed = false
		for s := len(a.Out) - 1; s >= 0; s-- {
			for t := range a.Out {
				if sim[s][t] && !sim.answers(a.Out[s], a.Out[t]) {
					sim[s][t], changed = false, true
				}
			}
		}
	}
	return sim
}

func (sim simulation) answers(ours, theirs []Transition) bool {
	for _, t := range ours {
		if !slices.ContainsFunc(theirs, func(u Transition) bool { return sim.covers(u, t) }) {
			return false
		}
	}
	return true
}

// covers reports whether u can be taken instead of t.
func (sim simulation) covers(u, t Transition) bool {
	return sim[t.To][u.To] && u.True&^t.True == 0 && u.False&^t.False == 0 && t.Marks&^u.Marks == 0
}

// merge makes one state of those that simulate each other. It returns the
// relation of the states that remain.
func (a *Automaton) merge(sim simulation) simulation {
	to := make([]int, len(a.Out))
	var first []int // of those that became one, by new number
	for s := range a.Out {
		n := slices.IndexFunc(first, func(f int) bool { return sim[s][f] && sim[f][s] })
		if n < 0 {
			n = len(first)
			first = append(first, s)
		}
		to[s] = n
	}
	out := make([][]Transition, len(first))
	for s := range a.Out {
		for _, t := range a.Out[s] {
			t.To = to[t.To]
			out[to[s]] = append(out[to[s]], t)
		}
	}
	a.Out = out
	for i, s := range a.Initial {
		a.Initial[i] = to[s]
	}
	merged := make(simulation, len(first))
	for i, f := range first {
		for _, g := range first {
			merged[i] = append(merged[i], sim[f][g])
		}
	}
	return merged
}

// prune drops the transitions and initial states that are covered by others.
func (a *Automaton) prune(sim simulation) {
	for s, out := range a.Out {
		a.Out[s] = maximal(out, sim.covers)
	}
	a.Initial = maximal(a.Initial, func(u, t int) bool { return sim[t][u] })
}

// maximal returns the elements that are covered by no other, and one of those
// that cover each other.
func maximal[E any](all []E, covers func(by, e E) bool) []E {
	var kept []E
	for _, e := range all {
		if slices.ContainsFunc(kept, func(k E) bool { return covers(k, e) }) {
			continue
		}
		kept = append(slices.DeleteFunc(kept, func(k E) bool { return covers(e, k) }), e)
	}
	return kept
}

// widen drops a literal where another transition does the same without it:
// on p and on !p is on any letter.
func (a *Automaton) widen() {
	for _, out := range a.Out {
		for changed := true; changed; {
			changed = false
			for i := range out {
				t := &out[i]
				for _, u := range out {
					yes, no := t.True&u.False, t.False&u.True
					same := u.To == t.To && u.Marks == t.Marks
					if same && one(yes|no) && u.True&^no&^t.True == 0 && u.False&^yes&^t.False == 0 {
						t.True &^= yes
						t.False &^= no
						changed = true
					}
				}
			}
		}
	}
}

// narrow adds a literal where another transition is as good without it: a run
// that waits for q need not wait while q holds. This leaves fewer runs of the
// same word to follow.
func (a *Automaton) narrow(sim simulation) {
	for _, out := range a.Out {
		for i := range out {
			t := &out[i]
			for j, u := range out {
				yes, no := u.True&^t.True, u.False&^t.False
				u.True, u.False = t.True&u.True, t.False&u.False
				if i != j && one(yes|no) && (yes|no)&(t.True|t.False) == 0 && sim.covers(u, *t) {
					t.True |= no
					t.False |= yes
				}
			}
		}
	}
}

// one reports whether exactly one bit is set; yes and no parts of a label are
// disjoint, so it is one literal.
func one(bits uint64) bool { return bits != 0 && bits&(bits-1) == 0 }
