// Package traces keeps behaviours of the protocol as documents: what happened,
// step by step, in which scenario, and which property it decides.
//
// A [Trace] is JSON. Its actions are named, and each step lists what it changed,
// so a trace outlives changes of the code that do not concern it, and a person
// can read it. [From] makes one of a result of package check, [Encode] and
// [Decode] write and read it, and [Replay] executes it on the model again: a
// document proves nothing, a [Replayed] trace does. It can be written as a table, a
// Mermaid sequence diagram, a Graphviz graph, or in the Informal Trace Format.
package traces
