// Package replay drives a behaviour of the model into a running cluster: each step
// of a trace is realised by choosing what the cluster's gates let pass, and by the
// faults and people that the step names. The cluster's own claims, which know
// nothing of the model, say whether the property of the trace is violated there.
//
// What realises each action is a table: see Rows. Between the realised steps
// everything passes that the model does not see (reads, renewals of leases, events
// that are recorded, watch events that change nothing a process looks at), and
// everything waits that would be another step of the model. A process sees of an
// object what it sees of it in the model, and after each step the objects of the
// store must be those of the model's state. The first difference is where the
// implementation has prevented the trace.
package replay
