// Package suite tests the controllers of this tree in clusters that go wrong. A
// Scenario is a cluster and what may happen in it; rapid draws a schedule of named
// steps, the claims judge every one of them, and when the trouble is over, what is
// left in the end. Each Mutation plants a bug that Kubernetes has had or guards
// against, and names the claim that must notice it: a suite that lets one live does
// not test what it says.
package suite
