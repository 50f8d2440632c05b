// Verify proves, for a ReplicaSet and a cluster of a given size, what the
// reconciliation protocol of Kubernetes promises, or shows a behaviour that
// breaks the promise.
//
//	verify check -f examples/replicaset.yaml --nodes 2
//
// Results go to standard output, progress and errors to standard error. The exit
// status is 0 if everything asked for holds, 1 if a property is violated, 2 for
// a usage error or bad input, and 3 if the search did not finish.
package main

import "os"

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
