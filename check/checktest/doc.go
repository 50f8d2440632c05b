// Package checktest holds models of package check to their claims in go test:
//
//	func TestLease(t *testing.T) {
//		checktest.Holds(t, lease.Model(lease.Bugs{}))
//	}
//
//	func TestLeaseIsCheckedBeforeItIsRenewed(t *testing.T) {
//		checktest.Violates(t, lease.Model(lease.Bugs{RenewExpired: true}), "at most one leads",
//			"Acquire(c1)", "Tick", "Tick", "Acquire(c2)", "Renew(c1)")
//	}
//
// [Holds] is for the model, [Violates] for each way to break it: a property that
// nobody has seen fail is not yet a property. [Golden] keeps a trace in a file,
// to be read in a review.
//
// No verdict is taken for another: what a bound or the test's deadline left open
// is a failure with its reason. A run ends shortly before the deadline that
// go test -timeout sets, so that one test fails and the others are still
// reported. A trace that a failure prints is also a file in the directory
// [testing.T.ArtifactDir], which go test -artifacts keeps.
//
// Every function may be called from parallel tests, and must be called from the
// goroutine of its test.
package checktest
