// Package claims judges a running cluster by the properties of the reconciliation
// protocol. The ids are those of the model, the definitions are not: they are
// made of what can be watched from outside, the writes of the store and what goes
// over the wire, and know neither the model nor the controllers.
//
//	All          the claims, each with the faults in whose absence it is made
//	Run          one run of a cluster, which is told every Event and asks every Judge
//	Scenario     which faults may happen, and the times of the cluster
//
// # What a controller could have known
//
// Many claims are about decisions: no pod is evicted whose node is seen to be ready.
// A decision cannot be watched. What can be is the request that it led to, the
// last moment before that at which the controller had nothing under way, and which
// revision its cache had reached at either. It decided in between. Such a claim is
// violated if every state that it can have seen in between forbids the decision;
// so a correct controller is never accused, however long a request was held.
package claims
