// Package findings has a test for each hazard of docs/hazards.md that concerns
// Kubernetes 1.37: a schedule in testdata drives Kubernetes' own controllers,
// unmodified, in virtual time, and the test says whether the hazard is reproduced or
// what prevents it. docs/findings has a page for each, in the form of an upstream
// issue, which quotes the schedule and what was seen.
//
// The kubelets and the API server are those of this tree.
package findings
