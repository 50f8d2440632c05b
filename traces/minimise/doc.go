// Package minimise makes counterexamples and witnesses smaller: fewer faults
// first, then fewer objects, then fewer steps.
//
// [Trace] does so with a behaviour of the model, [Schedule] with the steps of a
// running cluster. What they return still shows the same property, and has been
// executed again. A [Report] says by how much it is smaller, what that took, and
// which smaller ones could not be ruled out within the bounds.
package minimise
