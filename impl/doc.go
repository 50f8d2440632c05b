// Package impl is the reconciliation protocol as running code, on client-go and
// the types of k8s.io/api. It imports nothing of the model: that the two agree is
// evidence only as long as neither has learned from the other.
//
//	apiserver     a subset of the Kubernetes API in process, with a gate before
//	              every request and every watch event
//	controller    controllers of our own, and the kubelet, one folder each
//	sim           one cluster in virtual time, driven by a schedule of named steps
package impl
