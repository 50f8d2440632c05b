// Package replicaset is the ReplicaSet controller: it keeps as many pods as a
// ReplicaSet asks for. One sync of one ReplicaSet is, in this order:
//
//	R1  own writes are visible in the caches, or the key comes back  writes.go
//	R2  load the ReplicaSet                                          sync.go
//	R3  have all creates and deletes of before been seen?            expectations.go
//	R4  list its pods, and the orphans of the namespace              sync.go
//	R5  adopt, release                                               claim.go
//	R6  create, or choose (ranking.go) and delete                    decide.go
//	R7  write the status                                             status.go
//	R8  come back when a ready pod will be available                 status.go
//
// What to do is decided by functions of Options without clock, cache or
// connection: Claims, Decide, Status and Recheck. handlers.go lowers expectations
// by what the watches bring, and requests.go sends what was decided.
//
// Upstream: pkg/controller/replicaset of Kubernetes 1.37, and of 1.9 by option.
// Omits: metrics, ReplicationControllers.
package replicaset
