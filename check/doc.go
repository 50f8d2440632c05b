// Package check explores finite state machines and says which claims about
// them are true.
//
// A [Model] is data: initial states, [Action]s, [Property]s. [Run] visits every
// reachable state breadth first and returns a [Report]. Each [Result] is one of
// three verdicts, and a verdict never outlives its conditions:
//
//   - [Holds]: true of every behaviour of the model.
//   - [Violated]: false, with a [Trace] that shows it: a finite one is among the
//     shortest there are (unless [Options.PartialOrder] or [DepthFirst] is set), a
//     lasso leads to its cycle by a shortest way (unless [Options.Symmetry] is). It is the same at any number of workers, and
//     was executed again by code that shares nothing with the search.
//   - [Incomplete]: not known, with the reason.
//
// Claims about states are made with [Invariant], [Reachable] and [DeadlockFree];
// about single steps with [Transition]; about whole behaviours with
// [Eventually], [AlwaysEventually], [EventuallyAlways], [LeadsTo] and, for all
// else that temporal logic can say, [LTL]. The last five are claims about fair
// behaviours: [Action.Fair] says which actions may not be put off for ever.
//
// The zero [Options] explore everything, exactly. What bounds a run (a number of
// states, a context that ends) makes the rest Incomplete; what bounds the model
// itself (a budget in its state) is part of the claim. Where a model is too large,
// [Options.Symmetry] and [Options.PartialOrder] leave out what makes no difference,
// and [Simulate] looks at some behaviours and proves nothing.
//
// Package checktest holds models to their claims in tests. How all this works, and
// which theorems it rests on, is in docs/engine.md of the repository.
package check
