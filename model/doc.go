// Package model is the reconciliation protocol of a Kubernetes control plane
// as states, actions and properties for package check.
//
// A [Scenario] fixes the size: one ReplicaSet, some nodes, a version of the
// protocol, and how often each [Fault] may happen. [New] turns it into a model.
// [State] is what the cluster is: objects in the store, and the memory of each
// process. Every process reads its own cache, which lags behind the store
// (cache.go), and every write to the API server is a step of its own (api.go).
// The other files are the processes: replicaset.go with adoption.go and
// status.go, garbagecollector.go, scheduler.go, kubelet.go, nodelifecycle.go,
// leasestall.go and tainteviction.go (v1.37), nodecontroller.go (v1.9), zones.go,
// podgc.go, disruption.go, and beside them kubectl (drain.go); the clock; what
// can go wrong: nodefaults.go, managerfaults.go, watchfaults.go, requests.go; what
// goes by name: names.go, taintnames.go; and what is claimed of them: safety.go,
// liveness.go and claims_*.go. A Mutation is a bug planted to see that a claim
// notices, a Repair removes a hazard that upstream has.
//
// The comment of each action says what it reads, when it can happen and what is
// different then, which upstream code it abstracts, what it omits, and why that
// is safe. [Documentation] collects these comments.
package model
