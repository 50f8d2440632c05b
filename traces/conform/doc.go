// Package conform holds what runs in a simulated cluster against the model: is what
// was observed a behaviour of the model?
//
// A Checker follows a run of impl/suite. Of everything that happens it keeps what
// the model has a word for (world.go): objects in the store, what watches have
// delivered to the caches, containers, crashes, time. A table (table.go) says which
// actions of the model each write may be. What processes think is not observed: the
// Checker keeps every state of the model that fits all that was observed so far,
// closed under steps that cannot be seen (belief.go). Whenever something is
// observed, the states that do not lead to it by an action of the table are gone.
// When none is left the run is no behaviour of the model: a Divergence, which is a
// fault of the model, of the controllers or of the table. A run may also leave what
// the model speaks of, such as its bounds: it is Outside, and not checked any further.
//
// The model is untimed here but for one thing: a tick, which is longer than the grace
// period of a node and shorter than a toleration, can only happen once in as much
// virtual time.
package conform
