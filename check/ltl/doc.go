// Package ltl states claims about whole behaviours in linear temporal logic:
//
//	waiting := ltl.State("waiting", func(s system) bool { return s.waiting })
//	served := ltl.Always(ltl.Implies(waiting, ltl.Eventually(ltl.Taken[system]("Serve"))))
//
// A behaviour is an infinite sequence of states. Each position has a state and
// the action that led to it; the first has no action. A behaviour that comes to
// rest repeats its last state for ever (it stutters), and no action leads to
// the repetitions. A formula is true of a behaviour if it is true at its first
// position.
//
// There is no "next" on purpose. What happens in exactly one step depends on how
// finely a system is described, so such a formula says more about the model
// than about the system. Without it, a formula over states cannot tell a
// behaviour from one that stutters in between. (L. Lamport: What good is
// temporal logic?, 1983.) A formula with [Taken] can: it sees where steps are.
package ltl
