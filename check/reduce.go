package check

// A reducer chooses at each state some of the enabled actions, so that it is
// enough to follow these. It is shared by all workers and never changes.
//
// # What is chosen
//
// A stubborn set T of the state s, in Valmari's strong form ("Stubborn sets for
// reduced state space generation", 1990; "A stubborn attack on state explosion",
// CAV 1990; as persistent sets: Godefroid, LNCS 1032, 1996; as ample sets:
// Clarke, Grumberg and Peled, "Model Checking", 1999), of which the enabled
// actions are followed. Enabled means here: with a successor other than s.
//
//	C1  T has an enabled action. It has, with an enabled action, all that
//	    conflict with it; with a disabled one, all that write what it needs: what
//	    a closed guard reads, or the action; or, if it is stuttering in s, what it
//	    touches.
//	C2  With an enabled action that is visible to a property, T has all that are
//	    visible to that property (Valmari's condition V, which is weaker than to
//	    follow no visible action unless all are followed).
//	C3  Some chosen step leads to a state that is expanded later than s, or
//	    everything is followed: no action is ignored for ever (Bošnački and
//	    Holzmann, "Improving Spin's Partial-Order Reduction for Breadth-First
//	    Search", SPIN 2005; Bošnački, Leue and Lluch Lafuente, SPIN 2006).
//
// # Why this is enough
//
// Let a1 ... an be steps (no stuttering) of the model from a state s of the
// reduced graph that end by violating a property: in a state, with a step, or
// in a deadlock. Then the reduced graph has such steps from s too. By induction
// on n, and for the same n on how late s is expanded; n = 0 is clear, since all
// that is found is judged. Suppose first that some ai is an action of T, the
// first of them. It is enabled in s, else T would have one of the actions before
// it, which enabled it. So it conflicts with none of them, and the very same
// assignments lead from s to s', from which a1 ... a(i-1) lead to where a1 ... ai
// lead. s' is in the reduced graph, because of each chosen action all successors
// are followed, and n-1 steps remain. (If i = n and the violation is the step
// an itself, then an is visible, so a1 ... a(n-1), which are not in T, are
// invisible by C2 and the step from s shows the same.) Otherwise no ai is in T;
// then T is not all, and by C3 some step of T, with action b, leads to an s' that
// is expanded later. b conflicts with no ai, so a1 ... an lead from s' too, with
// b's assignments besides. If the violation is a deadlock, that cannot be: b
// would be enabled in it. If b is invisible, a1 ... an show from s' what they
// showed from s. If b is visible, no ai is, by C2: then the violation is that of
// a state, and s shows it already.
//
// Nothing here asks that an action has one successor, so an Action may be a
// choice, or stand for many instances: its footprint covers them all, and they
// are followed together. Stuttering successors are no steps of the model; they
// matter to deadlock freedom only, which is judged on all successors, and every
// state without a step is found. Taking a state or a step to be a "violation"
// if a property has something to say there shows that Vacuous is kept, and
// taking for it the step of an action that that action is taken at all.
//
// What is lost: traces need not be the shortest, since the order of actions
// that all count is fixed; so a run bounded by Options.MaxDepth, MaxStates or
// by Model.Bounds may miss what an unreduced one finds within the same bound.
// It is Incomplete if it was cut short, as always; if it was not, nothing was
// cut from the reduced graph of the model without bounds, and the above holds.
type reducer struct {
	dependent []actionSet   // per action: what comes with it when it is enabled; C1 and C2
	enabling  []actionSet   // per action: when it has no successor
	opening   [][]actionSet // per action and guard: when it has none because of that guard
	stirring  []actionSet   // per action: when it has none but the state itself
}

func newReducer(d *dependence) *reducer {
	r := &reducer{make([]actionSet, len(d.conflicts)), d.enabling, d.opening, d.stirring}
	for a := range r.dependent {
		r.dependent[a] = d.conflicts[a]
		for _, visible := range d.visible {
			if visible.has(a) {
				r.dependent[a] = r.dependent[a].or(visible)
			}
		}
	}
	return r
}

// choose returns the actions to follow, some or all of those that are enabled.
// stuttering ones have no successor but the state itself. advances says of an
// enabled action whether it leads to a state that is expanded later, closed of
// a disabled one which guard is closed; -1: none.
//
// It closes {a} for each enabled a in turn, and of the sets that meet C3 takes
// the first of the smallest.
func (r *reducer) choose(enabled, stuttering actionSet, advances func(a int) bool, closed func(a int) int) actionSet {
	best, size := enabled, enabled.len()
	var known, later actionSet
	for seeds := enabled; !seeds.empty() && size > 1; {
		seed := seeds.first()
		seeds.remove(seed)
		chosen := r.close(seed, &enabled, &stuttering, size, closed)
		n := chosen.len()
		if n >= size {
			continue
		}
		for rest := chosen; !rest.empty(); {
			a := rest.first()
			rest.remove(a)
			if !known.has(a) {
				known.add(a)
				if advances(a) {
					later.add(a)
				}
			}
			if later.has(a) {
				best, size = chosen, n
				break
			}
		}
	}
	return best
}

// close returns the enabled actions of the least stubborn set with seed in it,
// or any limit of them if there are as many.
func (r *reducer) close(seed int, enabled, stuttering *actionSet, limit int, closed func(a int) int) actionSet {
	var done, todo actionSet
	todo.add(seed)
	for n := 0; !todo.empty(); {
		a := todo.first()
		done.add(a)
		switch {
		case enabled.has(a):
			if n++; n == limit {
				return done.and(*enabled)
			}
			todo = todo.or(r.dependent[a])
		case stuttering.has(a):
			todo = todo.or(r.stirring[a])
		default:
			needed := &r.enabling[a]
			if len(r.opening[a]) > 0 {
				if g := closed(a); g >= 0 {
					needed = &r.opening[a][g]
				}
			}
			todo = todo.or(*needed)
		}
		todo = todo.minus(done)
	}
	return done.and(*enabled)
}
